"""One session of experiments: what its steps share, what it tells, and when it is over."""

import time
from dataclasses import dataclass, field, replace

from nightdesk.lab.calibration import expected_seconds
from nightdesk.lab.drafting import Asked
from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.jobs import Proposer, Stopped
from nightdesk.lab.labs import Lab
from nightdesk.lab.measuring import Bench
from nightdesk.lab.night import Ended, Happening, Kind, Plan, Running, Tell, now, tell_running
from nightdesk.lab.records import Records


class OverError(Exception):
    """The session is over; the ledger is as it is to be."""

    def __init__(self, ended: Ended, why: str) -> None:
        super().__init__(why)
        self.ended = ended
        self.why = why


@dataclass(slots=True)
class Session:
    """What the steps of one session share."""

    lab: Lab
    plan: Plan
    records: Records
    bench: Bench
    proposer: Proposer
    tell: Tell
    wound_down: Stopped
    deadline: float | None  # by time.monotonic
    running: Running
    branch: str | None = None  # where the tag's branch stands, as far as we know
    asked: Asked | None = None  # the draft of the next proposal
    fixes_asked: set[int] = field(default_factory=set)  # crashes that went back to the worker
    judged: list[int] = field(default_factory=list)
    since_remeasured: int = 0  # candidates judged since the best program ran last

    @property
    def candidates(self) -> int:
        """How many experiments were judged in this session, without the baseline."""
        return sum(number != self.records.baseline_number for number in self.judged)

    def say(self, kind: Kind, text: str, experiment: Experiment | None = None, run: RunRecord | None = None) -> None:
        """Tell what happened."""
        self.tell(Happening(kind, " ".join(text.split()), experiment, run))

    def doing(self, doing: str, experiment: Experiment | None = None, *, run: int = 0) -> None:
        """Write down what is being done, for `lab status`."""
        program = self.lab.program
        self.running = replace(
            self.running,
            doing=doing,
            since=now(),
            experiment=None if experiment is None else experiment.number,
            title="" if experiment is None else experiment.title,
            run=run,
            expected_seconds=expected_seconds(program.budget, self.records.calm[-3:]),
            judged=self.candidates,
        )
        tell_running(self.lab, self.running)

    @property
    def is_late(self) -> bool:
        """Whether no other experiment may begin."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def heed_wishes(self) -> None:
        """End the session where no other experiment is to begin."""
        self.heed_stopping()
        if self.plan.count is not None and self.candidates >= self.plan.count:
            count = self.candidates
            raise OverError(Ended.DONE, f"{count} experiment{'s' if count != 1 else ''} judged, as asked for")
        if self.is_late:
            raise OverError(Ended.TIME, "the time is over")

    def heed_stopping(self) -> None:
        """End the session where no other run is to begin."""
        if self.bench.stopped():
            raise OverError(Ended.STOPPED, "stopped")
        if self.wound_down():
            raise OverError(Ended.WOUND_DOWN, "stopped after the run that was at work, as asked for")
