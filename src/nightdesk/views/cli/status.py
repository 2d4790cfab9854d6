"""`nightdesk status`: the vital figures of a desk."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, shown
from nightdesk.wiki.status import Status, read_status

MAX_LISTED = 10


@click.command("status", epilog="Example: nightdesk status --json | jq .waiting")
@json_option
@desk_option
def command(as_json: bool, desk_folder: str | None) -> int:
    """Show what is on the desk, and what waits to be compiled."""
    desk = chosen_desk(desk_folder)
    status = read_status(desk)
    if as_json:
        print_json({"desk": str(desk.root)} | asdict(status))
    else:
        _tell(str(desk.root), status)
    return IN_PART if status.problems or status.set_aside else DONE


def _tell(root: str, status: Status) -> None:
    click.echo(f"desk      {shown(root)}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in status.kinds.items())
    click.echo(f"sources   {status.sources:,}" + (f" ({shown(kinds)})" if kinds else ""))
    pages = {folder: count for folder, count in status.pages.items() if folder != "."}
    click.echo(f"pages     {', '.join(f'{count:,} {folder}' for folder, count in pages.items()) or 'none yet'}")
    _list("waiting", status.waiting, "nothing; the wiki is in step with raw/")
    _list("gone", status.gone, "")
    _list("edited", status.edited, "")
    _list("set aside", status.set_aside, "")
    _list("unread", [f"{path}: {why}" for path, why in status.problems.items()], "")
    if status.uncommitted:
        click.echo(f"in git    {status.uncommitted:,} files are not committed yet")
    if status.waiting or status.gone:
        click.echo("next      nightdesk compile")
    elif not status.sources:
        click.echo("next      nightdesk add FILE-OR-URL")


def _list(label: str, items: Sequence[str], nothing: str) -> None:
    if not items:
        if nothing:
            click.echo(f"{label:<9} {nothing}")
        return
    click.echo(f"{label:<9} {len(items):,}")
    for item in items[:MAX_LISTED]:
        click.echo(f"          {shown(item)}")
    if len(items) > MAX_LISTED:
        click.echo(f"          … and {len(items) - MAX_LISTED:,} more")
