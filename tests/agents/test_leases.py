"""Leases: no task twice, also with many processes at once, and a reason for each hand-in that is refused."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.handins import HandInFile
from nightdesk.agents.leases import Lease, Leases, holder_name, in_turn
from nightdesk.agents.tasks import Task
from nightdesk.base.cache import open_cache
from nightdesk.base.errors import DeskError

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def task(subject: str, *, kind: str = "read", input_hash: str = "0123456789abcdef") -> Task[Any]:
    return Task(kind, subject, input_hash, None)


TASKS = [task(f"raw/{n}.md") for n in range(3)]


def lease(
    leases: Leases,
    tasks: Sequence[Task[Any]] = TASKS,
    *,
    count: int | None = 1,
    holder: str = "ada",
    now: datetime = NOON,
) -> list[Lease]:
    return [given for _, given in leases.lease(tasks, count=count, holder=holder, minutes=60, now=now)]


def hand_in(given: Lease, **other: str) -> HandInFile:
    header = {"task": given.task, "input": given.input, "lease": given.token} | other
    return HandInFile(**header, text="{}", form="json")


def test_each_task_is_given_once_in_the_order_of_the_tasks(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    first, rest, none = lease(leases), lease(leases, count=None, holder="bob"), lease(leases)
    assert [given.task for given in [*first, *rest]] == [task.id for task in TASKS]
    assert none == []
    assert len({given.token for given in [*first, *rest]}) == 3
    assert {given.holder for given in leases.held(TASKS, now=NOON)} == {"ada", "bob"}
    assert leases.holder_of(rest[0].token) == "bob"
    assert leases.holder_of("k0") == ""


def test_a_task_is_free_again_when_its_lease_has_run_out_or_is_given_back(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (first,) = lease(leases, TASKS[:1])
    assert lease(leases, TASKS[:1], now=NOON + HOUR - timedelta(seconds=1)) == []
    (second,) = lease(leases, TASKS[:1], now=NOON + HOUR)
    assert second.token != first.token
    assert leases.release(second.task, now=NOON + HOUR) == [second]
    assert leases.release(second.task, now=NOON + HOUR) == [], "nobody has it any more"
    assert lease(leases, TASKS[:1], now=NOON + HOUR) != []


def test_a_task_whose_inputs_changed_is_another_task(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    lease(leases, TASKS[:1])
    changed = [replace(TASKS[0], input_hash="fedcba9876543210")]
    assert len(lease(leases, changed)) == 1
    assert [given.input for given in leases.held(changed, now=NOON)] == ["fedcba9876543210"]


TAKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from nightdesk.agents.leases import Leases
from nightdesk.agents.tasks import Task
from nightdesk.base.cache import open_cache
tasks = [Task("read", f"raw/{n}.md", "0123456789abcdef", None) for n in range(60)]
print("ready", flush=True)
sys.stdin.readline()
while given := Leases(Path(sys.argv[1])).lease(tasks, count=3, holder=sys.argv[2], minutes=60, now=datetime.now(UTC)):
    print(*(task.id for task, _ in given), sep="\\n", flush=True)
"""


def test_eight_processes_at_once_never_get_the_same_task(tmp_path: Path) -> None:
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER, str(tmp_path), f"taker {n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(8)
    ]
    for taker in takers:
        assert taker.stdout
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:  # only now: the first must not be done before the last has started
        assert taker.stdin
        taker.stdin.write("go\n")
        taker.stdin.flush()
    got = [taker.communicate()[0].split() for taker in takers]
    assert [taker.returncode for taker in takers] == [0] * 8
    given = [identity for one in got for identity in one]
    assert len(given) == len(set(given)) == 60


LATER = NOON + 2 * HOUR


@pytest.mark.parametrize(
    ("change", "now", "reason"),
    [
        ({}, NOON, None),  # all is well
        ({}, LATER, None),  # run out, but nobody else took it
        ({"task": "t0000000000"}, NOON, "there is no task t0000000000"),
        ({"input": "abcabcabc"}, NOON, "is stale"),  # made for another text
        ({"lease": "k0000000000000000"}, NOON, "is no lease of this desk"),  # made up, or the cache was deleted
        ({"lease": "other"}, NOON, "is the lease of another task"),
    ],
)
def test_a_hand_in_is_refused_with_the_reason(
    tmp_path: Path, change: dict[str, str], now: datetime, reason: str | None
) -> None:
    leases = Leases(tmp_path)
    own, other, _ = lease(leases, count=None)
    change = {key: other.token if value == "other" else value for key, value in change.items()}
    found = leases.check(hand_in(own, **change), TASKS, now=now)
    assert found == reason if reason is None else reason in (found or "")


