"""The end of a compile: pages are published, the diary is kept, one commit is made, and a report says what was done."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from nightdesk.agents.ledger import NAME as COSTS
from nightdesk.base.cache import stat_signature
from nightdesk.base.errors import DeskError
from nightdesk.base.git import changed_paths, commit_by_hand, commit_paths
from nightdesk.base.pages import parse_page
from nightdesk.wiki import index, log, source_page
from nightdesk.wiki.building import Build, Errand
from nightdesk.wiki.contradictions.keeping import put_items, remarks
from nightdesk.wiki.contradictions.page import PATH as CONTRADICTIONS
from nightdesk.wiki.contradictions.weighing import Weighed
from nightdesk.wiki.cover import NAME as COVER
from nightdesk.wiki.edits import check_edits
from nightdesk.wiki.names.carrying import bring_over, carry_edits
from nightdesk.wiki.probe.record import NAME as PROBES
from nightdesk.wiki.publish import publish
from nightdesk.wiki.report import Report, commit_message, headline, log_lines, notices
from nightdesk.wiki.shelf import TABLE as SHELVED
from nightdesk.wiki.staff import Left

LEDGERS = (COSTS, PROBES)


def put_down(
    build: Build, today: date, errand: Errand | None = None, touched: Sequence[str] = (), weighed: Weighed | None = None
) -> Report:
    """Publish what was planned, write the diary and commit; what an errand has `touched` goes into the commit."""
    desk, shelf, texts = build.site.desk, build.shelf, build.texts
    obsolete = sorted(
        path for path, page in shelf.own.items() if path not in build.wanted and page.made_from != "unreadable"
    )
    many = len(build.planned) if len(build.planned) > 1 else 0  # the index alone is always looked at
    carried = carry_edits(build)
    with build.site.stage("putting", many) as step:
        published = publish(desk, sorted(build.planned.items()), obsolete, on_page=step)
    kept = (
        put_items(build, weighed) if weighed else False
    )  # before edits are checked: what it says is read, not checked
    edits = check_edits(build, bring_over(build, carried, published))
    _remember_pages(build, published.written)
    published.written += [CONTRADICTIONS] if kept else []
    report = Report(
        sources=len(build.lights),
        claims=sum(len(mark.claims) for mark in build.readings.marks),
        concepts=sum(entry.type in index.PAGE_TYPES for entry in build.entries),
        converted=texts.converted,
        read=list(build.readings.fresh),
        withdrawn=sorted(page.raw for page in shelf.own.values() if page.raw and page.raw not in build.names),
        published=published,
        problems=texts.problems
        | {raw: "; ".join(why[:3]) for raw, why in build.readings.failed.items()}
        | build.failed
        | _failures(build),
        notes=[
            *texts.notes,
            *notices(published),
            *edits,
            *(remarks(build, weighed) if weighed else ()),
            *_remarks(build),
        ],
        left=_left(build),
        capped=_capped(build),
    )
    if report.changed or touched:
        commit_by_hand(desk.root, [log.PATH])  # the commit of the compile takes the diary along, whoever wrote in it
        log.append_log(
            desk,
            errand.operation if errand else "compile",
            f"{errand.title}: {headline(report)}" if errand else headline(report),
            log_lines(report, shelf.pages),
            today=today,
        )
    message = f"{errand.operation}: {errand.title}\n\n{commit_message(report)}" if errand else commit_message(report)
    commit_by_hand(desk.root, _corrected_texts(build))
    report.commit = commit_paths(desk.root, [*_to_commit(build, report), *touched], message)
    return report


def _remember_pages(build: Build, written: Sequence[str]) -> None:
    """Note what the pages just written are, so that the next compile need not read them all again."""
    raw_of = {f"{source_page.FOLDER}/{name}.md": raw for raw, name in build.names.items()}
    memos = {}
    for path in written:
        file, page = build.site.desk.root / path, build.planned[path]
        signature = stat_signature(file)  # before the look inside: what a person writes after it has another signature
        with suppress(OSError):
            if file.read_bytes() == page.text.encode("utf-8"):
                memos[path] = [signature, page.made_from, False, raw_of.get(path), page.hand_in]
    build.site.cache.put(SHELVED, memos)


def _corrected_texts(build: Build) -> list[str]:
    """Return the texts that a person corrected: theirs in the history too, so that undo leaves them."""
    desk, written = build.site.desk, set(build.texts.written)
    changed = [p for p in changed_paths(desk.root) if p.startswith("text/") and p.endswith(".md") and p not in written]
    found = []
    for path in changed:
        with suppress(OSError, UnicodeDecodeError, DeskError):
            if parse_page((desk.root / path).read_text(encoding="utf-8")).edited:
                found.append(path)
    return found


def _to_commit(build: Build, report: Report) -> list[str]:
    """Return what belongs to this compile: sources, texts, own pages; never what a person is still working on."""
    desk = build.site.desk
    touched = {*report.published.touched, *build.texts.written, log.PATH, index.PATH}
    edited = {path for path, page in build.shelf.pages.items() if page.edited}
    changed = changed_paths(desk.root)
    wanted = [
        path
        for path in changed
        if path in touched
        or path.startswith(("raw/", "text/"))
        or (
            path.startswith("wiki/")
            and path not in edited
            and (path in build.wanted or not (desk.root / path).exists())
        )
    ]
    wanted += [path for path in changed if path == COVER]
    return wanted + [path for path in changed if path in LEDGERS and wanted]  # a ledger alone makes no commit


def plan_report(build: Build) -> Report:
    unread = set(build.texts.to_convert)  # what their new text will say, and so which pages go, is not known yet
    withdrawn = sorted(
        page.raw for page in build.shelf.own.values() if page.raw and page.raw not in {*build.names, *unread}
    )
    obsolete = [
        path
        for path, page in build.shelf.own.items()
        if path not in build.wanted and (page.raw in withdrawn if page.raw or unread else True)
    ]
    planned = dict(build.planned)
    current = build.site.desk.root / index.PATH
    if current.exists() and current.read_text(encoding="utf-8") == planned[index.PATH].text:
        del planned[index.PATH]
    reasons = dict.fromkeys(build.texts.to_convert, "new or changed: to be converted, then read")
    reasons |= {path: build.why.get(path, "what it lists changed") for path in sorted(planned)}
    reasons |= dict.fromkeys(sorted(obsolete), "nothing to stand on any more: to be removed")
    return Report(
        sources=len(build.lights),
        claims=sum(len(mark.claims) for mark in build.readings.marks),
        concepts=sum(entry.type in index.PAGE_TYPES for entry in build.entries),
        converted=build.texts.to_convert,
        read=list(build.readings.fresh),
        withdrawn=withdrawn,
        problems=dict(build.texts.problems),
        notes=list(build.decided.problems),
        reasons=reasons,
        left=_left(build),
    )


def _told(build: Build, *states: str) -> list[Left]:
    return [left for left in build.site.staff.told if left.state in states] if build.site.staff else []


def _failures(build: Build) -> dict[str, str]:
    """Return the tasks that the AI worker failed at; the built-in worker did them instead."""
    return {left.subject: f"{left.kind}: {'; '.join(left.reasons[:3])}" for left in _told(build, "failed")}


def _remarks(build: Build) -> list[str]:
    """Return what a person should know of work that was accepted in part, declined, or waits to be done anew."""
    parts = [
        f"{left.subject}: accepted in part; not accepted: {'; '.join(left.reasons[:3])}"
        + (f" (and {len(left.reasons) - 3} more)" if len(left.reasons) > 3 else "")
        for left in _told(build, "part")
    ]
    declined = [
        f"{left.subject}: declined; it stays as it is until its inputs change" for left in _told(build, "declined")
    ]
    behind = [f"{path} does not tell of the newest claims yet; it waits for an AI worker" for path in build.behind]
    unrecorded = [f"not in the ledger: {why}" for why in (build.site.staff.unrecorded[:1] if build.site.staff else [])]
    return [*parts, *declined, *behind, *unrecorded, *build.decided.problems]


def _left(build: Build) -> dict[str, str]:
    return {f"{left.kind} {left.subject}": left.reasons[0] for left in _told(build, "left")}


def _capped(build: Build) -> str:
    return next(iter(build.site.staff.capped), "") if build.site.staff else ""
