"""`nightdesk compile`: raw/ becomes wiki/."""

import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings, read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import (
    CAPPED,
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
from nightdesk.views.cli.progress import show_stage
from nightdesk.views.cli.watch import watch_raw
from nightdesk.wiki.report import Report
from nightdesk.wiki.unchanged import recall


@click.command(
    "compile",
    epilog="Examples: nightdesk compile --plan; nightdesk compile --worker anthropic:claude-sonnet-4-5 --max-usd 2; "
    "nightdesk compile --review --source raw/paper.pdf; nightdesk compile --json | jq .problems",
)
@click.option("--plan", is_flag=True, help="Say what would be done, and what it would cost; send and write nothing.")
@click.option("--watch", is_flag=True, help="Go on compiling whenever something in raw/ changes, until Ctrl-C.")
@click.option(
    "--review", is_flag=True, help="Show each hand-in before it counts: accept, decline, or say what to change."
)
@click.option("--worker", metavar="NAME", help="Who reads and writes, instead of what nightdesk.toml says.")
@click.option("--source", "only", metavar="PATH", multiple=True, help="Let the AI read only this one; may be repeated.")
@click.option(
    "--again", metavar="PATH", multiple=True, help="Read this source or write this page anew; may be repeated."
)
@click.option("--retry", is_flag=True, help="Try again what failed or was declined.")
@click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Stop before this much is spent.")
@click.option("--max-tokens", type=click.IntRange(1), help="Stop before so many tokens are sent and received.")
@click.option("--max-minutes", type=click.FloatRange(0, min_open=True), help="Begin nothing after so many minutes.")
@click.option("--jobs", type=click.IntRange(0, 512), help="Processes at once; 0 is one for each core.")
@json_option
@desk_option
def command(plan: bool, watch: bool, as_json: bool, desk_folder: str | None, **given: Any) -> int:
    """Turn what is new or changed in raw/ into wiki pages.

    Only what changed is done again, and one git commit says what was done. Interrupted at any moment, or stopped by a
    cap (exit code 3), the next compile goes on from what is there. docs/workers.md tells which workers there are.
    """
    asked = Asked(**given)
    if plan and (watch or asked.review):
        raise click.UsageError("--plan goes with neither --watch nor --review")
    if asked.review and not sys.stdin.isatty():
        raise click.UsageError("--review asks on a terminal, and standard input is none")
    desk = chosen_desk(desk_folder)
    settings = read_settings(
        desk.settings,
        jobs=asked.jobs,
        worker=asked.worker,
        max_usd=asked.max_usd,
        max_tokens=asked.max_tokens,
        max_minutes=asked.max_minutes,
    )
    plain = not (plan or asked.worker or asked.again or asked.retry or asked.review)

    def once() -> int:
        last = recall(desk, settings) if plain else None
        report = Report(**last) if last is not None else _compile(desk, settings, asked, quiet=as_json, plan=plan)
        if as_json:
            print_json(_document(report, plan=plan))
        else:
            _tell(report, plan=plan)
        return _exit_code(report)

    code = once()
    if watch:
        watch_raw(desk, once, tell=lambda: say("Watching raw/; Ctrl-C ends it."))
    return code


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, beside what the settings say."""

    review: bool
    worker: str | None
    only: tuple[str, ...]
    again: tuple[str, ...]
    retry: bool
    max_usd: float | None
    max_tokens: int | None
    max_minutes: float | None
    jobs: int | None


def _compile(desk: Desk, settings: Settings, asked: Asked, *, quiet: bool, plan: bool) -> Report:
    # imported here: most calls of a watched or scheduled compile find nothing to do, and need none of it
    from nightdesk.views.cli.plan import expected  # noqa: PLC0415
    from nightdesk.views.cli.review import Review  # noqa: PLC0415
    from nightdesk.views.cli.workers import hired, planning  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415

    stage = silent if quiet else show_stage
    waiting = _show_text if asked.review and not quiet else None  # a person waits for it
    with hired(desk, settings, chosen=asked.worker, on_text=waiting) as hands:
        staff = hands
        if staff is None and (asked.review or asked.only or asked.again or asked.retry):
            raise DeskError(
                "the built-in worker does all, and there is nothing to discuss with it", fix="name a --worker"
            )
        if staff is not None:
            only, again = _paths(desk, asked.only), _paths(desk, asked.again)
            approve = Review(desk) if asked.review else None
            staff = replace(staff, only=only, again=again, retry=asked.retry, approve=approve)
        if not plan:
            return compile_desk(desk, settings, staff, stage=stage, today=date.today())
        noting, room = planning(staff)
        report = compile_desk(desk, settings, noting, stage=silent if staff else stage, today=date.today(), dry=True)
        report.expected = expected(desk, settings, staff, room.open) if staff else {}
        return report


def _show_text(piece: str) -> None:
    click.echo(shown(piece), nl=False, err=True)


def _paths(desk: Desk, given: tuple[str, ...]) -> tuple[str, ...]:
    """Return paths as the desk writes them. Raises DeskError for one that is not there."""
    found = []
    for name in given:
        file = next((path for path in (desk.root / name, Path(name)) if path.exists()), None)
        if file is None or not file.resolve().is_relative_to(desk.root.resolve()):
            raise DeskError(f"{name} is not on this desk", fix="name a file below raw/, or a page below wiki/")
        found.append(file.resolve().relative_to(desk.root.resolve()).as_posix())
    return tuple(found)


def _exit_code(report: Report) -> int:
    if report.capped:
        return CAPPED
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
        "left": report.left,
    }
    if plan:
        return document | {"plan": report.reasons, "expected": report.expected}
    return document | {
        "written": published.written,
        "removed": published.removed,
        "merged": published.merged,
        "set_aside": published.set_aside,
        "notes": report.notes,
        "capped": report.capped or None,
        "commit": report.commit,
    }


def _tell(report: Report, *, plan: bool) -> None:
    for path, reason in report.reasons.items():
        click.echo(f"{shown(path)}: {shown(reason)}")
    for line in report.expected.get("lines", ()):
        say(shown(line))
    for note in report.notes:
        say(f"note: {shown(note)}")
    for path, problem in report.problems.items():
        say(f"{shown(path)}: {shown(problem)}")
    counts = ", ".join(
        f"{number:,} {noun}" + ("" if number == 1 else "s")
        for number, noun in ((report.sources, "source"), (report.claims, "claim"), (report.concepts, "concept"))
    )
    if plan:
        doing = len(report.reasons) + report.expected.get("tasks", 0)
        say(f"{counts}; {doing:,} {'thing' if doing == 1 else 'things'} to do" if doing else f"{counts}; nothing to do")
    elif not report.sources and not report.problems:
        say("raw/ holds no sources yet; put files there, or run: nightdesk add FILE-OR-URL")
    elif not report.changed:
        say(f"{counts}; nothing has changed")
    else:
        published = report.published
        done = f"{len(published.written) + len(published.merged):,} pages written"
        done += f", {len(published.removed):,} removed" if published.removed else ""
        say(f"{counts}; {done}. Read on in wiki/index.md")
    if report.left and not plan:
        why = report.capped or next(iter(report.left.values()))
        many = "1 task was" if len(report.left) == 1 else f"{len(report.left):,} tasks were"
        say(f"{many} left: {shown(why)}. What is done is kept; run it again to go on, or do it by hand: nightdesk next")
