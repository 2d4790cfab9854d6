"""`nightdesk undo`: the last change is taken back, and what a person did since stays."""

from collections import Counter
from datetime import datetime
from typing import Any

import click

from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.changes import Change, read_changes
from nightdesk.wiki.undo import RECORD, SOURCE, YOURS, Deed, Step, Undone, undo

MAX_LISTED = 20  # files, or changes without --all
_ACTS: tuple[Deed, ...] = ("restored", "removed", "merged")
_STAYS = {
    SOURCE: "added to raw/ by it and kept: the next compile reads it again; to withdraw it: nightdesk forget SOURCE",
    RECORD: "of the record of a lab or of costs: kept",
    YOURS: "yours since it was made: kept",
}


@click.command(
    "undo", epilog="Examples: nightdesk undo --dry-run; nightdesk undo; nightdesk undo --redo; nightdesk undo --list"
)
@click.argument("change", required=False)
@click.option("--redo", is_flag=True, help="Bring back what the last undo took back.")
@click.option("--dry-run", "dry", is_flag=True, help="Only show what would become of each file.")
@click.option("--list", "list_them", is_flag=True, help="List the changes, the newest first, and stop.")
@click.option("--all", "show_all", is_flag=True, help=f"With --list: every change, not the first {MAX_LISTED}.")
@json_option
@desk_option
def command(
    change: str | None,
    redo: bool,
    dry: bool,
    list_them: bool,
    show_all: bool,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Take back the last change that nightdesk made to the desk.

    CHANGE is the id of another one (see --list). What you edited since stays: it is merged with what was before, and
    where the two meet, your file is left and the earlier version is put into wiki/set-aside/ (exit code 1). Sources
    and the records of labs are never taken away. The undo is a commit of its own.
    """
    if change and redo:
        raise click.UsageError("give either CHANGE or --redo; the id of an undo brings back what it took")
    desk = chosen_desk(desk_folder)
    if list_them:
        changes = read_changes(desk)
        return _list(changes if show_all else changes[:MAX_LISTED], more=len(changes) - MAX_LISTED, as_json=as_json)
    undone = undo(desk, wanted=change, redo=redo, dry=dry)
    if as_json:
        print_json(_document(undone, dry=dry))
    else:
        _tell(undone, dry=dry)
    return IN_PART if undone.conflicts else DONE


def _list(changes: list[Change], *, more: int, as_json: bool) -> int:
    if as_json:
        print_json([_row(change) for change in changes])
        return DONE
    if not changes:
        raise DeskError("nightdesk has changed nothing here yet", fix="nightdesk compile")
    for change in changes:
        mark = "undone" if change.undone else ""
        click.echo(f"{change.id:<12} {_local(change.when)}  {mark:<6}  {shown(change.title)}")
    if len(changes) == MAX_LISTED and more > 0:
        say(f"… and {more} more: --all")
    return DONE


def _local(when: datetime) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M}"


def _row(change: Change) -> dict[str, Any]:
    return {
        "id": change.id,
        "title": shown(change.title),
        "when": change.when.isoformat(),
        "commits": list(change.commits),
        "undoes": change.undoes or None,
        "undone": change.undone,
    }


def _document(undone: Undone, *, dry: bool) -> dict[str, Any]:
    return {
        "dry_run": dry,
        "change": _row(undone.change),
        "passed_over": [_row(change) for change in undone.passed],
        "commit": undone.commit,
        "files": [
            {"path": shown(step.path), "what": step.deed, "why": step.why, "set_aside": step.aside or None}
            for step in undone.steps
        ],
    }


def _tell(undone: Undone, *, dry: bool) -> None:
    for change in undone.passed:
        say(f"passed over: {shown(change.title)} (a record, or as before already)")
    back = bool(undone.change.undoes)
    verb = ("would bring back" if back else "would take back") if dry else "brought back" if back else "took back"
    click.echo(f"{verb} {undone.change.undoes or undone.change.id}: {shown(_title(undone.change))}")
    acts = [step for step in undone.steps if step.deed in _ACTS]
    for step in acts[: None if dry else MAX_LISTED]:
        click.echo(f"  {step.deed:<8}  {shown(step.path)}")
    if len(acts) > MAX_LISTED and not dry:
        counts = Counter(step.deed for step in acts)
        click.echo(f"  … {', '.join(f'{counts[deed]} {deed}' for deed in _ACTS if counts[deed])} in all")
    for step in undone.conflicts:
        click.echo(f"  {'kept':<8}  {shown(step.path)}: {step.why}{_beside(step)}")
    stays = Counter(step.why for step in undone.steps if step.deed == "stays")
    for why, count in stays.items():
        say(f"{count} {'file' if count == 1 else 'files'} {_STAYS.get(why, why)}")
    if not dry and not back:
        say("Bring it back with: nightdesk undo --redo")
    if undone.change.title.startswith("compile: "):
        say("The next compile makes the same again unless its sources or your edits are others.")


def _title(change: Change) -> str:
    return change.title.removeprefix("undo: ") if change.undoes else change.title


def _beside(step: Step) -> str:
    return f"; the earlier version is {shown(step.aside)}" if step.aside else ""
