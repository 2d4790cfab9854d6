"""Figures with their doubt: means, sums, rates and differences, each with a 95 % interval by Student's t."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from nightdesk.lab.confirming import CONFIDENCE
from nightdesk.lab.student import quantile

NO_DIFFERENCE, A_DIFFERENCE, TOO_FEW = "no difference shown", "a difference", "too few to tell"
LEAST_TRIED, LEAST_GAINS = 5, 2  # of which a rate needs so many before anything can be said of its doubt


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its standard error; None: too few data to know how far off it may be."""

    value: float
    error: float | None = None
    degrees: float = math.inf  # of freedom that the error rests on

    @property
    def reach(self) -> float | None:
        """How far the 95 % interval goes to either side; None where that is not known."""
        if self.error is None:
            return None
        return quantile((1 - CONFIDENCE) / 2, self.degrees) * self.error if self.error else 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, None where it is not known."""
        return None if self.reach is None else (self.value - self.reach, self.value + self.reach)

    @property
    def shown(self) -> bool:
        """Whether the interval is known and does not hold 0."""
        return self.reach is not None and abs(self.value) > self.reach

    @property
    def told(self) -> str:
        """The figure with how far its interval reaches: "+0.012 ± 0.004", "0 ± ?" where that is not known."""
        value = _plain(self.value, "+.3g") if self.value else "0"
        return f"{value} ± {'?' if self.reach is None else _plain(self.reach, '.2g')}"

    def over(self, amount: float) -> "Estimate":
        """Return it divided by an amount that is known exactly."""
        return Estimate(self.value / amount, None if self.error is None else self.error / abs(amount), self.degrees)


def _plain(value: float, form: str) -> str:
    """Return a figure as `form` has it, from a hundred on in whole numbers: not as a power of ten."""
    large = abs(value) >= 100 and math.isfinite(value)
    return format(round(value), form[:-3] + ",d") if large else format(value, form)


def mean_of(values: Sequence[float]) -> Estimate:
    """Return the mean of independent values, without an error where there is only one. Raises ValueError for none."""
    if len(values) < 2:
        return Estimate(fmean(values))
    return Estimate(fmean(values), stdev(values) / math.sqrt(len(values)), len(values) - 1)


def weighted(parts: Sequence[tuple[float, Estimate]]) -> Estimate:
    """Return the sum of independent figures, each times its weight; degrees of freedom by Welch and Satterthwaite."""
    value = math.fsum(weight * part.value for weight, part in parts)
    errors = [abs(weight) * part.error for weight, part in parts if part.error is not None]
    if len(errors) < len(parts):
        return Estimate(value)
    error = math.hypot(*errors)
    if error == 0:
        return Estimate(value, 0.0)
    # shares first: the fourth powers of tiny errors would vanish
    spent = math.fsum((e / error) ** 4 / part.degrees for e, (_, part) in zip(errors, parts, strict=True))
    return Estimate(value, error, 1 / spent if spent else math.inf)


def difference(one: Estimate, other: Estimate) -> Estimate:
    """Return by how much one figure is larger than an independent other."""
    return weighted([(1.0, one), (-1.0, other)])


def verdict_on(more: Estimate) -> str:
    """Return in words whether a difference is shown."""
    if more.reach is None:
        return TOO_FEW
    return A_DIFFERENCE if more.shown else NO_DIFFERENCE


def rate_of(gains: Sequence[float], amounts: Sequence[float]) -> Estimate | None:
    """Return the sum of the gains for each of the sum of the amounts, one of either for each try.

    None where nothing was spent. The doubt is that of a ratio of means (linearised), by how the tries differ. Most
    tries gain nothing, so that the few that do tell the spread: their number gives the degrees of freedom (simulated
    with gains of exponential size the interval then holds the truth in 91 to 96 of 100 cases, and two equal rates are
    told apart in 1 to 4). With fewer than LEAST_TRIED tries or LEAST_GAINS gains it is unknown.
    """
    spent, count = math.fsum(amounts), len(amounts)
    if spent <= 0:
        return None
    rate = math.fsum(gains) / spent
    gained = sum(gain != 0 for gain in gains)
    if count < LEAST_TRIED or gained < LEAST_GAINS:
        return Estimate(rate)
    left = math.fsum((gain - rate * amount) ** 2 for gain, amount in zip(gains, amounts, strict=True))
    return Estimate(rate, math.sqrt(left / (count - 1) * count) / spent, gained - 1)
