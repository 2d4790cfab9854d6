"""Pages by AI workers: which stand, which are to be written or mended, and how a page gives its text back."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from nightdesk.agents.tasks import Brief, Task, Verified
from nightdesk.base.desk import Desk
from nightdesk.base.pages import parse_page, short_hash
from nightdesk.wiki.claims import find_links
from nightdesk.wiki.concept_page import PagePlan, numbered, written_part
from nightdesk.wiki.names.texts import TextNames
from nightdesk.wiki.shelf import Shelf, Standing
from nightdesk.wiki.staff import Done, Job, Left, Staff, do_all
from nightdesk.wiki.stages import Site
from nightdesk.wiki.themes import Statement, order_claims
from nightdesk.wiki.versions import own_version
from nightdesk.wiki.write_brief import change_of, lead_brief, section_brief, write_brief
from nightdesk.wiki.writing import Evidence, WriteMaterial, Written, verify_page

FORM = 1  # changes when the same claims are to be written anew
TABLE = "ai_pages"
_NONE: Mapping[str, str] = {}
SECTIONS_FROM = 80  # claims: a page with more is written in sections
SECTION_CLAIMS = 50
LEAD_CLAIMS = 40
_FIRST, _OTHER = "Definition", "More"  # headings of what defines the subject, and of claims that no theme has


@dataclass(frozen=True, slots=True)
class Authored:
    """A page's accepted text, by whom, and the hash of the task that it was accepted for."""

    key: str
    by: str
    written: Written
    known: tuple[tuple[str, str], ...]  # the claims that it was written from
    current: bool  # False: the page's claims have changed since, and nobody has written it anew yet


def page_task_hash(material: WriteMaterial) -> str:
    """Return what the text of a page depends on: its claims, not the pages around it, nor what a person calls them."""

    def first(name: str) -> str:
        return material.first.get(name, name)

    claims = sorted((first(evidence.page), evidence.id) for evidence in material.evidence)
    parts = tuple(map(first, material.parts))
    return short_hash(repr(("ai", FORM, material.type, first(material.name), parts, claims)))


def ai_pages(
    site: Site, shelf: Shelf, plans: Sequence[PagePlan], *, pages: Collection[str], renamed: Mapping[str, str] = _NONE
) -> dict[str, Authored]:
    """Return, by path, the text of each planned page that an AI has written, after writing what is to be written.

    `pages` are the base names of all pages: a link in an older text that leads nowhere any more becomes plain words.
    `renamed` gives the page of each name that it had (by name key). Texts are kept as they were handed in.
    """
    now = TextNames(renamed, pages)
    places = _standing_places(shelf, plans)
    stored = site.cache.get(TABLE, list(places.values()))
    on_disk = shelf.by_ai
    standing = {
        plan.path: _standing(site.desk, on_disk.get(at), plan, stored.get(at), now)
        for plan in plans
        if (at := places[plan.path])
    }
    again = set(site.staff.again) if site.staff else set()
    found: dict[str, Authored] = {}
    stale = []
    for plan in plans:
        text = standing[plan.path]
        if text is not None and text.key == page_task_hash(plan.material) and plan.path not in again:
            found[plan.path] = text
        else:
            stale.append(plan)
    if site.staff and "write" in site.staff.workers:
        found |= _write(site, site.staff, stale, standing)
    for plan in stale:
        text = standing[plan.path]
        if plan.path not in found and text is not None and (still := _still_true(plan, text, now)):
            found[plan.path] = still
    site.cache.put(TABLE, {path: _record(text) for path, text in found.items() if stored.get(path) != _record(text)})
    materials = {plan.path: plan.material for plan in plans}
    return {path: replace(text, written=now.written(text.written, materials[path])) for path, text in found.items()}


