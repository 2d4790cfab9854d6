"""A worker that hands in what a file says: for tests, and to try out a desk's rules without an AI."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from nightdesk.agents.tasks import Task, Worker
from nightdesk.base.errors import DeskError

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Reply:
    """One prepared hand-in for the task of this kind and subject ("*" is any subject)."""

    kind: str
    subject: str
    hand_in: str


@dataclass(slots=True)
class ScriptedWorker:
    """Hands in the prepared replies of a task in their order, the last one again and again.

    A task without a reply goes to `otherwise`, or fails where there is none.
    """

    replies: Sequence[Reply]
    otherwise: Worker | None = None
    name: str = "scripted"
    _given: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> str:
        """Return the next prepared hand-in. Raises DeskError where the script has none for the task."""
        fitting = [r.hand_in for r in self.replies if r.kind == task.kind and r.subject in (task.subject, "*")]
        if not fitting:
            if self.otherwise is not None:
                return self.otherwise.work(task, reasons)
            raise DeskError(f"the script has no reply for {task.kind} {task.subject}")
        turn = self._given[task.kind, task.subject]
        self._given[task.kind, task.subject] += 1
        return fitting[min(turn, len(fitting) - 1)]


def read_script(path: Path) -> tuple[Reply, ...]:
    """Return the replies in a JSON Lines file: `kind`, `subject` and `hand_in` (a text, or a JSON value) on each line.

    Raises DeskError that names the file and line of a mistake.
    """
    try:
        # split at line feeds alone: JSON texts may hold other line separators
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"cannot read the script {path}: {error}", fix="give the path of a JSON Lines file") from error
    return tuple(_reply(path, number, line) for number, line in enumerate(lines, 1) if line.strip())


def _reply(path: Path, number: int, line: str) -> Reply:
    try:
        entry = json.loads(line)
        hand_in = entry["hand_in"]
        kind, subject = str(entry["kind"]), str(entry["subject"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        wanted = '{"kind": …, "subject": …, "hand_in": …}'
        raise DeskError(f"{path}, line {number}: not a reply", fix=f"each line must be {wanted}") from error
    return Reply(kind, subject, hand_in if isinstance(hand_in, str) else json.dumps(hand_in, ensure_ascii=False))
