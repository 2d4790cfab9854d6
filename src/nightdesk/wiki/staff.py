"""AI workers at their tasks: what is accepted is kept at once; the rest is left where a cap or a person says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import (
    MAX_ATTEMPTS,
    Attempt,
    CapReachedError,
    DeclinedError,
    LeftError,
    Task,
    Verified,
    Worker,
    perform,
)
from nightdesk.base.cache import Cache
from nightdesk.base.errors import DeskError
from nightdesk.base.parallel import map_as_done
from nightdesk.base.stages import Stage

TABLE = "hand_ins"
MAX_FAULTS = 3  # a worker that fails so often in a row (no network, no key) is not asked again in this compile
M = TypeVar("M")
T = TypeVar("T")
Approve = Callable[[Task[Any], Any], tuple[str, ...]]  # what a person says against a result; () is yes


@dataclass(frozen=True, slots=True)
class Staff:
    """The AI workers of one command and what binds them; a kind of task that is not named is the built-in worker's."""

    workers: Mapping[str, Worker]
    briefs: Briefs
    record: Callable[[Attempt], None] = lambda attempt: None
    attempts: int = MAX_ATTEMPTS
    parallel: int = 1
    approve: Approve | None = None
    only: tuple[str, ...] = ()  # raw paths that are to be read now; () is all
    retry: bool = False  # what failed or was declined is tried again
    remember: bool = True  # failures: they are not tried again until their inputs change
    again: tuple[str, ...] = ()  # raw and page paths that are done again although nothing changed
    told: list["Left"] = field(default_factory=list)  # filled as work goes on
    capped: list[str] = field(default_factory=list)  # why a cap ended the work; empty where none did
    unrecorded: list[str] = field(default_factory=list)  # why the ledger lacks a call
    given_up: dict[str, str] = field(default_factory=dict)  # worker -> why it is not asked any more

    def note(self, attempt: Attempt) -> None:
        """Record an attempt; a ledger that cannot be written must not cost the hand-in, which is paid."""
        try:
            self.record(attempt)
        except DeskError as error:
            self.unrecorded.append(str(error))


@dataclass(frozen=True, slots=True)
class Left:
    """A task that was not done, or not wholly."""

    kind: str
    subject: str
    state: Literal["part", "failed", "left", "declined"]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job(Generic[M, T]):
    """A task with its verifier."""

    task: Task[M]
    verify: Callable[[str], Verified[T]]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """How a job ended. `result` is there when all or a part of the hand-in was accepted."""

    result: T | None
    by: str
    state: Literal["done", "part", "failed", "left", "declined"]
    reasons: tuple[str, ...] = ()
    text: str = ""  # the hand-in
    fault: bool = False  # the worker could not: not remembered


def credit(worker: Worker) -> str:
    """Return who pages say did the work: the worker's name, without the address that it is reached at."""
    return worker.name.partition("@")[0]


def hand_in_key(task: Task[Any]) -> str:
    """Return the key under which a task's accepted hand-in is kept: the same for a section that got another number."""
    return f"{task.kind}:{task.input_hash}"


def do_all(
    cache: Cache, staff: Staff, kind: str, jobs: Sequence[Job[M, T]], *, stage: Stage, label: str
) -> list[Done[T]]:
    """Let the worker for `kind` do all jobs, several at once; return how each ended, in their order.

    A hand-in accepted in an earlier, interrupted command is verified again and used. Keeps each new one at once.
    """
    worker = staff.workers[kind]
    stop = _Stop(next(iter(staff.capped), staff.given_up.get(worker.name, "")))
    stored = cache.get(TABLE, [hand_in_key(job.task) for job in jobs])
    ended: dict[int, Done[T]] = {}
    for n, job in enumerate(jobs):
        recalled = _recall(job, stored.get(hand_in_key(job.task)), credit(worker), staff)
        if recalled is not None:
            ended[n] = recalled
    missing = [n for n in range(len(jobs)) if n not in ended]
    threads = 1 if staff.approve else min(worker.at_once, staff.parallel)
    with stage(f"{label} with {credit(worker)}", len(missing)) as step:
        for k, done in map_as_done(lambda n: _do(jobs[n], worker, staff, stop), missing, threads=threads):
            ended[missing[k]] = done
            if stop.gives_up_after(done):
                staff.given_up[worker.name] = stop.why
            if done.result is not None or (staff.remember and done.state != "left" and not done.fault):
                record = {"by": done.by, "state": done.state, "text": done.text, "reasons": list(done.reasons)}
                cache.put(TABLE, {hand_in_key(jobs[missing[k]].task): record})
            step()
    for n, done in sorted(ended.items()):
        if done.state != "done":
            staff.told.append(Left(kind, jobs[n].task.subject, done.state, done.reasons))
    return [ended[n] for n in range(len(jobs))]


class _Stop:
    """Why no further task is begun: "" as long as there is no reason."""

    def __init__(self, why: str) -> None:
        self.why = why
        self._faults = 0

    def gives_up_after(self, done: Done[T]) -> bool:
        self._faults = self._faults + 1 if done.fault else 0
        if self._faults >= MAX_FAULTS and not self.why:
            self.why = f"{done.by} failed {MAX_FAULTS} times in a row: {done.reasons[0]}"
            return True
        return False


def _recall(job: Job[M, T], record: Mapping[str, Any] | None, worker: str, staff: Staff) -> Done[T] | None:
    """Return how a task ended in an earlier command; None where it is to be done (again)."""
    if record is None or job.again:
        return None
    if record["state"] != "done" and (staff.retry or record["by"] != worker):
        return None
    if not record["text"] or record["state"] == "declined":
        return Done(None, record["by"], record["state"], tuple(record["reasons"]))
    verified = job.verify(record["text"])
    if verified.result is None:
        return None
    state: Literal["done", "part"] = "part" if verified.reasons else "done"
    return Done(verified.result, record["by"], state, verified.reasons, record["text"])


def _wishes(staff: Staff, task: Task[Any], result: Any) -> tuple[str, ...]:
    """Return what a person who looks on wants changed, () where nobody does or it is good."""
    return staff.approve(task, result) if staff.approve else ()


def _do(job: Job[M, T], worker: Worker, staff: Staff, stop: _Stop) -> Done[T]:
    if stop.why:
        return Done(None, credit(worker), "left", (stop.why,))

    def verify(text: str) -> Verified[T]:
        verified = job.verify(text)
        wishes = _wishes(staff, job.task, verified.result) if verified.accepted else ()
        return Verified(None, wishes, wished=True) if wishes else verified

    try:
        outcome = perform(job.task, worker, verify, attempts=staff.attempts, record=staff.note)
        if outcome.result is not None and outcome.reasons and _wishes(staff, job.task, outcome.result):
            raise DeclinedError("a part of it was good, and was not wanted")
    except CapReachedError as error:
        stop.why = str(error)
        staff.capped.append(str(error))
        return Done(None, credit(worker), "left", (str(error),))
    except LeftError as error:
        return Done(None, credit(worker), "left", (str(error),))
    except DeclinedError as error:
        return Done(None, credit(worker), "declined", (str(error) or "declined",))
    if outcome.result is None:
        return Done(None, credit(worker), "failed", outcome.reasons, fault=outcome.worker_failed)
    if outcome.reasons:
        return Done(outcome.result, credit(worker), "part", outcome.reasons, outcome.hand_in)
    return Done(outcome.result, credit(worker), "done", (), outcome.hand_in)
