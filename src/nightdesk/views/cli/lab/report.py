"""`nightdesk lab report`: the morning report and the plot, from the ledger."""

from collections.abc import Sequence
from pathlib import Path

import click

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import Lab
from nightdesk.lab.memory.findings import write_findings
from nightdesk.lab.night import Happening
from nightdesk.lab.plotting import NAME as PLOT
from nightdesk.lab.plotting import draw_progress
from nightdesk.lab.reporting import latest_confirmation, views_folder, write_report
from nightdesk.lab.summary import summarise, tags_of
from nightdesk.views.cli.lab.opening import chosen_lab, experiments_of
from nightdesk.views.cli.options import DONE, NOTHING, desk_option, json_option, print_json, say, shown


@click.command("report", epilog="Example: nightdesk lab report tiny --tag 2026-11-23")
@click.argument("name", metavar="NAME|PATH")
@click.option("--tag", help="The branch to report on; default: the newest.")
@json_option
@desk_option
def command(name: str, tag: str | None, as_json: bool, desk_folder: str | None) -> int:
    """Write report.md and progress.png from the ledger.

    It tells what was tried, what held, what was learned, and next ideas. The same ledger gives the same report.
    """
    lab = chosen_lab(name, desk_folder)
    written = write_views(lab, tag=tag)
    commit_results(lab, _tell)
    if as_json:
        print_json({"lab": lab.name, **{key: str(path) if path else None for key, path in written.items()}})
    else:
        for path in written.values():
            if path is not None:
                click.echo(shown(str(path)))
    return DONE if experiments_of(lab) else NOTHING


def _tell(happening: Happening) -> None:
    say(shown(happening.text))


def write_views(lab: Lab, *, tag: str | None = None) -> dict[str, Path | None]:
    """Write report, plot and findings of a branch (the newest) and return their paths; None for what is not written."""
    experiments = experiments_of(lab)
    if tag is not None and tag not in tags_of(experiments):
        known = ", ".join(tags_of(experiments)) or "none"
        raise DeskError(f"{lab.name} has no branch {tag!r}", fix=f"there are {known}")
    program = lab.program
    summary = summarise(experiments, tag=tag, lower_is_better=program.lower_is_better)
    plot: Path | None = views_folder(lab) / PLOT
    try:
        draw_progress(
            summary,
            views_folder(lab) / PLOT,
            name=lab.name,
            metric=program.metric,
            lower_is_better=program.lower_is_better,
            sealed=not program.self_reported,
        )
    except DeskError as error:
        say(f"{error.message}; {error.fix}")
        plot = None
    report = write_report(lab, summary, confirmed=latest_confirmation(lab, summary), experiments=experiments)
    return {"report": report, "plot": plot, "findings": _add_findings(lab, experiments, summary.tag)}


def _add_findings(lab: Lab, experiments: Sequence[Experiment], tag: str) -> Path | None:
    """Put what a branch found among the desk's sources; what stands against it is said and ends nothing."""
    try:
        return write_findings(lab, experiments, tag=tag)
    except DeskError as error:
        say(f"what was found is no source of the wiki: {shown(error.message)}")
        return None
