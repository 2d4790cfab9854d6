"""What the ledger suggests to try next, each checked against all that was tried, on this branch and on others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from nightdesk.lab.constants import Value
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Ground
from nightdesk.lab.memory.alterations import Alteration, Step, alteration_of, joined, told_steps, told_value
from nightdesk.lab.searching.strategies import GREEDY, Combine, next_move
from nightdesk.lab.summary import Point, Summary

_MOST_NEAR, _MOST_LOOKED_AT = 3, 60  # near misses that are told, of so many of the nearest
_MOST_ENDS = 3  # constants whose best value is the furthest that was tried
_MOST_NAMED = 5  # constants that were never varied
_LEAST_TRIED = 8  # experiments of an optimiser, before a constant that none of them varied is told


@dataclass(frozen=True, slots=True)
class Idea:
    """Something that was not tried yet."""

    text: str  # plain: whoever shows it escapes it
    experiments: tuple[int, ...] = ()  # that it comes from


class Changes(dict[int, Alteration]):
    """What experiments did, by number, each read from its diff when it is asked for."""

    def __init__(self, experiments: Iterable[Experiment]) -> None:
        super().__init__()
        self._diffs = {experiment.number: experiment.diff for experiment in experiments}

    def __missing__(self, number: int) -> Alteration:
        self[number] = alteration_of(self._diffs[number])
        return self[number]


def next_ideas(experiments: Sequence[Experiment], summary: Summary, *, lower_is_better: bool) -> Iterator[Idea]:
    """Yield what was not tried, the most promising first; `experiments` are those of all branches of the lab."""
    changes = Changes(experiments)
    of_tag = [experiment for experiment in experiments if experiment.tag == summary.tag]
    tried = _Tried(experiments, changes)
    winner = summary.winner.number if summary.winner is not None else None
    best = {step.name: step for step in steps_to(winner, of_tag, changes)} if winner is not None else {}
    if winner is not None:
        move = next_move(GREEDY, of_tag, best=winner, lower_is_better=lower_is_better)
        if isinstance(move, Combine):
            yield Idea("Two changes that helped and were never tried together", (move.ours, move.theirs))
    yield from _near_misses(summary, of_tag, changes, tried, best)
    yield from _ends(best, tried)
    if still := tried.never_varied():
        more = f" and {len(still) - _MOST_NAMED} more" if len(still) > _MOST_NAMED else ""
        yield Idea(f"Constants that no experiment has varied: {', '.join(still[:_MOST_NAMED])}{more}")


def steps_to(number: int, experiments: Sequence[Experiment], changes: Mapping[int, Alteration]) -> tuple[Step, ...]:
    """Return the steps of the constants that lead from the baseline to an experiment, one for each constant."""
    by_commit = {experiment.commit: experiment for experiment in experiments}
    here = next((experiment for experiment in experiments if experiment.number == number), None)
    chain: dict[int, Experiment] = {}  # a ledger that somebody edited may lead in a circle
    while here is not None and not here.is_baseline and here.number not in chain:
        chain[here.number] = here
        here = by_commit.get(here.parent)
    return joined(step for one in reversed(chain.values()) for step in changes[one.number].steps)


class _Tried:
    """Which values of constants were run, in which experiment."""

    def __init__(self, experiments: Sequence[Experiment], changes: Mapping[int, Alteration]) -> None:
        self.settings: dict[int, dict[str, Value]] = {}
        self.names: dict[int, tuple[str, ...]] = {}  # of the functions and classes that an experiment brought
        self._tuned = 0
        self._values: defaultdict[str, set[Value]] = defaultdict(set)
        for experiment in experiments:
            change = changes[experiment.number]
            settings = {step.name: step.after for step in change.steps}
            settings |= {
                name: value for name, value in experiment.values.items() if isinstance(value, int | float | str)
            }
            self.settings[experiment.number] = settings
            self.names[experiment.number] = change.new_names
            self._tuned += bool(experiment.values)
            for name, value in settings.items():
                self._values[name].add(value)
            for step in change.steps:
                self._values[step.name].add(step.before)

    def beyond(self, steps: Sequence[Step], *, but: int) -> bool:
        """Say whether another experiment went as far in all of these steps, and further in one."""
        return any(
            number != but and any(_further(step, values) for step in steps) and all(_as_far(s, values) for s in steps)
            for number, values in self.settings.items()
        )

    def never_varied(self) -> list[str]:
        """Return the constants that had one value in all experiments of an optimiser, of which there are enough."""
        if self._tuned < _LEAST_TRIED:
            return []
        return sorted(name for name, values in self._values.items() if len(values) == 1)


def _near_misses(
    summary: Summary,
    of_tag: Sequence[Experiment],
    changes: Mapping[int, Alteration],
    tried: _Tried,
    best: Mapping[str, Step],
) -> Iterator[Idea]:
    """Yield what was nearly better and has a bolder form that nobody has tried."""
    least = summary.noise.sd / 2 if summary.noise is not None else 0.0
    near = [p for p in summary.candidates if p.ground == Ground.NOT_BETTER and (p.gain or 0.0) > least]
    nearest = sorted(near, key=lambda point: (-(point.gain or 0.0), point.number))[:_MOST_LOOKED_AT]
    ideas = (_near_miss(point, of_tag, changes[point.number], tried, best) for point in nearest)
    yield from islice((idea for idea in ideas if idea is not None), _MOST_NEAR)


def _near_miss(
    point: Point, of_tag: Sequence[Experiment], change: Alteration, tried: _Tried, best: Mapping[str, Step]
) -> Idea | None:
    """Return the idea of a near miss, None where its bolder form was tried, is out of range, or is in the best one."""
    if not change.is_constants_only:
        later = [e.number for e in of_tag if e.number > point.number]
        again = change.new_names and any(tried.names[number] == change.new_names for number in later)
        joined_since = any(point.number in experiment.merges for experiment in of_tag)
        told = f"Near miss, worth a bolder form: {point.title}"
        return None if again or joined_since else Idea(told, (point.number,))
    steps = [step for step in change.steps if step.direction and not _at_end(step)]
    reached = {name: step.after for name, step in best.items()}
    if not steps or tried.beyond(steps, but=point.number) or all(_as_far(step, reached) for step in steps):
        return None
    return Idea(f"Near miss, and nothing bolder was tried: {told_steps(steps)}", (point.number,))


def _ends(best: Mapping[str, Step], tried: _Tried) -> Iterator[Idea]:
    """Yield the constants whose value in the best program is the furthest that anybody has tried."""
    ends = [step for step in best.values() if step.direction and not _at_end(step)]
    open_ends = [step for step in ends if not tried.beyond([step], but=-1)]
    for step in open_ends[:_MOST_ENDS]:
        way = "higher" if step.direction > 0 else "lower"
        yield Idea(f"{step.name} is best at {told_value(step.after)}, and nothing {way} was tried")


def _as_far(step: Step, values: Mapping[str, Value]) -> bool:
    return _distance(step, values) >= 0


def _further(step: Step, values: Mapping[str, Value]) -> bool:
    return _distance(step, values) > 0


def _distance(step: Step, values: Mapping[str, Value]) -> float:
    """Return how much further than a step's end a value lies in its direction; negative: not as far, or not known."""
    value = values.get(step.name)
    if value is None or isinstance(value, bool | str) or isinstance(step.after, bool | str):
        return -1.0
    return step.direction * (value - step.after)


def _at_end(step: Step) -> bool:
    """Whether a step led to the end of the range that the constant's comment gives."""
    low, high = step.ends
    if isinstance(step.after, bool | str):
        return False
    return (step.direction > 0 and high is not None and step.after >= high) or (
        step.direction < 0 and low is not None and step.after <= low
    )
