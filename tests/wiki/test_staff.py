"""AI workers at their tasks: accepted work is kept at once, caps and faults stop the rest, nothing is asked twice."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.tasks import (
    Attempt,
    CapReachedError,
    DeclinedError,
    HandIn,
    LeftError,
    Task,
    Usage,
    Verified,
    WorkerError,
)
from nightdesk.base.cache import Cache, open_cache
from nightdesk.base.errors import DeskError
from nightdesk.base.stages import silent
from nightdesk.wiki.staff import MAX_FAULTS, TABLE, Done, Job, Staff, credit, do_all, hand_in_key

BRIEFS = Briefs(None, (), "")
Reply = Callable[[int, tuple[str, ...]], str]


@dataclass(slots=True)
class Hand:
    """A worker whose hand-ins a function gives: of the task's number, and of what was said against the last one."""

    reply: Reply
    name: str = "openai:m@http://127.0.0.1/v1"
    part_chars: int = 1000
    at_once: int = 1
    asked: list[int] = field(default_factory=list)

    def work(self, task: Task[Any], reasons: tuple[str, ...]) -> HandIn:
        self.asked.append(task.material)
        return HandIn(self.reply(task.material, reasons), Usage(input_tokens=1, output_tokens=1))


def job(n: int, *, text: str = "same", again: bool = False) -> Job[int, str]:
    """Return a task whose hand-in is good if it says "good", good in part if it says "half"."""

    def verify(hand_in: str) -> Verified[str]:
        if hand_in.startswith("good"):
            return Verified(hand_in, ())
        return Verified(hand_in if hand_in.startswith("half") else None, (f"{hand_in} is wrong",))

    return Job(Task("read", f"raw/{n}", f"{n} {text}", n), verify, again)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with open_cache(tmp_path / "cache.db") as opened:
        yield opened


def staff(hand: Hand, **how: Any) -> Staff:
    return Staff({"read": hand}, BRIEFS, **how)


def do(cache: Cache, employed: Staff, jobs: list[Job[int, str]]) -> list[Done[str]]:
    return do_all(cache, employed, "read", jobs, stage=silent, label="reading")


def states(ended: list[Done[str]]) -> list[str]:
    return [done.state for done in ended]


def good(n: int, reasons: tuple[str, ...]) -> str:
    return f"good {n}"


def test_jobs_end_in_their_order_and_pages_name_the_worker_without_its_address(cache: Cache) -> None:
    ended = do(cache, staff(Hand(good)), [job(2), job(0), job(1)])
    assert [(done.result, done.by, done.state) for done in ended] == [
        (f"good {n}", "openai:m", "done") for n in (2, 0, 1)
    ]
    assert credit(Hand(good, name="builtin")) == "builtin"


def test_what_is_accepted_is_kept_at_once(cache: Cache, tmp_path: Path) -> None:
    def fail_at_2(n: int, reasons: tuple[str, ...]) -> str:
        if n == 2:
            raise KeyError("a bug, or Ctrl-C")
        return good(n, reasons)

    jobs = [job(n) for n in range(4)]
    with pytest.raises(KeyError):
        do(cache, staff(Hand(fail_at_2)), jobs)
    with open_cache(tmp_path / "cache.db") as other:  # as the next command finds it after a kill
        kept = other.all(TABLE)
    assert {record["text"] for record in kept.values()} == {"good 0", "good 1"}
    assert set(kept) == {hand_in_key(job(n).task) for n in (0, 1)}
    hand = Hand(good)
    assert states(do(cache, staff(hand), jobs)) == ["done"] * 4
    assert hand.asked == [2, 3]


