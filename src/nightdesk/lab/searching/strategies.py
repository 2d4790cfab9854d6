"""Which program the next experiment changes: the best, another head, an earlier keep, or two changes joined.

Decided from the ledger alone, so that a killed night goes on as it was. Four rules, in this order:

- **Join.** A head that is not the best is joined with the best (its change since the two parted, onto the best); in a
  population the other heads are joined with each other too. Each pair once: a pair that was tried with an earlier form
  of the best is not tried again.
- **Go back.** After `patience` judged candidates in a row without a keep, every other proposal changes one of the last
  few keeps before the best, in turn, until something is kept.
- **Go round.** In a population of N every other proposal changes one of the N - 1 heads next to the best, in turn.
- **Go on.** All others change the best.

A *head* is the best program, or one that was judged better than its own parent (kept, or Ground.BEHIND), as long as no
other such program was made from it or joins it. Greedy is a population of one.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, judged_in_order
from nightdesk.lab.judging import Decision, Ground, incumbent_scores
from nightdesk.lab.scores import gain

MOST_HEADS = 100
_HEADS = 3
_PATIENCE = {"greedy": 40, "population": 20}  # greedy goes back very sparingly
_EARLIER = 3  # keeps before the best to go back to
_FORM = re.compile(r"population(?::([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class Extend:
    """Ask for a change of one program."""

    base: int  # the number of its experiment


@dataclass(frozen=True, slots=True)
class Combine:
    """Try two programs' changes together: what `theirs` changed since `base`, onto `ours`. No worker is needed."""

    ours: int
    theirs: int
    base: int  # of the three-way merge: from which `theirs` was made, and which `ours` has in it or was joined with


Move = Extend | Combine


@dataclass(frozen=True, slots=True)
class Strategy:
    """How many programs are gone on with, and when it goes back. Its text is what `parse_strategy` takes."""

    heads: int = 1
    patience: int = _PATIENCE["greedy"]  # candidates judged in a row without a keep
    merging: bool = True

    def __str__(self) -> str:
        return "greedy" if self.heads == 1 else f"population:{self.heads}"


GREEDY = Strategy()


def parse_strategy(text: str) -> Strategy:
    """Return the strategy that "greedy", "population" or "population:4" names. Raises DeskError for another text."""
    if text == "greedy":
        return GREEDY
    found = _FORM.fullmatch(text)
    heads = int(found[1] or _HEADS) if found else 0
    if not 2 <= heads <= MOST_HEADS:
        raise DeskError(
            f"{text[:60]!r} is no strategy of search",
            fix=f"--strategy greedy, or population:N with N from 2 to {MOST_HEADS} (population alone is {_HEADS})",
        )
    return Strategy(heads, _PATIENCE["population"])


