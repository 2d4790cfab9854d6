"""The cheap gate: beyond the noise, replicated when marginal, guarded, shorter when equal."""

import math
import random
from statistics import fmean

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.guards import Guard
from nightdesk.lab.judging import (
    Decision,
    Ground,
    Rule,
    Run,
    Verdict,
    incumbent_scores,
    judge,
    judge_behind,
    minimal_gain,
)
from nightdesk.lab.noise import Noise, measure_noise

BASELINE = (1.500, 1.505, 1.495, 1.502, 1.498)
NOISE = measure_noise([BASELINE])


def verdict(*scores: float, size_change: int = 0, rule: Rule | None = None, noise: Noise = NOISE) -> Verdict:
    return judge([Run(score) for score in scores], BASELINE, noise=noise, rule=rule or Rule(), size_change=size_change)


@pytest.mark.parametrize(
    ("scores", "size_change", "decision", "ground"),
    [
        ((1.40,), 0, Decision.KEEP, Ground.BETTER),  # far beyond the noise: no second run is needed
        ((1.40,), 900, Decision.KEEP, Ground.BETTER),
        ((1.51,), 0, Decision.DISCARD, Ground.NOT_BETTER),
        ((1.51,), -9, Decision.DISCARD, Ground.NOT_BETTER),  # shorter, and worse
        ((1.493,), 0, Decision.REPLICATE, Ground.MARGINAL),
        ((1.495, 1.495), 0, Decision.REPLICATE, Ground.MARGINAL),
        ((1.493, 1.485, 1.486), 0, Decision.KEEP, Ground.BETTER),  # the replicates bear it out
        ((1.49, 1.508), 0, Decision.DISCARD, Ground.NOT_BETTER),  # they do not
        ((1.495, 1.496, 1.495), 0, Decision.DISCARD, Ground.NOT_BETTER),  # all looks used, still within the noise
        ((1.4999,), -1, Decision.REPLICATE, Ground.MARGINAL),  # shorter: equal must be seen more than once
        ((1.4999, 1.4999, 1.4999), -1, Decision.KEEP, Ground.SIMPLER),
        ((1.4999, 1.4999, 1.4999), 0, Decision.DISCARD, Ground.NOT_BETTER),
        ((1.4999, 1.4999, 1.5030), -1, Decision.DISCARD, Ground.NOT_BETTER),
    ],
)
def test_verdicts(scores: tuple[float, ...], size_change: int, decision: Decision, ground: Ground) -> None:
    said = verdict(*scores, size_change=size_change)
    assert (said.decision, said.ground) == (decision, ground), said.reason


def test_a_reason_says_what_was_seen_and_what_was_needed() -> None:
    assert verdict(1.495, 1.496, 1.495).reason == (
        "within the noise: +0.004667 over 3 runs against 5 runs, p 0.084; a keep needs 0.00479 (p 0.08)"
    )


def test_without_noise_any_gain_is_real_and_a_tie_is_none() -> None:
    still = Noise(0.0, 4)
    assert judge([Run(1.0)], (1.0, 1.0), noise=still, rule=Rule()).decision is Decision.DISCARD
    assert judge([Run(1.0)], (1.0,), noise=still, rule=Rule(), size_change=-1).ground is Ground.SIMPLER
    assert judge([Run(0.9)], (1.0,), noise=still, rule=Rule()).ground is Ground.BETTER


def test_higher_may_be_better() -> None:
    said = verdict(1.7, rule=Rule(lower_is_better=False))
    assert said.ground is Ground.BETTER
    assert said.gain == pytest.approx(0.2)


def test_a_run_without_a_score_is_a_crash_with_its_reason() -> None:
    runs = [Run(1.0), Run(None, failure="killed after 600 s")]
    said = judge(runs, BASELINE, noise=NOISE, rule=Rule())
    assert said == Verdict(Decision.CRASH, Ground.NO_SCORE, "killed after 600 s")


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf, 1e300])
def test_what_is_not_finite_never_becomes_a_score(score: float) -> None:
    with pytest.raises(ValueError, match="is no score"):
        Run(score)


def test_a_broken_guard_outweighs_any_score() -> None:
    rule = Rule(guards=(Guard("memory_mb", True, 100),))
    runs = [Run(1.0, {"memory_mb": 90}), Run(1.0, {"memory_mb": 140})]
    said = judge(runs, BASELINE, noise=NOISE, rule=rule)
    assert (said.decision, said.ground) == (Decision.DISCARD, Ground.GUARD)
    assert said.reason == "memory_mb is 140, and must be at most 100"


def test_the_run_that_a_keep_was_picked_for_does_not_flatter_it() -> None:
    assert incumbent_scores([Run(1.40), Run(1.45), Run(1.46)]) == (1.45, 1.46)
    assert incumbent_scores([Run(1.40)]) == (1.40,)


def test_the_stated_threshold_is_where_the_verdict_turns() -> None:
    needed = minimal_gain(NOISE, 5, 1, rule=Rule())
    assert verdict(fmean(BASELINE) - needed * 1.001).ground is Ground.BETTER
    assert verdict(fmean(BASELINE) - needed * 0.999).decision is Decision.REPLICATE