def test_what_was_accepted_is_not_asked_for_again_by_anybody(cache: Cache) -> None:
    first = do(cache, staff(Hand(good)), [job(0)])
    other = Hand(good, name="anthropic:x")
    assert do(cache, staff(other), [job(0)]) == first
    assert do(cache, staff(other, retry=True), [job(0)]) == first
    assert other.asked == []
    assert first[0].by == "openai:m"


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"text": "other"}, [0]),  # its input changed
        ({"again": True}, [0]),  # somebody wants it done again
        ({}, []),
    ],
)
def test_when_accepted_work_is_done_anew(cache: Cache, change: dict[str, Any], asked: list[int]) -> None:
    do(cache, staff(Hand(good)), [job(0)])
    hand = Hand(lambda n, reasons: "good, and new")
    (done,) = do(cache, staff(hand), [job(0, **change)])
    assert hand.asked == asked
    assert (done.result == "good, and new") == bool(asked)


def test_what_is_kept_is_verified_again_before_it_is_used(cache: Cache) -> None:
    do(cache, staff(Hand(good)), [job(0)])

    def refuse(text: str) -> Verified[str]:
        return Verified(None, ("not any more",))

    stricter: Job[int, str] = Job(job(0).task, refuse)
    hand = Hand(good)
    (done,) = do(cache, staff(hand), [stricter])
    assert hand.asked, "the cache is no proof"
    assert (done.result, done.state) == (None, "failed")


@pytest.mark.parametrize(
    ("how", "name", "change", "asked"),
    [
        ({}, "openai:m", {}, []),  # it would fail again
        ({}, "openai:m@http://another.address", {}, []),  # the same model
        ({"retry": True}, "openai:m", {}, [0]),
        ({}, "openai:another", {}, [0]),  # another worker may do it
        ({}, "openai:m", {"again": True}, [0]),
        ({}, "openai:m", {"text": "other"}, [0]),
    ],
)
def test_when_a_failed_task_is_tried_again(
    cache: Cache, how: dict[str, Any], name: str, change: dict[str, Any], asked: list[int]
) -> None:
    hand = Hand(lambda n, reasons: f"bad {len(reasons)}")
    first = staff(hand)
    assert states(do(cache, first, [job(0)])) == ["failed"]
    assert hand.asked == [0, 0, 0], "the first, and twice with reasons"
    second = Hand(good, name=name)
    employed = staff(second, **how)
    assert states(do(cache, employed, [job(0, **change)])) == ["done" if asked else "failed"]
    assert second.asked == asked
    if not asked:
        assert [(left.state, left.subject, left.reasons) for left in employed.told] == [
            ("failed", "raw/0", first.told[0].reasons)
        ], "what was not done is told each time"


def test_failures_are_not_remembered_where_that_is_not_wanted(cache: Cache) -> None:
    hand = Hand(lambda n, reasons: "bad")
    for _ in range(2):
        do(cache, staff(hand, remember=False, attempts=1), [job(0)])
    assert hand.asked == [0, 0]


def test_a_part_is_kept_and_what_is_missing_told(cache: Cache) -> None:
    hand = Hand(lambda n, reasons: "half")
    for _ in range(2):
        employed = staff(hand)
        (done,) = do(cache, employed, [job(0)])
        assert (done.result, done.state, done.text, done.reasons) == ("half", "part", "half", ("half is wrong",))
        assert [(left.state, left.reasons) for left in employed.told] == [("part", ("half is wrong",))]
    assert hand.asked == [0, 0], "twice the same: not asked a third time, nor in the next command"


def test_a_worker_that_fails_after_a_part_leaves_the_part(cache: Cache) -> None:
    def half_then_gone(n: int, reasons: tuple[str, ...]) -> str:
        if reasons:
            raise WorkerError("no network")
        return "half"

    (done,) = do(cache, staff(Hand(half_then_gone)), [job(0)])
    assert (done.result, done.state, done.reasons) == ("half", "part", ("half is wrong", "no network"))


def test_what_a_person_declines_is_remembered(cache: Cache) -> None:
    def decline(task: Task[Any], result: Any) -> tuple[str, ...]:
        raise DeclinedError

    hand = Hand(good)
    assert states(do(cache, staff(hand, approve=decline), [job(0)])) == ["declined"]
    employed = staff(hand)
    assert states(do(cache, employed, [job(0)])) == ["declined"]
    assert hand.asked == [0]
    assert [left.state for left in employed.told] == ["declined"]
    assert states(do(cache, staff(hand, retry=True), [job(0)])) == ["done"]


