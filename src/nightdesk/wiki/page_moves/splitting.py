"""A page split in two: claims of a concept that speak of another thing, or a section of a person's page."""

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import dirname

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key, safe_name
from nightdesk.base.pages import Page, render_front
from nightdesk.wiki.claims import find_citations, parse_claims
from nightdesk.wiki.library import page_paths, read_page
from nightdesk.wiki.names.rules import Taken
from nightdesk.wiki.names.writing_down import with_taken
from nightdesk.wiki.page_moves.choosing import Chosen, choose, new_title, refuse_made
from nightdesk.wiki.page_moves.deciding import decide, write_decisions
from nightdesk.wiki.page_moves.following import Goal
from nightdesk.wiki.page_moves.fronts import raw_body, refronted
from nightdesk.wiki.page_moves.planning import Plan
from nightdesk.wiki.page_moves.rewriting import GoalOf, Move, rewrite, survey
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import Targets, heading_key


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a page with all below it, in lines of the body: the first, and the one after the last."""

    first: int
    end: int


def plan_split(desk: Desk, wanted: str, into: str, *, claims: Sequence[str], section: str | None, today: str) -> Plan:
    """Return what splitting a page takes: these `claims` (ids) or a `section` (its heading) go to the page `into`.

    Raises DeskError where that is not clear, or takes all or nothing.
    """
    chosen = choose(desk, wanted)
    refuse_made(chosen, "split")
    if chosen.kind in ("source", "filed"):
        raise DeskError(f"{chosen.path} is one source or one answer, and stays whole", fix="split a concept's page")
    if bool(claims) == (section is not None):
        raise DeskError("name either claims or a section", fix="--claims ID… or --section HEADING")
    if chosen.kind == "person":
        if section is None:
            raise DeskError(f"{chosen.path} is your own page, which has no claims", fix="name a section with --section")
        return _plan_own(desk, chosen, new_title(desk, into, instead_of=None), section)
    return _plan_concept(desk, chosen, _target(desk, into), claims, section, today)


def _target(desk: Desk, into: str) -> str:
    """Return the title of the page that takes the claims: a new one, or a concept that has a page."""
    try:
        return new_title(desk, into, instead_of=None)
    except DeskError as taken:
        try:
            other = choose(desk, into)
        except DeskError:
            raise taken from None
        if other.kind != "concept":
            raise
        return other.title


def _plan_concept(
    desk: Desk, chosen: Chosen, title: str, claims: Sequence[str], section: str | None, today: str
) -> Plan:
    about = _claims_about(desk, chosen.name)
    wanted = [claim.removeprefix("^") for claim in claims] if section is None else _cited_in(chosen, section)
    unknown = [claim for claim in dict.fromkeys(wanted) if claim not in about]
    if unknown and section is None:
        raise DeskError(f"^{unknown[0]} is no claim about {chosen.title}", fix="nightdesk show PAGE lists its claims")
    taken = tuple(claim for claim in dict.fromkeys(wanted) if claim in about)
    if not taken:
        raise DeskError(f'the section "{section}" cites no claim about {chosen.title}', fix="name its claims")
    if len(taken) == len(about):
        raise DeskError(f"these are all claims about {chosen.title}", fix="to rename it, use nightdesk page rename")
    if name_key(safe_name(title)) == name_key(chosen.name):
        raise DeskError(f"{chosen.path} is both of the pages", fix="name another page with --into")
    count = "1 claim" if len(taken) == 1 else f"{len(taken)} claims"
    path = f"{dirname(chosen.path)}/{safe_name(title)}.md"
    plan = Plan("page split", f"{count} of {chosen.title} to {title}", path)

    def act(cache: Cache) -> Sequence[str]:
        rule = Taken(title, chosen.name, taken, 0)
        why = f"{today}: page split"
        write_decisions(desk, decide(desk, lambda text: with_taken(text, rule, why=why)), plan.changed)
        return plan.changed.touched

    plan.act = act
    return plan


def _claims_about(desk: Desk, name: str) -> set[str]:
    """Return the ids of the claims that speak of a page."""
    key = name_key(name)
    found: set[str] = set()
    for path in page_paths(desk):
        if path.startswith("wiki/sources/"):
            body = read_page(desk, path).page.body
            claims = parse_claims(body.partition("\n## Open questions\n")[0] + "\n")
            found |= {claim.id for claim in claims if key in map(name_key, claim.concepts)}
    return found


def _cited_in(chosen: Chosen, heading: str) -> list[str]:
    section = find_section(chosen, heading)
    lines = chosen.page.body.split("\n")[section.first : section.end]
    return [citation.id for citation in find_citations("\n".join(lines))]


def find_section(chosen: Chosen, heading: str) -> Section:
    """Return a section by its heading. Raises DeskError where the page has none such, or several."""
    body = chosen.page.body
    headings = read_record(body.encode("utf-8")).headings
    wanted = heading_key(heading.lstrip("# "))
    found = [n for n, one in enumerate(headings) if heading_key(one.shown) == wanted]
    if len(found) != 1:
        there = ", ".join(one.shown for one in headings[:8])
        many = f"{len(found)} headings" if found else "no heading"
        raise DeskError(f'{chosen.path} has {many} "{heading}"', fix=f"its headings: {there}" if there else None)
    start = headings[found[0]]
    after = next((one.line for one in headings[found[0] + 1 :] if one.level <= start.level), None)
    return Section(start.line - 1, after - 1 if after else body.count("\n") + 1)


def _plan_own(desk: Desk, chosen: Chosen, title: str, heading: str) -> Plan:
    path = f"{dirname(chosen.path)}/{safe_name(title)}.md"
    section = find_section(chosen, heading)
    lines = chosen.page.body.split("\n")
    taken, rest = lines[section.first : section.end], [*lines[: section.first], *lines[section.end :]]
    if not any(line.strip() and not line.startswith("# ") for line in rest):
        raise DeskError(f'"{heading}" is all of {chosen.path}', fix="to rename it, use nightdesk page rename")
    _refuse_notes(chosen, taken, rest)
    plan = Plan("page split", f"the section {heading.lstrip('# ')} of {chosen.title} to {title}", path)
    plan.act = lambda cache: _split_own(desk, cache, chosen, title, section, plan)
    return plan


def _refuse_notes(chosen: Chosen, taken: Sequence[str], rest: Sequence[str]) -> None:
    """Raise DeskError where a footnote or a link's address would stand on the other page."""
    whole = read_record(chosen.page.body.encode("utf-8"))
    parts = [read_record("\n".join(part).encode("utf-8")) for part in (taken, rest)]
    notes = sum("[^" in line for line in chosen.page.body.split("\n"))
    if sum(len(part.links) for part in parts) != len(whole.links) or (
        notes and any("[^" in line for line in taken) and any("[^" in line for line in rest)
    ):
        raise DeskError("a footnote, or the address of a link, would be on the other page", fix="split it by hand")


