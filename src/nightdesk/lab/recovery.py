"""What is still to do when the lab starts: decided from what is on disk, whatever moment it was stopped at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, State, judged_in_order
from nightdesk.lab.judging import Decision
from nightdesk.lab.ledger import COMMIT_DIGITS


@dataclass(frozen=True, slots=True)
class OnDisk:
    """What a start finds. Commits are whole hashes but for those of rows, which have 7 digits."""

    experiments: Sequence[Experiment]  # by number
    rows: Sequence[str]  # the commit of each row in results.tsv
    branch: str | None  # where lab/<name>/<tag> stands; None: nowhere (yet)
    start: str  # the commit that the branch began at
    refs: Mapping[int, str]  # experiment number -> commit under refs/nightdesk/
    finished: frozenset[int] = frozenset()  # experiments whose run folder holds a finished run, not yet scored
    alive: frozenset[int] = frozenset()  # experiments with a process that still runs
    tag: str = ""  # whose branch and open experiments it is about; refs and rows are those of all tags


@dataclass(frozen=True, slots=True)
class KillRun:
    """End every process of a run that outlived the harness: nobody measures it any more."""

    number: int


@dataclass(frozen=True, slots=True)
class DropRef:
    """Delete the ref of a proposal whose file was never written: it was not yet an experiment.

    Only the number after the last one can be such: proposals are written one by one. Refs further on belong to
    another work tree of the repository, whose experiments/ is not this one.
    """

    number: int


@dataclass(frozen=True, slots=True)
class MakeRef:
    """Keep a commit reachable."""

    number: int
    commit: str


@dataclass(frozen=True, slots=True)
class MoveBranch:
    """Put the branch on the last judged keep."""

    commit: str


@dataclass(frozen=True, slots=True)
class AppendRow:
    """Add a judged experiment's row to results.tsv."""

    number: int


@dataclass(frozen=True, slots=True)
class Score:
    """Take up a run that finished before it was scored."""

    number: int


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge a scored experiment."""

    number: int


@dataclass(frozen=True, slots=True)
class StartRun:
    """Run a proposed experiment, or run it again: what was cut short is void."""

    number: int


Action = KillRun | DropRef | MakeRef | MoveBranch | AppendRow | Score | Judge | StartRun


def recover(found: OnDisk) -> tuple[Action, ...]:
    """Return what is to do, in this order, before the loop goes on; () where everything is done.

    Orphans end first, then the ledger and the branch are brought to what was judged, then open experiments go on, the
    oldest first. No finished run is lost, and what was not judged never stands on the branch.
    Raises DeskError where the branch holds a commit that is not the lab's: a person's work is not moved off it.
    """
    numbers = [experiment.number for experiment in found.experiments]
    if len(set(numbers)) < len(numbers):
        raise DeskError("two files of experiments have one number", fix="move one of them away")
    actions: list[Action] = [KillRun(number) for number in sorted(found.alive)]
    actions += [DropRef(number) for number in found.refs if number == max(numbers, default=-1) + 1]
    actions += [
        MakeRef(experiment.number, experiment.commit)
        for experiment in found.experiments
        if found.refs.get(experiment.number) != experiment.commit
    ]
    actions += _branch(found)
    rows = Counter(found.rows)
    for experiment in found.experiments:
        if experiment.state is State.JUDGED:
            row = experiment.commit[:COMMIT_DIGITS]
            if rows[row] == 0:
                actions.append(AppendRow(experiment.number))
            rows[row] -= rows[row] > 0  # two tags may begin at one commit: each has a row of its own
    for experiment in _of_tag(found):
        actions += _next_step(experiment, found.finished)
    return tuple(actions)


def branch_target(experiments: Sequence[Experiment], start: str) -> str:
    """Return the commit at which the branch should stand: the last judged keep, else where it began."""
    keeps = [e.commit for e in judged_in_order(experiments) if e.status == Decision.KEEP]
    return keeps[-1] if keeps else start


def _branch(found: OnDisk) -> list[Action]:
    target = branch_target(_of_tag(found), found.start)
    if found.branch == target:
        return []
    if found.branch is None:
        return [MoveBranch(target)]
    ours = {found.start, *found.refs.values(), *(experiment.commit for experiment in found.experiments)}
    if found.branch not in ours:
        raise DeskError(
            f"the lab's branch stands at {found.branch[:COMMIT_DIGITS]}, which is no commit of this lab",
            fix=f"move your commit to a branch of your own, then: git branch -f BRANCH {target[:COMMIT_DIGITS]}",
        )
    return [MoveBranch(target)]


def _next_step(experiment: Experiment, finished: frozenset[int]) -> list[Action]:
    match experiment.state:
        case State.PROPOSED:
            return [StartRun(experiment.number)]
        case State.RUNNING:
            return [Score(experiment.number) if experiment.number in finished else StartRun(experiment.number)]
        case State.SCORED:
            return [Judge(experiment.number)]
        case State.JUDGED:  # the best program may have been measured again
            return [Score(experiment.number)] if experiment.number in finished else []


def _of_tag(found: OnDisk) -> list[Experiment]:
    return [experiment for experiment in found.experiments if experiment.tag == found.tag]