def test_a_lease_that_another_has_taken_over_is_not_ones_own(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (first,) = lease(leases, TASKS[:1], holder="ada")
    (second,) = lease(leases, TASKS[:1], holder="bob", now=LATER)
    reason = leases.check(hand_in(first), TASKS, now=LATER)
    assert reason is not None
    assert "your lease ran out at 2026-11-22 13:00 UTC" in reason
    assert "bob, until 2026-11-22 15:00 UTC" in reason
    assert leases.check(hand_in(second), TASKS, now=LATER) is None


def test_what_is_being_judged_is_given_to_nobody_else(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (late,) = lease(leases, TASKS[:1])
    assert leases.check(hand_in(late), TASKS, now=LATER) is None
    assert lease(leases, TASKS[:1], holder="bob", now=LATER) == []
    assert leases.check(hand_in(late), TASKS, now=LATER + timedelta(minutes=9)) is None, "nor while it is mended"


def test_a_hand_in_is_taken_once(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (own,) = lease(leases, TASKS[:1])
    leases.finish(hand_in(own), now=NOON)
    reason = leases.check(hand_in(own), TASKS[1:], now=NOON)  # the task is not open any more
    assert reason == f"{own.task} is done already: ada handed it in at 2026-11-22 12:00 UTC"
    changed = [replace(TASKS[0], input_hash="fedcba9876543210")]
    assert "is done already" in (leases.check(hand_in(own), changed, now=NOON) or ""), "also when it came again"
    assert leases.held(TASKS, now=NOON) == []


def test_what_was_handed_in_since_the_open_tasks_were_looked_up_is_not_given_out_again(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (own,) = lease(leases, TASKS[:1])
    leases.finish(hand_in(own), now=NOON + timedelta(seconds=2))
    assert lease(leases, TASKS[:1], holder="bob", now=NOON + timedelta(seconds=1)) == [], "looked up before that"
    assert lease(leases, TASKS[:1], holder="bob", now=NOON + timedelta(seconds=3)) != [], "open again: somebody asked"


def test_what_is_gone_from_the_desk_is_told_from_what_never_was(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (own,) = lease(leases, TASKS[:1])
    assert "no longer to be done" in (leases.check(hand_in(own), [], now=NOON) or "")


def test_a_deleted_cache_costs_a_new_lease_and_no_more(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (own,) = lease(leases, TASKS[:1])
    for file in tmp_path.iterdir():
        file.unlink()
    assert "only the line with the lease changes" in (leases.check(hand_in(own), TASKS, now=NOON) or "")
    (again,) = lease(leases, TASKS[:1])
    assert leases.check(hand_in(own, lease=again.token), TASKS, now=NOON) is None
    for file in tmp_path.iterdir():
        file.unlink()
    leases.finish(hand_in(own), now=NOON)  # it was deleted while the hand-in was judged
    assert "is done already: somebody" in (leases.check(hand_in(own), [], now=NOON) or "")


def test_what_another_version_wrote_is_passed_over(tmp_path: Path) -> None:
    with open_cache(tmp_path / "tasks.db") as cache:
        cache.put("leases", {"k1": {"until": "2026-11-22"}, "k2": [], "k3": {"until": 5}, "k4": None})
        cache.put("done", {"t1": {"at": "soon"}, "t2": "yes"})
    assert len(lease(Leases(tmp_path))) == 1


def test_old_leases_are_forgotten(tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    (old,) = lease(leases, TASKS[:1])
    lease(leases, TASKS[1:2], now=NOON + timedelta(days=29))
    assert leases.holder_of(old.token) == "ada"
    lease(leases, TASKS[2:3], now=NOON + timedelta(days=31))
    assert leases.holder_of(old.token) == ""


def test_nothing_is_written_as_long_as_something_is_to_be_read() -> None:
    read, write = task("raw/a.md"), task("Muon", kind="write")
    assert in_turn([write, read]) == [read]
    assert in_turn([write, read], kind="write") == [write], "unless somebody asks for it"
    assert in_turn([write]) == [write]
    assert in_turn([write], kind="read") == []


def test_a_lab_that_waits_has_its_turn_beside_what_is_to_be_read() -> None:
    read, write, propose = task("raw/a.md"), task("Muon", kind="write"), task("lab tiny", kind="propose")
    assert in_turn([propose, read, write]) == [propose, read]
    assert in_turn([propose, write], kind="propose") == [propose]
    assert in_turn([propose, write]) == [propose, write]


@pytest.mark.parametrize("name", ["", "claude-code", "codex/gpt-5.2", "ada@example.org", "opencode:qwen3:4b"])
def test_names_of_holders(name: str) -> None:
    assert holder_name(name) == name


@pytest.mark.parametrize("name", [" ", "a\nb", "x" * 61, "[[Muon]]", "\u202eevil", "<b>"])
def test_names_that_could_act_on_a_page_are_refused(name: str) -> None:
    with pytest.raises(DeskError) as caught:
        holder_name(name)
    assert caught.value.fix
