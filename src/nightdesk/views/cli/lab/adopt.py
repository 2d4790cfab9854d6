"""`nightdesk lab adopt`: the winner's files into the working folder."""

from dataclasses import asdict

import click

from nightdesk.lab.adopting import adopt
from nightdesk.views.cli.lab.opening import chosen_lab
from nightdesk.views.cli.options import DONE, desk_option, json_option, print_json, say, shown


@click.command("adopt", epilog="Example: nightdesk lab adopt tiny")
@click.argument("name", metavar="NAME|PATH")
@click.option("--tag", help="The branch whose winner is meant; default: the newest.")
@json_option
@desk_option
def command(name: str, tag: str | None, as_json: bool, desk_folder: str | None) -> int:
    """Bring the winner's files into the working folder, as one commit.

    What you committed to those files since the search began is kept: the two are merged. Edits that are not committed
    are never touched; commit them first.
    """
    lab = chosen_lab(name, desk_folder)
    adopted = adopt(lab, tag)
    if as_json:
        print_json(asdict(adopted))
        return DONE
    which = ", ".join(f"{number:04d}" for number in adopted.keeps)
    if adopted.commit is None:
        say(f"{shown(', '.join(lab.program.edit))} already as in the winner of {shown(adopted.tag)}")
        return DONE
    merged = ", merged with what you had changed" if adopted.merged else ""
    say(f"{shown(', '.join(adopted.files))} now as in experiment {which} of {shown(adopted.tag)}{merged}")
    click.echo(adopted.commit)
    if adopted.confirmed != "held":
        state = f"{adopted.confirmed!r}" if adopted.confirmed else "not confirmed"
        say(f"note: this gain is {state}; see what holds: nightdesk lab confirm {shown(lab.place)}")
    return DONE
