"""Two pages made one: concepts by a decision that compile obeys, a person's pages by joining them."""

import re
from collections.abc import Sequence

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import Page, parse_page
from nightdesk.wiki.escaping import escape_markdown
from nightdesk.wiki.names.carrying import own_words
from nightdesk.wiki.names.writing_down import with_called, with_pages_renamed
from nightdesk.wiki.page_moves.choosing import Chosen, choose, refuse_made
from nightdesk.wiki.page_moves.deciding import decide, write_decisions
from nightdesk.wiki.page_moves.following import Goal
from nightdesk.wiki.page_moves.fronts import joined_front, raw_body, refronted, with_aliases
from nightdesk.wiki.page_moves.planning import Plan
from nightdesk.wiki.page_moves.rewriting import GoalOf, Move, rewrite, survey
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.records import Link, Record
from nightdesk.wiki.vault.resolve import Targets
from nightdesk.wiki.versions import own_version

_NOTE = re.compile(r"^ {0,3}\[(\^?[^\[\]\n]+)\]:", re.MULTILINE)  # of a footnote, or the address of a link
_OWN_TITLE = re.compile(r"\s*# ")


def plan_merge(desk: Desk, one: str, other: str, *, today: str) -> Plan:
    """Return what merging the page `one` into `other` takes. Raises DeskError where they cannot be one page."""
    gone, kept = choose(desk, one), choose(desk, other)
    _refuse(gone, kept)
    plan = Plan("page merge", f"{gone.title} into {kept.title}", kept.path)
    work = _merge_concepts if kept.kind == "concept" else _merge_own
    plan.act = lambda cache: work(desk, cache, gone, kept, plan, today)
    return plan


def _refuse(gone: Chosen, kept: Chosen) -> None:
    if gone.path == kept.path:
        raise DeskError(f"{gone.path} is both of the pages", fix="name two pages")
    for chosen in (gone, kept):
        refuse_made(chosen, "merged")
        if chosen.kind == "source":
            raise DeskError(
                f"{chosen.path} is the page of a source: two sources stay two",
                fix="to withdraw one, use nightdesk forget",
            )
        if chosen.kind == "filed":
            raise DeskError(f"{chosen.path} is an answer, which rests on its own claims", fix="ask the question anew")
    if gone.kind != kept.kind:
        mine, made = (gone, kept) if gone.kind == "person" else (kept, gone)
        raise DeskError(
            f"{mine.path} is your own page and {made.path} is compiled from claims",
            fix="copy what you want to keep into the compiled page: your sentences stay there",
        )


def _merge_concepts(desk: Desk, cache: Cache, gone: Chosen, kept: Chosen, plan: Plan, today: str) -> Sequence[str]:
    shelf, before = survey(desk, cache)
    why = f"{today}: page merge of {gone.title}"

    def change(text: str) -> str:
        text = with_pages_renamed(text, gone.name, kept.title)
        return with_called(text, kept.title, [gone.title], why=why)

    decided = decide(desk, change)
    written = own_version(desk, gone.path, gone.page)
    words = own_words(gone.page, written) if written and gone.page.edited else gone.page.body if not written else ""
    there = [Targets(read_record(text.encode("utf-8"))) for text in (kept.page.text, words)]

    def goal(link: Link, target: str, source: str) -> Goal | None:
        if target != gone.path or (not link.path and source == gone.path):
            return None
        has = not link.fragment or any(targets.has(link) for targets in there)
        return Goal(kept.path, None if has else "")  # a heading that only the compiled text had is gone with it

    aliases = {name_key(alias): gone.path for alias in gone.aliases}
    rewrite(desk, shelf, Move(before, before.without(gone.path), {}, goal, aliases), plan.changed)
    write_decisions(desk, decided, plan.changed)
    return plan.changed.touched


