"""`nightdesk next`: the brief of the next task, for the agent in the room."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from nightdesk.agents.leases import MINUTES, Lease, Leases, holder_name, in_turn, shown_time
from nightdesk.agents.room import Given, give_out
from nightdesk.agents.tasks import Task
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import PROPOSE, ROOM_KINDS, read_settings
from nightdesk.base.stages import Stage, silent
from nightdesk.views.cli.options import DONE, NOTHING, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.views.cli.progress import show_stage

MAX_LISTED = 10  # leases of others
MAX_MINUTES = 7 * 24 * 60
_LOOK_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wish:
    """Which tasks are wanted, by whom, for how long."""

    kind: str | None
    holder: str
    minutes: int  # that a lease lasts
    wait: int | None  # minutes, for a task that is not there yet
    count: int | None  # None: all that are free


@click.command(
    "next",
    epilog="Examples: nightdesk next --as claude-code; nightdesk next --all --as codex; "
    "nightdesk next --kind propose --wait 60; nightdesk next --release t0a1b2c3d4e",
)
@click.option("--count", type=click.IntRange(1), help="Lease so many tasks, write each brief to a file, print a table.")
@click.option("--all", "everything", is_flag=True, help="The same, with every task that is free.")
@click.option("--kind", type=click.Choice(ROOM_KINDS), help="Only tasks of this kind.")
@click.option("--as", "holder", metavar="NAME", default="", help="Who you are; stands in the pages that you write.")
@click.option(
    "--minutes", type=click.IntRange(1, MAX_MINUTES), default=MINUTES, show_default=True, help="How long it is yours."
)
@click.option("--wait", type=click.IntRange(1, MAX_MINUTES), metavar="MINUTES", help="Wait for a lab's next proposal.")
@click.option("--release", metavar="ID", multiple=True, help="Give a task back; may be given several times.")
@json_option
@desk_option
def command(
    count: int | None, everything: bool, release: tuple[str, ...], as_json: bool, desk_folder: str | None, **wish: Any
) -> int:
    """Print the brief of the next task and lease it to you.

    What a running lab waits for comes first, then what is to be read, then the pages that this changes, then pages with
    findings to mend. Hand in with: nightdesk submit FILE. Exit code 2 means that there is nothing to do, or nothing
    that nobody else has already.
    """
    if everything and count is not None:
        raise click.UsageError("--all and --count exclude each other")
    wanted = Wish(**wish, count=None if everything else count or 1)
    if wanted.wait is not None and wanted.kind != PROPOSE:
        raise click.UsageError("--wait goes with --kind propose: what is to be read or written is there at once")
    desk = chosen_desk(desk_folder)
    leases = Leases(desk.cache)
    if release:
        return _release(leases, release, as_json=as_json)
    many = everything or count is not None
    tasks, given, now = _take(desk, leases, wanted, stage=silent if as_json else show_stage)
    if not given:
        return _nothing(tasks, leases.held(in_turn(tasks, kind=wanted.kind), now=now), wanted.kind, as_json=as_json)
    if as_json:
        print_json({"tasks": [one.to_json(with_brief=not many) for one in given]})
    elif many:
        _table(given)
    else:
        click.echo(given[0].brief, nl=False)
    return DONE


def _take(
    desk: Desk, leases: Leases, wanted: Wish, *, stage: Stage
) -> tuple[Sequence[Task[Any]], Sequence[Given], datetime]:
    """Return the open tasks, those that were leased, and the time of the look; wait for a task as long as wished."""
    # imported here: to give a task back needs none of it
    from nightdesk.lab.desk_tasks import desk_tasks  # noqa: PLC0415

    holder, settings = holder_name(wanted.holder), read_settings(desk.settings)
    end = time.monotonic() + 60 * (wanted.wait or 0)
    while True:
        now = datetime.now(UTC)  # before the look at what is open: see Leases.lease
        found = desk_tasks(desk, settings, kind=wanted.kind, stage=stage)
        for path, problem in found.report.problems.items():
            say(f"{shown(path)}: {shown(problem)}")
        given = give_out(
            desk.root,
            leases,
            found.tasks,
            count=wanted.count,
            kind=wanted.kind,
            holder=holder,
            minutes=wanted.minutes,
            now=now,
        )
        if given or time.monotonic() >= end:
            return found.tasks, given, now
        time.sleep(_LOOK_EVERY_SECONDS)


def _table(given: Sequence[Given]) -> None:
    width = max(len(one.task.kind) for one in given)
    for one in given:
        click.echo(f"{one.task.id}  {one.task.kind:<{width}}  {one.brief_file}  {shown(one.task.subject)}")
    until = shown_time(given[0].lease.until)
    say(f"Yours until {until}: {len(given)}. Each file is one brief; hand in with: nightdesk submit FILE…")


def _nothing(tasks: Sequence[Task[Any]], held: Sequence[Lease], kind: str | None, *, as_json: bool) -> int:
    if as_json:
        leased = [{"task": x.task, "kind": x.kind, "subject": x.subject, "holder": x.holder} for x in held]
        print_json({"tasks": [], "leased": leased, "open": len(tasks)})
    elif held:
        first = min(lease.until for lease in held)
        say(f"nothing is free: what can be done now is leased ({len(held)}), the first until {shown_time(first)}")
        for lease in held[:MAX_LISTED]:
            say(f"  {shown(lease.line)}")
        if len(held) > MAX_LISTED:
            say(f"  … and {len(held) - MAX_LISTED} more")
    elif kind == PROPOSE:
        say("nothing to propose: no lab waits for it now; if one runs with --worker room, come back after its next run")
    elif tasks and kind is not None:
        say(f'nothing to do of the kind "{kind}"; of other kinds: {len(tasks)}')
    else:
        say("nothing to do: the wiki is in step")
    return NOTHING


def _release(leases: Leases, tasks: Sequence[str], *, as_json: bool) -> int:
    ended = [lease for task in tasks for lease in leases.release(task, now=datetime.now(UTC))]
    if as_json:
        print_json({"released": [lease.task for lease in ended]})
    for lease in () if as_json else ended:
        say(f"{shown(lease.task)} ({lease.kind} {shown(lease.subject)}) is free again")
    missing = sorted(set(tasks) - {lease.task for lease in ended})
    if missing:
        raise DeskError(f"nobody has leased {', '.join(missing)}", fix="nightdesk next --all shows the ids of tasks")
    return DONE
