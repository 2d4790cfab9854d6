"""Several runs at a time: who runs where, in which order they are judged, and what happens when a place goes away."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, State, judged_in_order
from nightdesk.lab.holding import ConfirmPlan, confirm_night
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, LostError, Place, Proposal, Scored, Search
from nightdesk.lab.judging import Decision, Ground
from nightdesk.lab.ledger import read_results
from nightdesk.lab.night import Ended, Kind, Plan, read_running
from tests.lab.fakes import (
    FakeExecutor,
    FakeProposer,
    FakeScorer,
    again,
    branch,
    constants,
    desk_lab,
    gains,
    git,
    ledger,
    play,
    put,
    setting,
)

WAIT_SECONDS = 20.0  # for what happens within milliseconds


def places(*hardware: str) -> tuple[Place, ...]:
    return tuple(Place(f"place {number}", kind) for number, kind in enumerate(hardware))


@dataclass
class Together(FakeExecutor):
    """Keeps the books of who runs where at the same time; `hold` may keep a run from ending."""

    hold: Callable[[Job], None] = lambda job: None
    at_work: Counter[str] = field(default_factory=Counter)
    most: int = 0
    where: dict[str, Place] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.Lock)

    def run(self, job: Job, *, place: Place = ANYWHERE, **given: Any) -> Finished | None:
        with self.lock:
            self.at_work[place.name] += 1
            assert self.at_work[place.name] == 1, "one run at a time at each place"
            self.most = max(self.most, sum(self.at_work.values()))
            self.where[job.key] = place
        try:
            self.hold(job)
            return super().run(job, place=place, **given)
        finally:
            with self.lock:
                self.at_work[place.name] -= 1


def meet(count: int, *keys: str) -> Callable[[Job], None]:
    """Return what holds some runs until `count` of them are at work."""
    barrier = threading.Barrier(count, timeout=WAIT_SECONDS)

    def hold(job: Job) -> None:
        if job.key in keys:
            barrier.wait()

    return hold


def test_three_places_work_at_the_same_time(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Together(at=places("a", "a", "a"), hold=meet(3, "0000-1", "0000-2", "0000-3"))
    night, _ = play(lab, gains([-0.1] * 6 + [0.3] + [-0.2] * 6), executor=executor)
    found = ledger(lab)
    assert executor.most == 3, "the barrier could not be passed otherwise"
    assert len(found) == 14
    assert all(e.state is State.JUDGED for e in found)
    assert {record.hardware for e in found for record in e.runs} == {"a"}
    assert len({record.seed for e in found for record in e.runs}) == sum(len(e.runs) for e in found)
    assert night.kept == (7,)
    assert branch(lab, night.tag) == found[7].commit
    in_order = judged_in_order(found)
    assert [e.order for e in in_order] == list(range(14))
    rows = read_results(lab.folder / "results.tsv")
    assert [row.commit for row in rows] == [e.commit[:7] for e in in_order], "a row is written when it is judged"
    assert night.busy_share is not None
    assert 0 < night.busy_share <= 1


def test_all_places_measure_the_baseline_where_there_are_more_than_it_needs(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Together(at=places(*["a"] * 7), hold=meet(7, *(f"0000-{n}" for n in range(1, 8))))
    play(lab, [], executor=executor, plan=Plan(count=0, baseline_runs=3))
    assert len(ledger(lab)[0].runs) == 7


def overtaken(tmp_path: Path, first: float, second: float) -> tuple[Sequence[Experiment], Any]:
    """Return a ledger in which experiment 2 was judged before 1, and the night: both changed the baseline."""
    lab = desk_lab(tmp_path / "desk")
    overtook = threading.Event()

    def hold(job: Job) -> None:
        if job.key == "0001-1":
            assert overtook.wait(WAIT_SECONDS)

    def edits(search: Search) -> Proposal:
        number = len(search.experiments)
        text = setting(**{"GAIN": first, "WIDTH": 5} if number == 1 else {"GAIN": second})(search.files["train.py"])
        return Proposal(f"try {number}", "", {"train.py": text}, "fake")

    proposer = FakeProposer([])
    proposer.propose = edits  # type: ignore[method-assign]
    executor = Together(at=places("a", "a"), hold=hold)

    def tell(happening: Any) -> None:
        if happening.kind is Kind.JUDGED and happening.experiment.number == 2:
            overtook.set()

    night, _ = play(lab, proposer=proposer, executor=executor, plan=Plan(count=2), tell=tell)
    return ledger(lab), night


def test_who_is_overtaken_is_judged_against_the_new_best(tmp_path: Path) -> None:
    found, night = overtaken(tmp_path, first=0.5, second=0.2)
    assert [(e.number, e.against) for e in judged_in_order(found)] == [(0, None), (2, 0), (1, 2)]
    assert (night.kept, night.best) == ((2, 1), 1)


def test_who_is_better_than_its_parent_alone_is_behind(tmp_path: Path) -> None:
    found, night = overtaken(tmp_path, first=0.1, second=0.2)
    assert night.best == 2
    verdict = found[1].verdict
    assert verdict is not None
    assert (verdict.decision, verdict.ground) == (Decision.DISCARD, Ground.BEHIND)
    assert found[1].against == 2


class ByHardware(FakeScorer):
    """Half a bit worse on the hardware b: whoever compares across the two is wrong by that."""

    def score(self, job: Job, finished: Finished, **given: Any) -> Scored | None:
        scored = super().score(job, finished, **given)
        assert scored is not None
        worse = 0.5 if finished.hardware == "b" else 0.0
        return scored if scored.score is None else replace(scored, score=scored.score + worse)


def test_two_kinds_of_hardware_are_never_compared(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Together(at=places("a", "b"), sd=0.0005)
    night, _ = play(
        lab, gains([-0.1, -0.2, 0.01, -0.3, 0.02, -0.1, -0.2, -0.3]), executor=executor, scorer=ByHardware()
    )
    found = ledger(lab)
    assert len(found[0].counted_runs("a")) >= 5
    assert len(found[0].counted_runs("b")) >= 5
    judged = [e for e in found if not e.is_baseline]
    assert {record.hardware for e in judged for record in e.runs} == {"a", "b"}
    assert all(e.verdict is not None and abs(e.verdict.gain or 0.0) < 0.45 for e in judged), "0.5 lies between the two"
    assert night.kept
    assert constants(git(lab.repository, "show", f"lab/tiny/{night.tag}:lab/tiny/train.py"))["GAIN"] == 0.02


def test_hardware_on_which_the_unchanged_program_fails_gets_no_run(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")

    class Fails(Together):
        def run(self, job: Job, *, place: Place = ANYWHERE, **given: Any) -> Finished | None:
            finished = super().run(job, place=place, **given)
            bad = finished is not None and place.hardware == "b"
            return replace(finished, failure="no such instruction") if finished is not None and bad else finished

    night, told = play(lab, gains([0.2, -0.1]), executor=Fails(at=places("b", "a")))
    assert night.ended is Ended.DONE
    assert {r.hardware for e in ledger(lab)[1:] for r in e.runs} == {"a"}
    assert told.texts(Kind.NOTE) == ["nothing runs on b: there the unchanged program fails"]
    with pytest.raises(DeskError, match="gives no score: no such instruction"):
        play(desk_lab(tmp_path / "other"), [], executor=Fails(at=places("b", "b")), plan=Plan(count=0))


@dataclass
class Loses(Together):
    """Loses the places of some experiments' runs."""

    loses: Counter[str] = field(default_factory=Counter)

    def run(self, job: Job, *, place: Place = ANYWHERE, **given: Any) -> Finished | None:
        if self.loses[job.key[:4]]:
            self.loses[job.key[:4]] -= 1
            raise LostError("the node 10.0.0.7 is gone")
        return super().run(job, place=place, **given)