def _merge_own(desk: Desk, cache: Cache, gone: Chosen, kept: Chosen, plan: Plan, today: str) -> Sequence[str]:
    shelf, before = survey(desk, cache)
    _refuse_clashes(gone, kept)
    moved = {gone.path: kept.path}
    move = Move(before, before.without(gone.path), moved, _goal_of(gone, kept))
    source = (desk.root / gone.path).read_bytes().decode("utf-8")
    brought = parse_page(move.page(source, gone.path).text)  # its links lead from the new place where they led
    edits = {kept.path: lambda text: _joined(text, brought, gone)}
    rewrite(desk, shelf, move, plan.changed, edits=edits, gone=(gone.path,))
    return plan.changed.touched


def _goal_of(gone: Chosen, kept: Chosen) -> GoalOf:
    """Return where links to the joined page go: a heading that the other page has too is named below its title."""
    mine, theirs = (Targets(read_record(page.text.encode("utf-8"))) for page in (kept.page, gone.page))

    def goal(link: Link, target: str, source: str) -> Goal | None:
        if target != gone.path:
            return None
        if not link.fragment:
            # a page that became part of another is its own heading there
            return Goal(kept.path, None if link.path else "")
        if "^" in link.fragment or not (mine.has(link) and theirs.has(link)):
            return Goal(kept.path)
        return Goal(kept.path, f"{_heading(gone)}#{link.fragment}" if link.is_wiki else f"{link.fragment}-1")

    return goal


def _heading(gone: Chosen) -> str:
    headings = read_record(gone.page.text.encode("utf-8")).headings
    own = _OWN_TITLE.match(gone.page.body) and headings and headings[0].level == 1
    return headings[0].shown if own else gone.title


def _joined(text: str, brought: Page, gone: Chosen) -> str:
    """Return a page with another below it, under that one's title."""
    page, left = joined_front(parse_page(text), brought)
    page = with_aliases(page, dict.fromkeys((gone.title, gone.name, *gone.aliases)))
    body = brought.body.strip("\n")
    title = "" if _OWN_TITLE.match(brought.body) else f"# {escape_markdown(gone.title)}\n\n"
    said = "".join(f"> {line}\n" for line in left) + ("\n" if left else "")
    whole = Page(page.front, f"{page.body.rstrip(chr(10))}\n\n{title}{said}{body}\n")
    if not _is_whole(read_record(whole.text.encode("utf-8")), parse_page(text), brought, titled=bool(title)):
        raise DeskError(
            f"{gone.path} would not read the same below the other page",
            fix="close what is open at that page's end: a code block, a comment, a list of link addresses",
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    body = raw_body(text, parse_page(text)).rstrip("\r\n")
    added = whole.body[len(page.body.rstrip("\n")) :].replace("\n", newline)
    return refronted(text, page.front, body + added)


def _is_whole(whole: Record, page: Page, brought: Page, *, titled: bool) -> bool:
    """Say whether all headings, links and blocks of both pages are there."""
    parts = [read_record(part.body.encode("utf-8")) for part in (page, brought)]
    links = [link for link in whole.links if link.style != "property"]
    headings = sum(len(part.headings) for part in parts) + (1 if titled else 0)
    blocks = {block for part in parts for block in part.blocks}
    return (
        len(whole.headings) == headings
        and len(links) == sum(len([k for k in part.links if k.style != "property"]) for part in parts)
        and blocks == set(whole.blocks)
    )


def _refuse_clashes(gone: Chosen, kept: Chosen) -> None:
    """Raise DeskError where one name would mean two things on the joined page."""
    records = [read_record(chosen.page.text.encode("utf-8")) for chosen in (gone, kept)]
    blocks = set(records[0].blocks) & set(records[1].blocks)
    notes = set(_NOTE.findall(gone.page.body)) & set(_NOTE.findall(kept.page.body))
    for what, both in (("block ^", blocks), ("note or link address ", notes)):
        if both:
            raise DeskError(f"both pages have the {what}{sorted(both)[0]}", fix="rename it on one of them first")
