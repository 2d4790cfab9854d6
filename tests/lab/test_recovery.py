"""Recovery: stopped at any moment, the next start finds out what is left, and finished runs are not lost."""

from dataclasses import dataclass, field, replace

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, RunRecord, State, new_experiment, with_run, with_verdict
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.ledger import COMMIT_DIGITS
from nightdesk.lab.recovery import (
    Action,
    AppendRow,
    DropRef,
    Judge,
    KillRun,
    MakeRef,
    MoveBranch,
    OnDisk,
    Score,
    StartRun,
    branch_target,
    recover,
)

START = "0" * 40
DECISIONS = (Decision.KEEP, Decision.DISCARD, Decision.CRASH, Decision.KEEP)


class CrashError(Exception):
    """The power went."""


@dataclass
class World:
    """What is on disk, and a count of the effects until the power goes."""

    left: int = 10**9
    experiments: dict[int, Experiment] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    branch: str = START
    refs: dict[int, str] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)  # run folders with a finished run
    runs_started: int = 0
    runs_finished: int = 0

    def effect(self) -> None:
        """Come before each change on disk."""
        if self.left == 0:
            raise CrashError
        self.left -= 1

    def seen(self) -> OnDisk:
        experiments = [self.experiments[number] for number in sorted(self.experiments)]
        unscored = frozenset(number for number in self.finished if not self.experiments[number].runs)
        return OnDisk(experiments, tuple(self.rows), self.branch, START, dict(self.refs), unscored)

    def write(self, experiment: Experiment) -> None:
        self.effect()
        self.experiments[experiment.number] = experiment

    def propose(self, number: int) -> None:
        commit = f"{number + 1:040x}"[::-1]
        self.effect()
        self.refs[number] = commit
        made = new_experiment(
            number,
            title="t",
            hypothesis="",
            diff="",
            commit=commit,
            parent=START,
            worker="w",
            program="p",
            proposed="now",
        )
        self.write(made)

    def run(self, number: int) -> None:
        self.write(replace(self.experiments[number], state=State.RUNNING))
        self.effect()
        self.runs_started += 1
        self.effect()
        self.runs_finished += 1
        self.finished.add(number)
        self.score(number)

    def score(self, number: int) -> None:
        self.write(with_run(self.experiments[number], RunRecord(Run(1.0), number), log_tail=""))
        self.effect()
        self.finished.discard(number)
        self.judge(number)

    def judge(self, number: int) -> None:
        decision = DECISIONS[number % len(DECISIONS)]
        self.write(with_verdict(self.experiments[number], Verdict(decision, Ground.BETTER, "r")))
        if decision is Decision.KEEP:
            self.effect()
            self.branch = self.experiments[number].commit
        self.append(number)

    def append(self, number: int) -> None:
        self.effect()
        self.rows.append(self.experiments[number].commit[:COMMIT_DIGITS])

    def do(self, action: Action) -> None:
        match action:
            case KillRun():
                pass
            case DropRef(number):
                self.effect()
                del self.refs[number]
            case MakeRef(number, commit):
                self.effect()
                self.refs[number] = commit
            case MoveBranch(commit):
                self.effect()
                self.branch = commit
            case AppendRow(number):
                self.append(number)
            case Score(number):
                self.score(number)
            case Judge(number):
                self.judge(number)
            case StartRun(number):
                self.run(number)

    def night(self, count: int) -> None:
        for action in recover(self.seen()):
            self.do(action)
        for number in range(len(self.experiments), count):
            self.propose(number)
            self.run(number)


def consistent(world: World, count: int) -> None:
    assert sorted(world.experiments) == list(range(count))
    assert all(experiment.state is State.JUDGED for experiment in world.experiments.values())
    assert sorted(world.rows) == sorted(e.commit[:COMMIT_DIGITS] for e in world.experiments.values())  # each once
    assert world.branch == branch_target([world.experiments[n] for n in range(count)], START)
    assert world.refs == {number: experiment.commit for number, experiment in world.experiments.items()}
    assert all(len(experiment.runs) == 1 for experiment in world.experiments.values())
    assert recover(world.seen()) == ()


def test_a_crash_before_any_effect_is_recovered_and_no_finished_run_is_lost() -> None:
    whole = World(left=10_000)
    whole.night(6)
    effects = 10_000 - whole.left
    for moment in range(effects):
        world = World(left=moment)
        with pytest.raises(CrashError):
            world.night(6)
        kept = {e.commit for e in world.experiments.values() if e.verdict and e.verdict.decision is Decision.KEEP}
        assert world.branch in kept | {START}, "an unjudged commit stands on the branch"
        world.left = 10_000
        world.night(6)
        consistent(world, 6)
        assert world.runs_finished == 6, "a finished run was lost and done again"
        assert world.runs_started <= 7


def test_a_crash_during_recovery_too() -> None:
    for moment in range(0, 40, 3):
        for second in range(12):
            world = World(left=moment)
            for left in (moment, second, second, 10_000):
                world.left = left
                try:
                    world.night(5)
                except CrashError:
                    continue
            consistent(world, 5)
            assert world.runs_finished == 5


def test_orphans_end_before_anything_else() -> None:
    world = World()
    world.propose(0)
    found = replace(world.seen(), alive=frozenset({0}))
    assert recover(found) == (KillRun(0), StartRun(0))


def test_a_branch_left_on_an_unjudged_commit_goes_back() -> None:
    world = World()
    world.night(2)
    world.propose(2)
    world.branch = world.experiments[2].commit
    assert MoveBranch(world.experiments[0].commit) in recover(world.seen())


def test_a_persons_commit_is_not_moved_off_the_branch() -> None:
    world = World()
    world.night(1)
    world.branch = "f" * 40
    with pytest.raises(DeskError, match="no commit of this lab") as caught:
        recover(world.seen())
    assert "git branch -f" in str(caught.value.fix)


def test_two_tags_that_begin_at_one_commit_have_a_row_each() -> None:
    world = World()
    world.night(1)
    second = replace(world.experiments[0], number=1, tag="later")
    world.experiments[1], world.refs[1] = second, second.commit
    seen = replace(world.seen(), tag="later", branch=START)
    assert AppendRow(1) in recover(seen)
    assert AppendRow(0) not in recover(seen)
    world.append(1)
    assert recover(replace(world.seen(), tag="later", branch=second.commit)) == ()


def test_open_experiments_of_another_tag_wait_for_it() -> None:
    world = World()
    world.propose(0)
    assert recover(world.seen()) == (StartRun(0),)
    assert recover(replace(world.seen(), tag="later")) == ()


def test_a_branch_that_is_gone_is_made_again() -> None:
    world = World()
    world.night(1)
    assert recover(replace(world.seen(), branch=None)) == (MoveBranch(world.experiments[0].commit),)


def test_the_best_program_measured_again_is_taken_up() -> None:
    world = World()
    world.night(1)
    assert recover(replace(world.seen(), finished=frozenset({0}))) == (Score(0),)


def test_refs_of_another_work_tree_stay() -> None:
    world = World()
    world.night(2)
    world.refs |= {2: "a" * 40, 7: "b" * 40}
    assert recover(world.seen()) == (DropRef(2),)


def test_one_number_twice() -> None:
    world = World()
    world.propose(0)
    seen = world.seen()
    with pytest.raises(DeskError, match="have one number"):
        recover(replace(seen, experiments=[*seen.experiments, *seen.experiments]))
