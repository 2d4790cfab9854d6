"""Simulates nights of the search from a measured noise: false improvements where nothing works, power where it does.

    python benchmarks/simulate_nights.py --nights 1000                # A/A, beside the greedy rule
    python benchmarks/simulate_nights.py --sd 0.0055 --runs 100

Every night measures its own noise from its own baseline runs, as the lab does; the true noise is only used to draw.
"""

import argparse
import math
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightdesk.lab.confirming import Held, confirm, detectable_gain
from nightdesk.lab.judging import Decision, Ground, Rule, Run, incumbent_scores, judge, judge_behind, minimal_gain
from nightdesk.lab.noise import BASELINE_RUNS, Noise, measure_noise
from nightdesk.lab.student import quantile

START = 1.5
REMEASURE = 12  # candidates


@dataclass(frozen=True, slots=True)
class Night:
    """What one night gave, in runs and in true and believed scores."""

    better: int  # keeps as better of candidates that are no better: false improvements
    found: int  # keeps of planted improvements
    planted: int
    candidates: int
    runs: int
    true_gain: float
    believed_gain: float
    held: bool  # what confirm says of the last incumbent; False where nothing was kept


def lab_night(
    rng: random.Random, *, sd: float, runs: int, gains: Callable[[random.Random], float], rule: Rule
) -> Night:
    """Play a night of `runs` runs by the lab's rule; each candidate truly gains what `gains` draws."""
    baseline = [START + rng.gauss(0, sd) for _ in range(BASELINE_RUNS)]
    groups: list[Sequence[float]] = [baseline]  # the incumbent's last
    incumbent, true = tuple(baseline), START
    used, better, found, planted, candidates = BASELINE_RUNS, 0, 0, 0, 0
    while used < runs:
        if candidates % REMEASURE == REMEASURE - 1:  # the incumbent once more: drift shows, and the noise gets surer
            incumbent = (*incumbent, true + rng.gauss(0, sd))
            groups[-1] = incumbent
            used += 1
        gained = gains(rng)
        planted += gained > 0
        candidates += 1
        noise, tried = measure_noise(groups), [Run(true - gained + rng.gauss(0, sd))]
        used += 1
        while (verdict := judge(tried, incumbent, noise=noise, rule=rule)).decision is Decision.REPLICATE:
            tried.append(Run(true - gained + rng.gauss(0, sd)))
            used += 1
        fresh = tuple(run.score for run in tried[1:] if run.score is not None)
        if verdict.ground is Ground.BETTER:
            better += gained <= 0
            found += gained > 0
            incumbent, true = incumbent_scores(tried), true - gained
            groups.append(incumbent)
        elif len(fresh) > 1:
            groups.insert(0, fresh)
    believed = statistics.fmean(baseline) - statistics.fmean(incumbent)
    held = False
    if better + found:
        before, after = ([at + rng.gauss(0, sd) for _ in range(5)] for at in (START, true))
        confirmed = confirm(before, after, search_gain=believed, tries=candidates, held_out=True)
        held = confirmed.held is Held.YES
    return Night(better, found, planted, candidates, used, START - true, believed, held)


def greedy_night(rng: random.Random, *, sd: float, runs: int, gains: Callable[[random.Random], float]) -> Night:
    """Play the original's rule: one run each, kept if it is lower than the lowest."""
    best, true, better, found, planted = START + rng.gauss(0, sd), START, 0, 0, 0
    first = best
    for _ in range(runs - 1):
        gained = gains(rng)
        planted += gained > 0
        score = true - gained + rng.gauss(0, sd)
        if score < best:
            best, true = score, true - gained
            better += gained <= 0
            found += gained > 0
    return Night(better, found, planted, runs - 1, runs, START - true, first - best, held=False)


def interval(values: Sequence[float], form: str = ".3f") -> str:
    """Return a mean with its 95 % interval."""
    mean = statistics.fmean(values)
    reach = quantile(0.025, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:{form}} ({mean - reach:{form}} to {mean + reach:{form}})"


