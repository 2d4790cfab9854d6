"""`nightdesk lab stop`: ask a session in another terminal to end."""

import click

from nightdesk.lab.night import ask_to_stop
from nightdesk.views.cli.lab.opening import chosen_lab
from nightdesk.views.cli.options import DONE, NOTHING, desk_option, say, shown


@click.command("stop", epilog="Example: nightdesk lab stop tiny --now")
@click.argument("name", metavar="NAME|PATH")
@click.option("--now", "at_once", is_flag=True, help="End the runs at work too; they are void and will be done again.")
@desk_option
def command(name: str, at_once: bool, desk_folder: str | None) -> int:
    """Ask a running lab to stop after the runs at work.

    With --now it ends within seconds. Either way nothing is lost: the next lab run goes on from there.
    """
    lab = chosen_lab(name, desk_folder)
    if not ask_to_stop(lab, at_once=at_once):
        say(f"{shown(lab.name)} is not running")
        return NOTHING
    say(f"{shown(lab.name)} {'stops now' if at_once else 'stops after the runs at work'}")
    return DONE
