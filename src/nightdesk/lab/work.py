"""Runs at work, each in a thread of its own: it runs, is scored at the same place, and waits to be taken in.

Nothing here touches the ledger: what a run needs is given to it as values, and what comes of it is a value too. A run
is scored where it ran and right after it, so that judging takes nothing from a run at another place.
"""

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from nightdesk.lab.experiments import RunRecord, same_hardware
from nightdesk.lab.jobs import Finished, Job, LostError, Place, Stopped
from nightdesk.lab.judging import Run
from nightdesk.lab.machines.hardware import held_to
from nightdesk.lab.measuring import Bench, Calm, Measured
from nightdesk.lab.night import AtWork, now

MOST_LOST = 3  # times that the place of one program's run may go away before the program is taken for the reason
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Order:
    """One run that is to be done."""

    job: Job
    experiment: int | None  # its number; None for an arm of a confirmation
    title: str
    run: int  # of the experiment, from 1
    calm: Calm = ()
    repeated: int = 0  # times that it was disturbed before
    finished: Finished | None = None  # by an earlier session: it has only to be scored
    expected_seconds: float | None = None


@dataclass(slots=True)
class Work:
    """A run at work. `take` gives what came of it, once `over` says that there is something."""

    order: Order
    place: Place
    bench: Bench
    stopped: Stopped
    changed: Callable[[], None]  # told from the run's own thread when it goes on to the next step, and at its end
    waiting: Callable[[str], None]  # told from there why it has to wait for its place
    doing: str = "running"
    since: str = field(default_factory=now)
    _began: float | None = None  # by time.monotonic; None: it has no place yet
    _ended: float | None = None
    _measured: Measured | None = None
    _error: BaseException | None = None
    _thread: threading.Thread | None = None
    _over: bool = False

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._work, name=f"run {self.order.job.key}", daemon=True)
        self._thread.start()

    @property
    def busy_seconds(self) -> float:
        """How long it has had its place, up to its end."""
        if self._began is None:
            return 0.0
        return (self._ended or time.monotonic()) - self._began

    @property
    def begun(self) -> bool:
        """Whether it has been started."""
        return self._thread is not None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over

    def take(self) -> Measured | None:
        """Return the run's record, None where it was stopped and is void. Raises what ended it, such as LostError."""
        if self._thread is not None:
            self._thread.join()
        if self._error is not None:
            raise self._error
        return self._measured

    def told(self) -> AtWork:
        """Return it as others see it."""
        order = self.order
        return AtWork(
            order.job.key,
            order.experiment,
            order.title,
            order.run,
            self.place.name,
            self.doing,
            self.since,
            order.expected_seconds,
        )

    def _work(self) -> None:
        try:
            turn = self.bench.executor.turn(self.place, stopped=self.stopped, waiting=self._wait)
            with held_to(self.place), turn as mine:
                self._began, self.doing, self.since = time.monotonic(), "running", now()
                self._measured = self._measure() if mine else None
        except BaseException as error:  # raised again where it is taken in
            self._error = error
        finally:
            self._ended = time.monotonic()
            self._over = True  # the thread itself ends a moment later
            self.changed()

    def _wait(self, why: str) -> None:
        self.doing = "waiting for its place"
        self.waiting(why)
        self.changed()

    def _measure(self) -> Measured | None:
        order, bench = self.order, self.bench
        finished = order.finished
        if finished is None:
            finished = bench.executor.run(order.job, place=self.place, stopped=self.stopped)
        if finished is None:
            return None
        self.doing, self.since = "scoring", now()
        self.changed()
        hardware = finished.hardware or self.place.hardware
        finished, job = replace(finished, hardware=hardware, gpu=self.place.gpu), replace(order.job, seed=finished.seed)
        return bench.score(job, finished, calm=order.calm, repeated=order.repeated)


class Crew:
    """All runs at work, at most one at each place."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._works: list[Work] = []
        self._changed = threading.Event()
        self._waits: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._left = threading.Event()  # set: every run is to end at once
        self._lost: Counter[tuple[int | None, str]] = Counter()
        self._busy_seconds = 0.0  # of the runs that have ended

    @property
    def busy_seconds(self) -> float:
        """The wall time of all runs so far, scoring included, waiting for a place not."""
        return self._busy_seconds + sum(work.busy_seconds for work in self._works)

    @property
    def works(self) -> Sequence[Work]:
        """The runs at work, the longest at work first."""
        return tuple(self._works)

    def free(self, places: Sequence[Place]) -> list[Place]:
        """Return the places at which nothing runs."""
        taken = {work.place.name for work in self._works}
        return [place for place in places if place.name not in taken]

    def at_work(self, experiment: int, hardware: str = "") -> int:
        """Return how many runs of an experiment are at work, on one kind of hardware where it is named."""
        mine = [work for work in self._works if work.order.experiment == experiment]
        return sum(same_hardware(work.place.hardware, hardware) for work in mine)

    def put(self, order: Order, place: Place) -> None:
        """Give a free place its run; it begins with `begin`, so that what is going to be done can be told before."""
        work = Work(order, place, self._bench, self._stopped, self._changed.set, self._waits.put)
        self._works.append(work)

    def begin(self) -> None:
        """Begin the runs that were put."""
        for work in self._works:
            if not work.begun:
                work.start()

    def waits(self) -> Iterator[str]:
        """Yield why runs have to wait for their places, as was told since the last call."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._waits.get_nowait()

    def ended(self) -> list[Work]:
        """Return the runs that have ended since the last call; their places are free."""
        over = [work for work in self._works if work.over]
        for work in over:
            self._works.remove(work)
            self._busy_seconds += work.busy_seconds
        return over

    def take(self, work: Work) -> Measured | None:
        """Return the record of a run that has ended, None where it was stopped and is void. Raises what ended it.

        Where its place went away that is LostError, but for the last of MOST_LOST times: then the run has failed.
        """
        order = work.order
        try:
            return work.take()
        except LostError as lost:
            program = order.experiment, order.title
            self._lost[program] += 1
            if self._lost[program] < MOST_LOST:
                raise
            failure = f"its machine went away {MOST_LOST} times: {lost}"
            record = RunRecord(Run(None, {}, failure), order.job.seed, hardware=work.place.hardware)
            return Measured(record, "")

    def wait(self, seconds: float) -> None:
        """Wait until something changes, and no longer than so many seconds."""
        self._changed.wait(seconds)
        self._changed.clear()

    def wake(self) -> None:
        """End the waiting: something that is no run has changed."""
        self._changed.set()

    def end(self) -> None:
        """End every run at once, and return when none is left. What they ran is void."""
        self._left.set()
        self._works = [work for work in self._works if work.begun]
        while self._works:
            self.wait(_LOOK_SECONDS)
            self.ended()

    def _stopped(self) -> bool:
        return self._left.is_set() or self._bench.stopped()