def _standing_places(shelf: Shelf, plans: Sequence[PagePlan]) -> dict[str, str]:
    """Return where the text of each page stands: at its path, or under the name that it had when it was written."""
    by_ai = shelf.by_ai
    by_task = {page.hand_in: path for path, page in sorted(by_ai.items(), reverse=True)}
    places = {}
    for plan in plans:
        here = plan.path in by_ai
        places[plan.path] = plan.path if here else by_task.get(page_task_hash(plan.material), plan.path)
    return places


def _record(text: Authored) -> dict[str, Any]:
    written = text.written
    return {
        "key": text.key,
        "by": text.by,
        "body": written.body,
        "summary": written.summary,
        "cited": [list(key) for key in written.cited],
        "known": [list(key) for key in text.known],
    }


def _standing(
    desk: Desk, on_disk: Standing | None, plan: PagePlan, record: Mapping[str, Any] | None, now: TextNames
) -> Authored | None:
    """Return the AI's text of a page, from the cache or from the page itself; None where there is none."""
    if record is not None and (on_disk is None or on_disk.hand_in == record["key"]):
        written = Written(record["body"], record["summary"], _keys(record["cited"]))
        return Authored(record["key"], record["by"], written, _keys(record["known"]), True)
    if on_disk is None:
        return None
    page = own_version(desk, on_disk.path, parse_page((desk.root / on_disk.path).read_text(encoding="utf-8")))
    if page is None:
        return None
    body = written_part(page.body.partition("\n")[2]).strip()
    generated = page.value("generated")
    by = str(generated.get("by")) if isinstance(generated, dict) else ""
    verified = _verified_again(plan, now.body(body, plan.material))
    if verified is None:
        return None  # its claims have changed too much, and what it was written from is not remembered
    known = tuple((e.page, e.id) for e in plan.material.evidence)
    same = str(on_disk.hand_in) == page_task_hash(plan.material)
    return Authored(str(on_disk.hand_in), by, verified, known if same else verified.cited, True)


def _keys(listed: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(page), str(identity)) for page, identity in listed)


def _still_true(plan: PagePlan, text: Authored, now: TextNames) -> Authored | None:
    """Return a text whose page waits to be written anew, if all it says still rests on claims that there are."""
    written = _verified_again(plan, now.body(text.written.body, plan.material))
    return replace(text, written=written, current=False) if written else None


def _verified_again(plan: PagePlan, body: str) -> Written | None:
    """Return an accepted text as it is with the claims of now, None where it is not true any more.

    Its links were good then; one that leads nowhere any more becomes plain words and makes nothing untrue.
    """
    names = tuple(dict.fromkeys((*plan.material.names, *find_links(body))))
    verified = verify_page(_task(replace(plan.material, names=names), ""), body)
    return None if verified.reasons else verified.result


def _task(material: WriteMaterial, subject: str) -> Task[WriteMaterial]:
    return Task("write", subject, "", material)


def _write(
    site: Site, staff: Staff, plans: Sequence[PagePlan], standing: Mapping[str, Authored | None]
) -> dict[str, Authored]:
    jobs: list[Job[WriteMaterial, Written]] = []
    shares: dict[str, list[int]] = {}
    headings: dict[str, list[str]] = {}
    for plan in plans:
        made, titles = _jobs(plan, staff, standing[plan.path])
        shares[plan.path], headings[plan.path] = list(range(len(jobs), len(jobs) + len(made))), titles
        jobs += made
    ended = do_all(site.cache, staff, "write", jobs, stage=site.stage, label="writing")
    found = {}
    for plan in plans:
        mine = [ended[n] for n in shares[plan.path]]
        joined = _joined(plan, mine, headings[plan.path])
        if joined.reasons:
            staff.told.append(Left("write", plan.name, "part" if joined.result else "failed", joined.reasons))
        if joined.result is not None:
            known = tuple((e.page, e.id) for e in plan.material.evidence)
            written = numbered(joined.result)
            found[plan.path] = Authored(page_task_hash(plan.material), mine[0].by, written, known, True)
    return found


