"""Results by worker, version of program.md, brief, branch and hardware: which instructions and workers find more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.lab.comparison.attributing import Attributed, attribute, weigh_branches
from nightdesk.lab.comparison.estimates import Estimate, difference, rate_of, verdict_on
from nightdesk.lab.confirmations import Confirmed
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Decision, Ground
from nightdesk.lab.labs import Lab
from nightdesk.lab.summary import Group, Point, grouped, kinds_of, summarise, tags_of

_MOST_DIFFERENCES = 4  # of one kind of groups: the one that gained most against the next ones

By = Callable[[Experiment], str]


@dataclass(frozen=True, slots=True)
class Found:
    """What one group found. A rate is None where nothing ran."""

    group: Group
    search: Estimate | None  # gain for each of its runs, as the search saw it
    confirmed: Attributed  # what was shown of it on fresh seeds


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more one group gains a run than another."""

    one: str
    other: str
    confirmed: bool  # by confirmed gains; else by what the search saw
    more: Estimate

    @property
    def verdict(self) -> str:
        """What it says, in words."""
        return verdict_on(self.more)


@dataclass(frozen=True, slots=True)
class Compared:
    """One lab's candidates in groups, those that gained most first; `by` names what they are grouped by."""

    lab: str
    metric: str
    self_reported: bool
    by: Mapping[str, tuple[Found, ...]]  # "workers", "programs", "briefs", "branches", "hardware"
    differences: Mapping[str, tuple[Difference, ...]] = field(default_factory=dict)


_BY: Mapping[str, By] = {
    "workers": lambda experiment: experiment.worker,
    "programs": lambda experiment: experiment.program,
    "briefs": lambda experiment: experiment.brief,
    "branches": lambda experiment: experiment.tag,
    "hardware": lambda experiment: kinds_of((experiment,))[0],
}
_ONLY_IF_SEVERAL = ("briefs", "hardware")
_DIFFER = ("workers", "programs", "briefs")  # branches and hardware may have set-ups of their own


def compare_labs(lab: Lab, experiments: Sequence[Experiment], confirmations: Sequence[Confirmed]) -> Compared:
    """Return what each worker, version of program.md, brief, branch and kind of hardware of a lab found.

    A gain is over the program that an experiment was judged against, on the same hardware and in the same branch, so
    that branches may be added up.
    """
    program = lab.program
    points: list[Point] = []
    for tag in tags_of(experiments):
        points += summarise(experiments, tag=tag, lower_is_better=program.lower_is_better).points
    branches = weigh_branches(experiments, confirmations)
    by: dict[str, tuple[Found, ...]] = {}
    for name, key in _BY.items():
        groups = grouped(experiments, points, by=key)
        if len(groups) > 1 or name not in _ONLY_IF_SEVERAL:
            members, confirmed = _members(experiments, points, key), attribute(branches, by=key)
            by[name] = tuple(Found(g, _search_rate(members[g.key]), confirmed[g.key]) for g in groups)
    return Compared(
        lab=lab.name,
        metric=program.metric,
        self_reported=program.self_reported,
        by=by,
        differences={name: _differences(by[name]) for name in _DIFFER if len(by.get(name, ())) > 1},
    )


def _members(experiments: Sequence[Experiment], points: Sequence[Point], by: By) -> dict[str, list[Point]]:
    of_number = {point.number: point for point in points}
    members: dict[str, list[Point]] = {}
    for experiment in experiments:
        point = of_number.get(experiment.number)
        if point is not None and not point.is_baseline:
            members.setdefault(by(experiment), []).append(point)
    return members


def _search_rate(points: Sequence[Point]) -> Estimate | None:
    """Return the gain of the keeps for each run that counts."""
    gains = [(point.gain or 0.0) if _is_better(point) else 0.0 for point in points]
    return rate_of(gains, [point.runs for point in points])


def _is_better(point: Point) -> bool:
    return point.status == Decision.KEEP and point.ground == Ground.BETTER


def _differences(found: Sequence[Found]) -> tuple[Difference, ...]:
    """Return how much more the first gains a run than each of the next, confirmed where that is known of both."""
    first, *others = found
    differences: list[Difference] = []
    for other in others[:_MOST_DIFFERENCES]:
        pairs = ((True, first.confirmed.per_run, other.confirmed.per_run), (False, first.search, other.search))
        for confirmed, one, two in pairs:
            if one is not None and two is not None:
                more = difference(one, two)
                differences.append(Difference(first.group.key, other.group.key, confirmed, more))
                break
    return tuple(differences)
