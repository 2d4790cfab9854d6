"""One question answered in a thread of its own: what it is at is told as it goes, and it can be stopped."""

import asyncio
import contextlib
import dataclasses
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nightdesk.agents.tasks import HandIn, Task, Worker
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import ASK, Settings, read_settings
from nightdesk.wiki.answering.answerer import Desktop, decide
from nightdesk.wiki.answering.answers import Scope
from nightdesk.wiki.answering.replies import BUILTIN, Reply, builtin_reply

M = TypeVar("M")
Tell = Callable[[str, Any], None]  # the name of an event, and what it says
Pair = tuple[str, str]  # a question and its answer
SCOPE: Scope = "desk"  # pages, claims and the texts of the sources


@dataclass(slots=True)
class Inquiry:
    """A question under way."""

    desk: Desk
    question: str
    earlier: Sequence[Pair]
    pages: int  # of the desk
    tell: Tell
    stopped: threading.Event = field(default_factory=threading.Event)
    is_over: bool = False
    _closers: list[Callable[[], None]] = field(default_factory=list)

    def stop(self) -> None:
        """End it: what a model is at is cut off; a coding agent works to its end, and nobody listens."""
        self.stopped.set()
        for close in self._closers:
            with contextlib.suppress(Exception):  # whatever it was at, nobody waits for it any more
                close()

    def answer(self) -> Reply | None:
        """Return the reply, None where it was stopped. Raises DeskError where it cannot be answered."""
        try:
            reply = self._answer()
        except (Exception, asyncio.CancelledError) as error:
            if self.stopped.is_set():
                return None
            if isinstance(error, asyncio.CancelledError):
                raise DeskError("the answer was cut off", fix="ask again") from error
            raise
        return None if self.stopped.is_set() else reply

    def _answer(self) -> Reply:
        settings = read_settings(self.desk.settings)
        before = self.earlier[-1][0] if self.earlier else ""
        self.tell("stage", f"Looking through {self.pages:,} pages and the texts of their sources")
        desktop = Desktop(self.desk, SCOPE)
        try:
            looked = desktop.look(self.question, before=before)
            ours = builtin_reply(decide(looked), desktop.statements, worker=BUILTIN)
            if settings.worker_for(ASK) == "builtin" or self.stopped.is_set():
                return ours
            theirs = self._by_ai(settings, desktop, looked)
        finally:
            desktop.close()
        if theirs is None or not theirs.failed:
            return theirs or ours
        told = (theirs.notes, theirs.cost, theirs.capped)
        return dataclasses.replace(ours, notes=told[0], cost=told[1], capped=told[2], failed=True)

    def _by_ai(self, settings: Settings, desktop: Desktop, looked: Any) -> Reply | None:
        """Return what the settings' worker for questions answers, None where there is nothing to answer from."""
        # imported here: the built-in worker needs none of it
        from nightdesk.views.cli.workers import hired  # noqa: PLC0415
        from nightdesk.wiki.answering.asking import ask, gather  # noqa: PLC0415

        with hired(self.desk, settings, kinds=(ASK,), on_text=lambda piece: self.tell("draft", piece)) as staff:
            if staff is None:
                return None
            given = gather(looked, desktop.statements, earlier=self.earlier, context_tokens=settings.context_tokens)
            if not given.write.evidence or self.stopped.is_set():
                return None
            worker = staff.workers[ASK]
            if close := getattr(worker, "close", None):
                self._closers.append(close)
            told: Worker = _Told(worker, self.tell, len(given.write.evidence))
            telling = dataclasses.replace(staff, workers={ASK: told})
            reply = ask(telling, given, looked, desktop.statements)
            return dataclasses.replace(reply, notes=(*reply.notes, *telling.unrecorded))


@dataclass(frozen=True, slots=True)
class _Told:
    """A worker whose turns are told."""

    worker: Worker
    tell: Tell
    pieces: int

    @property
    def name(self) -> str:
        return self.worker.name

    @property
    def part_chars(self) -> int:
        return self.worker.part_chars

    @property
    def at_once(self) -> int:
        return self.worker.at_once

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        name = self.name.partition("@")[0]
        again = "Asking again, with what was wrong: " if reasons else "Asking "
        self.tell("stage", f"{again}{name}, with {self.pieces} claims and quotes")
        hand_in = self.worker.work(task, reasons)
        self.tell("stage", "Checking each sentence and citation")
        return hand_in


class Slots:
    """How many questions are answered at once; the one more is refused."""

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Hold a slot for the block. Raises DeskError where all are taken."""
        if not self._free.acquire(blocking=False):
            raise DeskError("other questions are being answered", fix="wait until they are done, or stop one")
        try:
            yield
        finally:
            self._free.release()


def run_apart(inquiry: Inquiry, slots: Slots, end: Callable[[Reply | None], None]) -> None:
    """Answer in a thread; `end` is given the reply, and its failure is told. Raises DeskError where no slot is free."""
    held = contextlib.ExitStack()
    held.enter_context(slots.take())

    def run() -> None:
        with held:
            try:
                end(inquiry.answer())
            except DeskError as error:
                inquiry.tell("failed", {"error": error.message, "fix": error.fix})
            except Exception as error:  # told on the page; the traceback says where the bug is
                traceback.print_exc()
                inquiry.tell("failed", {"error": f"nightdesk failed ({type(error).__name__})", "fix": None})
            finally:
                inquiry.is_over = True
                inquiry.tell("end", {})

    threading.Thread(target=run, name="ask", daemon=True).start()
