"""Long actions of a viewer, one after the other in a thread of their own: begun, told of while they run, and kept."""

import contextlib
import secrets
import threading
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from nightdesk.base.errors import DeskError
from nightdesk.base.stages import Stage

Act = Callable[[Stage], Mapping[str, Any]]  # does it, and returns what the page is told
MOST_WAITING = 50
_MOST_KEPT = 200  # works that can still be asked for after their end


@dataclass(slots=True)
class Work:
    """One action."""

    id: str
    key: str  # the same action, asked for again while it waits or runs, is this one
    act: Act
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    stage: str = ""  # what it is at
    done: int = 0  # steps of that stage
    total: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    fix: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """What a page is told of it."""
        told: dict[str, Any] = {"work": self.id, "state": self.state, "stage": self.stage}
        told |= {"done": self.done, "total": self.total}
        if self.state == "done":
            told["result"] = dict(self.result)
        return told | ({"error": self.error, "fix": self.fix} if self.state == "failed" else {})


class Works:
    """The actions of one viewer; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Work] = deque()
        self._kept: OrderedDict[str, Work] = OrderedDict()
        self._is_running = False

    def begin(self, key: str, act: Act) -> Work:
        """Return an action that is to be done, or the one with the same key that is not done yet.

        Raises DeskError where too many wait.
        """
        with self._lock:
            for work in self._kept.values():
                if work.key == key and work.state in ("waiting", "running"):
                    return work
            if len(self._waiting) >= MOST_WAITING:
                raise DeskError("too many actions wait already", fix="try again when they are done")
            work = Work(secrets.token_urlsafe(12), key, act)
            self._waiting.append(work)
            self._kept[work.id] = work
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="works", daemon=True).start()
        return work

    def find(self, identity: str) -> Work | None:
        """Return an action by its id, None for one that there is not (any more)."""
        return self._kept.get(identity)

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._is_running = False
                    return
                work = self._waiting.popleft()
            _do(work)


def _do(work: Work) -> None:
    @contextlib.contextmanager
    def stage(label: str, total: int) -> Iterator[Callable[[], None]]:
        work.stage, work.done, work.total = label, 0, total

        def step() -> None:
            work.done += 1

        yield step

    work.state = "running"
    try:
        work.result = work.act(stage)
        work.state = "done"
    except DeskError as error:
        work.error, work.fix = error.message, error.fix
        work.state = "failed"
    except Exception as error:  # one action must not end those that wait; the traceback says where the bug is
        traceback.print_exc()
        work.error = f"nightdesk failed ({type(error).__name__}): see where it was started from"
        work.state = "failed"
