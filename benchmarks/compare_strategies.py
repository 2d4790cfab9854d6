"""Compares strategies of search, with 1, 4 and 16 runs at work at once, on made-up landscapes. Nothing real is run.

    python benchmarks/compare_strategies.py --processes 2              # the table of docs/lab/search.md
    python benchmarks/compare_strategies.py --nights 20 --places 1 16  # quick

A program has 24 sites, and a proposal puts something else at one of them, now and then at two. The landscapes:

- apart: what a site gives depends on nothing else; there is always something better to be found, one time in six.
- entangled: it depends on two other sites too: what helped on one program may harm on another.
- traps: each site has two forms only and depends on four others: a search soon stands where no single step helps.

Two changes merge unless both change one site. The moves, the verdicts and the noise are the lab's own: lab.searching,
lab.judging, lab.noise. Runs take about equally long, and a night has so many runs, however many are at work at once.
What is shown is how much better the program that a night ends with is *in truth*, in standard deviations of one run,
and, seed by seed, against greedy that joins nothing.
"""

import argparse
import heapq
import math
import random
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from nightdesk.lab.experiments import Experiment, RunRecord, State, judged_in_order, with_run, with_verdict
from nightdesk.lab.judging import Decision, Ground, Rule, Run, Verdict, incumbent_scores, judge, judge_behind
from nightdesk.lab.noise import BASELINE_RUNS, Noise, measure_noise
from nightdesk.lab.searching.strategies import Combine, Move, Strategy, next_move
from nightdesk.lab.student import quantile

SITES = 24
REMEASURE = 12  # candidates after which the best program runs once more
NEVER = 10**9
STRATEGIES = {
    "greedy, nothing joined": Strategy(merging=False),
    "greedy": Strategy(),
    "greedy, never back": Strategy(patience=NEVER),
    "population:3, nothing joined": Strategy(3, 20, merging=False),
    "population:3": Strategy(3, 20),
    "population:6": Strategy(6, 20),
}
Program = Mapping[int, int]  # site -> what is there; what is not named is as in the baseline


@dataclass(frozen=True, slots=True)
class Landscape:
    """What the sites give, in standard deviations of one run."""

    near: int  # other sites that a site depends on
    own: tuple[float, float]  # mean and deviation of what a form gives by itself
    joint: float = 0.0  # deviation of what it gives together with the others
    forms: int = 0  # of a site; 0: as many as one likes

    def gained(self, program: Program, seed: int) -> float:
        """Return how much better a program is than the baseline in truth."""
        total = 0.0
        for site in range(SITES):
            here = [program.get((site + 7 * near) % SITES, 0) for near in range(self.near + 1)]
            if here[0]:
                total += random.Random(f"{seed} {site} {here[0]}").gauss(*self.own)
            if self.joint and any(here):
                total += random.Random(f"{seed} {site} {here}").gauss(0, self.joint)
        return total

    def proposed(self, base: Program, rng: random.Random) -> Program:
        """Return a program with something else at one site, one time in four at two."""
        sites = rng.sample(range(SITES), 2 if rng.random() < 0.25 else 1)
        other = {site: 1 - base.get(site, 0) if self.forms else rng.randrange(1, 10**9) for site in sites}
        return {**base, **other}


LANDSCAPES = {
    "apart": Landscape(0, (-2.0, 2.0)),
    "entangled": Landscape(2, (-2.0, 2.0), joint=1.0),
    "traps": Landscape(4, (0.0, 0.0), joint=1.5, forms=2),
}


def merged(ours: Program, theirs: Program, base: Program) -> Program | None:
    """Return what theirs changed since the base on top of ours, None where both changed one site."""
    changed = {site for site in {*theirs, *base} if theirs.get(site, 0) != base.get(site, 0)}
    if any(ours.get(site, 0) not in (base.get(site, 0), theirs.get(site, 0)) for site in changed):
        return None
    return {**ours, **{site: theirs.get(site, 0) for site in changed}}


