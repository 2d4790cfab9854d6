"""A worker that hands in what a file says: for tests, and to try out a desk's rules without an AI."""

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from nightdesk.agents.meter import Meter
from nightdesk.agents.tasks import HandIn, LeftError, Task, Usage, Worker, WorkerError
from nightdesk.base.errors import DeskError

M = TypeVar("M")

_COUNTS = ("input_tokens", "cached_tokens", "output_tokens")
_AMOUNTS = ("usd", "seconds")
_FORM = 'each line must be {"kind": …, "subject": …, "hand_in": …}, or "fails" or "waits" in place of "hand_in"'


@dataclass(frozen=True, slots=True)
class Reply:
    """What is prepared for the task of this kind and subject ("*" is any subject)."""

    kind: str
    subject: str
    hand_in: str = ""
    usage: Usage = field(default_factory=Usage)  # what the call is said to have used, for the ledger and the caps
    fails: str = ""  # why the worker cannot do the task, in place of a hand-in
    waits: bool = False  # the task is left for another time, in place of a hand-in


@dataclass(slots=True)
class ScriptedWorker:
    """Gives the prepared replies of a task in their order, the last one again and again.

    A task without a reply goes to `otherwise`, or fails where there is none.
    """

    replies: Sequence[Reply]
    otherwise: Worker | None = None
    name: str = "scripted"
    meter: Meter = field(default_factory=Meter)
    part_chars: int = 1_000_000_000  # a script reads nothing: no source is too long for it
    at_once: int = 1  # replies have an order
    _given: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the next prepared hand-in; raise what the script says in its place.

        Raises DeskError where the script has nothing for the task, CapReachedError where its usage goes over a cap.
        """
        fitting = [r for r in self.replies if r.kind == task.kind and r.subject in (task.subject, "*")]
        if not fitting:
            if self.otherwise is not None:
                return self.otherwise.work(task, reasons)
            raise DeskError(f"the script has no reply for {task.kind} {task.subject}")
        reply = fitting[min(self._given[task.kind, task.subject], len(fitting) - 1)]
        self._count(reply.usage)  # before the turn is taken: a call that a cap forbids is not made
        self._given[task.kind, task.subject] += 1
        if reply.waits:
            raise LeftError(f"the script lets {task.kind} {task.subject} wait")
        if reply.fails:
            raise WorkerError(reply.fails, usage=reply.usage)
        return HandIn(reply.hand_in, reply.usage)

    def _count(self, usage: Usage) -> None:
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        usd = 0.0 if usage == Usage() else usage.usd  # a line that says nothing of it used nothing
        self.meter.settle(self.meter.reserve(tokens=tokens, usd=usd), usage)


def read_script(path: Path) -> tuple[Reply, ...]:
    """Return the replies in a JSON Lines file.

    Each line has `kind`, `subject` and one of `hand_in` (a text, or a JSON value), `fails` (a message) and `waits`
    (true); `usage` may say what the call used. Raises DeskError that names the file and line of a mistake.
    """
    try:
        # split at line feeds alone: JSON texts may hold other line separators
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"cannot read the script {path}: {error}", fix="give the path of a JSON Lines file") from error
    replies = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                replies.append(_reply(json.loads(line)))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise DeskError(f"{path}, line {number}: not a reply", fix=_FORM) from error
    return tuple(replies)


def _reply(entry: Any) -> Reply:
    """Return the reply that a line says. Raises ValueError, KeyError or TypeError where it has not the form."""
    if not isinstance(entry, dict):
        raise TypeError
    fails, waits = entry.get("fails", ""), entry.get("waits", False)
    if not isinstance(fails, str) or not isinstance(waits, bool):
        raise TypeError
    hand_in = "" if fails or waits else entry["hand_in"]
    return Reply(
        kind=str(entry["kind"]),
        subject=str(entry["subject"]),
        hand_in=hand_in if isinstance(hand_in, str) else json.dumps(hand_in, ensure_ascii=False),
        usage=_usage(entry.get("usage", {})),
        fails=fails,
        waits=waits,
    )


def _usage(entry: Any) -> Usage:
    if not isinstance(entry, dict) or not entry.keys() <= {"model", *_COUNTS, *_AMOUNTS}:
        raise TypeError
    known: dict[str, Any] = {"model": str(entry.get("model", ""))}
    for name in (*_COUNTS, *_AMOUNTS):
        if name in entry:
            known[name] = _amount(entry[name], whole=name in _COUNTS)
    return Usage(**known)


def _amount(value: object, *, whole: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise TypeError
    if not (math.isfinite(value) and value >= 0):
        raise ValueError
    return value
