"""Tasks: rejections go back with their reasons, a bounded number of times."""

from collections.abc import Callable
from typing import TypeVar

import pytest

from nightdesk.agents.tasks import MAX_ATTEMPTS, Outcome, Task, Verified, perform
from nightdesk.base.errors import DeskError

M = TypeVar("M")
TASK = Task("write", "Muon", "hash", None)


class Recorder:
    """Hands in "1", "2", … and keeps the reasons that it was given."""

    name = "recorder"

    def __init__(self, fails_at: int = 0) -> None:
        self.told: list[tuple[str, ...]] = []
        self.fails_at = fails_at

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> str:
        self.told.append(reasons)
        if len(self.told) == self.fails_at:
            raise DeskError("no key", fix="set one")
        return str(len(self.told))


def accept(wanted: str) -> Callable[[str], Verified[str]]:
    return lambda hand_in: Verified(hand_in, ()) if hand_in == wanted else Verified(None, (f"not {hand_in}",))


@pytest.mark.parametrize(
    ("wanted", "outcome", "told"),
    [
        ("1", Outcome("1", (), 1), [()]),
        ("3", Outcome("3", (), 3), [(), ("not 1",), ("not 2",)]),
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
    worker = Recorder()
    assert perform(TASK, worker, lambda hand_in: Verified(None, ("always",)), attempts=9) == Outcome(
        None, ("always",), 2
    )


def test_a_worker_that_cannot_is_an_outcome() -> None:
    assert perform(TASK, Recorder(fails_at=2), accept("9")) == Outcome(None, ("no key (set one)",), 2)


def test_a_result_with_reasons_against_it_is_not_accepted() -> None:
    assert not Verified("page", ("but",)).accepted
    assert not Verified(None, ()).accepted
    assert Verified("", ()).accepted
    outcome = perform(TASK, Recorder(), lambda hand_in: Verified(hand_in, (f"but {hand_in}",)))
    assert outcome == Outcome(None, ("but 3",), 3)
