"""The strict gate for claims: fresh seeds and a held-out split show whether a night's gain is real.

The choices, and why:

- **Fresh seeds, held-out split.** The runs here took no part in the search, so that being the best of many tries does
  not flatter them, and the search's number of tries needs no correction in this test.
- **Where there is no held-out split** (a metric that the run prints, a judge without a test split) the search did see
  what is measured: p is multiplied by the number of tries (Bonferroni). That pays for the luck of being picked; it
  cannot show over-fitting to the split, and the report says that the split is the search's own.
- **Confirming again** on the same split until it holds is one more way of trying: the k-th confirmation's p is
  multiplied by k (k + 1), the first one's by 2. The sum of 1 / (k (k + 1)) over all k is 1, so that the level holds for
  any number of them; and the first holds exactly where its 95 % interval lies above 0.
- **Welch's t** gives p and the interval: unequal noise is allowed for (a candidate may be steadier). The exact
  permutation test, which assumes no bell curve, stands beside it; its least p with 5 + 5 runs is 1/252, so it can bear
  no correction and must only agree at the plain level.
- **Ablations**: the winner without each keep, corrected among themselves by Holm's method. "Not shown" is not "no
  effect": the interval says what is still possible.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, variance

from nightdesk.base.errors import DeskError
from nightdesk.lab.scores import finite, gain
from nightdesk.lab.student import quantile, upper_tail

LEVEL = 0.05  # one-sided p that a claim needs after its corrections
CONFIDENCE = 0.95  # of the intervals, two-sided
SEEDS = 5
_MOST_ORDERS = 200_000  # for the exact permutation test; 10 + 10 runs have 184,756


class Held(StrEnum):
    """What a confirmation says."""

    YES = "held"
    NOT_SHOWN = "not shown"
    WORSE = "worse"  # the other way round, at the same level


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two programs on fresh seeds. Gains are in the metric's unit, positive is better; the interval is Welch's."""

    gain: float
    low: float
    high: float
    p: float  # one-sided, uncorrected
    permutation_p: float | None  # exact; None where there are too many orders
    runs: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What held of a night. `search_gain` is what the search saw, which being picked has flattered."""

    search_gain: float
    confirmed: Comparison
    corrected_p: float
    correction: str  # in words
    held: Held
    ablations: Mapping[str, "Ablation"]


@dataclass(frozen=True, slots=True)
class Ablation:
    """What the winner loses without one keep; None where the rest does not run or merge without it."""

    comparison: Comparison | None
    corrected_p: float | None
    held: Held


def compare(before: Sequence[float], after: Sequence[float], *, lower_is_better: bool) -> Comparison:
    """Return how much better `after` is than `before`. Raises DeskError with fewer than two runs of either."""
    if min(len(before), len(after)) < 2:
        raise DeskError(
            f"{len(before)} and {len(after)} finished runs cannot be compared", fix="at least two of each are needed"
        )
    if any(finite(score) is None for score in (*before, *after)):
        raise ValueError("a score is a finite number")
    gained = gain(fmean(before), fmean(after), lower_is_better=lower_is_better)
    error, degrees = _welch(before, after)
    if error == 0:  # runs repeat exactly: the difference is what it is
        p, reach = (0.0 if gained > 0 else 1.0), 0.0
    else:
        p, reach = upper_tail(gained / error, degrees), quantile((1 - CONFIDENCE) / 2, degrees) * error
    permuted = _permutation_p(before, after, lower_is_better=lower_is_better)
    return Comparison(gained, gained - reach, gained + reach, p, permuted, (len(before), len(after)))


def confirm(
    before: Sequence[float],
    after: Sequence[float],
    *,
    search_gain: float,
    tries: int,
    held_out: bool,
    confirmations_before: int = 0,
    ablations: Mapping[str, Sequence[float]] | None = None,
    lower_is_better: bool = True,
) -> Confirmation:
    """Return what held: `before` the baseline's and `after` the winner's scores on fresh seeds.

    `tries` is how many candidates the search judged, `held_out` whether it never saw the split measured here,
    `ablations` the scores of the winner without each keep.
    """
    compared = compare(before, after, lower_is_better=lower_is_better)
    attempt = confirmations_before + 1
    factor = (1 if held_out else max(1, tries)) * attempt * (attempt + 1)
    words = [f"times {attempt * (attempt + 1)} for confirmation {attempt} on this split"]
    words += [] if held_out else [f"times {max(1, tries)} tries, since the search saw this split"]
    return Confirmation(
        search_gain=search_gain,
        confirmed=compared,
        corrected_p=min(1.0, compared.p * factor),
        correction=", ".join(words),
        held=_held(compared, factor),
        ablations=_ablate(after, ablations or {}, lower_is_better=lower_is_better),
    )


def detectable_gain(sd: float, *, runs: int, power: float = 0.8) -> float:
    """Return the gain that a first confirmation with `runs` of each program shows with this power, about."""
    degrees = 2 * (runs - 1)
    return (quantile(LEVEL / 2, degrees) + quantile(1 - power, degrees)) * sd * math.sqrt(2 / runs)


def _welch(before: Sequence[float], after: Sequence[float]) -> tuple[float, float]:
    """Return the standard error of the difference and its degrees of freedom (Welch and Satterthwaite)."""
    a, b = variance(before) / len(before), variance(after) / len(after)
    if a + b == 0:
        return 0.0, math.inf
    whole = a + b
    a, b = a / whole, b / whole  # scaled first: the squares of tiny variances would vanish
    return math.sqrt(whole), 1 / (a**2 / (len(before) - 1) + b**2 / (len(after) - 1))


def _permutation_p(before: Sequence[float], after: Sequence[float], *, lower_is_better: bool) -> float | None:
    """Return the share of all ways to deal the runs out that give at least this gain, None where there are too many."""
    if math.comb(len(before) + len(after), len(after)) > _MOST_ORDERS:
        return None
    pool = [score if not lower_is_better else -score for score in (*before, *after)]  # higher is better
    seen = math.fsum(pool[len(before) :])
    slack = 1e-12 * math.fsum(abs(score) for score in pool)  # the same sum in another order may differ in its last bit
    sums = [math.fsum(chosen) for chosen in itertools.combinations(pool, len(after))]
    return sum(value >= seen - slack for value in sums) / len(sums)


def _held(compared: Comparison, factor: float) -> Held:
    agrees = compared.permutation_p is None or compared.permutation_p <= max(LEVEL, _least_p(compared))
    if compared.p * factor <= LEVEL and agrees:
        return Held.YES
    return Held.WORSE if (1 - compared.p) * factor <= LEVEL and compared.gain < 0 else Held.NOT_SHOWN


def _least_p(compared: Comparison) -> float:
    """Return the least p that so few runs can have in the permutation test."""
    return 1 / math.comb(sum(compared.runs), compared.runs[1])


def _ablate(
    winner: Sequence[float], ablations: Mapping[str, Sequence[float]], *, lower_is_better: bool
) -> dict[str, Ablation]:
    done = {
        name: compare(scores, winner, lower_is_better=lower_is_better)
        for name, scores in ablations.items()
        if len(scores) > 1
    }
    corrected = _holm({name: compared.p for name, compared in done.items()})
    found: dict[str, Ablation] = {}
    for name in ablations:
        compared = done.get(name)
        if compared is None:
            found[name] = Ablation(None, None, Held.NOT_SHOWN)
            continue
        worse = compared.gain < 0 and (1 - compared.p) * len(done) <= LEVEL
        held = Held.YES if corrected[name] <= LEVEL else Held.WORSE if worse else Held.NOT_SHOWN
        found[name] = Ablation(compared, corrected[name], held)
    return found


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values corrected for their number. Source: Holm (1979)."""
    corrected: dict[str, float] = {}
    highest = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, p * (len(p_values) - rank)))
        corrected[name] = highest
    return corrected
