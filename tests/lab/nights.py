"""Nights for tests: experiments as a loop would have written them, without running anything."""

from collections.abc import Sequence
from typing import TypedDict, Unpack

from nightdesk.lab.experiments import Experiment, RunRecord, new_experiment, with_run, with_verdict
from nightdesk.lab.judging import Decision, Ground, Run, Verdict

WALL = 36.0  # seconds that each run took: a hundred runs are an hour


class Known(TypedDict, total=False):
    """What may be said of an experiment beside its runs."""

    title: str
    worker: str
    program: str
    tag: str
    reason: str


def experiment(
    number: int,
    scores: Sequence[float | None],
    decision: Decision,
    ground: Ground,
    *,
    title: str = "",
    failure: str = "",
    worker: str = "builtin",
    program: str = "p1",
    tag: str = "2026-11-23",
    reason: str = "",
    is_baseline: bool = False,
) -> Experiment:
    """Return a judged experiment with a run for each score."""
    made = new_experiment(
        number,
        title=title or ("baseline" if is_baseline else f"change {number}"),
        hypothesis="it may help",
        diff="-A = 1\n+A = 2",
        commit=f"{number:040x}",
        parent="" if is_baseline else f"{number - 1:040x}",
        worker=worker,
        program=program,
        proposed=f"2026-11-23T{number // 60 % 24:02}:{number % 60:02}:00Z",
        tag=tag,
    )
    for seed, score in enumerate(scores):
        run = Run(score, {"wall_seconds": WALL}, failure if score is None else "")
        made = with_run(made, RunRecord(run, seed), log_tail="---\nval_bpb: 1.5")
    return with_verdict(made, Verdict(decision, ground, reason or failure or str(ground)))


def baseline(scores: Sequence[float] = (1.50, 1.52, 1.48), number: int = 0, **known: Unpack[Known]) -> Experiment:
    """Return a baseline."""
    return experiment(number, scores, Decision.KEEP, Ground.BASELINE, is_baseline=True, **known)


def better(number: int, *scores: float, **known: Unpack[Known]) -> Experiment:
    """Return an improvement."""
    return experiment(number, scores, Decision.KEEP, Ground.BETTER, **known)


def simpler(number: int, *scores: float, **known: Unpack[Known]) -> Experiment:
    """Return an equal and shorter program."""
    return experiment(number, scores, Decision.KEEP, Ground.SIMPLER, **known)


def discarded(number: int, *scores: float, **known: Unpack[Known]) -> Experiment:
    """Return what was no better."""
    return experiment(number, scores, Decision.DISCARD, Ground.NOT_BETTER, **known)


def crashed(number: int, failure: str = "exit code 1", *, is_baseline: bool = False) -> Experiment:
    """Return what did not run."""
    return experiment(number, [None], Decision.CRASH, Ground.NO_SCORE, failure=failure, is_baseline=is_baseline)
