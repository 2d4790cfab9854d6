"""Drift: whether the machine, not the programs, changed the scores in the course of the nights.

The unchanged program and the best one run again now and then. What the same program's runs have in common with time is
drift: a room that grew warm, a driver that was updated, a neighbour that moved in. Two forms are looked for, a slow
trend and one step, by a regression in which each program keeps its own mean; the step may lie anywhere, so its p-value
is corrected for the number of places at which it was looked for.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from statistics import fmean

from nightdesk.lab.experiments import Experiment, RunRecord, same_hardware
from nightdesk.lab.judging import Decision
from nightdesk.lab.student import upper_tail

BELIEVED = 0.01  # p below which it is told: once in a hundred nights it is luck
_LEAST_RUNS = 6  # of all programs together
_LEAST_ON_A_SIDE = 2  # runs before a step, and after it
_MOST_STEPS = 40  # places at which a step is looked for

Timed = tuple[float, float]  # hours since some moment, score


class Form(StrEnum):
    """How the scores moved."""

    TREND = "trend"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Drift:
    """How far unchanged programs' scores moved, in the metric's unit."""

    form: Form
    change: float  # of a trend: from the first run to the last
    hours: float  # of a trend: from the first run to the last; of a step: from the first run to where it lies
    p: float
    runs: int


def drift_of(programs: Iterable[Sequence[Timed]]) -> Drift | None:
    """Return the drift of the runs of unchanged programs, each program's in one sequence; None where luck explains it.

    Runs for which a program was picked must not be among them: they lie apart for that reason.
    """
    groups = [group for group in programs if len(group) > 1]
    times = sorted(time for group in groups for time, _ in group)
    if len(times) < _LEAST_RUNS or times[0] == times[-1]:
        return None
    found = [drift for drift in (_trend(groups, times), _step(groups, times)) if drift is not None]
    best = min(found, key=lambda drift: drift.p, default=None)
    return best if best is not None and len(found) * best.p < BELIEVED else None


def unchanged_runs(experiments: Iterable[Experiment], *, hardware: str) -> list[list[Timed]]:
    """Return the scores by which the drift of one kind of hardware is known, in hours since the epoch.

    They are those of the baselines, and of keeps those of their fresh runs. Runs whose time was not recorded are left
    out.
    """
    keeps = (e for e in experiments if e.verdict is not None and e.verdict.decision is Decision.KEEP)
    return [list(_timed(experiment, hardware)) for experiment in keeps]


def drift_line(drift: Drift, *, lower_is_better: bool) -> str:
    """Return the drift in words, one line."""
    which = "worse" if (drift.change > 0) == lower_is_better else "better"
    moved = f"unchanged programs score {drift.change:+.3g} ({which})"
    when = f"over {drift.hours:.1f} h" if drift.form is Form.TREND else f"since {drift.hours:.1f} h after the first run"
    return f"the machine drifted: {moved} {when} (a {drift.form}, p {drift.p:.2g}, {drift.runs} runs)"


def _timed(experiment: Experiment, hardware: str) -> Iterator[Timed]:
    """Yield the runs that count, but for the one for which a keep was picked."""
    picked = not experiment.is_baseline
    for record in experiment.runs:
        if record.disturbed or not same_hardware(record.hardware, hardware) or record.run.score is None:
            continue
        if picked:
            picked = False  # its first run decided that there are any others
            continue
        hours = _hours(record)
        if hours is not None:
            yield hours, record.run.score


def _hours(record: RunRecord) -> float | None:
    try:
        return datetime.fromisoformat(record.ended).timestamp() / 3600 if record.ended else None
    except (ValueError, OverflowError, OSError):
        return None  # somebody edited it


def _trend(groups: Sequence[Sequence[Timed]], times: Sequence[float]) -> Drift | None:
    span = times[-1] - times[0]
    fitted = _fit(groups, [[time for time, _ in group] for group in groups])
    if fitted is None:
        return None
    slope, p = fitted
    return Drift(Form.TREND, slope * span, span, p, len(times))


def _step(groups: Sequence[Sequence[Timed]], times: Sequence[float]) -> Drift | None:
    """Return the likeliest step, its p-value corrected for the places at which one was looked for."""
    inner = times[_LEAST_ON_A_SIDE - 1 : len(times) - _LEAST_ON_A_SIDE + 1]
    places = [(before + after) / 2 for before, after in pairwise(inner) if after > before]
    stride = max(1, math.ceil(len(places) / _MOST_STEPS))
    found: list[Drift] = []
    for place in places[::stride]:
        fitted = _fit(groups, [[float(time > place) for time, _ in group] for group in groups])
        if fitted is not None:
            found.append(Drift(Form.STEP, fitted[0], place - times[0], fitted[1], len(times)))
    best = min(found, key=lambda drift: drift.p, default=None)
    if best is None:
        return None
    return Drift(best.form, best.change, best.hours, min(1.0, best.p * len(found)), best.runs)


def _fit(groups: Sequence[Sequence[Timed]], regressor: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Return the slope of the scores on a regressor, each group around its own means, and its two-sided p-value.

    None where the regressor does not vary in any group, or too few runs are left to tell the noise by.
    """
    xx = xy = yy = 0.0
    runs = 0
    for group, values in zip(groups, regressor, strict=True):
        middle, mean = fmean(values), fmean(score for _, score in group)
        for value, (_, score) in zip(values, group, strict=True):
            xx += (value - middle) ** 2
            xy += (value - middle) * (score - mean)
            yy += (score - mean) ** 2
        runs += len(group)
    degrees = runs - len(groups) - 1
    if xx <= 0 or degrees < 2 or not math.isfinite(xx + xy + yy):
        return None
    slope = xy / xx
    left = max(0.0, yy - slope * xy)  # the squares that the regressor does not explain
    if left <= 1e-12 * yy:
        return slope, 0.0 if slope else 1.0
    t = abs(slope) / math.sqrt(left / degrees / xx)
    return slope, 2 * upper_tail(t, degrees)