def next_move(
    strategy: Strategy,
    experiments: Sequence[Experiment],
    *,
    best: int,
    asked: Collection[Move] = (),
    lower_is_better: bool = True,
) -> Move:
    """Return what to try next, given a tag's experiments and the number of the best program.

    `asked`: moves that are not in the ledger (yet): asked for, waiting as drafts, or given up since the two do not
    merge. Each move in it counts, so that two proposals in flight from one base are two.
    """
    tree = _Tree(experiments, best, lower_is_better=lower_is_better)
    if strategy.merging and (pair := next(_pairs(tree, strategy, asked), None)):
        return pair
    turn = sum(not e.is_baseline and not e.merges for e in experiments)
    turn += sum(isinstance(move, Extend) for move in asked)
    earlier = tree.earlier_keeps if tree.since_keep >= strategy.patience else []
    if earlier:
        turn, back = divmod(turn, 2)
        if back:
            return Extend(earlier[turn % len(earlier)])
    others = tree.heads[1 : strategy.heads]
    return Extend(others[turn // 2 % len(others)] if others and turn % 2 else best)


def _pairs(tree: "_Tree", strategy: Strategy, asked: Collection[Move]) -> Iterator[Combine]:
    """Yield the pairs of heads that were not tried together, the best program's first."""
    joined = tree.joined(move for move in asked if isinstance(move, Combine))
    for n, ours in enumerate(tree.heads[: strategy.heads]):
        lineage = tree.lineage(ours)
        for theirs in tree.heads[n + 1 :] if n == 0 else tree.heads[n + 1 : strategy.heads]:
            if not lineage & joined[theirs]:
                base = tree.parent(theirs)
                while base is not None and base not in lineage and not lineage & joined[base]:
                    base = tree.parent(base)
                if base is not None:
                    yield Combine(ours, theirs, base)


class _Tree:
    """The experiments of a ledger by what they were made from. It stands circles and gaps: a person may edit files."""

    def __init__(self, experiments: Sequence[Experiment], best: int, *, lower_is_better: bool) -> None:
        self._best = best
        self._lower_is_better = lower_is_better
        self._known = {experiment.number: experiment for experiment in experiments}
        self._judged = judged_in_order(experiments)
        self._baseline = next((e for e in experiments if e.is_baseline), None)
        numbers = {experiment.commit: experiment.number for experiment in experiments}
        made_from = {e.number: numbers.get(e.parent, e.number) for e in experiments if not e.is_baseline}
        # from an older one, always; so no circle of a ledger that somebody edited is ever walked
        self._parents = {number: parent for number, parent in made_from.items() if parent < number}

    @cached_property
    def heads(self) -> list[int]:
        """The best program, then the other heads, the most gained first."""
        good = [e.number for e in self._judged if _is_better_than_its_parent(e)]
        beneath = self._beneath([*good, self._best])
        others = [number for number in good if number not in beneath and number != self._best]
        return [self._best, *sorted(others, key=lambda number: (-self._gained(self._known[number]), number))]

    @property
    def since_keep(self) -> int:
        """How many candidates were judged since the last keep."""
        count = 0
        for experiment in reversed(self._judged):
            if experiment.status == Decision.KEEP:
                break
            count += 1
        return count

    @property
    def earlier_keeps(self) -> list[int]:
        """The last few keeps before the best, the latest first; the baseline is the first of all."""
        kept = [e.number for e in self._judged if e.status == Decision.KEEP and e.number != self._best]
        return kept[: -_EARLIER - 1 : -1]

    def parent(self, number: int) -> int | None:
        """Return what an experiment was made from, None for a baseline and where that is not known."""
        return self._parents.get(number)

    def lineage(self, number: int) -> set[int]:
        """Return all that a program was made from or joins, itself too."""
        return {number} | self._beneath([number])

    def joined(self, asked: Iterator[Combine]) -> dict[int, set[int]]:
        """Return with which others each program was tried together, whatever came of it."""
        pairs: defaultdict[int, set[int]] = defaultdict(set)
        tried = [experiment.merges for experiment in self._known.values()]
        for some in (*tried, *((move.ours, move.theirs) for move in asked)):
            for number in some:
                pairs[number].update(other for other in some if other != number)
        return pairs

    def _beneath(self, numbers: Sequence[int]) -> set[int]:
        found: set[int] = set()
        left = list(numbers)
        while left:
            number = left.pop()
            beneath = [self._parents[number]] if number in self._parents else []
            for one in (*beneath, *(self._known[number].merges if number in self._known else ())):
                if one not in found:
                    found.add(one)
                    left.append(one)
        return found

    def _gained(self, experiment: Experiment) -> float:
        """Return how much better a program is than the baseline on the same hardware, -inf where that is not known."""
        hardware = next((record.hardware for record in reversed(experiment.runs) if not record.disturbed), "")
        scores = incumbent_scores(experiment.counted_runs(hardware))
        before = [] if self._baseline is None else self._baseline.counted_runs(hardware)
        known = [run.score for run in before if run.score is not None]
        if not scores or not known:
            return float("-inf")
        return gain(fmean(known), fmean(scores), lower_is_better=self._lower_is_better)


def _is_better_than_its_parent(experiment: Experiment) -> bool:
    verdict = experiment.verdict
    if verdict is None or experiment.is_baseline:
        return False
    return verdict.decision is Decision.KEEP or verdict.ground is Ground.BEHIND
