"""`nightdesk compile`: raw/ becomes wiki/."""

from datetime import date

import click

from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings, read_settings
from nightdesk.views.cli.options import (
    DONE,
    IN_PART,
    NOTHING,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)
from nightdesk.views.cli.progress import no_stage, show_stage
from nightdesk.views.cli.watch import watch_raw
from nightdesk.wiki.report import Report
from nightdesk.wiki.unchanged import recall


@click.command(
    "compile",
    epilog="Examples: nightdesk compile --plan; nightdesk compile --watch; nightdesk compile --json | jq .problems",
)
@click.option("--plan", is_flag=True, help="Say what would be done and why; write nothing.")
@click.option("--watch", is_flag=True, help="Go on compiling whenever something in raw/ changes, until Ctrl-C.")
@click.option("--worker", "worker_name", metavar="NAME", help='Who reads and writes: "builtin" or "scripted:FILE".')
@click.option("--jobs", type=click.IntRange(0, 512), help="Processes at once; 0 is one for each core.")
@json_option
@desk_option
def command(
    plan: bool, watch: bool, worker_name: str | None, jobs: int | None, as_json: bool, desk_folder: str | None
) -> int:
    """Turn what is new or changed in raw/ into wiki pages.

    Only what changed is done again, and one git commit says what was done. Interrupted at any moment, the next compile
    goes on from what is there.
    """
    if plan and watch:
        raise click.UsageError("--plan and --watch exclude each other")
    desk = chosen_desk(desk_folder)
    settings = read_settings(desk.settings, jobs=jobs, worker=worker_name)

    def once() -> int:
        last = None if plan else recall(desk, settings)
        report = Report(**last) if last is not None else _compile(desk, settings, quiet=as_json, plan=plan)
        if as_json:
            print_json(_document(report, plan=plan))
        else:
            _tell(report, plan=plan)
        return _exit_code(report)

    code = once()
    if watch:
        watch_raw(desk, once, tell=lambda: say("Watching raw/; Ctrl-C ends it."))
    return code


def _compile(desk: Desk, settings: Settings, *, quiet: bool, plan: bool) -> Report:
    # imported here: most calls of a watched or scheduled compile find nothing to do, and need none of it
    from nightdesk.views.cli.workers import make_worker  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415

    worker = make_worker(settings.worker, desk)
    stage = no_stage if quiet else show_stage
    return compile_desk(desk, settings, worker, stage=stage, today=date.today(), dry=plan)


def _exit_code(report: Report) -> int:
    if report.problems:
        return IN_PART
    return DONE if report.sources else NOTHING


def _document(report: Report, *, plan: bool) -> dict[str, object]:
    published = report.published
    document: dict[str, object] = {
        "sources": report.sources,
        "claims": report.claims,
        "concepts": report.concepts,
        "converted": report.converted,
        "read": report.read,
        "withdrawn": report.withdrawn,
        "problems": report.problems,
    }
    if plan:
        return document | {"plan": report.reasons}
    return document | {
        "written": published.written,
        "removed": published.removed,
        "merged": published.merged,
        "set_aside": published.set_aside,
        "notes": report.notes,
        "commit": report.commit,
    }


def _tell(report: Report, *, plan: bool) -> None:
    for path, reason in report.reasons.items():
        click.echo(f"{shown(path)}: {shown(reason)}")
    for note in report.notes:
        say(f"note: {shown(note)}")
    for path, problem in report.problems.items():
        say(f"{shown(path)}: {shown(problem)}")
    counts = f"{report.sources:,} sources, {report.claims:,} claims, {report.concepts:,} concepts"
    if plan:
        say(f"{counts}; {len(report.reasons):,} things to do" if report.reasons else f"{counts}; nothing to do")
    elif not report.sources and not report.problems:
        say("raw/ holds no sources yet; put files there, or run: nightdesk add FILE-OR-URL")
    elif not report.changed:
        say(f"{counts}; nothing has changed")
    else:
        published = report.published
        done = f"{len(published.written) + len(published.merged):,} pages written"
        done += f", {len(published.removed):,} removed" if published.removed else ""
        say(f"{counts}; {done}. Read on in wiki/index.md")
