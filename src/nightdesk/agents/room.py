"""The agent in the room: how tasks are given out to it, and the worker that hands in what it brought."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from nightdesk.agents.handins import TASKS, brief_path, compose_brief, hand_in_path
from nightdesk.agents.leases import MINUTES, Lease, Leases, in_turn, shown_time
from nightdesk.agents.tasks import HandIn, LeftError, Task
from nightdesk.base.files import write_atomically

PART_CHARS = 60_000  # of a source in one task: an agent that a person talks to has room for some 15,000 tokens
_KEPT_SECONDS = 30 * 24 * 3600

M = TypeVar("M")


@dataclass(slots=True)
class RoomWorker:
    """Hands in what was handed in, once; all else stays open for whoever comes next."""

    offered: Mapping[str, str] = field(default_factory=dict)  # task id -> hand-in
    inputs: Mapping[str, str] = field(default_factory=dict)  # task id -> input hash that its hand-in was made for
    holder: str = ""  # who handed in, as it called itself
    part_chars: int = PART_CHARS
    at_once: int = 1
    open: list[Task[Any]] = field(default_factory=list)  # what nobody has handed in yet, in the order it was asked for
    rejected: dict[str, tuple[str, ...]] = field(default_factory=dict)  # task id -> what is wrong with its hand-in
    used: set[str] = field(default_factory=set)  # ids of the tasks whose hand-in was asked for

    @property
    def name(self) -> str:
        """Who it is in `generated.by`: the holder's own name behind "room:"."""
        return f"room:{self.holder}" if self.holder else "room"

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the hand-in that was offered for the task. Raises LeftError where there is none, or no better one."""
        if reasons:
            self.rejected[task.id] = reasons
            raise LeftError(f"the hand-in of {task.kind} {task.subject} was rejected")
        if task.id in self.offered and task.id not in self.used:
            self.used.add(task.id)
            if self.inputs.get(task.id, task.input_hash) != task.input_hash:  # somebody was faster
                return self.work(task, (f"{task.id} is stale: what it is made of changed while it was judged",))
            return HandIn(self.offered[task.id])
        self.open.append(task)
        raise LeftError(f"{task.kind} {task.subject} waits for an agent")


@dataclass(frozen=True, slots=True)
class Given:
    """A task given out. The files are relative to the desk."""

    task: Task[Any]
    lease: Lease
    brief: str  # the whole, as Markdown
    brief_file: str  # where it can be read again
    hand_in_file: str  # where the brief asks for the hand-in

    def to_json(self, *, with_brief: bool) -> dict[str, object]:
        """Return what an agent needs to know of it."""
        lease = self.lease
        told: dict[str, object] = {"task": lease.task, "kind": lease.kind, "subject": lease.subject}
        told |= {"input": lease.input, "lease": lease.token, "until": lease.until.isoformat()}
        told |= {"brief_file": self.brief_file, "hand_in_file": self.hand_in_file}
        return told | ({"brief": self.brief} if with_brief else {})


def give_out(
    root: Path,
    leases: Leases,
    tasks: Sequence[Task[Any]],
    *,
    now: datetime,
    count: int | None = 1,
    kind: str | None = None,
    holder: str = "",
    minutes: float = MINUTES,
) -> list[Given]:
    """Lease the next `count` free tasks of those that are open (None: all), and write each brief to its file.

    `now` is the time before the open tasks were looked up: what was handed in since then is not given out again.
    Where a brief cannot be made (a template of the desk's own with a mistake), no task stays leased.
    """
    _sweep(root / TASKS, now)
    taken = leases.lease(in_turn(tasks, kind=kind), count=count, holder=holder, minutes=minutes, now=now)
    given = []
    try:
        for task, lease in taken:
            brief = compose_brief(task, lease.token, holder=holder, until=shown_time(lease.until), root=root)
            file = brief_path(task.id, lease.token)
            write_atomically(root / file, brief, durable=False)
            given.append(Given(task, lease, brief, file, hand_in_path(task.id, lease.token, task.brief().form)))
    except BaseException:
        for task, _ in taken:
            leases.release(task.id, now=now)
        raise
    return given


def _sweep(folder: Path, now: datetime) -> None:
    """Throw away briefs and hand-ins that are older than any lease."""
    for file in folder.glob("t*"):
        with suppress(OSError):  # another may be sweeping too
            if file.stat().st_mtime < now.timestamp() - _KEPT_SECONDS:
                file.unlink()
