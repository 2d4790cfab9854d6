"""Leases: who does which task until when, so that no two agents do the same one."""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nightdesk.agents.handins import HandInFile
from nightdesk.agents.tasks import Task
from nightdesk.base.cache import Cache, open_cache
from nightdesk.base.errors import DeskError
from nightdesk.base.lock import hold_lock

MINUTES = 60  # that a lease lasts unless somebody says otherwise
_GRACE = timedelta(minutes=10)  # from each hand-in on: time to be judged, and to mend what is wrong
_REMEMBERED = timedelta(days=30)  # how long an old lease can still be told from one that never was
_WAIT_SECONDS = 30.0  # the lock is held for milliseconds; longer means that something is broken
_LEASES, _DONE = "leases", "done"  # tables of tasks.db: token -> lease, task id -> what became of it
_HOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@/+:-]{0,59}")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to hand in one task, as it was made of `input`, until a time."""

    token: str
    task: str  # its id
    input: str  # its input hash
    kind: str
    subject: str
    holder: str  # a name for people, "" where none was given; the token alone is what counts
    until: datetime  # UTC

    def is_valid(self, now: datetime) -> bool:
        """Whether it still runs."""
        return now < self.until

    @property
    def line(self) -> str:
        """Who has which task until when, for people."""
        return f"{self.task} ({self.kind} {self.subject}): {self.holder or 'somebody'}, until {shown_time(self.until)}"


@dataclass(frozen=True, slots=True)
class Done:
    """A hand-in that was accepted."""

    input: str
    holder: str
    at: datetime  # UTC


@dataclass(frozen=True, slots=True)
class Book:
    """All that is known of leases at one moment."""

    leases: Mapping[str, Lease]  # by token
    done: Mapping[str, Done]  # by task id

    def holding(self, task: str, input_hash: str, now: datetime) -> Lease | None:
        """Return the lease that holds a task now, None where it is free."""
        return next(
            (x for x in self.leases.values() if (x.task, x.input) == (task, input_hash) and x.is_valid(now)), None
        )


def objection(hand_in: HandInFile, book: Book, open_inputs: Mapping[str, str], now: datetime) -> str | None:
    """Return why a hand-in may not be judged, None where it may.

    `open_inputs` are the tasks that are to be done now: id -> input hash. A lease that ran out is still good as long
    as nobody else has taken the task.
    """
    wanted, done, lease = open_inputs.get(hand_in.task), book.done.get(hand_in.task), book.leases.get(hand_in.lease)
    anew = "take it anew with: nightdesk next"
    if wanted != hand_in.input:
        if done is not None and done.input == hand_in.input:
            return f"{hand_in.task} is done already: {done.holder or 'somebody'} handed it in at {shown_time(done.at)}"
        if wanted is not None:
            return f"{hand_in.task} is stale: its source, its claims or the rules changed since this brief; {anew}"
        if any(known.task == hand_in.task for known in book.leases.values()):
            return f"{hand_in.task} is no longer to be done: it is done, or what it was about has changed or is gone"
        return f"there is no task {hand_in.task} on this desk; nightdesk next prints one"
    if lease is None:
        return f"{hand_in.lease} is no lease of this desk; {anew}, then only the line with the lease changes"
    if (lease.task, lease.input) != (hand_in.task, hand_in.input):
        return f"{hand_in.lease} is the lease of another task, {lease.task} ({lease.kind} {lease.subject})"
    holding = book.holding(hand_in.task, hand_in.input, now)
    if holding is not None and holding.token != hand_in.lease:
        return f"your lease ran out at {shown_time(lease.until)}, and another has the task now: {holding.line}"
    return None


def in_turn(tasks: Iterable[Task[Any]], *, kind: str | None = None) -> list[Task[Any]]:
    """Return which of the open tasks may be given out now, in their order; only those of `kind` where one is named.

    As long as something is to be read, no page is given out: what a reading finds changes what pages are written from.
    """
    wanted = [task for task in tasks if kind in (None, task.kind)]
    reading = any(task.kind == "read" for task in wanted)
    return [task for task in wanted if not (reading and task.kind == "write")]


