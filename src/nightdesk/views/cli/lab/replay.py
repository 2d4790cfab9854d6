"""`nightdesk lab compare --replay`: two versions of program.md on equal terms."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nightdesk.base.errors import DeskError
from nightdesk.base.settings import RANDOM, Settings, read_settings
from nightdesk.lab.comparison.estimates import Estimate, verdict_on
from nightdesk.lab.comparison.replaying import Tools, Weighed, open_replay, play_replay, tell_replay, weigh_replay
from nightdesk.lab.comparison.replays import SIDES, Replay
from nightdesk.lab.comparison.versions import find_version, with_instructions
from nightdesk.lab.jobs import Proposer
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import Lab
from nightdesk.lab.live import LiveFile
from nightdesk.lab.night import Ended, Happening, Kind, silent
from nightdesk.lab.preparing import prepare_data
from nightdesk.views.cli.lab.executors import executor_for
from nightdesk.views.cli.lab.opening import (
    experiments_of,
    isolation,
    require_libraries,
    require_trusted,
    trust_lab,
)
from nightdesk.views.cli.lab.run import INTERRUPTED, silent_line
from nightdesk.views.cli.lab.stopping import heeding_signals
from nightdesk.views.cli.lab_workers import BUILT_IN, ROOM, proposer_for, worker_of
from nightdesk.views.cli.options import CAPPED, DONE, IN_PART, print_json, say, shown

_CODES = {Ended.DONE: DONE, Ended.CAP: CAPPED, Ended.LEFT: IN_PART, Ended.WOUND_DOWN: IN_PART}
_TOLD = (Kind.NOTE, Kind.TAG, Kind.RAN, Kind.JUDGED, Kind.CONFIRMED)


def replay(lab: Lab, *, as_json: bool, versions: tuple[str, str], **given: Any) -> int:
    """Run what is left of the replay that is asked for, tell what it says, and return the exit code."""
    settings = read_settings(lab.desk.settings) if lab.desk is not None else Settings()
    worker = given["worker"] or worker_of(settings)
    confined = _ready(lab, worker, given)
    experiments = experiments_of(lab)
    one, other = (find_version(lab, version, experiments, here=Path()) for version in versions)
    for version in (one, other):
        with_instructions(lab, version)
    asked = {key: given[key] for key in ("count", "repeats", "seeds")}
    found = open_replay(lab, (one, other), worker=worker, **asked)
    tell = silent_line if as_json else say
    _warn(found, confined=confined)
    each = f"{found.count} experiment{'s' if found.count != 1 else ''}"
    tell(f"replay {found.number}: {2 * found.repeats} nights of {each}, worker {shown(worker)}")
    found, ended, why = _play(lab, settings, found, given, confined=confined, quiet=as_json)
    commit_results(lab, silent if as_json else _tell)
    weighed = weigh_replay(lab, found)
    if as_json:
        print_json(_document(weighed, ended, why))
    else:
        for line in tell_replay(weighed):
            click.echo(shown(line))
        if ended is not Ended.DONE:
            say(f"{shown(why)}; the same command goes on from there")
    return _CODES.get(ended, INTERRUPTED)


def _ready(lab: Lab, worker: str, given: dict[str, Any]) -> bool:
    """Return whether candidates run confined; raise DeskError where the lab may not, or cannot, run here."""
    if worker.endswith(ROOM):
        raise DeskError(
            "the agent in the room remembers the other nights, so that they would not be on equal terms",
            fix="choose another --worker",
        )
    if given["trusted"]:
        trust_lab(lab, os.environ)
    require_trusted(lab, os.environ)
    require_libraries(lab, worker)
    return isolation(lab, unsafe=given["unsafe"])


def _warn(found: Replay, *, confined: bool) -> None:
    if not confined:
        say("candidates are NOT isolated: they may read and write whatever you may, and no score is sealed")
    if found.worker in (BUILT_IN, RANDOM):
        say(f"warning: the worker {found.worker} does not read program.md, so that any difference is luck")
    if found.versions[0].hash == found.versions[1].hash:
        say("note: both versions are the same text, so that any difference is luck")


def _play(
    lab: Lab, settings: Settings, found: Replay, given: dict[str, Any], *, confined: bool, quiet: bool
) -> tuple[Replay, Ended, str]:
    with (
        contextlib.closing(LiveFile(lab)) as live,
        executor_for(
            lab, confined=confined, parallel=given["parallel"], ray=given["ray"], on_progress=live.progress
        ) as (executor, scorer),
        heeding_signals(silent_line if quiet else say) as stopped,
    ):
        prepare_data(lab, confined=confined, stopped=stopped)

        @contextlib.contextmanager
        def propose(with_prose: Lab, seed: int) -> Iterator[Proposer]:
            with proposer_for(with_prose, settings, chosen=given["worker"], stopped=stopped, anew=seed) as proposer:
                yield proposer

        tools = Tools(
            propose=propose,
            executor=executor,
            scorer=scorer,
            baseline_runs=given["baseline_runs"],
            tell=silent if quiet else _tell,
            stopped=stopped,
        )
        return play_replay(lab, found, tools)


def _tell(happening: Happening) -> None:
    if happening.kind in _TOLD:
        say(shown(happening.text))


def _document(weighed: Weighed, ended: Ended, why: str) -> dict[str, Any]:
    replay = weighed.replay
    sides = [
        {
            "side": SIDES[side],
            "version": version.hash,
            "name": version.name,
            "per_run": estimate_document(weighed.per_run[side]),
            "per_hour": estimate_document(weighed.per_hour[side]),
        }
        for side, version in enumerate(replay.versions)
    ]
    nights = [asdict(night) | {"gain": estimate_document(night.gain)} for night in weighed.nights]
    more = {"per_run": weighed.more_per_run, "per_hour": weighed.more_per_hour}
    return {
        "replay": replay.number,
        "metric": weighed.metric,
        "self_reported": weighed.self_reported,
        "worker": replay.worker,
        "done": replay.done,
        "ended": str(ended),
        "why": why,
        "versions": sides,
        "nights": nights,
        "a_over_b": {name: _difference(figure) for name, figure in more.items()},
        "pairs": weighed.pairs,
        "lines": tell_replay(weighed),
    }


def _difference(figure: Estimate | None) -> dict[str, Any] | None:
    document = estimate_document(figure)
    return None if figure is None or document is None else document | {"verdict": verdict_on(figure)}


def estimate_document(estimate: Estimate | None) -> dict[str, Any] | None:
    """Return a figure with its interval, in plain values."""
    if estimate is None:
        return None
    low, high = estimate.interval or (None, None)
    return {"value": estimate.value, "low": low, "high": high}
