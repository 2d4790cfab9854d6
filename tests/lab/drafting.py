"""Sessions whose ledger is written by hand, for the tests of drafts: nothing runs, and nothing waits for real time."""

import itertools
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from nightdesk.lab.drafting.book import Taken
from nightdesk.lab.drafting.drafts import Drafts
from nightdesk.lab.experiments import Experiment, RunRecord, State, read_experiments, with_run
from nightdesk.lab.jobs import ANYWHERE, Place, Proposal, Search
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.labs import Lab
from nightdesk.lab.machines.clocks import Stopwatch
from nightdesk.lab.measuring import Bench
from nightdesk.lab.night import Plan, Running, Told
from nightdesk.lab.records import Records
from nightdesk.lab.session import Session
from nightdesk.lab.starting import choose_start
from nightdesk.lab.work import Crew
from tests.lab.fakes import FakeExecutor, FakeProposer, FakeScorer

Edit = Callable[[str], str]


@dataclass
class Gated(FakeProposer):
    """Answers a question only when it is let through."""

    at_once: int = 1
    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    fails: Exception | None = None

    def propose(self, search: Search) -> Proposal | None:
        self.searches.append(search)
        number = len(self.searches)
        assert self.gate.acquire(timeout=20)
        if self.fails is not None:
            raise self.fails
        if not self.edits:
            return None
        text = self.edits.pop(0)(search.files["train.py"])
        return Proposal(f"try {number}", "It may help.", {**search.files, "train.py": text}, self.name)


@dataclass
class Hand:
    """A session and its drafts; experiments are judged by whoever writes the test."""

    session: Session
    drafts: Drafts
    told: Told

    def tend(self, ready: int | None = None, *, wanted: int | None = 9) -> None:
        """Tend the drafts, until so many are ready where a number is given."""
        self.tend_until(lambda: ready in (None, self.drafts.ready), wanted=wanted)

    def tend_until(self, happens: Callable[[], object], *, wanted: int | None = 9) -> None:
        """Tend the drafts until a condition holds."""

        def tended() -> object:
            self.drafts.tend(wanted=wanted)
            return happens()

        until(tended)

    def take(self) -> Taken:
        """Take a proposal that there must be."""
        taken = self.drafts.take()
        assert taken is not None
        return taken

    def add(self, taken: Taken | None = None) -> Experiment:
        """Make what was taken an experiment, as the loop does."""
        taken = taken or self.take()
        return self.session.records.add(taken.proposal, base=taken.base, fixes=taken.fixes)

    def run(self, experiment: Experiment, *scores: float | None) -> Experiment:
        """Write runs down; the experiment is open and waits for another one."""
        for score in scores:
            failure = "exit code 1" if score is None else ""
            run = Run(score, {"wall_seconds": 10.0}, failure)
            experiment = with_run(experiment, RunRecord(run, len(experiment.runs) + 1), log_tail="")
        return self.session.records.save(replace(experiment, state=State.RUNNING))

    def judge(
        self, experiment: Experiment, decision: Decision, ground: Ground = Ground.NOT_BETTER, score: float | None = 1.5
    ) -> Experiment:
        """Judge an experiment, as the loop does."""
        experiment = self.session.records.get(experiment.number)
        experiment = experiment if experiment.runs else self.run(experiment, score)
        records = self.session.records
        judged = records.conclude(experiment, Verdict(decision, ground, str(ground), 0.1), against=records.best)
        self.session.judged.append(judged.number)
        return judged

    def keep(self, experiment: Experiment) -> Experiment:
        """Keep an experiment."""
        return self.judge(experiment, Decision.KEEP, Ground.BETTER, 1.0)


def begin(
    lab: Lab,
    proposer: FakeProposer,
    *,
    places: Sequence[Place] = (ANYWHERE,),
    plan: Plan | None = None,
    seconds: float = 0.0,
) -> Hand:
    """Return a session with a measured baseline, whose clock goes on by so many seconds each time it is looked at.

    Its runs take 10 seconds.
    """
    plan, told, ticks = plan or Plan(), Told(), itertools.count()
    experiments = read_experiments(lab.folder / "experiments")
    start = choose_start(lab, experiments, tag=plan.tag, today=date(2026, 11, 23))
    bench = Bench(lab.program, FakeExecutor(at=tuple(places)), FakeScorer(), lambda: False)
    running = Running(start.tag, 1, "", "starting", "")
    records = Records(lab, start, experiments)
    session = Session(lab, plan, records, bench, proposer, told, lambda: False, running, Crew(bench))
    session.watch = Stopwatch(awake=lambda: seconds * next(ticks))
    hand = Hand(session, Drafts(session, plan.strategy), told)
    if records.baseline.state is not State.JUDGED:
        hand.run(records.baseline, 1.5, 1.501, 1.499)
        hand.judge(records.baseline, Decision.KEEP, Ground.BASELINE)
    return hand


def until(happens: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)
