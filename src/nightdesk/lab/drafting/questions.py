"""A question to a proposer: asked in a thread of its own, its answer laid down before anybody is told of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from nightdesk.lab.drafting.files import Draft
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.machines.clocks import Stopwatch
from nightdesk.lab.searching.strategies import Move


@dataclass(slots=True, eq=False)
class Question:
    """One question. What came of it is there once `over` is true: a draft, an error, or neither."""

    ask: Callable[[], Proposal | None]
    keep: Callable[[Proposal], Draft]  # lays an answer down
    answered: Callable[[], None]  # told from the thread that answers
    watch: Stopwatch
    number: int  # of the draft that comes of it
    move: Move | None = None  # of the strategy, that it is for
    fixes: int | None = None  # the number of the experiment whose crash is to be mended
    if_kept: bool = False  # it is for the case that a candidate is kept
    draft: Draft | None = None
    error: BaseException | None = None
    seconds: float = 0.0  # that the answer took
    over: bool = False

    def start(self) -> None:
        """Ask in a thread: a daemon, since the end of a night does not wait for a model that still answers."""
        threading.Thread(target=self.answer, name=f"proposal {self.number}", daemon=True).start()

    def answer(self) -> None:
        """Ask here and now."""
        began = self.watch.wall_seconds
        try:
            proposal = self.ask()
            self.draft = None if proposal is None else self.keep(proposal)
        except BaseException as error:  # raised again where the answer is taken in
            self.error = error
        finally:
            self.seconds = self.watch.wall_seconds - began
            self.over = True
            self.answered()
