"""The cheap gate of the search: keep or discard a candidate, or run it once more where luck may explain it.

The rule. A candidate is looked at after its first run and after each replicate, at most three times. At each look
the one-sided p-value of its gain (all its runs against all of the incumbent's, Student's t, pooled noise) decides:

- p <= the look's share of `false_keep_rate`: keep, it is better;
- p > `marginal`: discard, another run would hardly change it (an equal and shorter program goes on, see below);
- between: replicate; at the last look discard.

The stated rate: a candidate that is in truth no better is kept *as better* with a probability of at most
`false_keep_rate`, since each look errs with at most its share and the shares add up to the whole (Bonferroni's
inequality; it pays for the first run being among the data too). Most is spent on the last look, which sees most: after
one run only a large gain is kept at once. The bound is a loose one: in 1,000 simulated nights of 125 runs in which
nothing works the rule keeps 1.3 % of the candidates, 1.2 a night, where "lower than the lowest" keeps 4.4
(benchmarks/simulate_nights.py). That is the *cheap* gate: claims are for lab.confirming.

Behind. Where runs overlap, the best program may change while a candidate runs, and a population changes programs that
are not the best. Such a candidate is judged against the best first, by the rule above; only where that discards it, it
is judged against the program that it changed, at the same level: better than that is *behind*, still a discard, whose
change is worth joining with the best. The bound is the same for both: at each look each of the two comparisons errs
with at most the look's share, however many runs the other one asks for. So a candidate that is no better than the best
is kept as better with a probability of at most `false_keep_rate`, and one that is no better than its parent is called
behind with a probability of at most `false_keep_rate`.

Simplicity (Karpathy: "equal results with less code is a keep"): a program that is shorter and, over all looks, not
worse on average is kept as *simpler*. It is no improvement and is never counted as one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.lab.guards import Guard, broken_guards
from nightdesk.lab.noise import Noise
from nightdesk.lab.scores import finite, gain
from nightdesk.lab.student import quantile, upper_tail


class Decision(StrEnum):
    """What becomes of a candidate. The first three are the statuses of results.tsv."""

    KEEP = "keep"
    DISCARD = "discard"
    CRASH = "crash"
    REPLICATE = "replicate"  # not yet decided: run it once more, on a fresh seed


class Ground(StrEnum):
    """Why, in one word, by which reports count."""

    BASELINE = "baseline"
    BETTER = "better"
    SIMPLER = "simpler"
    NOT_BETTER = "not better"
    GUARD = "guard"
    NO_SCORE = "no score"
    MARGINAL = "marginal"
    BEHIND = "behind"  # better than the program that it changed, and not than the best one meanwhile


@dataclass(frozen=True, slots=True)
class Rule:
    """What a keep needs."""

    lower_is_better: bool = True
    false_keep_rate: float = 0.1  # at most, for each candidate that is no better
    shares: tuple[float, ...] = (0.05, 0.15, 0.8)  # of it, spent at each look; their number is that of the looks
    marginal: float = 0.25  # a p-value above it is not worth another run
    guards: tuple[Guard, ...] = ()

    def __post_init__(self) -> None:
        spends = len(self.shares) > 0 and min(self.shares) > 0 and math.fsum(self.shares) <= 1 + 1e-9
        if not (0 < self.false_keep_rate < self.marginal < 1 and spends):
            raise DeskError("a rule needs 0 < false_keep_rate < marginal < 1 and shares that add up to 1")

    @property
    def looks(self) -> int:
        """How many runs one candidate gets at most."""
        return len(self.shares)

    def level(self, look: int) -> float:
        """Return the p-value that a candidate must reach at its `look`-th run, from 1."""
        return self.false_keep_rate * self.shares[min(look, self.looks) - 1]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program: its score, or why there is none. Never NaN or infinite."""

    score: float | None
    measured: Mapping[str, float] = field(default_factory=dict)  # what it printed
    failure: str = ""

    def __post_init__(self) -> None:
        if self.score is not None and finite(self.score) is None:
            raise ValueError(f"{self.score} is no score; it is None and `failure` says why")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a candidate, and why in words for the ledger. Gain and p are None where they mean nothing."""

    decision: Decision
    ground: Ground
    reason: str
    gain: float | None = None  # of the means, in the metric's unit; positive is better
    p: float | None = None  # one-sided: how often luck alone gives such a gain


def judge(
    runs: Sequence[Run],
    incumbent: Sequence[float],
    *,
    noise: Noise,
    rule: Rule,
    size_change: int = 0,
    baseline: Mapping[str, float] | None = None,
) -> Verdict:
    """Return what becomes of a candidate after its `runs`, given the scores of the best program so far.

    `size_change` is by how many tokens the candidate is longer, `baseline` what the baseline printed. A candidate one
    of whose runs has no score is a crash; one that breaks a guard in any run is discarded however good its score.
    """
    if not runs or not incumbent:
        raise ValueError("judge needs a run of the candidate and a score of the incumbent")
    scores = [run.score for run in runs if run.score is not None]
    if len(scores) < len(runs):
        failure = next(run.failure for run in runs if run.score is None)
        return Verdict(Decision.CRASH, Ground.NO_SCORE, failure or "the run gave no score")
    for run in runs:
        if broken := broken_guards(rule.guards, run.measured, baseline or {}):
            return Verdict(Decision.DISCARD, Ground.GUARD, "; ".join(broken))
    return _weigh(scores, incumbent, noise=noise, rule=rule, shorter_by=-size_change)


def judge_behind(
    verdict: Verdict, runs: Sequence[Run], parent: Sequence[float], *, noise: Noise, rule: Rule
) -> Verdict:
    """Return what becomes of a candidate that changed another program than the best, given `judge`'s verdict on it.

    `parent`: the scores of the program that it changed, () where they are not known. What is kept, replicated, crashed
    or breaks a guard stays so. A discard that is better than its parent is one of Ground.BEHIND; gain and p stay those
    against the best. One that may be better than its parent is run again.
    """
    if verdict.ground is not Ground.NOT_BETTER or not parent:
        return verdict
    scores = [run.score for run in runs if run.score is not None]
    beside = _weigh(scores, parent, noise=noise, rule=rule, shorter_by=0)
    if beside.decision is Decision.DISCARD:
        return verdict
    reason = f"against the program that it changed: {beside.reason}; against the best one: {verdict.reason}"
    if beside.decision is Decision.REPLICATE:
        return replace(beside, reason=reason)
    return replace(verdict, ground=Ground.BEHIND, reason=reason)


def _weigh(
    scores: Sequence[float], incumbent: Sequence[float], *, noise: Noise, rule: Rule, shorter_by: int
) -> Verdict:
    gained = gain(fmean(incumbent), fmean(scores), lower_is_better=rule.lower_is_better)
    error = noise.error_of_gain(len(incumbent), len(scores))
    p = p_of_gain(gained, error, noise.degrees)
    told = f"{_signed(gained)} over {_counted(scores)} against {_counted(incumbent)}, p {p:.2g}"
    level, least = rule.level(len(scores)), minimal_gain(noise, len(incumbent), len(scores), rule=rule)
    needed = f"a keep needs {least:.3g} (p {level:.2g})"
    last = len(scores) >= rule.looks
    if p <= level:
        return Verdict(Decision.KEEP, Ground.BETTER, f"better: {told}", gained, p)
    if shorter_by > 0 and gained >= 0:
        if last or noise.sd == 0:
            return Verdict(Decision.KEEP, Ground.SIMPLER, f"as good and {shorter_by} tokens shorter: {told}", gained, p)
        return Verdict(Decision.REPLICATE, Ground.MARGINAL, f"shorter and not worse so far: {told}", gained, p)
    if p > rule.marginal:
        return Verdict(Decision.DISCARD, Ground.NOT_BETTER, f"not better: {told}; {needed}", gained, p)
    if last:
        return Verdict(Decision.DISCARD, Ground.NOT_BETTER, f"within the noise: {told}; {needed}", gained, p)
    return Verdict(Decision.REPLICATE, Ground.MARGINAL, f"may be luck: {told}; {needed}", gained, p)


def p_of_gain(gained: float, error: float, degrees: float) -> float:
    """Return how often luck alone gives at least this gain. Without noise any gain is real, and a tie is none."""
    if error == 0:
        return 0.0 if gained > 0 else 1.0
    return upper_tail(gained / error, degrees)


def minimal_gain(noise: Noise, runs_before: int, runs_after: int, *, rule: Rule) -> float:
    """Return the gain from which one look keeps a candidate: the threshold that the lab states."""
    return quantile(rule.level(runs_after), noise.degrees) * noise.error_of_gain(runs_before, runs_after)


def incumbent_scores(runs: Sequence[Run]) -> tuple[float, ...]:
    """Return the scores by which a candidate that was kept is known from now on.

    The run that it was picked for flatters it, and a flattered incumbent turns real improvements away: where there are
    replicates they alone count.
    """
    scores = tuple(run.score for run in runs if run.score is not None)
    return scores[1:] if len(scores) > 1 else scores


def _signed(value: float) -> str:
    return f"{value:+.6f}" if abs(value) >= 1e-5 or value == 0 else f"{value:+.2e}"


def _counted(scores: Sequence[float]) -> str:
    return f"{len(scores)} run{'s' if len(scores) != 1 else ''}"
