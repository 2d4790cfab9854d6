"""Proposals from the room: what a loop waits for, what is handed in ahead, and what a kill leaves."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import LeftError, Task
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.propose_task import PACKAGE, Material
from nightdesk.lab.room import RoomProposer, hand_in, open_tasks
from tests.lab.searches import TRAIN, after, search

BRIEFS = Briefs(None, (PACKAGE,), "")


def text(value: float, *, old: float = 0.01) -> str:
    edits = [{"file": "train.py", "search": f"LR = {old}", "replace": f"LR = {value}"}]
    return json.dumps({"title": f"LR {value}", "hypothesis": "Why.", "edits": edits})


class Loop:
    """Asks for one proposal, in a thread, as the lab's loop does."""

    def __init__(self, proposer: RoomProposer, known: Search) -> None:
        self.proposal: Proposal | None = None
        self.left = ""
        self._thread = threading.Thread(target=self._ask, args=(proposer, known))
        self._thread.start()

    def _ask(self, proposer: RoomProposer, known: Search) -> None:
        try:
            self.proposal = proposer.propose(known)
        except LeftError as error:
            self.left = str(error)

    def end(self) -> Proposal | None:
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()
        return self.proposal


@contextmanager
def room(state: Path) -> Iterator[RoomProposer]:
    with RoomProposer(state, "tiny", stopped=lambda: False) as proposer:
        yield proposer


