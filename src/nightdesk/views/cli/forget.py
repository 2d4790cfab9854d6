"""`nightdesk forget`: withdraw a source."""

import sys
from dataclasses import asdict
from datetime import date

import click

from nightdesk.base.errors import DeskError
from nightdesk.base.git import one_change
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import DONE, NOTHING, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.views.cli.progress import show_stage
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.forget import Withdrawal, plan_withdrawal, withdraw


@click.command("forget", epilog="Example: nightdesk forget raw/old-paper.pdf")
@click.argument("source", metavar="SOURCE")
@click.option("--yes", is_flag=True, help="Do not ask before the file is removed.")
@click.option("--plan", is_flag=True, help="Only show which pages lose claims.")
@json_option
@desk_option
def command(source: str, yes: bool, plan: bool, as_json: bool, desk_folder: str | None) -> int:
    """Withdraw a source: its claims leave the wiki.

    Shows first which pages it will touch, and asks before it removes your file from raw/. The file stays in git's
    history.
    """
    desk = chosen_desk(desk_folder)
    withdrawal = plan_withdrawal(desk, source)
    if not as_json:
        _tell(withdrawal)
    if plan:
        if as_json:
            print_json(asdict(withdrawal))
        return DONE
    if not yes:
        if not sys.stdin.isatty():
            raise DeskError(f"{withdrawal.raw} is your file; nothing was removed", fix="to remove it, add --yes")
        if not click.confirm(f"Remove {withdrawal.raw}? Git's history keeps it.", err=True):
            say("Nothing was removed.")
            return NOTHING
    settings = read_settings(desk.settings)
    with one_change():
        withdraw(desk, withdrawal)
        # to withdraw costs nothing: what an AI wrote on claims that are gone is left to the built-in worker at first
        report = compile_desk(desk, settings, stage=silent if as_json else show_stage, today=date.today())
    if as_json:
        print_json(asdict(withdrawal) | {"removed": report.published.removed, "written": report.published.written})
    else:
        say(f"Withdrew {shown(withdrawal.raw)}. Git's history still holds it; nightdesk undo brings it back")
    return DONE


def _tell(withdrawal: Withdrawal) -> None:
    click.echo(f"{shown(withdrawal.raw)}: {withdrawal.claims} claims", err=True)
    for path, count in withdrawal.cited_by:
        click.echo(f"  {shown(path)} cites it {count} {'time' if count == 1 else 'times'}", err=True)
