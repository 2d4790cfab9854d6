"""Confirmed gains by who found them: a confirmation measures a branch's winner, whose changes may be of several hands.

A branch whose winner holds changes of one group only belongs to it whole. Where several had a hand in it, each change
counts by what the winner loses without it, which the confirmation's arms `without NNNN` measured; these parts need not
add up to the whole, since changes may help or hinder each other. Without such an arm the gain is said to be not
attributable: nothing is guessed. Where nothing was kept there is nothing to confirm, and the gain is 0.

The doubt is that of measuring on fresh seeds. How differently another night would go it does not tell: replays do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nightdesk.lab.comparison.estimates import Estimate, mean_of, weighted
from nightdesk.lab.confirmations import BASELINE, WINNER, Confirmed, arm_without
from nightdesk.lab.experiments import Experiment, judged_in_order
from nightdesk.lab.judging import Decision
from nightdesk.lab.searching.lineage import lineage
from nightdesk.lab.summary import hours_of

_NOTHING = Estimate(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Attributed:
    """A group's confirmed gain: the sum over those of its branches where it is known."""

    gain: Estimate | None  # None: known of none of them
    runs: int  # of the group in these branches, that count
    hours: float
    known: int  # branches
    of: int  # branches in which the group tried anything
    why: str = ""  # it is not known of some, in words

    @property
    def per_run(self) -> Estimate | None:
        """The gain for each of the group's runs; None where it is not known."""
        return None if self.gain is None or not self.runs else self.gain.over(self.runs)

    @property
    def per_hour(self) -> Estimate | None:
        """The gain for each hour of the group's runs; None where it is not known."""
        return None if self.gain is None or self.hours <= 0 else self.gain.over(self.hours)


@dataclass(frozen=True, slots=True)
class Branch:
    """One branch: what was tried on it, the changes that its winner holds, and what was confirmed of that."""

    tried: tuple[Experiment, ...]  # judged candidates
    held: tuple[Experiment, ...]  # whose changes the winner holds, without the baseline and what only joins others
    confirmed: Confirmed | None  # the last that is done and says anything of this winner


def weigh_branches(experiments: Sequence[Experiment], confirmations: Sequence[Confirmed]) -> tuple[Branch, ...]:
    """Return the branches on which anything was tried, with the last confirmation of each one's present winner."""
    of_tag: dict[str, list[Experiment]] = {}
    for experiment in judged_in_order(experiments):
        of_tag.setdefault(experiment.tag, []).append(experiment)
    branches = []
    for tag, mine in of_tag.items():
        tried = tuple(experiment for experiment in mine if not experiment.is_baseline)
        kept = [experiment for experiment in tried if experiment.status == Decision.KEEP]
        held = lineage(mine, kept[-1]) if kept else ()
        confirmed = [c for c in confirmations if kept and (c.tag, c.winner) == (tag, kept[-1].number)]
        said = [c for c in confirmed if c.result is not None]
        if tried:
            holds = tuple(e for e in held if not e.is_baseline and not e.merges)
            branches.append(Branch(tried, holds, said[-1] if said else None))
    return tuple(branches)


def attribute(branches: Sequence[Branch], *, by: Callable[[Experiment], str]) -> dict[str, Attributed]:
    """Return the confirmed gain of each group of experiments, by what `by` says of them."""
    books: dict[str, _Book] = {}
    for branch in branches:
        mine: dict[str, list[Experiment]] = {}
        for experiment in branch.tried:
            mine.setdefault(by(experiment), []).append(experiment)
        for key, tried in mine.items():
            books.setdefault(key, _Book()).add(tried, *_gain_of(branch, key, by))
    return {key: book.closed() for key, book in books.items()}


@dataclass(slots=True)
class _Book:
    """What is known of one group so far."""

    gains: list[Estimate] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)  # for each branch of which it is not known
    runs: int = 0
    hours: float = 0.0

    def add(self, tried: Sequence[Experiment], gain: Estimate | None, why: str) -> None:
        if gain is None:
            self.reasons.append(why)
            return
        self.gains.append(gain)
        self.runs += sum(len(experiment.counted_runs()) for experiment in tried)
        self.hours += sum(hours_of(experiment) for experiment in tried)

    def closed(self) -> Attributed:
        total = weighted([(1.0, gain) for gain in self.gains]) if self.gains else None
        known, why = len(self.gains), "; ".join(dict.fromkeys(self.reasons))
        return Attributed(total, self.runs, self.hours, known, known + len(self.reasons), why)


def confirmed_gain(confirmed: Confirmed) -> Estimate:
    """Return the gain of the winner over the baseline on fresh seeds; both have at least two scores."""
    sign = 1.0 if confirmed.lower_is_better else -1.0
    before, after = (mean_of(confirmed.scores(arm)) for arm in (BASELINE, WINNER))
    return weighted([(sign, before), (-sign, after)])


def _gain_of(branch: Branch, key: str, by: Callable[[Experiment], str]) -> tuple[Estimate | None, str]:
    """Return what a group gained on a branch, or None and why that is not known.

    It is known of all groups or of none: if only zeros were known of some branches, rates would come out too low.
    """
    if not branch.held:
        return _NOTHING, ""
    confirmed = branch.confirmed
    if confirmed is None:
        return None, "not confirmed"
    mine = [experiment for experiment in branch.held if by(experiment) == key]
    if len({by(experiment) for experiment in branch.held}) == 1:
        return confirmed_gain(confirmed) if mine else _NOTHING, ""
    if any(len(confirmed.scores(arm_without(experiment.number))) < 2 for experiment in branch.held):
        return None, "not attributable: several had a hand in it, and it was not measured without each change"
    return _parts(confirmed, mine) if mine else _NOTHING, ""


def _parts(confirmed: Confirmed, mine: Sequence[Experiment]) -> Estimate:
    """Return the sum of what the winner loses without each of these changes."""
    sign = 1.0 if confirmed.lower_is_better else -1.0
    arms = [mean_of(confirmed.scores(arm_without(experiment.number))) for experiment in mine]
    winner = mean_of(confirmed.scores(WINNER))  # it is in each of the parts: its error counts as often
    return weighted([*((sign, without) for without in arms), (-sign * len(arms), winner)])
