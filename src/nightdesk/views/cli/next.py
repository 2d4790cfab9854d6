"""`nightdesk next`: the brief of the next task, for the agent in the room."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from nightdesk.agents.leases import MINUTES, Lease, Leases, holder_name, in_turn, shown_time
from nightdesk.agents.room import Given, give_out
from nightdesk.agents.tasks import Task
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import KINDS, read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import DONE, NOTHING, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.views.cli.progress import show_stage

MAX_LISTED = 10  # leases of others
MAX_MINUTES = 7 * 24 * 60


@click.command(
    "next",
    epilog="Examples: nightdesk next --as claude-code; nightdesk next --all --as codex; "
    "nightdesk next --release t0a1b2c3d4e",
)
@click.option("--count", type=click.IntRange(1), help="Lease so many tasks, write each brief to a file, print a table.")
@click.option("--all", "everything", is_flag=True, help="The same, with every task that is free.")
@click.option("--kind", type=click.Choice(KINDS), help="Only tasks of this kind.")
@click.option("--as", "holder", metavar="NAME", default="", help="Who you are; stands in the pages that you write.")
@click.option(
    "--minutes", type=click.IntRange(1, MAX_MINUTES), default=MINUTES, show_default=True, help="How long it is yours."
)
@click.option("--release", metavar="ID", multiple=True, help="Give a task back; may be given several times.")
@json_option
@desk_option
def command(
    count: int | None,
    everything: bool,
    kind: str | None,
    holder: str,
    minutes: int,
    release: tuple[str, ...],
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Print the brief of the next task and lease it to you.

    What is to be read comes first, then the pages that this changes. Hand in with: nightdesk submit FILE. Exit code 2
    means that there is nothing to do, or nothing that somebody else does not have already.
    """
    if everything and count is not None:
        raise click.UsageError("--all and --count exclude each other")
    desk = chosen_desk(desk_folder)
    leases = Leases(desk.cache)
    if release:
        return _release(leases, release, as_json=as_json)
    # imported here: to give a task back needs none of it
    from nightdesk.wiki.work import open_tasks  # noqa: PLC0415

    holder = holder_name(holder)
    now = datetime.now(UTC)  # before the look at what is open: see Leases.lease
    found = open_tasks(desk, read_settings(desk.settings), stage=silent if as_json else show_stage)
    tasks = found.tasks
    for path, problem in found.report.problems.items():
        say(f"{shown(path)}: {shown(problem)}")
    many = everything or count is not None
    most = None if everything else count or 1
    given = give_out(desk.root, leases, tasks, count=most, kind=kind, holder=holder, minutes=minutes, now=now)
    if not given:
        return _nothing(tasks, leases.held(in_turn(tasks, kind=kind), now=now), kind, as_json=as_json)
    if as_json:
        print_json({"tasks": [one.to_json(with_brief=not many) for one in given]})
    elif many:
        _table(given)
    else:
        click.echo(given[0].brief, nl=False)
    return DONE


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