def _split_own(desk: Desk, cache: Cache, chosen: Chosen, title: str, section: Section, plan: Plan) -> Sequence[str]:
    shelf, before = survey(desk, cache)
    path = plan.path
    after = before.after({path: path})
    source = (desk.root / chosen.path).read_bytes().decode("utf-8")
    end = "\r" if "\r\n" in source else ""
    lines = raw_body(source, chosen.page).split("\n")
    part = "\n".join(lines[section.first : section.end]).strip("\r\n") + f"{end}\n"
    rest = [*lines[: section.first], f"[[{safe_name(title)}]]{end}", end, *lines[section.end :]]
    left = refronted(source, chosen.page.front, "\n".join(rest).rstrip("\r\n") + f"{end}\n")
    goal = _goal_of(chosen, path, Targets(read_record(part.encode("utf-8"))))
    stays, goes = Move(before, after, {}, goal), Move(before, after, {chosen.path: path}, goal)
    kind = chosen.page.value("type")
    front = render_front({"type": kind if isinstance(kind, str) else None, "title": title})
    kept, new = stays.page(left, chosen.path), goes.page(part, chosen.path)
    rewrite(
        desk,
        shelf,
        stays,
        plan.changed,
        edits={chosen.path: lambda _: kept.text},
        added={path: Page(front, "").text.replace("\n", f"{end}\n") + new.text},
    )
    if new.failed:
        plan.changed.failed[path] = new.failed
    return plan.changed.touched


def _goal_of(chosen: Chosen, path: str, taken: Targets) -> GoalOf:
    """Return where links to the page go: those to a place in the part that is taken go to the new page."""

    def goal(link: Link, target: str, source: str) -> Goal | None:
        if target != chosen.path:
            return None
        return Goal(path if link.fragment and taken.has(link) else chosen.path)

    return goal
