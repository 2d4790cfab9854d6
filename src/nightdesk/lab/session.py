"""One session of experiments: what its steps share, what it tells, and when it is over."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.jobs import Finished, Proposer, Stopped
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting import stop_rules
from nightdesk.lab.machines.clocks import Stopwatch
from nightdesk.lab.measuring import Bench
from nightdesk.lab.night import Ended, Happening, Kind, Plan, Running, Tell, now, tell_running
from nightdesk.lab.records import Records
from nightdesk.lab.work import Crew


class OverError(Exception):
    """The session is over; the ledger is as it is to be."""

    def __init__(self, ended: Ended, why: str) -> None:
        super().__init__(why)
        self.ended = ended
        self.why = why


@dataclass(slots=True)
class Session:
    """What the steps of one session share. The night's thread alone uses it."""

    lab: Lab
    plan: Plan
    records: Records
    bench: Bench
    proposer: Proposer
    tell: Tell
    wound_down: Stopped
    running: Running
    crew: Crew
    watch: Stopwatch = field(default_factory=Stopwatch)
    branch: str | None = None  # where the tag's branch stands, as far as we know
    fixes_asked: set[int] = field(default_factory=set)  # crashes that went back to the worker
    judged: list[int] = field(default_factory=list)
    since_keep: int = 0  # candidates judged since one was kept
    since_remeasured: int = 0  # candidates judged since the best program ran last
    remeasured: int = 0  # times that this was done
    tidied: int = 0  # how many were judged when that was done last
    wanted_again: set[int] = field(default_factory=set)  # judged programs that are to run once more
    begun: dict[int, int] = field(default_factory=dict)  # experiment -> the number of its run that began last
    left: dict[int, list[Finished]] = field(default_factory=dict)  # experiment -> runs that wait to be scored
    barred: set[str] = field(default_factory=set)  # hardware on which the unchanged program does not run

    @property
    def candidates(self) -> int:
        """How many experiments were judged in this session, without the baseline."""
        return sum(number != self.records.baseline_number for number in self.judged)

    @property
    def wanted(self) -> int | None:
        """How many more proposals may become experiments, None for any number."""
        if self.plan.count is None:
            return None
        waiting = sum(not experiment.is_baseline for experiment in self.records.open)
        return max(0, self.plan.count - self.candidates - waiting)

    @property
    def busy_share(self) -> float | None:
        """The share of its places' time that runs were at work, scoring included; None before the first has ended."""
        whole = self.watch.wall_seconds * len(self.bench.executor.places())
        return min(1.0, self.crew.busy_seconds / whole) if self.crew.busy_seconds and whole > 0 else None

    def say(self, kind: Kind, text: str, experiment: Experiment | None = None, run: RunRecord | None = None) -> None:
        """Tell what happened."""
        self.tell(Happening(kind, " ".join(text.split()), experiment, run))

    def write_running(self, *, drafts: int) -> None:
        """Write down what is being done, for `lab status`, where that has changed."""
        works = tuple(work.told() for work in self.crew.works)
        first = works[0] if works else None
        running = replace(
            self.running,
            doing=first.doing if first else "waiting for a proposal",
            since=first.since if first else now() if self.running.works else self.running.since,
            works=works,
            drafts=drafts,
            judged=self.candidates,
            busy_share=self.busy_share,
        )
        if replace(running, busy_share=None) != replace(self.running, busy_share=None):
            tell_running(self.lab, running)
            self.running = running

    def over(self) -> OverError | None:
        """Return why no other experiment is to begin, None while one may."""
        if (over := self.stopping()) is not None:
            return over
        ended = stop_rules.over(
            self.plan,
            passed_seconds=self.watch.passed_seconds,
            candidates=self.candidates,
            since_keep=self.since_keep,
            now=datetime.now(UTC),
        )
        return None if ended is None else OverError(*ended)

    def stopping(self) -> OverError | None:
        """Return why no other run is to begin, None while one may."""
        if self.bench.stopped():
            works = self.crew.works
            numbers = " and ".join(f"{work.order.experiment or 0:04d}" for work in works)
            one = "it" if len(works) == 1 else "they"
            why = f"stopped while {numbers} ran: {one} will be run again" if works else "stopped"
            return OverError(Ended.STOPPED, why)
        if self.wound_down():
            return OverError(Ended.WOUND_DOWN, "stopped after the runs that were at work, as asked for")
        return None