def test_a_run_whose_place_went_away_is_done_elsewhere(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Loses(at=places("a", "a"), loses=Counter({"0000": 1, "0001": 2}))
    night, told = play(lab, gains([0.2, -0.1]), executor=executor)
    assert night.kept == (1,)
    assert len(ledger(lab)[0].runs) == 5
    assert told.texts(Kind.NOTE)[0] == "0000 is run again elsewhere: the node 10.0.0.7 is gone"


def test_a_program_that_takes_its_places_with_it_is_a_crash_in_the_end(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Loses(at=places("a", "a"), loses=Counter({"0001": 99}))
    night, _ = play(lab, gains([0.2, 0.1]), executor=executor)
    verdict = ledger(lab)[1].verdict
    assert verdict is not None
    assert verdict.reason == "its machine went away 3 times: the node 10.0.0.7 is gone"
    assert night.kept == (2,)


def test_a_confirmation_uses_all_places_and_outlives_one(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, gains([0.2]), executor=Together(at=places("a", "a")))
    executor = Loses(at=places("a", "b", "a"), loses=Counter({"conf": 2}))
    confirmed = confirm_night(lab, executor=executor, scorer=FakeScorer(), plan=ConfirmPlan(seeds=4))
    assert confirmed.done
    assert [len(runs) for runs in confirmed.arms.values()] == [4, 4]
    assert {record.hardware for runs in confirmed.arms.values() for record in runs} == {"a"}
    assert {place.name for key, place in executor.where.items() if key.startswith("conf")} == {"place 0", "place 2"}


def test_places_come_and_go(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Together(at=places("a"))

    def hold(job: Job) -> None:
        if job.key == "0002-1":
            executor.at = ()
            threading.Timer(0.2, lambda: setattr(executor, "at", places("a", "b", "a"))).start()

    executor.hold = hold
    night, _ = play(lab, gains([-0.1, -0.2, 0.3]), executor=executor)
    assert night.ended is Ended.DONE
    assert night.kept == (3,)


def test_stopped_all_runs_are_void_and_done_again(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    asked = threading.Event()
    three = meet(3, "0001-1", "0002-1", "0003-1")

    def hold(job: Job) -> None:
        three(job)
        if job.key == "0001-1":
            asked.set()
        elif job.key in ("0002-1", "0003-1"):
            assert asked.wait(WAIT_SECONDS)

    executor = Together(at=places("a", "a", "a"), hold=hold)
    night, _ = play(lab, gains([-0.1, 0.2, -0.3, -0.4]), executor=executor, stopped=asked.is_set)
    assert night.ended is Ended.STOPPED
    assert [e.state for e in ledger(lab)] == [State.JUDGED, State.RUNNING, State.RUNNING, State.RUNNING]
    night, told = play(again(lab), [], executor=Together(at=places("a", "a")), plan=Plan(count=0))
    assert len(told.texts(Kind.RECOVERED)) == 3
    assert sorted(night.judged) == [1, 2, 3]
    assert night.kept == (2,)


def test_runs_that_finished_unscored_are_taken_up_whatever_their_order(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = Together(at=places("a", "a", "a"))

    class PowerCutError(Exception):
        pass

    class Cut(FakeScorer):
        def score(self, job: Job, finished: Finished, **given: Any) -> Scored | None:
            if job.key in ("0000-1", "0000-3"):
                three_ran.wait(WAIT_SECONDS)
                raise PowerCutError
            return super().score(job, finished, **given)

    three_ran = threading.Event()
    executor.hold = lambda job: three_ran.set() if job.key == "0000-4" else None
    with pytest.raises(PowerCutError):
        play(lab, [], executor=executor, scorer=Cut(), plan=Plan(count=0))
    cut = {job.key: job.seed for job in executor.ran if job.key in ("0000-1", "0000-3")}
    recorded = {record.seed for record in ledger(lab)[0].runs}
    for key in cut:  # the runs have folders, by which the next session finds them
        put(lab.runs / key, {"finished.json": "{}"})
    play(again(lab), [], executor=executor, plan=Plan(count=0))
    assert {*cut.values(), *recorded} <= {record.seed for record in ledger(lab)[0].runs}
    assert len({job.seed for job in executor.ran}) == len(executor.ran), "none of them was run again"


def test_what_is_at_work_is_told(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    seen: list[Any] = []
    both = meet(2, "0001-1", "0002-1")

    def hold(job: Job) -> None:
        both(job)
        if job.key == "0002-1":
            seen.append(read_running(lab))

    play(lab, gains([-0.1, -0.2]), executor=Together(at=places("a", "a"), hold=hold))
    running = seen[0]
    assert sorted((work.key, work.title, work.run) for work in running.works) == [
        ("0001-1", "try 1", 1),
        ("0002-1", "try 2", 1),
    ]
    assert {work.place for work in running.works} == {"place 0", "place 1"}
    assert running.count == 2


def test_an_error_of_the_machine_ends_every_run(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    ended = threading.Event()

    class Full(Together):
        def run(self, job: Job, *, place: Place = ANYWHERE, **given: Any) -> Finished | None:
            if job.key == "0000-2":
                raise DeskError("the disk is full", fix="make room")
            if job.key == "0000-1":
                for _ in range(400):
                    if given["stopped"]():
                        ended.set()
                        return None
                    threading.Event().wait(0.01)
            return super().run(job, place=place, **given)

    with pytest.raises(DeskError, match="the disk is full"):
        play(lab, [], executor=Full(at=places("a", "a")), plan=Plan(count=0))
    assert ended.is_set(), "the other run was ended, and waited for"