def test_what_a_person_says_goes_back_to_the_worker(cache: Cache) -> None:
    wishes = iter([("shorter",), ("friendlier",), ("shorter still",), ("almost",), ()])
    heard: list[tuple[str, ...]] = []

    def listen(n: int, reasons: tuple[str, ...]) -> str:
        heard.append(reasons)
        return f"good {len(heard)}"

    (done,) = do(cache, staff(Hand(listen), approve=lambda task, result: next(wishes)), [job(0)])
    assert heard == [(), ("shorter",), ("friendlier",), ("shorter still",), ("almost",)], "more often than attempts"
    assert done.result == "good 5"


def test_a_person_is_not_shown_what_does_not_verify_and_not_two_things_at_once(cache: Cache) -> None:
    shown: list[tuple[str, int]] = []

    def look(task: Task[Any], result: Any) -> tuple[str, ...]:
        shown.append((result, threading.get_ident()))
        return ()

    hand = Hand(lambda n, reasons: f"good {n}" if n or reasons else "bad", at_once=4)
    do(cache, staff(hand, approve=look, parallel=4), [job(n) for n in range(3)])
    assert shown == [(f"good {n}", threading.get_ident()) for n in range(3)]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_cap_stops_all_threads_and_leaves_the_rest(cache: Cache, threads: int) -> None:
    meter = Meter(Caps(tokens=10))
    sent = []
    lock = threading.Lock()

    def pay(n: int, reasons: tuple[str, ...]) -> str:
        reserved = meter.reserve(tokens=3, usd=None)
        with lock:
            sent.append(n)
        meter.settle(reserved, Usage(input_tokens=2, output_tokens=1))
        return good(n, reasons)

    hand = Hand(pay, at_once=threads)
    employed = staff(hand, parallel=threads)
    ended = do(cache, employed, [job(n) for n in range(20)])
    assert sorted(states(ended)) == ["done"] * 3 + ["left"] * 17
    assert len(sent) == 3
    assert len(hand.asked) <= 3 + threads, "each thread meets the cap at most once"
    assert all("the cap of 10 tokens" in done.reasons[0] for done in ended if done.state == "left")
    assert employed.capped
    assert len(cache.all(TABLE)) == 3, "what is left is not remembered as anything"
    other = Hand(good)
    assert "left" in states(
        do(cache, Staff({"read": other}, BRIEFS, capped=employed.capped), [job(n) for n in range(20)])
    )
    assert other.asked == [], "a cap ends the other kinds of tasks too"
    assert states(do(cache, staff(other), [job(n) for n in range(20)])) == ["done"] * 20
    assert len(other.asked) == 17


def test_a_cap_after_a_part_keeps_the_part(cache: Cache) -> None:
    def half_then_cap(n: int, reasons: tuple[str, ...]) -> str:
        if reasons:
            raise CapReachedError("the cap")
        return "half"

    (done,) = do(cache, staff(Hand(half_then_cap)), [job(0)])
    assert (done.result, done.state) == ("half", "part")


@pytest.mark.parametrize(
    ("faults", "asked"),
    [
        ({0, 1, 2}, 3),  # in a row: no network, no key
        ({1, 2, 3}, 4),
        ({0, 1, 3, 4, 6, 7}, 9),  # never three in a row
    ],
)
def test_a_worker_that_cannot_is_given_up_after_some_faults_in_a_row(
    cache: Cache, faults: set[int], asked: int
) -> None:
    def fail(n: int, reasons: tuple[str, ...]) -> str:
        if n in faults:
            raise WorkerError(f"no network at {n}")
        return good(n, reasons)

    hand = Hand(fail)
    ended = do(cache, staff(hand), [job(n) for n in range(9)])
    assert MAX_FAULTS == 3
    assert len(hand.asked) == asked
    assert [done.state for done in ended[:asked]] == ["failed" if n in faults else "done" for n in range(asked)]
    assert {done.state for done in ended[asked:]} <= {"left"}
    assert all("failed 3 times in a row: no network at" in done.reasons[0] for done in ended[asked:])
    assert len(cache.all(TABLE)) == asked - len(faults), "a fault is not remembered: tomorrow there is a network"


