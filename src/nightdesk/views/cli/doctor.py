"""`nightdesk doctor`: what is set up and what is missing."""

import os
from dataclasses import asdict

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.lab.examining import examine_labs
from nightdesk.views.cli.lab.opening import EXTRA, missing_libraries
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, shown
from nightdesk.views.cli.trust import trust_store
from nightdesk.wiki.doctor import examine


@click.command("doctor", epilog="Example: nightdesk doctor")
@json_option
@desk_option
def command(as_json: bool, desk_folder: str | None) -> int:
    """Check what is set up and what is missing, and say how to mend it.

    Where the desk has labs: their program.md, the libraries, and whether candidates can be isolated. Of the workers
    that nightdesk.toml names: their keys (never shown), programs, addresses on this machine, weights, trust, caps and
    briefs. Nothing is sent anywhere else.
    """
    desk: Desk | None = None
    try:
        desk = chosen_desk(desk_folder)
    except DeskError:
        if desk_folder:
            raise
    checks = examine(desk, environment=os.environ, store=trust_store(os.environ))
    if desk is not None:
        checks += tuple(examine_labs(desk, missing_libraries(sealed=True, tuned=True), extra=EXTRA))
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.good else 'MEND'}  {check.name:<10} {shown(check.found)}")
            if not check.good and check.mend:
                click.echo(f"                 {shown(check.mend)}")
    return DONE if all(check.good for check in checks) else IN_PART
