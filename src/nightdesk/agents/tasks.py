"""A task, the worker that does it, and the verifier that judges the hand-in before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from nightdesk.base.errors import DeskError

MAX_ATTEMPTS = 3

M = TypeVar("M")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task(Generic[M]):
    """One piece of work: `material` is all that the worker may use, `subject` says in a few words what it is about."""

    kind: str  # "read", "write": which verifier and which brief
    subject: str
    input_hash: str  # of the material and of the rules it is judged by
    material: M


class Worker(Protocol):
    """Who does tasks. `name` stands in the pages' `generated.by`."""

    @property
    def name(self) -> str: ...

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> str:
        """Return the hand-in; `reasons` say why the last one was rejected, () at the first attempt.

        Raises DeskError where the worker cannot do the task at all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Verified(Generic[T]):
    """What a verifier says of a hand-in: accepted with `result`, or the reasons against it."""

    result: T | None
    reasons: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against the hand-in."""
        return self.result is not None and not self.reasons


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a task ended: with a result, or with the reasons of the last rejection."""

    result: T | None
    reasons: tuple[str, ...]
    attempts: int


def perform(
    task: Task[M], worker: Worker, verify: Callable[[str], Verified[T]], *, attempts: int = MAX_ATTEMPTS
) -> Outcome[T]:
    """Let `worker` do `task`, handing rejections back with their reasons, at most `attempts` times."""
    reasons: tuple[str, ...] = ()
    for attempt in range(1, attempts + 1):
        try:
            hand_in = worker.work(task, reasons)
        except DeskError as error:
            return Outcome(None, (str(error),), attempt)
        verified = verify(hand_in)
        if verified.accepted:
            return Outcome(verified.result, (), attempt)
        if verified.reasons == reasons:
            return Outcome(None, reasons, attempt)  # the same mistakes again: asking once more will not help
        reasons = verified.reasons
    return Outcome(None, reasons, attempts)
