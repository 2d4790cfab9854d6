"""The agent in the room: what it hands in counts once, the rest stays open; briefs can be read again."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nightdesk.agents.handins import TASKS
from nightdesk.agents.leases import Leases
from nightdesk.agents.room import RoomWorker, give_out
from nightdesk.agents.tasks import Attempt, Brief, LeftError, Outcome, Task, Verified, perform
from nightdesk.base.errors import DeskError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

TASK = Task("read", "raw/a.md", "hash", None)
OTHER = Task("write", "Muon", "hash", None)


def accept(wanted: str) -> "Verified[str]":
    return Verified(wanted, ()) if wanted == "good" else Verified(None, (f"{wanted} is wrong",))


def test_what_was_handed_in_is_judged_like_any_other_work() -> None:
    kept: list[Attempt] = []
    worker = RoomWorker({TASK.id: "good"}, holder="ada")
    assert perform(TASK, worker, accept, record=kept.append) == Outcome("good", (), 1, "good")
    assert [(attempt.worker, attempt.outcome) for attempt in kept] == [("room:ada", "accepted")]
    assert (worker.open, worker.rejected) == ([], {})


def test_a_rejection_goes_back_to_whoever_handed_in_and_is_not_asked_for_again() -> None:
    kept: list[Attempt] = []
    worker = RoomWorker({TASK.id: "bad"})
    with pytest.raises(LeftError, match=r"read raw/a\.md was rejected"):
        perform(TASK, worker, accept, record=kept.append)
    assert worker.rejected == {TASK.id: ("bad is wrong",)}
    assert [(attempt.worker, attempt.outcome) for attempt in kept] == [("room", "rejected")]
    assert worker.open == [], "whoever holds it still has it"


def test_what_nobody_handed_in_stays_open_in_its_order() -> None:
    worker = RoomWorker({})
    for task in (OTHER, TASK):
        with pytest.raises(LeftError, match="waits for an agent"):
            perform(task, worker, accept)
    assert worker.open == [OTHER, TASK]


def test_a_hand_in_for_what_the_task_was_before_is_not_used() -> None:
    worker = RoomWorker({TASK.id: "good"}, inputs={TASK.id: "older"})
    with pytest.raises(LeftError):
        perform(TASK, worker, accept)
    (reason,) = worker.rejected[TASK.id]
    assert "is stale" in reason
    assert RoomWorker({TASK.id: "good"}, inputs={TASK.id: "hash"}).work(TASK, ()).text == "good"


def test_a_hand_in_counts_once() -> None:
    worker = RoomWorker({TASK.id: "good"})
    assert worker.work(TASK, ()).text == "good"
    with pytest.raises(LeftError):
        worker.work(TASK, ())
    assert worker.open == [TASK]
    assert worker.used == {TASK.id}


def test_a_brief_that_is_given_out_lies_in_a_file_too(tmp_path: Path) -> None:
    tasks = [Task(kind, name, "hash", None, lambda: Brief("Do it.", "", "json", "x")) for kind, name in KINDS]
    leases = Leases(tmp_path / ".nightdesk")
    first, second = give_out(tmp_path, leases, tasks, count=None, holder="ada", now=NOON)
    assert [given.task.subject for given in (first, second)] == ["raw/a.md", "raw/b.md"]
    for given in (first, second):
        assert (tmp_path / given.brief_file).read_text(encoding="utf-8") == given.brief
        assert given.lease.token in given.brief
        assert given.hand_in_file in given.brief
    assert first.to_json(with_brief=False)["lease"] == first.lease.token
    assert give_out(tmp_path, leases, tasks, now=NOON) == [], "no page as long as a source is being read"
    (page,) = give_out(tmp_path, leases, tasks, kind="write", now=NOON)
    assert page.task.subject == "Muon"


def test_old_briefs_are_thrown_away(tmp_path: Path) -> None:
    folder = tmp_path / TASKS
    folder.mkdir(parents=True)
    for name, days in (("t1-a.md", 31), ("t1-a-hand-in.json", 31), ("t2-b.md", 29), ("mine.txt", 31)):
        (folder / name).touch()
        os.utime(folder / name, (NOON.timestamp() - days * 86_400,) * 2)
    give_out(tmp_path, Leases(tmp_path / ".nightdesk"), [], now=NOON)
    assert {file.name for file in folder.iterdir()} == {"t2-b.md", "mine.txt"}


KINDS = (("write", "Muon"), ("read", "raw/a.md"), ("read", "raw/b.md"))


def test_a_brief_that_cannot_be_made_leaves_nothing_leased(tmp_path: Path) -> None:
    def broken() -> Brief:
        raise DeskError("briefs/read.md: the slot {{part}} is missing")

    good = Task("read", "raw/a.md", "hash", None, lambda: Brief("Do it.", "", "json", "x"))
    leases = Leases(tmp_path / ".nightdesk")
    with pytest.raises(DeskError, match="slot"):
        give_out(tmp_path, leases, [good, Task("read", "raw/b.md", "hash", None, broken)], count=None, now=NOON)
    assert len(give_out(tmp_path, leases, [good], now=NOON)) == 1
