"""Tasks: rejections go back with their reasons, a bounded number of times; each call is recorded."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import pytest

from nightdesk.agents.tasks import (
    MAX_ATTEMPTS,
    MAX_TOLD,
    Attempt,
    Brief,
    CapReachedError,
    DeclinedError,
    HandIn,
    LeftError,
    Outcome,
    Task,
    Usage,
    Verified,
    WorkerError,
    as_list,
    perform,
)
from nightdesk.base.errors import DeskError

M = TypeVar("M")
BRIEF = Brief("Write the page.", "data", "markdown", "b1")
TASK = Task("write", "Muon", "hash", None, lambda: BRIEF)


class Recorder:
    """Hands in "1", "2", … and keeps the reasons that it was given; raises `raises` at that turn."""

    name = "recorder"
    part_chars = 1000
    at_once = 1

    def __init__(self, raises: Mapping[int, Exception] | None = None) -> None:
        self.told: list[tuple[str, ...]] = []
        self.raises = raises or {}

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        self.told.append(reasons)
        turn = len(self.told)
        if turn in self.raises:
            raise self.raises[turn]
        return HandIn(str(turn), used(turn))


def used(turn: int) -> Usage:
    """What the recorder says that its call number `turn` used."""
    return Usage("m", input_tokens=turn)


def accept(wanted: str) -> Callable[[str], Verified[str]]:
    return lambda hand_in: Verified(hand_in, ()) if hand_in == wanted else Verified(None, (f"not {hand_in}",))


def attempt(number: int, outcome: str, reason: str = "", usage: Usage | None = None) -> Attempt:
    usage = used(number) if usage is None else usage
    return Attempt(TASK.id, "write", "Muon", "recorder", "b1", number, usage, outcome, reason)


@pytest.mark.parametrize(
    ("wanted", "outcome", "told"),
    [
        ("1", Outcome("1", (), 1, "1"), [()]),
        ("3", Outcome("3", (), 3, "3"), [(), ("not 1",), ("not 2",)]),
        ("4", Outcome(None, ("not 3",), 3), [(), ("not 1",), ("not 2",)]),  # one attempt too late
    ],
)
def test_reasons_go_back_until_the_attempts_are_used_up(
    wanted: str, outcome: Outcome[str], told: list[tuple[str, ...]]
) -> None:
    worker = Recorder()
    assert perform(TASK, worker, accept(wanted)) == outcome
    assert worker.told == told
    assert len(told) <= MAX_ATTEMPTS


def test_the_same_mistakes_twice_end_it() -> None:
    def reject(hand_in: str) -> Verified[str]:
        return Verified(None, ("always",))

    worker = Recorder()
    assert perform(TASK, worker, reject, attempts=9) == Outcome(None, ("always",), 2)


def test_a_result_with_reasons_against_it_is_not_accepted() -> None:
    assert not Verified("page", ("but",)).accepted
    assert not Verified(None, ()).accepted
    assert Verified("", ()).accepted


@pytest.mark.parametrize(
    ("worths", "outcome"),
    [
        ([5, 3, 4], Outcome("1", ("but 1",), 3, "1")),  # the first was the best: its reasons are the ones that count
        ([3, 5, 4], Outcome("2", ("but 2",), 3, "2")),
        ([3, 3, 3], Outcome("1", ("but 1",), 3, "1")),  # a tie: the earlier one stays
        ([0, None, None], Outcome("1", ("but 1",), 3, "1")),  # worth nothing yet is more than no result
        ([None, None, 0], Outcome("3", ("but 3",), 3, "3")),
        ([None, None, None], Outcome(None, ("but 3",), 3)),  # nothing good: the last reasons
    ],
)
def test_of_the_rejected_hand_ins_the_one_of_most_worth_stays(worths: list[int | None], outcome: Outcome[str]) -> None:
    def verify(hand_in: str) -> Verified[str]:
        worth = worths[int(hand_in) - 1]
        return Verified(None if worth is None else hand_in, (f"but {hand_in}",), worth or 0)

    assert perform(TASK, Recorder(), verify) == outcome


def test_an_accepted_hand_in_wins_over_a_rejected_one_of_more_worth() -> None:
    def verify(hand_in: str) -> Verified[str]:
        return Verified(hand_in, ("but",), 99) if hand_in == "1" else Verified(hand_in, (), 1)

    assert perform(TASK, Recorder(), verify) == Outcome("2", (), 2, "2")


def test_a_worker_that_cannot_is_an_outcome_and_what_was_good_before_stays() -> None:
    out_of_order = DeskError("no key", fix="set one")
    cannot = perform(TASK, Recorder({2: out_of_order}), accept("9"))
    assert cannot == Outcome(None, ("no key (set one)",), 2, worker_failed=True)
    partly = perform(TASK, Recorder({2: out_of_order}), lambda hand_in: Verified("part", ("but",), 1))
    assert partly == Outcome("part", ("but", "no key (set one)"), 2, "1", worker_failed=True)


FAILED = Usage("m", input_tokens=70)


@pytest.mark.parametrize(
    ("raises", "wanted", "recorded"),
    [
        ({}, "1", [attempt(1, "accepted")]),
        ({}, "2", [attempt(1, "rejected", "not 1"), attempt(2, "accepted")]),
        (
            {2: WorkerError("cut off", usage=FAILED)},  # what it used until then is in the ledger
            "9",
            [attempt(1, "rejected", "not 1"), attempt(2, "failed", "cut off", FAILED)],
        ),
        ({1: WorkerError("no key")}, "9", [attempt(1, "failed", "no key", Usage())]),
        ({1: DeskError("no key", fix="set it")}, "9", [attempt(1, "failed", "no key (set it)", Usage())]),
    ],
)
def test_each_call_is_recorded(raises: Mapping[int, Exception], wanted: str, recorded: list[Attempt]) -> None:
    ledger: list[Attempt] = []
    perform(TASK, Recorder(raises), accept(wanted), record=ledger.append)
    assert ledger == recorded


@pytest.mark.parametrize("left", [LeftError("waits"), CapReachedError("the cap of 5 USD")])
def test_what_is_left_for_another_time_goes_through_and_is_no_attempt(left: LeftError) -> None:
    ledger: list[Attempt] = []
    with pytest.raises(type(left)):
        perform(TASK, Recorder({2: left}), accept("9"), record=ledger.append)
    assert ledger == [attempt(1, "rejected", "not 1")]


def test_a_person_who_declines_ends_it_and_the_call_is_recorded() -> None:
    def verify(hand_in: str) -> Verified[str]:
        raise DeclinedError("too long")

    ledger: list[Attempt] = []
    with pytest.raises(DeclinedError):
        perform(TASK, Recorder(), verify, record=ledger.append)
    assert ledger == [attempt(1, "declined", "too long")]


def test_a_brief_is_made_for_the_ledger_alone_only_where_there_is_one() -> None:
    made: list[int] = []

    def brief() -> Brief:
        made.append(1)
        return BRIEF

    task = Task("write", "Muon", "hash", None, brief)
    perform(task, Recorder(), accept("1"))
    assert not made, "the worker did not look at it, and nobody keeps a ledger"
    perform(task, Recorder(), accept("1"), record=lambda attempt: None)
    assert made


def test_a_task_without_a_brief_is_recorded_without_one() -> None:
    ledger: list[Attempt] = []
    perform(Task("write", "Muon", "hash", None), Recorder(), accept("1"), record=ledger.append)
    assert ledger[0].template == ""


def test_the_id_of_a_task_is_that_of_its_kind_and_subject() -> None:
    assert TASK.id == Task("write", "Muon", "another hash", None).id
    assert len({TASK.id, Task("read", "Muon", "hash", None).id, Task("write", "Adam", "hash", None).id}) == 3


def test_the_whole_brief_is_the_rules_then_the_data() -> None:
    assert Brief("rules\n\n", "data\n", "markdown", "b").text == "rules\n\ndata\n"


def test_a_cap_keeps_what_was_good_before_it() -> None:
    capped = perform(TASK, Recorder({2: CapReachedError("2 USD")}), lambda hand_in: Verified("part", ("but",), 1))
    assert capped == Outcome("part", ("but", "2 USD"), 1, "1")
    with pytest.raises(CapReachedError):
        perform(TASK, Recorder({2: CapReachedError("2 USD")}), accept("9"))  # nothing was good: it is left


def test_what_a_person_wishes_uses_up_no_attempt() -> None:
    def verify(hand_in: str) -> Verified[str]:
        return Verified(None, ("shorter",), wished=True) if int(hand_in) < 8 else Verified(hand_in, ())

    assert perform(TASK, Recorder(), verify, attempts=1) == Outcome("8", (), 8, "8")


def test_a_worker_is_told_as_many_reasons_as_help() -> None:
    assert as_list(("a", "b")) == "- a\n- b\n"
    told = as_list(tuple(str(n) for n in range(MAX_TOLD + 3)))
    assert told.count("\n") == MAX_TOLD + 1
    assert told.endswith("- and 3 more like these\n")