def print_false_improvements(rule: Rule, *, sd: float, runs: int, count: int, seed: int) -> bool:
    """Print the A/A table; return whether the rule keeps its stated rate."""
    print("\n| A/A: nothing works | false improvements a night | a candidate | runs a candidate | believed gain, sd |")
    print("| --- | --- | --- | --- | --- |")

    def greedy(rng: random.Random) -> Night:
        return greedy_night(rng, sd=sd, runs=runs, gains=nothing)

    def lab(rng: random.Random) -> Night:
        return lab_night(rng, sd=sd, runs=runs, gains=nothing, rule=rule)

    nights: list[Night] = []
    for name, play in (("greedy, one run each", greedy), ("the lab's rule", lab)):
        rng = random.Random(seed)
        nights = [play(rng) for _ in range(count)]
        rate = interval([night.better / night.candidates for night in nights], ".4f")
        runs_each = sum(night.runs for night in nights) / sum(night.candidates for night in nights)
        believed = interval([night.believed_gain / sd for night in nights], ".2f")
        better = interval([night.better for night in nights], ".2f")
        print(f"| {name} | {better} | {rate} | {runs_each:.2f} | {believed} |")
    kept, held = sum(night.better > 0 for night in nights), sum(night.held for night in nights)
    print(f"\nof {count} A/A nights {kept} kept something; confirm called {held} of these held")
    return sum(night.better for night in nights) <= rule.false_keep_rate * sum(night.candidates for night in nights)


def print_behind(rule: Rule, *, sd: float, count: int, seed: int) -> bool:
    """Print what becomes of candidates that are no better than best and parent; return whether it is as stated."""
    rng, grounds = random.Random(seed), Counter[Ground]()
    for _ in range(count):
        groups = [[rng.gauss(START, sd) for _ in range(runs)] for runs in (BASELINE_RUNS, rule.looks, rule.looks)]
        noise, tried = measure_noise(groups), [Run(rng.gauss(START, sd))]
        while True:
            verdict = judge(tried, groups[1], noise=noise, rule=rule)
            verdict = judge_behind(verdict, tried, groups[2], noise=noise, rule=rule)
            if verdict.decision is not Decision.REPLICATE:
                break
            tried.append(Run(rng.gauss(START, sd)))
        grounds[verdict.ground] += 1
    better, behind = (grounds[ground] / count for ground in (Ground.BETTER, Ground.BEHIND))
    print(
        f"\nof {count} overtaken candidates, no better than the best or their parent (known by {rule.looks} runs each),"
    )
    print(f"{better:.1%} were kept as better and {behind:.1%} called behind")
    return max(better, behind) <= rule.false_keep_rate


def print_power(rule: Rule, *, sd: float, runs: int, count: int, seed: int) -> None:
    """Print what is found where one candidate in ten gains, and the others lose."""
    first, last = (minimal_gain(Noise(1.0, 20), BASELINE_RUNS, look, rule=rule) for look in (1, rule.looks))
    print(f"\nstated thresholds, 20 degrees of freedom: {first:.2f} sd at the first look, {last:.2f} sd at the last")
    print(f"5 seeds confirm a gain of {detectable_gain(1.0, runs=5):.2f} sd with 80 % power\n")
    print(
        "| planted | found, lab | greedy | false, lab | greedy | true gain of a night, sd, lab | greedy | confirmed |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0):
        rng = random.Random(seed)

        def one_in_ten(rng: random.Random, size: float = size) -> float:
            return size * sd if rng.random() < 0.1 else -abs(rng.gauss(0, 2 * sd))  # most changes make it worse

        lab = [lab_night(rng, sd=sd, runs=runs, gains=one_in_ten, rule=rule) for _ in range(count)]
        greedy = [greedy_night(rng, sd=sd, runs=runs, gains=one_in_ten) for _ in range(count)]
        cells = [f"{sum(n.found for n in some) / sum(n.planted for n in some):.0%}" for some in (lab, greedy)]
        cells += [f"{statistics.fmean(n.better for n in some):.2f}" for some in (lab, greedy)]
        cells += [interval([n.true_gain / sd for n in some], ".1f") for some in (lab, greedy)]
        print(f"| {size:.1f} sd | {' | '.join(cells)} | {statistics.fmean(n.held for n in lab):.0%} |", flush=True)


def main() -> int:
    """Print the tables; return 1 where the rule does not keep its stated rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=1000)
    parser.add_argument("--sd", type=float, default=0.0055)
    parser.add_argument("--runs", type=int, default=125)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rule = Rule()
    print(f"noise {given.sd}, {given.runs} runs a night, {given.nights} nights, seed {given.seed}")
    print(
        f"stated: a candidate that is no better is kept as better with a probability of at most {rule.false_keep_rate}"
    )
    kept = print_false_improvements(rule, sd=given.sd, runs=given.runs, count=given.nights, seed=given.seed)
    kept &= print_behind(rule, sd=given.sd, count=10 * given.nights, seed=given.seed)
    print(f"the stated rate is {'kept' if kept else 'NOT KEPT'}")
    print_power(rule, sd=given.sd, runs=given.runs, count=max(20, given.nights // 5), seed=given.seed)
    return 0 if kept else 1


def nothing(rng: random.Random) -> float:
    """Return the gain of a candidate that changes nothing."""
    return 0.0


if __name__ == "__main__":
    sys.exit(main())
