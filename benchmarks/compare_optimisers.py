"""Compares the built-in worker's methods with random search, at equal budget, on a made-up landscape.

    python benchmarks/compare_optimisers.py --nights 20 --runs 60

The landscape has the shape of tuning a small GPT: learning rates by ratio, whole numbers, shares, a momentum, truth
values, one pair that trades off, and the noise of a CPU budget (0.004). It is *not* recorded from real runs. What is
played is the lab's own night: the baseline runs five times, each candidate is run, repeated and judged by the lab's own
rule, and replicates count as runs. What is shown is the true score of the program that the night ends with.

"untuned" starts away from the optimum, "tuned" at a place that a person has tuned.
"""

import argparse
import math
import random
import statistics
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from typing import Any

from nightdesk.lab.constants import Value, find_constants
from nightdesk.lab.judging import Decision, Rule, Run, incumbent_scores, judge
from nightdesk.lab.knobs import make_knobs
from nightdesk.lab.noise import measure_noise
from nightdesk.lab.optimiser import Method, Trial, choose
from nightdesk.lab.student import quantile

NOISE = 0.004  # standard deviation of one run
BASELINE_RUNS = 5
DIVERGED = 0.6  # above the optimum: such a run crashes
OPTIMUM = 1.6
METHODS: tuple[Method, ...] = ("random", "moves", "tpe", "cma", "mixed")
_COMMON = "HEAD_LR = 0.004\nEPSILON = 1e-8\nHEAD_SIZE = 32\nCLIP = 1.0\nBETA1 = 0.8\n"  # matter little or not at all
STARTS = {
    "untuned": "MATRIX_LR = 0.01\nEMBED_LR = 0.8\nSCALAR_LR = 0.1\nDEPTH = 4\nBATCH = 64\nWARMUP_RATIO = 0.3\n"
    "WARMDOWN_RATIO = 0.2\nMOMENTUM = 0.85\nTIED = True\n" + _COMMON,
    "tuned": "MATRIX_LR = 0.035\nEMBED_LR = 0.35\nSCALAR_LR = 0.4\nDEPTH = 2\nBATCH = 16\nWARMUP_RATIO = 0.1\n"
    "WARMDOWN_RATIO = 0.5\nMOMENTUM = 0.93\nTIED = False\n" + _COMMON,
}


def landscape(values: Mapping[str, Value]) -> float:
    """Return the true score of some values; the least is OPTIMUM."""
    number = {name: float(value) for name, value in values.items()}
    lr, batch = math.log2(number["MATRIX_LR"] / 0.04), math.log2(number["BATCH"] / 16)
    loss = 0.008 * (lr - 0.5 * batch) ** 2 + 0.006 * batch**2  # a larger batch wants a larger learning rate
    loss += 0.004 * math.log2(number["EMBED_LR"] / 0.3) ** 2 + 0.001 * math.log2(number["SCALAR_LR"] / 0.5) ** 2
    loss += 0.02 * math.log2(number["DEPTH"] / 2) ** 2
    loss += 0.08 * (number["WARMUP_RATIO"] - 0.05) ** 2 + 0.06 * (number["WARMDOWN_RATIO"] - 0.6) ** 2
    loss += 0.004 * math.log2((1 - number["MOMENTUM"]) / 0.05) ** 2
    loss += 0.01 if number["TIED"] else 0.0
    return OPTIMUM + loss + 0.001 * math.log2(number["HEAD_LR"] / 0.004) ** 2


def night(seed: int, *, method: Method, start: str, runs: int) -> float:
    """Return the true score of the program that a night of so many runs ends with."""
    knobs = make_knobs(find_constants(STARTS[start]))
    rng, rule = random.Random(seed), Rule()

    def run(values: Mapping[str, Value]) -> Run:
        true = landscape(values)
        return Run(None, failure="diverged") if true > OPTIMUM + DIVERGED else Run(true + rng.gauss(0, NOISE))

    base: dict[str, Value] = {knob.name: knob.start for knob in knobs}
    scores = tuple(found.score or 0.0 for found in (run(base) for _ in range(BASELINE_RUNS)))
    groups, used = [scores], BASELINE_RUNS
    trials = [Trial(base, statistics.fmean(scores))]
    while used < runs:
        choice = choose(knobs, base, trials, seed=seed, method=method)
        if choice is None:
            break
        done: list[Run] = []
        decision = Decision.REPLICATE
        while decision is Decision.REPLICATE and used < runs:
            done.append(run(choice.values))
            used += 1
            decision = judge(done, scores, noise=measure_noise(groups), rule=rule).decision
        known = [one.score for one in done if one.score is not None]
        groups.append(tuple(known[1:]))
        trials.append(Trial(choice.values, statistics.fmean(known) if known else None))
        if decision is Decision.KEEP:
            base, scores = dict(choice.values), incumbent_scores(done)
    return landscape(base)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=20, help="with each method; the seeds are the same for all")
    parser.add_argument("--runs", type=int, default=60, help="a night, the baseline's and replicates among them")
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    print(f"noise {NOISE}, {given.runs} runs a night, {given.nights} nights, optimum {OPTIMUM}\n")
    print("| start | method | true score at the end, mean | 95 % interval | better than random by | 95 % interval |")
    print("| --- | --- | --- | --- | --- | --- |")
    with ProcessPoolExecutor(given.processes) as pool:
        for start, text in STARTS.items():
            first = landscape({c.name: c.value for c in find_constants(text)})
            print(f"| {start} | (the start) | {first:.4f} | | | |")
            randoms = played(pool, given.nights, method="random", start=start, runs=given.runs)
            for method in given.methods:
                found = randoms
                if method != "random":
                    found = played(pool, given.nights, method=method, start=start, runs=given.runs)
                better = [r - f for r, f in zip(randoms, found, strict=True)]  # seed by seed
                gained = " | " if method == "random" else interval(better)
                print(f"| {start} | {method} | {interval(found)} | {gained} |", flush=True)


def played(pool: Executor, nights: int, **how: Any) -> list[float]:
    """Return how so many nights end, each with a seed of its own."""
    return list(pool.map(partial(night, **how), range(nights)))


def interval(values: list[float]) -> str:
    """Return a mean and its 95 % interval as two cells."""
    mean = statistics.fmean(values)
    reach = quantile(0.025, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:.4f} | {mean - reach:.4f} to {mean + reach:.4f}"


if __name__ == "__main__":
    main()