def test_a_worker_given_up_is_not_asked_for_another_kind_of_task(cache: Cache) -> None:
    def fail(n: int, reasons: tuple[str, ...]) -> str:
        raise WorkerError("no network")

    hand = Hand(fail)
    employed = Staff({"read": hand, "write": hand}, BRIEFS)
    do(cache, employed, [job(n) for n in range(9)])
    ended = do_all(cache, employed, "write", [job(n) for n in range(9)], stage=silent, label="writing")
    assert {done.state for done in ended} == {"left"}
    assert len(hand.asked) == MAX_FAULTS


def test_a_worker_given_up_leaves_another_worker_alone(cache: Cache) -> None:
    def fail(n: int, reasons: tuple[str, ...]) -> str:
        raise WorkerError("no network")

    other = Hand(good, name="anthropic:x")
    employed = Staff({"read": Hand(fail), "write": other}, BRIEFS)
    do(cache, employed, [job(n) for n in range(9)])
    ended = do_all(cache, employed, "write", [job(n) for n in range(9)], stage=silent, label="writing")
    assert {done.state for done in ended} == {"done"}


def test_a_task_that_waits_is_left_and_the_others_go_on(cache: Cache) -> None:
    def wait_at_0(n: int, reasons: tuple[str, ...]) -> str:
        if n == 0:
            raise LeftError("waits for an agent")
        return good(n, reasons)

    employed = staff(Hand(wait_at_0))
    ended = do(cache, employed, [job(n) for n in range(3)])
    assert states(ended) == ["left", "done", "done"]
    assert not employed.capped
    assert [(left.state, left.reasons) for left in employed.told] == [("left", ("waits for an agent",))]
    assert hand_in_key(job(0).task) not in cache.all(TABLE)


def test_a_ledger_that_cannot_be_written_costs_no_hand_in(cache: Cache) -> None:
    def full(attempt: Attempt) -> None:
        raise DeskError("the disk is full")

    employed = staff(Hand(good), record=full)
    assert states(do(cache, employed, [job(0), job(1)])) == ["done", "done"]
    assert employed.unrecorded == ["the disk is full"] * 2
    assert employed.told == []


def test_each_attempt_is_recorded_and_what_is_recalled_is_not(cache: Cache) -> None:
    rows: list[Attempt] = []
    hand = Hand(lambda n, reasons: "good" if reasons else "bad")
    for _ in range(2):
        do(cache, staff(hand, record=rows.append), [job(0)])
    assert [(row.subject, row.number, row.outcome, row.reason) for row in rows] == [
        ("raw/0", 1, "rejected", "bad is wrong"),
        ("raw/0", 2, "accepted", ""),
    ]


@pytest.mark.parametrize(
    ("at_once", "parallel", "most"),
    [
        (3, 8, 3),  # what the worker bears
        (8, 3, 3),  # what the person allows
        (1, 8, 1),
    ],
)
def test_so_many_tasks_are_under_way_at_once(cache: Cache, at_once: int, parallel: int, most: int) -> None:
    together = threading.Barrier(most)

    def meet(n: int, reasons: tuple[str, ...]) -> str:
        together.wait(30)  # passes only if `most` are here at once
        return good(n, reasons)

    hand = Hand(meet, at_once=at_once)
    assert states(do(cache, staff(hand, parallel=parallel), [job(n) for n in range(2 * most)])) == ["done"] * 2 * most


def test_no_jobs_are_no_work(cache: Cache) -> None:
    assert do(cache, staff(Hand(good)), []) == []