def _jobs(plan: PagePlan, staff: Staff, before: Authored | None) -> tuple[list[Job[WriteMaterial, Written]], list[str]]:
    """Return the tasks of a page, the lead first where it is written in sections, and the sections' headings."""
    material, again = plan.material, plan.path in staff.again
    if len(material.evidence) <= SECTIONS_FROM:
        change = change_of(before.written.body, material, known=before.known) if before else None
        brief = partial(write_brief, material, staff.briefs, change=change)
        return [_job(material, material.name, brief, again=again)], []
    sections = _sections(material)
    titles = [heading for heading, _ in sections]
    lead = [evidence for _, claims in sections for evidence in claims[: max(1, LEAD_CLAIMS // len(sections))]]
    gists = [(heading, claims[0].statement) for heading, claims in sections]
    top = replace(material, evidence=tuple(lead))
    jobs = [
        _job(top, f"{material.name} (lead)", lambda: lead_brief(top, staff.briefs, sections=gists), again=again),
    ]
    for k, (heading, claims) in enumerate(sections, 1):
        part = replace(material, evidence=tuple(claims))
        brief = partial(section_brief, part, staff.briefs, heading=heading, others=[t for t in titles if t != heading])
        jobs.append(_job(part, f"{material.name} (section {k} of {len(sections)})", brief, again=again))
    return jobs, titles


def _job(
    material: WriteMaterial, subject: str, brief: Callable[[], Brief], *, again: bool
) -> Job[WriteMaterial, Written]:
    task = Task("write", subject, page_task_hash(material), material, brief)
    return Job(task, partial(verify_page, task), again)


def _sections(material: WriteMaterial) -> list[tuple[str, list[Evidence]]]:
    """Return the claims of a long page by theme, each theme small enough for one task."""
    statements = tuple(
        Statement(e.statement, e.page, e.published or "", e.concepts, e.defines) for e in material.evidence
    )
    ordered = order_claims(statements, title=material.name, language=material.language, limit=len(statements))
    themes = [(theme.title or _FIRST, [n for group in theme.groups for n in group]) for theme in ordered.themes]
    placed = {n for _, members in themes for n in members}
    rest = [n for n in range(len(statements)) if n not in placed]
    return [
        (title, chunk)
        for title, members in [*themes, *([(_OTHER, rest)] if rest else [])]
        for chunk in _chunks([material.evidence[n] for n in sorted(members)])
    ]


def _chunks(claims: Sequence[Evidence]) -> list[list[Evidence]]:
    """Cut behind claims whose ids say so, so that one more claim moves only the cuts beside it."""
    chunks: list[list[Evidence]] = [[]]
    for evidence in claims:
        chunks[-1].append(evidence)
        ends = int(short_hash(evidence.id)[:4], 16) % (SECTION_CLAIMS // 4) == 0
        if len(chunks[-1]) >= SECTION_CLAIMS or (ends and len(chunks[-1]) >= SECTION_CLAIMS // 2):
            chunks.append([])
    return [chunk for chunk in chunks if chunk]


def _joined(plan: PagePlan, parts: Sequence[Done[Written]], headings: Sequence[str]) -> Verified[Written]:
    """Return a page's text from its lead and sections, and what is wrong with the whole though no piece of it was.

    What a section failed to say is missing from it. Sections of one theme stand below one heading.
    """
    if not headings:
        return Verified(parts[0].result, ())
    if any(done.state in ("left", "declined") or done.fault for done in parts) or parts[0].result is None:
        return Verified(None, ())
    pieces = [parts[0].result.body.strip()]
    above = ""
    for heading, done in zip(headings, parts[1:], strict=True):
        if done.result is not None:
            pieces += [f"## {heading}"] if heading != above else []
            pieces.append(done.result.body.strip())
            above = heading
    return verify_page(_task(plan.material, plan.name), "\n\n".join(pieces))
