"""`nightdesk lab`: experiments that run overnight; each command is loaded when it is called."""

import click

from nightdesk.views.cli.lazy import LazyGroup

COMMANDS = {
    "new": ("new", "Make a lab from a template: gpt, or any command with a metric."),
    "run": ("run", "Run experiments until a number, a time, or Ctrl-C."),
    "status": ("status", "Show where the labs stand and what runs now."),
    "log": ("log", "Print the log of an experiment's run."),
    "stop": ("stop", "Ask a running lab to stop after the runs at work."),
    "confirm": ("confirm", "Prove a night's gain on fresh seeds and unseen data."),
    "adopt": ("adopt", "Bring the winner's files into the working folder, as one commit."),
    "report": ("report", "Write report.md and progress.png from the ledger."),
    "compare": ("compare", "Compare what workers, versions of program.md, briefs and branches found."),
}


@click.command(
    "lab",
    cls=LazyGroup,
    commands_of=("nightdesk.views.cli.lab", COMMANDS),
    epilog="Example: nightdesk lab new tiny && nightdesk lab run tiny --count 12 && nightdesk lab confirm tiny",
)
def command() -> None:
    """Run experiments overnight: a metric that cannot be faked, and what held in the morning.

    program.md says what is run, edited and measured. NAME is a lab of the desk, or the path of a folder with a
    program.md in a git repository of your own, such as a clone of autoresearch.
    """
