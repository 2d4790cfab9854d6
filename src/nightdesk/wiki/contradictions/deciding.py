"""What a person decides about a contradiction: written into the page of them, where each compile finds it."""

from collections.abc import Callable
from dataclasses import replace

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.wiki.contradictions.items import Item, Other, State
from nightdesk.wiki.contradictions.page import PATH, Kept, read_kept, render_page, standing_page
from nightdesk.wiki.contradictions.states import chosen_claim, one_line


def resolved(item: Item, keep: str, other: Other, because: str, *, by: str, on: str) -> State:
    """Return the state of an item of which one claim holds; `other` says what the other one is, or "" as suggested.

    Raises DeskError where `keep` is neither of its claims.
    """
    claim = chosen_claim(keep, item.one.claim, item.other.claim)
    suggested: Other = "superseded" if item.suggested == claim else "wrong"
    return State("resolved", claim, other or suggested, one_line(because), one_line(by), on)


def dismissed(because: str, *, by: str, on: str) -> State:
    """Return the state of an item that is no contradiction."""
    return State("not a contradiction", because=one_line(because), by=one_line(by), on=on)


def held_open(because: str, *, by: str, on: str) -> State:
    """Return the state of an item that is open again, until somebody decides it anew."""
    return State(because=one_line(because), by=one_line(by) or "hand", on=on)


def find_item(kept: Kept, given: str) -> Item:
    """Return the item with this id, with or without its "^". Raises DeskError where there is none."""
    if not kept.is_ours:
        raise DeskError(f"{PATH} is not nightdesk's, or cannot be read", fix="move it, then run nightdesk compile")
    wanted = given.strip().removeprefix("^").lower()
    if wanted not in kept.items:
        raise DeskError(
            f'no contradiction is called "{given[:60]}"', fix="nightdesk contradictions lists them, after a compile"
        )
    return kept.items[wanted]


def decide(desk: Desk, given: str, make: Callable[[Item], State]) -> Item:
    """Write what `make` says of an item into the page, and return the item as it is then.

    A person's edit of the page goes into git first, as theirs. Raises DeskError, with nothing written, where the item
    or the page is not as it must be.
    """
    kept = read_kept(desk)
    item = find_item(kept, given)
    before = standing_page(desk)
    after = replace(item, state=make(item), held=())
    items = [after if other.id == item.id else other for other in kept.items.values()]
    page = render_page(items, loose=kept.loose, before=before)
    commit_by_hand(desk.root, [PATH])
    write_atomically(desk.root / PATH, page.text)
    return after
