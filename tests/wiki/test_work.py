"""Tasks that are open and hand-ins for them: what an agent in the room brings is judged as any other worker's."""

import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.handins import HandInFile
from nightdesk.agents.leases import Leases, in_turn
from nightdesk.agents.tasks import Task
from nightdesk.base.desk import Desk
from nightdesk.base.pages import parse_page
from nightdesk.base.settings import Settings
from nightdesk.wiki.claims import find_citations, parse_claims
from nightdesk.wiki.work import Submitted, open_tasks, submit
from tests.desks import ADAM, MUON, git, make_desk, snapshot
from tests.player import Player, broken, compile_here, play

SETTINGS = Settings(jobs=1)
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("fresh"), {"muon.md": MUON, "adam.md": ADAM})
    compile_here(desk, None)
    return desk


@pytest.fixture(scope="module")
def read(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a desk whose sources are read by an AI, and whose pages are to be written."""
    desk = Path(shutil.copytree(fresh, tmp_path_factory.mktemp("read") / "desk"))
    for task in open_now(desk):
        if task.kind == "read":
            assert hand_in(desk, task, play(task.brief().text)).accepted
    return desk


@pytest.fixture
def desk(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "desk"))


@pytest.fixture
def read_desk(read: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(read, tmp_path / "desk"))


def open_now(desk: Path) -> list[Task[Any]]:
    return open_tasks(Desk(desk), SETTINGS).tasks


def take(desk: Path, task: Task[Any], *, ago: timedelta = timedelta(0), holder: str = "ada") -> HandInFile:
    """Lease a task; return its hand-in, still empty."""
    leases, now = Leases(Desk(desk).cache), datetime.now(UTC) - ago
    ((_, lease),) = leases.lease([task], count=1, holder=holder, minutes=60, now=now)
    return HandInFile(task.id, task.input_hash, lease.token, "", task.brief().form)


def bring(desk: Path, taken: HandInFile, text: str, *, keep_good: bool = False) -> Submitted:
    filled = HandInFile(taken.task, taken.input, taken.lease, text, taken.form)
    return submit(Desk(desk), SETTINGS, filled, keep_good=keep_good, today=TODAY)


def hand_in(desk: Path, task: Task[Any], text: str, *, keep_good: bool = False) -> Submitted:
    return bring(desk, take(desk, task), text, keep_good=keep_good)


def page(desk: Path, task: Task[Any]) -> str:
    return (desk / "wiki/concepts" / f"{task.subject}.md").read_text(encoding="utf-8")


def test_task_by_task_a_room_makes_the_same_wiki_as_a_model(desk: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(desk, tmp_path / "other"))
    compile_here(other, Player(name="room:ada"))
    done = 0
    while tasks := in_turn(open_now(desk)):
        assert hand_in(desk, tasks[0], play(tasks[0].brief().text)).accepted
        assert broken(desk) == [], "whole after each hand-in"
        done += 1
        assert done < 30
    assert done >= 6
    assert snapshot(desk) == snapshot(other)
    assert git(desk, "status", "--porcelain", "--", "wiki", "costs.tsv") == ""


def test_readings_come_first_and_looking_changes_nothing(desk: Path) -> None:
    before, head = snapshot(desk, but=()), git(desk, "rev-parse", "HEAD")
    tasks = open_now(desk)
    assert [task.kind for task in tasks] == sorted(task.kind for task in tasks)
    assert {task.subject for task in tasks if task.kind == "read"} == {"raw/adam.md", "raw/muon.md"}
    assert {task.kind for task in in_turn(tasks)} == {"read"}
    assert len({task.id for task in tasks}) == len(tasks)
    assert (snapshot(desk, but=()), git(desk, "rev-parse", "HEAD")) == (before, head)
    assert [(task.id, task.input_hash) for task in open_now(desk)] == [(task.id, task.input_hash) for task in tasks]


def test_an_accepted_page_changes_that_page_and_the_index(read_desk: Path) -> None:
    before = snapshot(read_desk)
    task = open_now(read_desk)[0]
    done = hand_in(read_desk, task, play(task.brief().text))
    assert (done.accepted, done.reasons, done.kept_good) == (True, (), False)
    changed = {path for path, content in snapshot(read_desk).items() if before.get(path) != content}
    assert changed <= {f"wiki/concepts/{task.subject}.md", "wiki/index.md"}
    assert parse_page(page(read_desk, task)).value("generated") == {"by": "room:ada"}
    assert task.id not in {other.id for other in open_now(read_desk)}


@pytest.mark.parametrize("text", ["", "No citation here.", "{}", "Wrong. [[Nowhere#^c0000000000|1]]"])
def test_a_rejected_page_changes_nothing_and_stays_open(read_desk: Path, text: str) -> None:
    before, head = snapshot(read_desk, but=()), git(read_desk, "rev-parse", "HEAD")
    task = open_now(read_desk)[0]
    done = hand_in(read_desk, task, text)
    assert not done.accepted
    assert done.reasons
    assert all("\n" not in reason for reason in done.reasons)
    assert (snapshot(read_desk, but=()), git(read_desk, "rev-parse", "HEAD")) == (before, head)
    assert task.id in {other.id for other in open_now(read_desk)}


@pytest.mark.parametrize("keep_good", [False, True])
def test_the_good_part_of_a_page_is_kept_only_on_request(read_desk: Path, keep_good: bool) -> None:
    task = open_now(read_desk)[0]
    text = play(task.brief().text)
    (first, *_) = find_citations(text)
    done = hand_in(
        read_desk, task, f"{text}\nIt was found by 77 people. [[{first.page}#^{first.id}|1]]", keep_good=keep_good
    )
    assert (done.accepted, done.kept_good) == (keep_good, keep_good)
    assert any("77" in reason for reason in done.reasons)
    assert "77 people" not in page(read_desk, task)
    assert (task.id in {other.id for other in open_now(read_desk)}) != keep_good


def test_a_page_whose_claims_changed_meanwhile_is_stale(read_desk: Path) -> None:
    task = next(task for task in open_now(read_desk) if task.subject == "Muon")
    text, taken = play(task.brief().text), take(read_desk, task)
    (read_desk / "raw/muon.md").write_text(MUON.replace("five", "six"), encoding="utf-8")
    done = bring(read_desk, taken, text)
    assert not done.accepted
    assert "is stale" in done.reasons[0]
    assert "Muon runs five" not in page(read_desk, task)


def test_a_lease_that_ran_out_counts_until_another_takes_the_task(read_desk: Path) -> None:
    first, second = open_now(read_desk)[:2]
    late = take(read_desk, first, ago=timedelta(hours=2))
    assert bring(read_desk, late, play(first.brief().text)).accepted, "nobody else was given it"
    late = take(read_desk, second, ago=timedelta(hours=2))
    take(read_desk, second, holder="bob")
    done = bring(read_desk, late, play(second.brief().text))
    assert not done.accepted
    assert "your lease ran out" in done.reasons[0]
    assert "bob" in done.reasons[0]


def test_what_is_done_is_done_once(read_desk: Path) -> None:
    task = open_now(read_desk)[0]
    taken = take(read_desk, task)
    assert bring(read_desk, taken, play(task.brief().text)).accepted
    again = bring(read_desk, taken, "Something else.")
    assert not again.accepted
    assert "is done already: ada" in again.reasons[0]


def test_the_form_is_looked_at_before_the_verifier(desk: Path) -> None:
    task = open_now(desk)[0]
    taken = take(desk, task)
    filled = HandInFile(taken.task, taken.input, taken.lease, "# A page", "markdown")
    done = submit(Desk(desk), SETTINGS, filled, today=TODAY)
    assert not done.accepted
    assert "JSON" in done.reasons[0]


def test_a_source_in_parts_is_there_when_all_parts_are(tmp_path: Path) -> None:
    said = "The learning rate of AdamW in run {0} was {0} percent of its peak."
    filling = "and nothing else was noted of it, " * 40
    text = "\n\n".join(f"## Run {n}\n\n{said.format(n)}\n\n{filling}" for n in range(100, 160))
    desk = make_desk(tmp_path, {"long.md": f"# Long\n\n{text}\n"})
    parts = [task for task in open_now(desk) if task.kind == "read"]
    assert [task.subject for task in parts] == [
        f"raw/long.md (part {n + 1} of {len(parts)})" for n in range(len(parts))
    ]

    def reading(task: Task[Any]) -> str:
        number = re.findall(r"run (\d+)", task.brief().material)[0]
        claim = {"statement": said.format(number), "quote": said.format(number), "concepts": ["AdamW"]}
        return json.dumps({"claims": [claim], "summary": [0], "questions": [], "concepts": [], "pages": []})

    first, *others = parts
    wrong = {"claims": [{"statement": "It ended.", "quote": "It ended in run 999.", "concepts": []}]}
    assert not hand_in(desk, first, json.dumps(wrong)).accepted
    for task in others:
        assert hand_in(desk, task, reading(task)).accepted
    assert [task.subject for task in open_now(desk) if task.kind == "read"] == [first.subject]
    assert "by: room" not in (desk / "wiki/sources/Long.md").read_text(encoding="utf-8")
    shutil.rmtree(desk / ".nightdesk")
    assert len([task for task in open_now(desk) if task.kind == "read"]) == len(parts), "a part is in the cache alone"
    for task in reversed(parts):
        assert hand_in(desk, task, reading(task)).accepted
    page = desk / "wiki/sources/Long.md"
    assert "by: room:ada" in page.read_text(encoding="utf-8")
    runs = [claim.statement for claim in parse_claims(page.read_text(encoding="utf-8"))]
    assert len(runs) == len(parts)
    assert runs == sorted(runs), "in the order of the text"
    shutil.rmtree(desk / ".nightdesk")
    assert [task for task in open_now(desk) if task.kind == "read"] == []