@dataclass(slots=True)
class Night:
    """One night: its ledger, the true programs behind it, and what runs."""

    strategy: Strategy
    seed: int
    landscape: Landscape
    rng: random.Random
    rule: Rule = field(default_factory=Rule)
    ledger: dict[int, Experiment] = field(default_factory=dict)
    programs: dict[int, Program] = field(default_factory=dict)
    worth: dict[int, float] = field(default_factory=dict)  # in truth
    tried: set[tuple[tuple[int, int], ...]] = field(default_factory=set)
    vain: list[Move] = field(default_factory=list)  # pairs that do not merge
    wanted: list[int] = field(default_factory=list)  # experiments that are to run once more, the oldest first
    since_remeasured: int = 0
    false_keeps: int = 0

    @property
    def best(self) -> Experiment:
        """The program that was kept last."""
        kept = judged_in_order(e for e in self.ledger.values() if e.status == Decision.KEEP)
        return kept[-1] if kept else self.ledger[0]

    def add(self, program: Program, parent: int | None, merges: tuple[int, ...] = ()) -> int:
        """Write a proposal down and return its number."""
        number = len(self.ledger)
        up = "" if parent is None else f"{parent:040d}"
        self.ledger[number] = Experiment(
            number, State.RUNNING, "", f"{number:040d}", up, "", "", "", merges=merges, order=None
        )
        self.programs[number] = program
        self.tried.add(_plain(program))
        self.worth[number] = self.landscape.gained(program, self.seed)
        return number

    def next(self) -> int:
        """Return the experiment that the next run is of."""
        if self.wanted:
            return self.wanted.pop(0)
        best = self.best
        if self.since_remeasured >= REMEASURE or (best.number and len(best.runs) == 1):
            self.since_remeasured = 0
            return best.number
        while isinstance(
            move := next_move(self.strategy, tuple(self.ledger.values()), best=best.number, asked=self.vain), Combine
        ):
            joined = merged(*(self.programs[number] for number in (move.ours, move.theirs, move.base)))
            if joined is not None and _plain(joined) not in self.tried:
                return self.add(joined, move.ours, (move.ours, move.theirs))
            self.vain.append(move)
        program = self.landscape.proposed(self.programs[move.base], self.rng)
        while _plain(program) in self.tried:
            program = self.landscape.proposed(program, self.rng)
        return self.add(program, move.base)

    def take_in(self, number: int) -> None:
        """Write a finished run down; judge its experiment."""
        score = -self.worth[number] + self.rng.gauss(0, 1)
        before = self.ledger[number]
        experiment = with_run(before, RunRecord(Run(score), 1), log_tail="")
        if before.state is State.JUDGED or number == 0:
            self.ledger[number] = replace(experiment, state=State.JUDGED)
            return
        best, parent = self.best, self.ledger[int(experiment.parent)]
        runs, noise = experiment.counted_runs(), self.noise()
        verdict = judge(runs, self.scores(best), noise=noise, rule=self.rule)
        if parent.number != best.number:
            verdict = judge_behind(verdict, runs, self.scores(parent), noise=noise, rule=self.rule)
        experiment = self.ledger[number] = with_verdict(experiment, verdict)
        if experiment.state is not State.JUDGED:
            self.wanted.append(number)
            return
        order = sum(e.state is State.JUDGED for e in self.ledger.values())
        self.ledger[number] = replace(experiment, order=order, against=best.number)
        self.since_remeasured += 1
        self.false_keeps += verdict.decision is Decision.KEEP and self.worth[number] <= self.worth[best.number]

    def scores(self, experiment: Experiment) -> tuple[float, ...]:
        """Return the scores by which a program is known."""
        runs = experiment.counted_runs()
        return (
            incumbent_scores(runs) if experiment.number else tuple(run.score for run in runs if run.score is not None)
        )

    def noise(self) -> Noise:
        """Return the noise as the lab knows it."""
        judged = [e for e in self.ledger.values() if e.state is State.JUDGED and e.number]
        fresh = [tuple(run.score for run in e.counted_runs()[1:] if run.score is not None) for e in judged]
        return measure_noise([self.scores(self.ledger[0]), *fresh])


def _plain(program: Program) -> tuple[tuple[int, int], ...]:
    return tuple(sorted((site, form) for site, form in program.items() if form))


def play(seed: int, *, name: str, landscape: str, places: int, runs: int) -> tuple[float, int, int]:
    """Return what a night gained in truth, its false keeps and its candidates."""
    night = Night(STRATEGIES[name], seed, LANDSCAPES[landscape], random.Random(f"{seed} {places}"))
    night.add({}, None)
    night.ledger[0] = replace(night.ledger[0], verdict=Verdict(Decision.KEEP, Ground.BASELINE, ""), order=0)
    for _ in range(BASELINE_RUNS):
        night.take_in(0)
    at_work: list[tuple[float, int, int]] = []
    for started in range(runs - BASELINE_RUNS):
        now = 0.0
        if len(at_work) == places:
            now, _, number = heapq.heappop(at_work)
            night.take_in(number)
        heapq.heappush(at_work, (now + night.rng.uniform(0.9, 1.1), started, night.next()))
    while at_work:
        night.take_in(heapq.heappop(at_work)[2])
    return night.worth[night.best.number], night.false_keeps, len(night.ledger) - 1


def interval(values: Sequence[float], form: str = ".2f") -> str:
    """Return a mean with its 95 % interval."""
    mean = statistics.fmean(values)
    reach = quantile(0.025, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:{form}} ({mean - reach:{form}} to {mean + reach:{form}})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nights", type=int, default=100, help="with each strategy; the seeds are the same for all")
    parser.add_argument("--runs", type=int, default=125, help="a night, the baseline's and replicates among them")
    parser.add_argument("--places", type=int, nargs="+", default=[1, 4, 16], help="runs at work at once")
    parser.add_argument("--landscapes", nargs="+", default=list(LANDSCAPES), choices=list(LANDSCAPES))
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=list(STRATEGIES))
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    print(f"{given.runs} runs a night, {given.nights} nights; gains in standard deviations of one run")
    print("\n| landscape | at once | strategy | true gain of a night | against nothing joined | false keeps a night |")
    print("| --- | --- | --- | --- | --- | --- |")
    with ProcessPoolExecutor(given.processes) as pool:
        for landscape in given.landscapes:
            for places in given.places:
                first: list[float] = []
                for name in given.strategies:
                    one = partial(play, name=name, landscape=landscape, places=places, runs=given.runs)
                    nights = list(pool.map(one, range(given.nights), chunksize=5))
                    gains = [night[0] for night in nights]
                    first = first or gains
                    more = (
                        "" if gains is first else interval([b - a for a, b in zip(first, gains, strict=True)], "+.2f")
                    )
                    false = statistics.fmean(night[1] for night in nights)
                    print(f"| {landscape} | {places} | {name} | {interval(gains)} | {more} | {false:.2f} |", flush=True)


if __name__ == "__main__":
    main()
