"""The end of a compile: pages are published, the diary is kept, one commit is made, and a report says what was done."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date

from nightdesk.agents.ledger import NAME as LEDGER
from nightdesk.base.cache import stat_signature
from nightdesk.base.git import changed_paths, commit_paths
from nightdesk.wiki import index, log, source_page
from nightdesk.wiki.building import Build
from nightdesk.wiki.edits import check_edits
from nightdesk.wiki.publish import publish
from nightdesk.wiki.report import Report, commit_message, headline, log_lines, notices
from nightdesk.wiki.shelf import TABLE as SHELVED
from nightdesk.wiki.staff import Left


def put_down(build: Build, today: date) -> Report:
    """Publish what was planned, write the diary and commit."""
    desk, shelf, texts = build.site.desk, build.shelf, build.texts
    obsolete = sorted(
        path for path, page in shelf.own.items() if path not in build.wanted and page.made_from != "unreadable"
    )
    many = len(build.planned) if len(build.planned) > 1 else 0  # the index alone is always looked at
    with build.site.stage("putting", many) as step:
        published = publish(desk, sorted(build.planned.items()), obsolete, on_page=step)
    edits = check_edits(build, published)
    _remember_pages(build, published.written)
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
        notes=[*texts.notes, *notices(published), *edits, *_remarks(build)],
        left=_left(build),
        capped=_capped(build),
    )
    if report.changed:
        log.append_log(desk, "compile", headline(report), log_lines(report, shelf.pages), today=today)
    report.commit = commit_paths(desk.root, _to_commit(build, report), commit_message(report))
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
    return wanted + [path for path in changed if path == LEDGER and wanted]  # the ledger alone makes no commit


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
    return [*parts, *declined, *behind, *unrecorded]


def _left(build: Build) -> dict[str, str]:
    return {f"{left.kind} {left.subject}": left.reasons[0] for left in _told(build, "left")}


def _capped(build: Build) -> str:
    return next(iter(build.site.staff.capped), "") if build.site.staff else ""
