"""Drafts: the next proposal is made while a run is at work, and carried over to a new best program."""

import threading
from pathlib import Path

from nightdesk.lab.experiments import State
from nightdesk.lab.jobs import Job, Proposal, Search
from nightdesk.lab.night import Ended, Kind, Plan
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


def test_a_draft_is_made_while_a_run_is_at_work(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    asked, runs = threading.Event(), []

    class Slow(FakeProposer):
        def propose(self, search: Search) -> Proposal | None:
            asked.set()
            return super().propose(search)

    def wait_for_the_draft(job: Job) -> None:
        if job.key == "0001-1":  # the next one is asked for before this run ends
            asked.wait(10)
            runs.append(asked.is_set())
        asked.clear()

    proposer = Slow(gains([-0.1, -0.2, -0.3]), at_once=1)
    night, _ = play(lab, proposer=proposer, executor=FakeExecutor(on_run=wait_for_the_draft), plan=Plan(count=3))
    assert runs == [True]
    assert statuses(lab) == ["keep", "discard", "discard", "discard"]
    assert night.ended is Ended.DONE
    assert len(proposer.searches) == 3, "no draft is asked for that nobody wants"
    assert [len(search.experiments) for search in proposer.searches] == [1, 2, 3]
    assert proposer.searches[1].experiments[1].state in (State.PROPOSED, State.RUNNING)


def test_a_draft_is_carried_over_to_a_new_best_program(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    edits = [setting(GAIN=0.1), lambda text: text.replace("print(WIDTH)", "print(WIDTH, 1)"), setting(GAIN=0.05)]
    night, told = play(lab, proposer=FakeProposer(edits, at_once=1), plan=Plan(count=2))
    assert statuses(lab)[:2] == ["keep", "keep"]
    second = ledger(lab)[2]
    text = git(lab.repository, "show", f"{second.commit}:lab/tiny/train.py")
    assert text.startswith("GAIN = 0.1 "), "the draft knew nothing of it, and was merged"
    assert "print(WIDTH, 1)" in text
    assert second.parent == ledger(lab)[1].commit
    assert told.texts(Kind.DROPPED) == []
    assert night.ended is Ended.DONE


def test_a_draft_that_conflicts_is_dropped(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    edits = [setting(GAIN=0.1), setting(GAIN=0.05), setting(GAIN=0.3)]
    _, told = play(lab, proposer=FakeProposer(edits, at_once=1), plan=Plan(count=2))
    assert len(told.texts(Kind.DROPPED)) == 1
    assert constants(git(lab.repository, "show", f"{ledger(lab)[2].commit}:lab/tiny/train.py"))["GAIN"] == 0.3
