"""`nightdesk lab run`: experiments until a number, a time, or Ctrl-C."""

import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from nightdesk.base.settings import Settings, read_settings
from nightdesk.base.trust import require_trust
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.stop_rules import moment_of
from nightdesk.lab.live import LiveFile
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Ended, Happening, Kind, Night, Plan, silent
from nightdesk.lab.noise import BASELINE_RUNS, LEAST_RUNS
from nightdesk.lab.outlook import outlook
from nightdesk.lab.preparing import is_prepared, prepare_data
from nightdesk.lab.searching.strategies import GREEDY, parse_strategy
from nightdesk.views.cli.lab.board import Board
from nightdesk.views.cli.lab.executors import executor_for, machine_options
from nightdesk.views.cli.lab.notifying import Notifier, errors_told, notifier_of, notify
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
from nightdesk.views.cli.trust import trust_store

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
@click.option("--until", metavar="TIME", help="Begin no experiment after this time of day (07:30) or 2026-11-24T07:30.")
@click.option("--without-gain", type=click.IntRange(1), help="Stop when so many in a row brought no keep.")
@click.option("--notify", metavar="COMMAND", help="A program that is told when the night is over.")
@click.option("--worker", metavar="NAME", help="Who proposes, instead of what nightdesk.toml says.")
@click.option(
    "--strategy",
    metavar="NAME",
    default=str(GREEDY),
    show_default=True,
    help="Which programs are changed: greedy (the best), or population:N (the best N).",
)
@click.option(
    "--tag", help="The branch lab/NAME/TAG to go on with or to begin; default: the newest that fits, or today."
)
@machine_options
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
    unchanged program is run a few times; then each proposal is run, scored and judged. Ctrl-C ends the runs at work;
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
        until=None if given["until"] is None else moment_of(given["until"], now=datetime.now(UTC)),
        without_gain=given["without_gain"],
        strategy=parse_strategy(given["strategy"]),
        tag=given["tag"],
        baseline_runs=given["baseline_runs"],
        commit=False,  # the report is to be in the same commit
    )
    if not confined:
        say("candidates are NOT isolated: they may read and write whatever you may, and no score is sealed")
    notifier = _notifier(lab, settings, given["notify"])
    with errors_told(notifier, lab):
        night = play(
            lab,
            settings,
            plan,
            worker=given["worker"],
            confined=confined,
            parallel=given["parallel"],
            ray=given["ray"],
            quiet=as_json,
        )
        document = tell_night(lab, night, as_json=as_json)
    notify(notifier, document)
    return _CODES.get(night.ended, DONE)


def play(
    lab: Lab,
    settings: Settings,
    plan: Plan,
    *,
    worker: str | None,
    confined: bool,
    quiet: bool,
    parallel: int = 1,
    ray: str | None = None,
) -> Night:
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
        with (
            executor_for(lab, confined=confined, parallel=parallel, ray=ray, on_progress=live.progress) as machine,
            proposer_for(lab, settings, chosen=worker, stopped=stopped) as proposer,
        ):
            executor, scorer = machine
            try:
                return run_night(
                    lab,
                    proposer=proposer,
                    executor=executor,
                    scorer=scorer,
                    plan=plan,
                    tell=board.tell,
                    stopped=stopped,
                )
            finally:
                live.close()
                board.close()


def tell_night(lab: Lab, night: Night, *, as_json: bool) -> dict[str, Any]:
    """Write report and plot, commit them with the results on a desk, and say how the session went; return it too."""
    written = write_views(lab, tag=night.tag)
    commit = commit_results(lab, silent if as_json else _tell_note)
    document = outlook(lab, experiments_of(lab)) | {"session": {**asdict(night), "commit": commit}}
    document |= {key: str(path) if path else None for key, path in written.items()}
    if as_json:
        print_json(document)
        return document
    busy = "" if night.busy_share is None else f"; runs were at work {night.busy_share:.0%} of the time"
    say(f"{shown(night.why)}; {len(night.kept)} kept in this session, on the branch lab/{lab.name}/{night.tag}{busy}")
    for path in written.values():
        if path is not None:
            click.echo(shown(str(path)))
    if night.kept:
        say(f"Next: nightdesk lab confirm {shown(lab.place)}")
    if written["findings"] is not None:
        say("Next: nightdesk compile, and the wiki knows what was found")
    return document


def _notifier(lab: Lab, settings: Settings, given: str | None) -> Notifier | None:
    """Return what is to be told of the night: what the option names, else the desk's setting, if it is trusted."""
    if given is not None or lab.desk is None:
        return notifier_of(given or "", folder=Path.cwd(), environment=os.environ)
    require_trust(trust_store(os.environ), lab.desk.root, {"notify": settings.notify})
    return notifier_of(settings.notify, folder=lab.desk.root, environment=os.environ)


def silent_line(line: str) -> None:
    """Say nothing."""


def _tell_note(happening: Happening) -> None:
    if happening.kind is Kind.NOTE:
        say(shown(happening.text))
