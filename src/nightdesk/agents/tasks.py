"""A task, the worker that does it, and the verifier that judges the hand-in before anything is written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash

MAX_ATTEMPTS = 3
MAX_TOLD = 40  # reasons that a worker that reads is told at once: more would cost more than they help

M = TypeVar("M")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a worker is told: `rules` are ours and the person's, `material` is data, marked as such."""

    rules: str  # Markdown: the desk's AGENTS.md, what is to be done, the form of the hand-in
    material: str  # Markdown: texts from outside between the marks of agents.boundary
    form: Literal["json", "markdown"]  # of the hand-in
    template: str  # short hash of the template, by which acceptance is counted
    schema: Mapping[str, Any] | None = None  # JSON schema of the hand-in, where `form` is "json"
    images: tuple[Path, ...] = ()  # files that a worker with eyes may be shown

    @property
    def text(self) -> str:
        """The whole brief as one Markdown text."""
        return f"{self.rules.rstrip()}\n\n{self.material}"


def no_brief() -> Brief:
    """Stand in for the brief of a task that only workers of our own code do, who need none."""
    raise DeskError("this kind of task has no brief", fix="use the built-in worker")


@dataclass(frozen=True, slots=True)
class Task(Generic[M]):
    """One piece of work: `material` is all that the worker may use, `subject` says in a few words what it is about."""

    kind: str  # "read", "write": which verifier and which brief
    subject: str
    input_hash: str  # of the material and of the rules it is judged by
    material: M
    brief: Callable[[], Brief] = field(default=no_brief, repr=False)  # made only when a worker reads it

    @property
    def id(self) -> str:
        """The name of the task in briefs, hand-ins and ledgers: the same as long as kind and subject are."""
        return "t" + short_hash(f"{self.kind}\n{self.subject}")[:10]


@dataclass(frozen=True, slots=True)
class Usage:
    """What one attempt used. None is "unknown", never 0."""

    model: str = ""  # as the provider calls it
    input_tokens: int | None = None  # all that was sent, cached tokens included
    cached_tokens: int | None = None  # of these, read from the provider's cache
    output_tokens: int | None = None
    usd: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HandIn:
    """What a worker hands in, and what it used."""

    text: str
    usage: Usage = Usage()


class WorkerError(DeskError):
    """The worker could not do this task; what it used until then is not lost from the count."""

    def __init__(self, message: str, *, fix: str | None = None, usage: Usage | None = None) -> None:
        super().__init__(message, fix=fix)
        self.usage = usage or Usage()


def as_list(reasons: tuple[str, ...]) -> str:
    """Return the reasons against a hand-in as a Markdown list, cut off where it gets long."""
    more = [f"and {len(reasons) - MAX_TOLD} more like these"] if len(reasons) > MAX_TOLD else []
    return "".join(f"- {reason}\n" for reason in (*reasons[:MAX_TOLD], *more))


class LeftError(Exception):
    """The task was not done now and may be done another time: it waits for somebody, or a cap was reached."""


class CapReachedError(LeftError):
    """A cap of the person's (money, tokens, time) does not allow another call; str() says which."""


class DeclinedError(Exception):
    """A person looked at the hand-in and does not want it."""


class Worker(Protocol):
    """Who does tasks. `name` stands in the pages' `generated.by`."""

    @property
    def name(self) -> str: ...

    @property
    def part_chars(self) -> int:
        """How many characters of a source the worker can read in one task."""
        ...

    @property
    def at_once(self) -> int:
        """How many tasks it can be given at the same time, from threads."""
        ...

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the hand-in; `reasons` say why the last one was rejected, () at the first attempt.

        Raises WorkerError (or DeskError) where the worker cannot do the task at all, LeftError where it is not done
        now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Verified(Generic[T]):
    """What a verifier says of a hand-in: accepted, or `reasons` against it and, in `result`, what is good in it."""

    result: T | None
    reasons: tuple[str, ...]
    worth: int = 0  # of several results with reasons against them the one of most worth is kept
    wished: bool = False  # the reasons are a person's wishes: they use up no attempt

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against the hand-in."""
        return self.result is not None and not self.reasons


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of a worker, as the ledger keeps it."""

    task_id: str
    kind: str
    subject: str
    worker: str
    template: str
    number: int  # from 1
    usage: Usage
    outcome: str  # "accepted", "rejected", "failed" (no hand-in), "declined" (by a person)
    reason: str  # the first one, "" where there is none


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How a task ended: with a result, or with the reasons of the last rejection.

    Both where only a part of the hand-in was good: `result` is that part, `reasons` say what is missing.
    """

    result: T | None
    reasons: tuple[str, ...]
    attempts: int
    hand_in: str = ""  # the one that `result` comes from
    worker_failed: bool = False  # the worker could not hand in anything: another time it may


def perform(
    task: Task[M],
    worker: Worker,
    verify: Callable[[str], Verified[T]],
    *,
    attempts: int = MAX_ATTEMPTS,
    record: Callable[[Attempt], None] | None = None,
) -> Outcome[T]:
    """Let `worker` do `task`, handing rejections back with their reasons, at most `attempts` times.

    Of the rejected hand-ins the one with most good in it stays as the result, also where a cap or the worker itself
    ends the attempts. Any other LeftError goes through.
    """

    def note(outcome: str, reason: str, usage: Usage) -> None:
        if record is not None:  # a brief is not made only to be named
            record(
                Attempt(task.id, task.kind, task.subject, worker.name, _template(task), number, usage, outcome, reason)
            )

    reasons: tuple[str, ...] = ()
    best: Verified[T] = Verified(None, (), -1)
    text = ""
    number = tries = 0
    while tries < attempts:
        number += 1
        try:
            hand_in = worker.work(task, reasons)
        except CapReachedError as error:
            if best.result is None:
                raise
            return Outcome(best.result, (*best.reasons, str(error)), number - 1, text)
        except DeskError as error:
            note("failed", str(error), error.usage if isinstance(error, WorkerError) else Usage())
            return Outcome(best.result, (*best.reasons, str(error)), number, text, worker_failed=True)
        try:
            verified = verify(hand_in.text)
        except DeclinedError as error:
            note("declined", str(error), hand_in.usage)
            raise
        note("accepted" if verified.accepted else "rejected", next(iter(verified.reasons), ""), hand_in.usage)
        if verified.accepted:
            return Outcome(verified.result, (), number, hand_in.text)
        if verified.result is not None and verified.worth > best.worth:
            best, text = verified, hand_in.text
        tries += 0 if verified.wished else 1
        if verified.reasons == reasons and not verified.wished:
            break  # the same mistakes again: asking once more will not help
        reasons = verified.reasons
    return Outcome(best.result, best.reasons or reasons, number, text)


def _template(task: Task[M]) -> str:
    try:
        return task.brief().template
    except DeskError:
        return ""  # work of our own code needs no brief
