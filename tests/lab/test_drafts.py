"""Drafts: what is asked ahead and how much of it, what is tried first, and when there is no more."""

import threading
from pathlib import Path

import pytest

from nightdesk.agents.tasks import CapReachedError, LeftError
from nightdesk.base.errors import DeskError
from nightdesk.lab.drafting.files import DROPPED
from nightdesk.lab.experiments import State
from nightdesk.lab.jobs import ANYWHERE, Job, Place, Proposal, Search
from nightdesk.lab.judging import Decision, Ground
from nightdesk.lab.night import Ended, Kind, Plan
from tests.lab.drafting import Gated, begin, until
from tests.lab.fakes import (
    FakeExecutor,
    FakeProposer,
    constants,
    desk_lab,
    gains,
    git,
    ledger,
    play,
    setting,
    statuses,
)

FOUR = tuple(Place(f"cores {n}", "") for n in range(4))


def test_a_draft_is_made_while_a_run_is_at_work(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    asked = threading.Event()

    class Slow(FakeProposer):
        def propose(self, search: Search) -> Proposal | None:
            if len(self.searches) == 2:
                asked.set()
            return super().propose(search)

    def wait_for_the_draft(job: Job) -> None:
        if job.key == "0001-1":
            assert asked.wait(20), "the third is asked for before this run ends"

    proposer = Slow(gains([-0.1, -0.2, -0.3]), at_once=1)
    night, _ = play(lab, proposer=proposer, executor=FakeExecutor(on_run=wait_for_the_draft), plan=Plan(count=3))
    assert statuses(lab) == ["keep", "discard", "discard", "discard"]
    assert night.ended is Ended.DONE
    assert len(proposer.searches) == 3, "no draft is asked for that nobody wants"
    assert proposer.searches[2].experiments[1].state in (State.PROPOSED, State.RUNNING)
    assert not list((lab.state / "drafts").glob("*"))


def test_a_draft_is_carried_over_to_a_new_best_program(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    edits = [setting(GAIN=0.1), lambda text: text.replace("print(WIDTH)", "print(WIDTH, 1)")]
    _, told = play(lab, proposer=FakeProposer(edits, at_once=1), plan=Plan(count=2))
    assert statuses(lab)[:2] == ["keep", "keep"]
    second = ledger(lab)[2]
    text = git(lab.repository, "show", f"{second.commit}:lab/tiny/train.py")
    assert text.startswith("GAIN = 0.1 "), "the draft knew nothing of it, and was merged"
    assert "print(WIDTH, 1)" in text
    assert second.parent == ledger(lab)[1].commit
    assert told.texts(Kind.DROPPED) == []


def test_a_draft_that_conflicts_is_dropped_and_its_reason_kept(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    edits = [setting(GAIN=0.1), setting(GAIN=0.05), setting(GAIN=0.3)]
    _, told = play(lab, proposer=FakeProposer(edits, at_once=1), plan=Plan(count=2))
    assert len(told.texts(Kind.DROPPED)) == 1
    assert constants(git(lab.repository, "show", f"{ledger(lab)[2].commit}:lab/tiny/train.py"))["GAIN"] == 0.3
    header, line = (lab.folder / DROPPED).read_text().splitlines()
    assert header == "time\tworker\tcommit\ttitle\twhy"
    assert line.split("\t")[1:4] == ["fake", ledger(lab)[0].commit[:7], "try 2"]
    assert "does not merge" in line
    shown = git(lab.repository, "show", "--format=", "--name-only", "HEAD")
    assert "lab/tiny/dropped.tsv" in shown.split(), "it is committed with the results"


def test_no_more_is_asked_at_a_time_than_has_to_be(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    one, four = Gated([], at_once=8), Gated([], at_once=8)
    begin(lab, one).tend()
    begin(lab, four, places=FOUR).tend()
    until(lambda: len(one.searches) == 1 and len(four.searches) == 4)
    three = Gated(gains([0.1] * 9), at_once=3)
    hand = begin(lab, three, places=FOUR)
    hand.tend()
    hand.tend()
    until(lambda: len(three.searches) == 3)
    three.gate.release(9)
    hand.tend(3)
    hand.tend()
    assert len(three.searches) == 3, "it answers at once: no place waits for it"
    slow = Gated(gains([0.1] * 9), at_once=8)
    slow.gate.release(9)
    begin(lab, slow, places=FOUR[:2], seconds=10.0).tend(3)  # two runs end while it answers, and one more


def test_no_more_is_asked_than_may_still_be_run(tmp_path: Path) -> None:
    proposer = Gated(gains([0.1] * 9), at_once=8)
    proposer.gate.release(9)
    hand = begin(desk_lab(tmp_path / "desk"), proposer, places=FOUR, seconds=9.0)
    for wanted in range(4):
        hand.tend(wanted, wanted=wanted)
        hand.tend(wanted, wanted=wanted)
        assert len(proposer.searches) == wanted


def test_a_question_is_told_of_what_waits(tmp_path: Path) -> None:
    proposer = Gated(gains([0.1] * 3))
    proposer.gate.release(2)
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend(2)
    first, second = proposer.searches
    assert first.waiting == ()
    assert [proposal.title for proposal in second.waiting] == ["try 1"]
    assert len(second.tried - first.tried) == 1, "it counts as tried"


def test_the_same_proposal_does_not_wait_twice(tmp_path: Path) -> None:
    proposer = Gated([setting(GAIN=0.1), lambda text: setting(GAIN=0.1)(text) + "# again\n", setting(GAIN=0.2)])
    proposer.gate.release(9)
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend(2)
    assert hand.told.texts(Kind.REFUSED) == ["try 2: the same waits to be run already"]
    assert [constants(hand.take().proposal.files["train.py"])["GAIN"] for _ in range(2)] == [0.1, 0.2]


@pytest.mark.parametrize("kept", [True, False])
def test_a_draft_is_made_for_the_case_that_a_candidate_is_kept(tmp_path: Path, kept: bool) -> None:
    proposer = Gated([setting(GAIN=0.1), setting(WIDTH=5), setting(WIDTH=6), setting(GAIN=0.2)])
    proposer.gate.release(3)
    hand = begin(desk_lab(tmp_path / "desk"), proposer, seconds=2.0)
    hand.tend(2)
    candidate = hand.add()
    hand.tend(2)  # another one for the case that it is not
    hand.run(candidate, 1.4)
    proposer.gate.release()
    hand.tend(3)
    asked = proposer.searches[-1]
    assert asked.incumbent.number == candidate.number
    assert "GAIN = 0.1" in asked.files["train.py"]
    if kept:
        hand.keep(candidate)
        taken = hand.take()
        assert (taken.proposal.title, taken.base.number) == ("try 4", candidate.number)
        taken = hand.take()
        assert (taken.proposal.title, taken.base.number) == ("try 2", candidate.number), "carried over"
        assert "GAIN = 0.1" in taken.proposal.files["train.py"]
    else:
        hand.judge(candidate, Decision.DISCARD)
        assert hand.take().proposal.title == "try 2"
        assert hand.told.texts(Kind.DROPPED) == ["try 4: it was meant for the case that 0001 is kept"]
    assert len(proposer.searches) == 4, "it is asked once"


def test_where_no_replicated_candidate_was_ever_kept_no_draft_is_made_for_it(tmp_path: Path) -> None:
    proposer = Gated([setting(WIDTH=n) for n in range(5, 20)])
    proposer.gate.release(99)
    hand = begin(desk_lab(tmp_path / "desk"), proposer, seconds=2.0)
    hand.tend(2)
    discarded = hand.add()
    hand.run(discarded, 1.49, 1.51)
    hand.judge(discarded, Decision.DISCARD)
    hand.tend(2)
    hand.run(hand.add(), 1.49)
    hand.tend(2)
    hand.tend()
    assert all(search.incumbent.is_baseline for search in proposer.searches)


def test_a_crash_goes_back_to_its_worker_before_anything_new(tmp_path: Path) -> None:
    proposer = FakeProposer([setting(WIDTH=n) for n in range(5, 20)], at_once=1, mend=True)
    hand = begin(desk_lab(tmp_path / "desk"), proposer, plan=Plan(fixes=2))
    hand.tend(2)
    numbers = [hand.add().number, hand.add().number]  # two run at the same time, and both crash
    for number in numbers:
        hand.judge(hand.session.records.get(number), Decision.CRASH, Ground.NO_SCORE, None)
    hand.tend(2)
    assert proposer.fixed == numbers
    mended = [hand.take().fixes for _ in numbers]
    assert mended == numbers
    hand.drafts.close()


def test_a_crash_goes_back_only_so_often(tmp_path: Path) -> None:
    proposer = FakeProposer([setting(WIDTH=5)], mend=True)  # answers at once
    hand = begin(desk_lab(tmp_path / "desk"), proposer, plan=Plan(fixes=2))
    seen = []
    while (taken := hand.drafts.take()) is not None:
        seen.append(taken.fixes)
        hand.judge(hand.add(taken), Decision.CRASH, Ground.NO_SCORE, None)
    assert seen == [None, 1, 2]
    over = hand.drafts.over
    assert over is not None
    assert (over.ended, over.why) == (Ended.EXHAUSTED, "fake has nothing more to try")


@pytest.mark.parametrize("at_once", [0, 1])
def test_nothing_to_try_is_asked_again_when_something_was_judged(tmp_path: Path, at_once: int) -> None:
    proposer = FakeProposer([setting(GAIN=0.1)], at_once=at_once)
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend_until(lambda: at_once == 0 or len(proposer.searches) == 2)
    first = hand.add()
    for _ in range(3):
        hand.tend()
        assert hand.drafts.take() is None
        assert hand.drafts.over is None, "what is open may give it an idea"
    assert len(proposer.searches) == 2, "it is not asked over and over"
    proposer.edits.append(setting(GAIN=0.2))
    hand.keep(first)
    hand.tend(at_once)
    hand.keep(hand.add())
    hand.tend_until(lambda: hand.drafts.take() is None and hand.drafts.over)


def test_refusals_in_a_row_are_the_end_once_nothing_is_open(tmp_path: Path) -> None:
    proposer = FakeProposer([setting(GAIN=0.1), *[lambda text: text] * 9], at_once=1)
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend(1)
    first = hand.add()
    hand.tend_until(lambda: len(hand.told.texts(Kind.REFUSED)) == 5)
    hand.tend(0)
    assert len(proposer.searches) == 6
    assert hand.drafts.over is None
    hand.judge(first, Decision.DISCARD)
    hand.tend_until(lambda: hand.drafts.over)
    over = hand.drafts.over
    assert over is not None
    assert over.why == "fake proposed 6 times what cannot be tried: it was tried before"


@pytest.mark.parametrize(
    ("error", "ended"), [(CapReachedError("2 USD are spent"), Ended.CAP), (LeftError("gone"), Ended.LEFT)]
)
def test_what_is_paid_for_is_tried_before_a_cap_ends_the_night(tmp_path: Path, error: Exception, ended: Ended) -> None:
    proposer = Gated(gains([0.1]))
    proposer.gate.release(1)
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend(1)
    proposer.fails = error
    proposer.gate.release(9)
    hand.tend_until(lambda: len(proposer.searches) == 2)
    assert hand.drafts.over is None
    hand.add()
    hand.tend_until(lambda: hand.drafts.over)
    over = hand.drafts.over
    assert over is not None
    assert over.ended is ended
    hand.tend()
    assert len(proposer.searches) == 2, "nothing more is asked"


def test_a_fault_is_raised_when_nothing_is_lost_by_it(tmp_path: Path) -> None:
    proposer = Gated(gains([0.1]))
    proposer.gate.release(1)
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend(1)
    proposer.fails = DeskError("the files are too long")
    proposer.gate.release(9)
    first = hand.add()
    hand.tend_until(lambda: len(proposer.searches) == 2)
    hand.tend()
    assert hand.drafts.take() is None, "a run is at work"
    hand.judge(first, Decision.DISCARD)

    def raised() -> bool:
        hand.drafts.tend(wanted=9)
        return hand.drafts.take() is not None

    with pytest.raises(DeskError, match="too long"):
        until(raised)


def test_the_end_does_not_wait_for_an_answer(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    proposer, before = Gated(gains([0.1])), set(threading.enumerate())
    hand = begin(lab, proposer)
    hand.tend()
    until(lambda: proposer.searches)
    (thread,) = set(threading.enumerate()) - before
    hand.drafts.close()  # it would wait for ever
    proposer.gate.release()
    thread.join(20)
    assert not list((lab.state / "drafts").glob("*")), "the next session may be at work by now"


def test_an_answer_wakes_the_night(tmp_path: Path) -> None:
    proposer = Gated(gains([0.1]))
    hand = begin(desk_lab(tmp_path / "desk"), proposer)
    hand.tend()
    proposer.gate.release()
    hand.session.crew.wait(20)
    hand.drafts.tend(wanted=9)
    assert hand.drafts.ready == 1
    assert ANYWHERE in hand.session.bench.executor.places()


def test_what_helped_at_the_same_time_is_tried_together(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    together = threading.Barrier(2)

    def meet(job: Job) -> None:
        if job.key in ("0001-1", "0002-1"):
            together.wait(20)  # neither is judged before the other begins

    edits = [setting(GAIN=0.2), lambda text: text.replace("print(WIDTH)", "FITTED = 0.1")]
    executor = FakeExecutor(at=FOUR[:2], on_run=meet)
    night, _ = play(lab, proposer=FakeProposer(edits, at_once=2), executor=executor, plan=Plan(count=3))
    found = ledger(lab)
    first, second, third = found[1:4]
    assert {first.parent, second.parent} == {found[0].commit}
    assert night.best == 3
    assert third.merges in ((1, 2), (2, 1))
    made = constants(git(lab.repository, "show", f"{third.commit}:lab/tiny/train.py"))
    assert (made["GAIN"], made["FITTED"]) == (0.2, 0.1)
