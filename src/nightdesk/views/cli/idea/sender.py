"""Who sends an idea: names that its file must not hold, as this machine and the desk know them."""

import contextlib
import getpass
import socket
from pathlib import Path

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git
from nightdesk.views.cli.options import chosen_desk, say, shown
from nightdesk.wiki.ideas.hostile import Finding
from nightdesk.wiki.ideas.material import unpublished_files
from nightdesk.wiki.ideas.private import Known

MAX_SHOWN = 40


def known_sender(desk: Desk | None) -> Known:
    """Return the names of user, machine, home folder and git's identity, and the files that are not public."""
    here = desk.root if desk else Path.cwd()
    names = [Path.home().name, socket.gethostname().partition(".")[0], socket.gethostname()]
    with contextlib.suppress(KeyError, OSError):  # a user without a name, as in some containers
        names.append(getpass.getuser())
    for key in ("user.name", "user.email"):
        try:
            names.append(run_git(here, "config", "--get", key, check=False).strip())
        except DeskError:  # no git here
            continue
    return Known(tuple(name for name in names if name), unpublished_files(desk) if desk else ())


def desk_if_any(desk_folder: str | None) -> Desk | None:
    """Return the desk that is named or around this folder, None where there is none; a named one must be there."""
    try:
        return chosen_desk(desk_folder)
    except DeskError:
        if desk_folder or click.get_current_context().find_root().obj:
            raise
        return None


def tell_findings(name: str, findings: tuple[Finding, ...]) -> None:
    """Print findings with their lines and mends, for a person."""
    for one in findings[:MAX_SHOWN]:
        place = f"{shown(name)}:{one.line}" if one.line else shown(name)
        click.echo(f"{place}: {one.kind}: {shown(one.message)}\n    {shown(one.mend)}")
    if len(findings) > MAX_SHOWN:
        say(f"and {len(findings) - MAX_SHOWN} more; --json has all")
