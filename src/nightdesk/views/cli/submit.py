"""`nightdesk submit`: what an agent hands in is checked and applied, or comes back with what is wrong."""

import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import click

from nightdesk.agents.handins import MAX_HAND_IN, HandInFile, parse_hand_in
from nightdesk.agents.leases import Leases
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import PROPOSE, Settings, read_settings
from nightdesk.lab.desk_tasks import submit_to_desk
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown

MAX_BYTES = 4 * MAX_HAND_IN  # UTF-8 takes at most four for a character


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one file."""

    file: str
    task: str
    accepted: bool
    reasons: tuple[str, ...]
    written: tuple[str, ...] = ()
    kept_good: bool = False
    kind: str = ""  # of the task


@click.command(
    "submit",
    epilog="Examples: nightdesk submit .nightdesk/tasks/t0a1b2c3d4e-hand-in.json; cat page.md | nightdesk submit -",
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option("--keep-good", is_flag=True, help="Take what is good in a hand-in although the rest is wrong.")
@json_option
@desk_option
def command(files: tuple[str, ...], keep_good: bool, as_json: bool, desk_folder: str | None) -> int:
    """Hand in what a task asked for.

    It is checked against the task that its header names. Accepted, it becomes pages and a commit at once, or an
    experiment of the lab that waits for it. Rejected, each line says what is wrong, and the task stays yours: mend the
    file and submit it again. FILE may be - for standard input.
    """
    desk = chosen_desk(desk_folder)
    settings = read_settings(desk.settings)
    judged = []
    for file in files:
        found = _judge(desk, settings, file, keep_good=keep_good)
        judged.append(found)
        if not as_json:
            _tell(found)
    if as_json:
        print_json([asdict(found) for found in judged])
    return DONE if all(found.accepted and not found.reasons for found in judged) else IN_PART


def _judge(desk: Desk, settings: Settings, file: str, *, keep_good: bool) -> Judged:
    task = ""
    try:
        hand_in = _read(file)
        task = hand_in.task
        done = submit_to_desk(desk, settings, hand_in, keep_good=keep_good, today=date.today())
    except DeskError as error:
        return Judged(file, task, False, (str(error),))
    written = (*done.report.published.written, *done.report.published.merged)
    kind = Leases(desk.cache).kind_of(hand_in.lease)
    return Judged(file, task, done.accepted, done.reasons, written, done.kept_good, kind)


def _read(file: str) -> HandInFile:
    """Read a hand-in. Raises DeskError for what is no text, and for a hand-in of another form."""
    if file == "-":
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        try:
            with Path(file).open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        except OSError as error:
            raise DeskError(f"{file} cannot be read: {error.strerror}") from error
    # Windows PowerShell writes UTF-16 where a program's output goes into a file
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        return parse_hand_in(content.decode(encoding))
    except UnicodeDecodeError as error:
        raise DeskError(f"{file} is not UTF-8", fix="write it as UTF-8") from error


def _tell(found: Judged) -> None:
    if found.accepted:
        kept = ", what was good of it" if found.kept_good else ""
        number = len(found.written)
        pages = f"{number} {'page' if number == 1 else 'pages'} written" if number else "kept, no page changes yet"
        done = "the lab runs it next" if found.kind == PROPOSE else pages
        click.echo(f"{shown(found.file)}: accepted{kept}; {done}")
        for path in found.written[:20]:
            click.echo(f"  {shown(path)}")
    else:
        say(f"{shown(found.file)}: rejected; mend it and submit it again")
    for reason in found.reasons:
        click.echo(shown(reason))
    if found.accepted:
        say("Next: nightdesk next")