def waiting(state: Path, number: int = 2) -> list[Task[Material]]:
    """Return the open tasks, once there are so many."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        tasks = open_tasks(state, BRIEFS)
        if len(tasks) == number:
            return tasks
        time.sleep(0.02)
    raise AssertionError(f"not {number} open tasks: {[task.subject for task in tasks]}")


def test_two_may_be_handed_in_ahead_and_are_taken_in_their_order(tmp_path: Path) -> None:
    known = search()
    with room(tmp_path) as proposer:
        loop = Loop(proposer, known)
        first, second = waiting(tmp_path)
        assert [first.subject, second.subject] == ["lab tiny: proposal 1", "lab tiny: proposal 2"]
        assert hand_in(tmp_path, first, text(0.02), holder="ada") == ()
        proposal = loop.end()
        assert proposal is not None
        assert (proposal.title, proposal.worker) == ("LR 0.02", "room:ada")
        assert proposal.files == {"train.py": TRAIN.replace("0.01", "0.02")}
        assert [task.subject for task in waiting(tmp_path)] == ["lab tiny: proposal 2", "lab tiny: proposal 3"]
        third = waiting(tmp_path)[1]
        assert hand_in(tmp_path, third, text(0.04), holder="") == ()
        assert hand_in(tmp_path, second, text(0.03), holder="") == ()
        assert waiting(tmp_path, 0) == [], "enough wait"
        known = after(known, proposal, 1.5)
        titles = []
        for _ in range(2):
            taken = proposer.propose(known)
            titles.append(taken.title)
            known = after(known, taken, 1.5)
        assert titles == ["LR 0.03", "LR 0.04"]


def test_what_is_wrong_is_told_and_nothing_is_laid_down(tmp_path: Path) -> None:
    with room(tmp_path) as proposer:
        loop = Loop(proposer, search())
        task = waiting(tmp_path)[0]
        assert "does not stand in train.py" in hand_in(tmp_path, task, text(0.02, old=0.7), holder="")[0]
        assert list((tmp_path / "room").glob("0*.json")) == []
        proposer.close()
        assert loop.end() is None
        assert "stopped" in loop.left


def test_nothing_is_asked_for_where_no_loop_runs(tmp_path: Path) -> None:
    assert open_tasks(tmp_path, BRIEFS) == []
    with room(tmp_path) as proposer:
        loop = Loop(proposer, search())
        waiting(tmp_path)
        proposer.close()
        loop.end()
        assert len(open_tasks(tmp_path, BRIEFS)) == 2, "a run may be at work: what is handed in now is taken next"
    assert open_tasks(tmp_path, BRIEFS) == []


def test_the_persons_stop_ends_the_waiting(tmp_path: Path) -> None:
    stop = threading.Event()
    with RoomProposer(tmp_path, "tiny", stopped=stop.is_set) as proposer:
        loop = Loop(proposer, search())
        waiting(tmp_path)
        stop.set()
        assert loop.end() is None
        assert loop.left


def test_what_was_handed_in_outlives_a_kill_and_is_taken_once(tmp_path: Path) -> None:
    known = search()
    with room(tmp_path) as proposer:
        loop = Loop(proposer, known)
        first, second = waiting(tmp_path)
        hand_in(tmp_path, second, text(0.03), holder="")
        taken = loop.end()
        hand_in(tmp_path, first, text(0.02), holder="")
    # killed here: the first proposal is in the ledger or not; what waits stays
    with room(tmp_path) as proposer:
        assert taken is not None
        following = proposer.propose(after(known, taken, None))
        assert following.title == "LR 0.02"
        assert [task.subject for task in waiting(tmp_path)] == ["lab tiny: proposal 3", "lab tiny: proposal 4"]


def test_what_another_branch_has_run_is_not_taken_again(tmp_path: Path) -> None:
    known = search()
    with room(tmp_path) as proposer:
        loop = Loop(proposer, known)
        hand_in(tmp_path, waiting(tmp_path)[0], text(0.02), holder="")
        taken = loop.end()
        assert taken is not None
    run = after(known, taken, 1.5).experiments
    with RoomProposer(tmp_path, "tiny", stopped=lambda: False, earlier=run) as proposer:
        loop = Loop(proposer, known)  # a new branch: its own ledger is empty
        hand_in(tmp_path, waiting(tmp_path)[0], text(0.03), holder="")
        following = loop.end()
        assert following is not None
        assert following.title == "LR 0.03"


def test_a_proposal_that_was_never_recorded_is_given_again(tmp_path: Path) -> None:
    for _ in range(2):
        with room(tmp_path) as proposer:
            loop = Loop(proposer, search())
            if not list((tmp_path / "room").glob("0*.json")):
                hand_in(tmp_path, waiting(tmp_path)[0], text(0.02), holder="")
            proposal = loop.end()
            assert proposal is not None
            assert proposal.title == "LR 0.02"


def test_edits_are_carried_over_to_a_new_best_program_where_they_fit(tmp_path: Path) -> None:
    better = {"train.py": TRAIN.replace("DEPTH = 4", "DEPTH = 3")}
    other = {"train.py": TRAIN.replace("LR = 0.01", "LR = 0.05")}
    for best, expected in (
        (better, better["train.py"].replace("0.01", "0.02")),
        (other, TRAIN.replace("0.01", "0.02")),
    ):
        state = tmp_path / expected[10:14].strip()
        with room(state) as proposer:
            known = search()
            loop = Loop(proposer, known)
            first, second = waiting(state)
            hand_in(state, first, text(0.07), holder="")
            proposal = loop.end()
            assert proposal is not None
            hand_in(state, second, text(0.02), holder="")
            taken = proposer.propose(replace(after(known, proposal, 1.4), files=best))
            assert taken.files == {"train.py": expected}
        state.rename(tmp_path / f"done-{len(list(tmp_path.iterdir()))}")


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"lab": "tiny"}', '{"lab": 1, "material": {"x": 1}, "numbers": []}']
)
def test_damaged_state_is_as_if_it_were_not_there(tmp_path: Path, damage: str) -> None:
    (tmp_path / "room").mkdir()
    for name in ("open.json", "0001.json", "notes.json"):
        (tmp_path / "room" / name).write_text(damage, encoding="utf-8")
    assert open_tasks(tmp_path, BRIEFS) == []
    with room(tmp_path) as proposer:
        loop = Loop(proposer, search())
        (task, *_) = waiting(tmp_path)
        hand_in(tmp_path, task, text(0.02), holder="")
        assert loop.end() is not None
