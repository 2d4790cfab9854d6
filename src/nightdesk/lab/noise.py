"""The noise of a metric: how far runs of one unchanged program lie apart."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from nightdesk.base.errors import DeskError

BASELINE_RUNS = 5  # 4 degrees of freedom: with 3 runs a gain must be 10 standard deviations to be believed at once
LEAST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Noise:
    """A standard deviation in the metric's unit, and on how many degrees of freedom the estimate rests."""

    sd: float
    degrees: int

    def error_of_gain(self, runs_before: int, runs_after: int) -> float:
        """Return the standard error of the difference of two means of so many runs."""
        return self.sd * math.sqrt(1 / runs_before + 1 / runs_after)


def measure_noise(groups: Iterable[Sequence[float]]) -> Noise:
    """Return the noise pooled over groups of scores, each of one program that ran several times.

    The groups are the baseline's runs and, as the night goes on, the *fresh* replicates of candidates: the run for
    which a candidate was picked must not be among them, since it was picked for lying apart.
    Raises DeskError where fewer than LEAST_RUNS runs tell of it.
    """
    squares, degrees, runs = 0.0, 0, 0
    for scores in groups:
        runs += len(scores)
        if len(scores) > 1:
            mean = fmean(scores)
            squares += sum((score - mean) ** 2 for score in scores)
            degrees += len(scores) - 1
    if degrees < LEAST_RUNS - 1:
        raise DeskError(
            f"the noise cannot be measured from {runs} finished run{'s' if runs != 1 else ''} of the baseline",
            fix=f"see why the baseline does not run; at least {LEAST_RUNS} runs must give a score",
        )
    return Noise(math.sqrt(squares / degrees), degrees)