def test_identical_candidates_are_kept_no_more_often_than_stated() -> None:
    """1,500 candidates that change nothing, each with a noise measured anew."""
    rng, rule, kept = random.Random(7), Rule(), 0
    for _ in range(1500):
        baseline = [rng.gauss(0, 1) for _ in range(5)]
        runs = [Run(rng.gauss(0, 1))]
        noise = measure_noise([baseline])
        while (said := judge(runs, baseline, noise=noise, rule=rule)).decision is Decision.REPLICATE:
            runs.append(Run(rng.gauss(0, 1)))
        kept += said.ground is Ground.BETTER
    assert kept / 1500 <= rule.false_keep_rate


def test_rules_that_mean_nothing() -> None:
    with pytest.raises(DeskError, match="shares that add up to 1"):
        Rule(shares=(0.9, 0.9))
    with pytest.raises(DeskError):
        Rule(false_keep_rate=0.5)
    with pytest.raises(ValueError, match="needs a run"):
        judge([], BASELINE, noise=NOISE, rule=Rule())


BEST = (1.450, 1.452, 1.448)


def behind(
    *scores: float, parent: tuple[float, ...] = BASELINE, rule: Rule | None = None, **measured: float
) -> Verdict:
    """Return the verdict on a candidate that changed `parent` while BEST became the best."""
    runs, rule = [Run(score, measured) for score in scores], rule or Rule()
    return judge_behind(judge(runs, BEST, noise=NOISE, rule=rule), runs, parent, noise=NOISE, rule=rule)


@pytest.mark.parametrize(
    ("scores", "decision", "ground"),
    [
        ((1.40,), Decision.KEEP, Ground.BETTER),  # than the best: what it changed plays no part
        ((1.445,), Decision.REPLICATE, Ground.MARGINAL),  # may be better than the best
        ((1.46,), Decision.DISCARD, Ground.BEHIND),
        ((1.493,), Decision.REPLICATE, Ground.MARGINAL),  # may be better than its parent
        ((1.493, 1.493), Decision.REPLICATE, Ground.MARGINAL),
        ((1.493, 1.493, 1.486), Decision.DISCARD, Ground.BEHIND),
        ((1.495, 1.496, 1.495), Decision.DISCARD, Ground.NOT_BETTER),  # all looks used
        ((1.51,), Decision.DISCARD, Ground.NOT_BETTER),
    ],
)
def test_a_candidate_that_was_overtaken(scores: tuple[float, ...], decision: Decision, ground: Ground) -> None:
    said = behind(*scores)
    assert (said.decision, said.ground) == (decision, ground), said.reason


def test_behind_tells_of_both_and_its_gain_is_that_against_the_best() -> None:
    said = behind(1.46)
    assert said.reason == (
        "against the program that it changed: better: +0.040000 over 1 run against 5 runs, p 0.00033; against the best "
        "one: not better: -0.010000 over 1 run against 3 runs, p 0.96; a keep needs 0.0202 (p 0.005)"
    )
    assert said.gain == pytest.approx(-0.01)
    assert said.p is not None
    assert said.p > 0.9


def test_nothing_else_is_behind() -> None:
    guarded = Rule(guards=(Guard("memory", True, 1.0),))
    assert behind(1.46, rule=guarded, memory=2.0).ground is Ground.GUARD
    crashed = [Run(None, failure="exit code 1")]
    verdict = judge(crashed, BEST, noise=NOISE, rule=Rule())
    assert judge_behind(verdict, crashed, BASELINE, noise=NOISE, rule=Rule()) == verdict
    assert behind(1.46, parent=()).ground is Ground.NOT_BETTER, "what it changed was not measured on this hardware"
    shorter = judge([Run(1.501)], BEST, noise=NOISE, rule=Rule(), size_change=-9)
    assert judge_behind(shorter, [Run(1.501)], BASELINE, noise=NOISE, rule=Rule()).ground is Ground.NOT_BETTER


def test_neither_comparison_errs_more_often_than_stated() -> None:
    """Of candidates that are no better than either no more are kept, and no more called behind, than the rule says."""
    draw, rule, found = random.Random(5), Rule(), []
    for _ in range(1500):
        groups = [[draw.gauss(1.5, 0.005) for _ in range(count)] for count in (5, 3, 3)]  # baseline, best, parent
        noise, runs = measure_noise(groups), [Run(draw.gauss(1.5, 0.005))]
        while True:
            first = judge(runs, groups[1], noise=noise, rule=rule)
            said = judge_behind(first, runs, groups[2], noise=noise, rule=rule)
            if said.decision is not Decision.REPLICATE:
                break
            runs.append(Run(draw.gauss(1.5, 0.005)))
        found.append(said.ground)
    assert 0 < found.count(Ground.BETTER) <= rule.false_keep_rate * len(found)
    assert 0 < found.count(Ground.BEHIND) <= rule.false_keep_rate * len(found)