class Leases:
    """The leases of one desk, in tasks.db of its cache folder. Every process sees the same."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lease(
        self, tasks: Sequence[Task[Any]], *, count: int | None, holder: str, minutes: float, now: datetime
    ) -> list[tuple[Task[Any], Lease]]:
        """Give out the first `count` tasks that nobody has (None: all of them), each with its new lease.

        `now` is the time before the open tasks were looked up: what was handed in since then is not given out again.
        """
        until = now.astimezone(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
        with self._open() as cache:
            book = _read(cache)
            taken = {(lease.task, lease.input) for lease in book.leases.values() if lease.is_valid(now)}
            taken |= {(task, done.input) for task, done in book.done.items() if done.at >= now}
            free = [task for task in tasks if (task.id, task.input_hash) not in taken][:count]
            given = [(task, _new(task, holder, until)) for task in free]
            _save(cache, [lease for _, lease in given])
            old = now - _REMEMBERED
            cache.keep_only(_DONE, [task for task, done in book.done.items() if done.at > old])
            kept = [token for token, lease in book.leases.items() if lease.until > old]
            cache.keep_only(_LEASES, [*kept, *(lease.token for _, lease in given)])
        return given

    def check(self, hand_in: HandInFile, tasks: Iterable[Task[Any]], *, now: datetime) -> str | None:
        """Return why a hand-in may not be judged, None where it may: then nobody else gets its task for a while."""
        with self._open() as cache:
            book = _read(cache)
            reason = objection(hand_in, book, {task.id: task.input_hash for task in tasks}, now)
            if reason is None:
                own = book.leases[hand_in.lease]
                _save(cache, [replace(own, until=max(own.until, now.astimezone(UTC) + _GRACE))])
        return reason

    def finish(self, hand_in: HandInFile, *, now: datetime) -> None:
        """Note that the hand-in was accepted: the same one is not taken twice."""
        with self._open() as cache:
            own = _read(cache).leases.get(hand_in.lease)  # none where the cache was deleted meanwhile
            done = Done(hand_in.input, own.holder if own else "", now.astimezone(UTC))
            cache.put(_DONE, {hand_in.task: asdict(done) | {"at": done.at.isoformat()}})
            _save(cache, [replace(own, until=min(own.until, now.astimezone(UTC)))] if own else [])

    def release(self, task: str, *, now: datetime) -> list[Lease]:
        """Give a task back before its lease runs out, by its id; return the leases that this ended."""
        with self._open() as cache:
            ended = [x for x in _read(cache).leases.values() if x.task == task and x.is_valid(now)]
            _save(cache, [replace(lease, until=now.astimezone(UTC)) for lease in ended])
        return ended

    def held(self, tasks: Iterable[Task[Any]], *, now: datetime) -> list[Lease]:
        """Return the leases that hold any of these tasks now."""
        wanted = {(task.id, task.input_hash) for task in tasks}
        with self._open() as cache:
            found = _read(cache).leases.values()
        return [lease for lease in found if (lease.task, lease.input) in wanted and lease.is_valid(now)]

    def kind_of(self, token: str) -> str:
        """Return the kind of the task that a lease is for, "" for an unknown lease."""
        with self._open() as cache:
            lease = _read(cache).leases.get(token)
        return lease.kind if lease else ""

    def holder_of(self, token: str) -> str:
        """Return the name that its holder gave, "" for none or an unknown lease."""
        with self._open() as cache:
            lease = _read(cache).leases.get(token)
        return lease.holder if lease else ""

    @contextmanager
    def _open(self) -> Iterator[Cache]:
        lock = hold_lock(self._folder / "tasks.lock", doing="leasing tasks", wait_seconds=_WAIT_SECONDS)
        with lock, open_cache(self._folder / "tasks.db") as cache:
            yield cache


def holder_name(name: str) -> str:
    """Return a holder's name as it may stand in pages and messages. Raises DeskError for one that may not."""
    if name and not _HOLDER.fullmatch(name):
        raise DeskError(
            f"{name[:80]!r} cannot be the name of a worker", fix="use at most 60 letters, digits, blanks and ._@/+:-"
        )
    return name.strip()


def shown_time(time: datetime) -> str:
    """Return a time for people and agents, to the minute."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _new(task: Task[Any], holder: str, until: datetime) -> Lease:
    # the letter keeps it a text where somebody reads it as YAML: 64 random bits may look like a number
    return Lease("k" + secrets.token_hex(8), task.id, task.input_hash, task.kind, task.subject, holder, until)


def _read(cache: Cache) -> Book:
    """Return the book; an entry of another version of nightdesk is as if it were not there."""
    leases, done = {}, {}
    for token, stored in cache.all(_LEASES).items():
        with suppress(KeyError, TypeError, ValueError):
            leases[token] = Lease(**stored | {"until": datetime.fromisoformat(stored["until"])})
    for task, stored in cache.all(_DONE).items():
        with suppress(KeyError, TypeError, ValueError):
            done[task] = Done(**stored | {"at": datetime.fromisoformat(stored["at"])})
    return Book(leases, done)


def _save(cache: Cache, leases: Iterable[Lease]) -> None:
    cache.put(_LEASES, {x.token: asdict(x) | {"until": x.until.isoformat()} for x in leases})
