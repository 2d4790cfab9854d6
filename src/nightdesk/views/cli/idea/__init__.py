"""`nightdesk idea`: ideas as files that others build from; each command is loaded when it is called."""

import click

from nightdesk.views.cli.lazy import LazyGroup

COMMANDS = {
    "new": ("new", "Draft an idea file from pages, answers or a lab's experiments."),
    "check": ("check", "Check that idea files stand alone, leak nothing and hide nothing."),
    "build": ("build", "Have a worker build an idea, and run its acceptance checks."),
}


@click.command(
    "idea",
    cls=LazyGroup,
    commands_of=("nightdesk.views.cli.idea", COMMANDS),
    epilog='Example: nightdesk idea new "Judge small gains" --from "Experiment loops, noise and fair comparisons"',
)
def command() -> None:
    """Share ideas as single files: draft one, check one, build one that came from elsewhere.

    An idea file is one Markdown file that the receiver's own agent builds, for needs of its own.
    """
