"""A page renamed: its file, its title, and every link to it; what compile names is decided in names.md."""

from collections.abc import Callable, Sequence
from posixpath import dirname

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key, safe_name
from nightdesk.base.pages import parse_page
from nightdesk.wiki.names.rules import SourceCalled
from nightdesk.wiki.names.writing_down import with_called, with_pages_renamed, with_source_called
from nightdesk.wiki.page_moves.choosing import Chosen, choose, new_title, raw_of, refuse_made
from nightdesk.wiki.page_moves.deciding import decide, write_decisions
from nightdesk.wiki.page_moves.following import Goal
from nightdesk.wiki.page_moves.fronts import raw_body, refronted, with_aliases, with_title, without_alias
from nightdesk.wiki.page_moves.planning import Plan
from nightdesk.wiki.page_moves.rewriting import Move, rewrite, survey
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import heading_key


def plan_rename(desk: Desk, old: str, new: str, *, today: str) -> Plan:
    """Return what renaming a page takes. Raises DeskError where it is not clear or cannot be."""
    chosen = choose(desk, old)
    refuse_made(chosen, "renamed")
    title = new_title(desk, new, instead_of=chosen)
    name = safe_name(title)
    if name == chosen.name and title == chosen.title:
        raise DeskError(f'{chosen.path} is called "{title}" already', fix="nothing to do")
    path = f"{dirname(chosen.path)}/{name}.md"
    if (desk.root / path).exists() and name_key(name) != name_key(chosen.name):
        raise DeskError(f"{path} exists already", fix="choose another name")
    plan = Plan("page rename", f"{chosen.title} to {title}", path, lambda cache: [])

    def act(cache: Cache) -> Sequence[str]:
        shelf, before = survey(desk, cache)
        decided = decide(desk, lambda text: _decided(text, chosen, title, today))
        made = chosen.kind in ("concept", "source")
        moved = {chosen.path: path}
        move = Move(
            before,
            before.after(moved),
            # compile itself takes a page that it made to its new name
            {} if made else moved,
            _goal_of(chosen, path, title),
            {name_key(alias): chosen.path for alias in chosen.aliases},
        )
        edits = {} if made else {chosen.path: lambda text: _renamed(text, chosen, title)}
        rewrite(desk, shelf, move, plan.changed, edits=edits)
        if made:
            write_decisions(desk, decided, plan.changed)
        return plan.changed.touched

    plan.act = act
    return plan


def _goal_of(chosen: Chosen, path: str, title: str) -> Callable[[Link, str, str], Goal | None]:
    """Return where links go: those to the page's own title, as a heading, follow the title where compile writes it."""
    heading = heading_key(chosen.title)

    def goal(link: Link, target: str, source: str) -> Goal | None:
        if target != chosen.path or not link.path:
            return None
        renamed = chosen.kind in ("concept", "source") and link.fragment and heading_key(link.fragment) == heading
        return Goal(path, safe_name(title) if renamed and "#" not in link.fragment else None)

    return goal


def _renamed(text: str, chosen: Chosen, title: str) -> str:
    """Return a person's page, or an answer, under its new title; the old names stay as aliases."""
    whole = parse_page(text)
    page = without_alias(with_title(whole, title), title)
    old = [name for name in (chosen.name, chosen.title) if name not in (safe_name(title), title)]
    if "title" not in page.front and safe_name(title) != title:
        old.insert(0, title)
    page = with_aliases(page, old)
    return refronted(text, page.front, raw_body(text, whole))


def _decided(text: str, chosen: Chosen, title: str, today: str) -> str:
    why = f"{today}: page rename from {' '.join(chosen.title.split())}"
    if chosen.kind == "source":
        names = tuple(dict.fromkeys(n for n in (chosen.title, chosen.name) if n != title))
        return with_source_called(text, SourceCalled(title, raw_of(chosen.page), names, 0), why=why)
    return with_pages_renamed(with_called(text, title, [chosen.title], why=why), chosen.name, title)
