"""`nightdesk page`: one page renamed, merged or split; each command is loaded when it is called."""

import click

from nightdesk.views.cli.lazy import LazyGroup

COMMANDS = {
    "rename": ("rename", "Give PAGE another name; every link to it follows."),
    "merge": ("merge", "Make PAGE a part of the page INTO; every link to it follows."),
    "split": ("split", "Move claims, or a section, from PAGE to another page."),
    "promote": ("promote", "Promote a filed answer that passes the full check, so that it counts as evidence."),
}


@click.command(
    "page",
    cls=LazyGroup,
    commands_of=("nightdesk.views.cli.page", COMMANDS),
    epilog='Example: nightdesk page rename Muon "Muon optimizer" --dry-run',
)
def command() -> None:
    """Rename, merge, split or promote pages: links, names and citations follow.

    What was decided about the name of a compiled page stands in wiki/names.md, and each compile obeys it.
    """
