"""`nightdesk lab log`: what a run printed."""

import click

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import FOLDER, file_name
from nightdesk.lab.lasting.logs import kept_runs, read_log
from nightdesk.views.cli.lab.opening import chosen_lab, experiments_of
from nightdesk.views.cli.options import DONE, desk_option, shown


@click.command("log", epilog="Example: nightdesk lab log tiny 42 --run 2 | less")
@click.argument("name", metavar="NAME|PATH")
@click.argument("number", type=click.IntRange(0))
@click.option("--run", type=click.IntRange(1), help="Which of its runs; default: the last one whose log is kept.")
@desk_option
def command(name: str, number: int, run: int | None, desk_folder: str | None) -> int:
    """Print the log of an experiment's run.

    NUMBER is the experiment's. All that was kept of the output is printed, not the last lines only as in its file.
    Logs of keeps stay; others go after 30 days, but for those of the last 200 runs.
    """
    lab = chosen_lab(name, desk_folder)
    if all(experiment.number != number for experiment in experiments_of(lab)):
        raise DeskError(f"{lab.name} has no experiment {number}", fix=f"nightdesk lab status {lab.place}")
    kept = kept_runs(lab, number)
    wanted = run if run is not None else kept[-1] if kept else 1
    text = read_log(lab, f"{number:04d}-{wanted}") if wanted in kept else None
    if text is None:
        known = f"; there are those of its runs {', '.join(map(str, kept))}" if kept else ""
        raise DeskError(
            f"the log of experiment {number:04d}, run {wanted}, is not kept{known}",
            fix=f"{FOLDER}/{file_name(number)} has the last lines of its last run",
        )
    click.echo(shown(text.rstrip("\n")))
    return DONE
