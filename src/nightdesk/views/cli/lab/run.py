"""`nightdesk lab run`: experiments until a number, a time, or Ctrl-C."""

import os
import sys
from dataclasses import asdict
from typing import Any

import click

from nightdesk.base.settings import Settings, read_settings
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import Lab
from nightdesk.lab.live import LiveFile
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Ended, Happening, Kind, Night, Plan, silent
from nightdesk.lab.noise import BASELINE_RUNS, LEAST_RUNS
from nightdesk.lab.outlook import outlook
from nightdesk.lab.preparing import is_prepared, prepare_data
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of
from nightdesk.views.cli.lab.board import Board
from nightdesk.views.cli.lab.opening import (
    chosen_lab,
    experiments_of,
    isolation,
    require_libraries,
    require_trusted,
    trust_lab,
)
from nightdesk.views.cli.lab.report import write_views
from nightdesk.views.cli.lab.stopping import heeding_signals
from nightdesk.views.cli.lab_workers import proposer_for, worker_of
from nightdesk.views.cli.options import CAPPED, DONE, IN_PART, desk_option, json_option, print_json, say, shown

INTERRUPTED = 130
_CODES = {Ended.STOPPED: INTERRUPTED, Ended.CAP: CAPPED, Ended.LEFT: IN_PART}


@click.command(
    "run",
    epilog="Examples: nightdesk lab run tiny --count 12; nightdesk lab run ../autoresearch --hours 8; "
    "nightdesk lab run tiny --hours 8 --worker hybrid:ollama:qwen3",
)
@click.argument("name", metavar="NAME|PATH")
@click.option("--count", type=click.IntRange(0), help="Stop when so many experiments are judged, beside the baseline.")
@click.option("--hours", type=click.FloatRange(0, min_open=True), help="Begin no experiment after so many hours.")
@click.option("--worker", metavar="NAME", help="Who proposes, instead of what nightdesk.toml says.")
@click.option(
    "--tag", help="The branch lab/NAME/TAG to go on with or to begin; default: the newest that fits, or today."
)
@click.option("--unsafe", is_flag=True, help="Run candidates although they cannot be isolated here.")
@click.option("--trust", "trusted", is_flag=True, help="Let this program.md use the network or data beside the lab.")
@click.option(
    "--baseline-runs",
    type=click.IntRange(LEAST_RUNS, 100),
    default=BASELINE_RUNS,
    show_default=True,
    help="Runs of the unchanged program, by which the noise is known.",
)
@json_option
@desk_option
def command(name: str, as_json: bool, desk_folder: str | None, **given: Any) -> int:
    """Run experiments until a number, a time, or Ctrl-C.

    NAME is a lab of the desk, or the path of a folder with a program.md in a git repository of your own. First the
    unchanged program is run a few times; then each proposal is run, scored and judged. Ctrl-C ends the run at work;
    nothing else is lost, and the next lab run goes on from there. Workers: builtin (no AI), random, room, any model or
    agent of docs/workers.md, or hybrid:WORKER.
    """
    lab = chosen_lab(name, desk_folder)
    settings = read_settings(lab.desk.settings) if lab.desk is not None else Settings()
    if given["trusted"]:
        trust_lab(lab, os.environ)
    require_trusted(lab, os.environ)
    require_libraries(lab, given["worker"] or worker_of(settings))
    confined = isolation(lab, unsafe=given["unsafe"])
    hours = given["hours"]
    plan = Plan(
        count=given["count"],
        seconds=None if hours is None else hours * 3600,
        tag=given["tag"],
        baseline_runs=given["baseline_runs"],
        commit=False,  # the report is to be in the same commit
    )
    if not confined:
        say("candidates are NOT isolated: they may read and write whatever you may, and no score is sealed")
    night = play(lab, settings, plan, worker=given["worker"], confined=confined, quiet=as_json)
    tell_night(lab, night, as_json=as_json)
    return _CODES.get(night.ended, DONE)


def play(lab: Lab, settings: Settings, plan: Plan, *, worker: str | None, confined: bool, quiet: bool) -> Night:
    """Run a session and show it as it goes."""
    tell = silent_line if quiet else say
    board = Board(lab, plan, experiments_of(lab), live=sys.stderr.isatty(), quiet=quiet)
    live = LiveFile(lab, then=board.progress)
    with heeding_signals(tell) as stopped:
        if not is_prepared(lab):
            tell(f"preparing the data of {shown(lab.name)}: {shown(lab.program.data or '')}")
        prepared = prepare_data(lab, confined=confined, stopped=stopped)
        for line in prepared.said if prepared is not None and prepared.fresh else ():
            tell(f"  {shown(line)}")
        with proposer_for(lab, settings, chosen=worker, stopped=stopped) as proposer:
            try:
                return run_night(
                    lab,
                    proposer=proposer,
                    executor=LocalExecutor(lab, confined=confined, on_progress=live.progress),
                    scorer=scorer_of(lab, confined=confined),
                    plan=plan,
                    tell=board.tell,
                    stopped=stopped,
                )
            finally:
                live.close()
                board.close()


def tell_night(lab: Lab, night: Night, *, as_json: bool) -> None:
    """Write report and plot, commit them with the results on a desk, and say how the session went."""
    written = write_views(lab, tag=night.tag)
    commit = commit_results(lab, silent if as_json else _tell_note)
    if as_json:
        document = outlook(lab, experiments_of(lab)) | {"session": {**asdict(night), "commit": commit}}
        print_json(document | {key: str(path) if path else None for key, path in written.items()})
        return
    say(f"{shown(night.why)}; {len(night.kept)} kept in this session, on the branch lab/{lab.name}/{night.tag}")
    for path in written.values():
        if path is not None:
            click.echo(shown(str(path)))
    if night.kept:
        say(f"Next: nightdesk lab confirm {shown(lab.place)}")


def silent_line(line: str) -> None:
    """Say nothing."""


def _tell_note(happening: Happening) -> None:
    if happening.kind is Kind.NOTE:
        say(shown(happening.text))
