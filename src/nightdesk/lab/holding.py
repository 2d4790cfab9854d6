"""What held in the morning: baseline, winner and the winner without each of its changes, on fresh seeds.

Runs of the programs alternate, so that a machine that slows down meanwhile slows all of them; they may go on at several
places of one kind of hardware. Each run is written down as it ends: interrupted at any moment, the next call goes on
from there.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.base.lock import hold_lock
from nightdesk.base.trees import known_commits
from nightdesk.lab.branches import LabFiles
from nightdesk.lab.calibration import allowance_seconds, expected_seconds
from nightdesk.lab.confirmations import (
    BASELINE,
    WINNER,
    Confirmed,
    arm_without,
    read_confirmations,
    tell_confirmed,
    write_confirmation,
)
from nightdesk.lab.confirming import CONFIDENCE, SEEDS
from nightdesk.lab.disturbance import disturbed_run
from nightdesk.lab.experiments import (
    FOLDER,
    Experiment,
    RunRecord,
    read_experiments,
    same_hardware,
)
from nightdesk.lab.faults import disk_faults_told
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Executor, LostError, Place, Scorer, Split, Stopped
from nightdesk.lab.judging import Decision
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.logs import keep_log
from nightdesk.lab.measuring import Bench, Disturbed, repeats_before
from nightdesk.lab.merging import merge_files
from nightdesk.lab.night import Happening, Kind, Running, Tell, now, running_file, silent, tell_running
from nightdesk.lab.records import Records
from nightdesk.lab.scores import gain
from nightdesk.lab.searching.lineage import lineage
from nightdesk.lab.starting import Start, measured_otherwise
from nightdesk.lab.student import quantile
from nightdesk.lab.summary import newest_tag
from nightdesk.lab.work import Crew, Order, Work

LEAST_SEEDS = 2
_WAIT_SECONDS = 0.1  # between two looks at the runs, where none of them changes


@dataclass(frozen=True, slots=True)
class ConfirmPlan:
    """What a person wishes to have confirmed."""

    tag: str | None = None  # None: the newest
    seeds: int = SEEDS  # runs of each program
    ablations: bool = True  # also the winner without each of its changes
    commit: bool = True  # the result, in a desk

    def __post_init__(self) -> None:
        if self.seeds < LEAST_SEEDS:
            raise DeskError(f"{self.seeds} runs show nothing", fix=f"at least {LEAST_SEEDS} of each program are needed")


def confirm_night(
    lab: Lab,
    *,
    executor: Executor,
    scorer: Scorer,
    plan: ConfirmPlan,
    tell: Tell = silent,
    stopped: Stopped = lambda: False,
    disturbed: Disturbed = disturbed_run,
) -> Confirmed:
    """Run what a confirmation needs and return what held; `done` is False where `stopped` ended it.

    Nothing runs where nothing was kept. Raises DeskError where there are no experiments, or where what is measured
    now would not be what the search measured.
    """
    bench = Bench(lab.program, executor, scorer, stopped, disturbed)
    with disk_faults_told(lab.folder), hold_lock(lab.lock, doing=f"confirming the lab {lab.name}"):
        records = _records_of(lab, plan.tag)
        confirmed = _begin(lab, plan, records, scorer)
        if confirmed.winner is not None and not confirmed.done:
            executor.end_orphans()
            try:
                confirmed = _run_all(lab, records, bench, confirmed, tell)
            finally:
                running_file(lab).unlink(missing_ok=True)
            commit_results(lab, tell, wanted=plan.commit)
    for line in tell_confirmed(confirmed):
        tell(Happening(Kind.CONFIRMED, line))
    return confirmed


def _records_of(lab: Lab, tag: str | None) -> Records:
    experiments = read_experiments(lab.folder / FOLDER)
    measured = [experiment for experiment in experiments if experiment.is_baseline and experiment.runs]
    meant = tag if tag is not None else newest_tag(measured)
    baselines = [baseline for baseline in measured if baseline.tag == meant]
    if not baselines:
        what = f"no experiments with the tag {tag}" if tag else "no experiments yet"
        raise DeskError(f"{lab.name} has {what}", fix=f"nightdesk lab run {lab.place}")
    baseline = baselines[-1]
    commits = {e.commit for e in experiments if e.tag == baseline.tag}
    if commits - known_commits(lab.repository, commits):
        raise DeskError(
            f"the commits of {baseline.tag} are not all in this repository",
            fix="confirm it where its experiments ran: a clone lacks the lab's branch and refs/nightdesk/",
        )
    if changes := measured_otherwise(lab, baseline):
        raise DeskError(f"{baseline.tag} cannot be confirmed: {'; '.join(changes)}", fix="put it back as it was")
    return Records(lab, Start(baseline.tag, baseline.commit, baseline, ""), experiments)


def _begin(lab: Lab, plan: ConfirmPlan, records: Records, scorer: Scorer) -> Confirmed:
    """Return the open confirmation of the same question, else a new one that is on disk."""
    baseline, winner = records.baseline, records.best
    if winner.is_baseline:
        return Confirmed(0, records.tag, baseline.number, None, done=True)
    split: Split = "test" if scorer.held_out else "val"
    earlier = read_confirmations(lab.folder)
    for found in earlier:
        same = (found.tag, found.winner, found.split, found.seeds) == (records.tag, winner.number, split, plan.seeds)
        if same and not found.done:
            return found
    programs, impossible = _programs(records, ablations=plan.ablations)
    confirmed = Confirmed(
        number=max((found.number for found in earlier), default=0) + 1,
        tag=records.tag,
        baseline=baseline.number,
        winner=winner.number,
        metric=lab.program.metric,
        lower_is_better=lab.program.lower_is_better,
        split=split,
        sealed=scorer.sealed,
        seeds=plan.seeds,
        tries=sum(e.verdict is not None and not e.is_baseline for e in records.all),
        # whoever saw any run on this split may have chosen by it
        before=sum(found.split == split and bool(found.scores(WINNER)) for found in earlier),
        search=_search_gain(records, lower_is_better=lab.program.lower_is_better),
        arms=dict.fromkeys(programs, ()),
        without=tuple(impossible),
    )
    write_confirmation(lab.folder, confirmed)
    return confirmed


def _search_gain(records: Records, *, lower_is_better: bool) -> tuple[float, float, float]:
    """Return the gain that the search saw, the run that the winner was picked for included, and its interval."""
    before = records.scores(records.baseline)
    after = [run.score for run in records.best.counted_runs() if run.score is not None]
    gained, noise = gain(fmean(before), fmean(after), lower_is_better=lower_is_better), records.noise()
    if noise is None or noise.sd == 0:
        return gained, gained, gained
    reach = quantile((1 - CONFIDENCE) / 2, noise.degrees) * noise.error_of_gain(len(before), len(after))
    return gained, gained - reach, gained + reach


def _programs(records: Records, *, ablations: bool) -> tuple[dict[str, Mapping[str, str]], list[str]]:
    """Return the editable files of each arm, and the names of those that there cannot be."""
    winner = records.texts(records.best)
    programs: dict[str, Mapping[str, str]] = {BASELINE: records.texts(records.baseline), WINNER: winner}
    impossible: list[str] = []
    keeps = _keeps(records)
    if not ablations or len(keeps) < 2:  # without its only change the winner is the baseline
        return programs, impossible
    by_commit = {experiment.commit: experiment for experiment in records.all}
    for keep in keeps:
        before = records.texts(by_commit[keep.parent])
        files = merge_files(base=records.texts(keep), ours=winner, theirs=before)
        name = arm_without(keep.number)
        if files is None or fingerprint(files) == fingerprint(winner):  # a later change has undone it
            impossible.append(name)
        else:
            programs[name] = files
    return programs, impossible


def _keeps(records: Records) -> list[Experiment]:
    """Return the keeps whose changes the winner holds: a keep that beat another need not descend from it."""
    held = lineage(records.all, records.best)
    return [e for e in held if e.status == Decision.KEEP and not e.is_baseline]


def _run_all(lab: Lab, records: Records, bench: Bench, confirmed: Confirmed, tell: Tell) -> Confirmed:
    """Run each arm as often as asked for, in turns; return the confirmation as far as it went."""
    runs = _Runs(lab, records, bench, confirmed, _programs(records, ablations=True)[0])
    crew, places = Crew(bench), runs.places()
    began = Running(tag=records.tag, process=os.getpid(), began=now(), doing="confirming", since=now())
    try:
        while True:
            for work in crew.ended():
                _take_in(runs, crew, work, tell)
            if bench.stopped():
                return runs.confirmed
            for place in crew.free(places):
                order = runs.next_order(crew, place)
                if order is not None:
                    tell(Happening(Kind.RUNNING, f"{order.title}, run {order.run} of {confirmed.seeds}"))
                    crew.put(order, place)
            if not crew.works:
                break
            for line in crew.waits():
                tell(Happening(Kind.NOTE, line))
            tell_running(lab, replace(began, since=now(), works=tuple(work.told() for work in crew.works)))
            crew.begin()
            crew.wait(_WAIT_SECONDS)
    finally:
        crew.end()
    runs.confirmed = replace(runs.confirmed, done=True)
    write_confirmation(lab.folder, runs.confirmed)
    return runs.confirmed


def _take_in(runs: "_Runs", crew: Crew, work: Work, tell: Tell) -> None:
    """Write down what came of a run; one that was stopped or lost is void, and is done again."""
    order = work.order
    try:
        measured = crew.take(work)
    except LostError as lost:
        tell(Happening(Kind.NOTE, f"{order.title} is run again elsewhere: {lost}"))
        return
    if measured is None:
        return
    record, confirmed = replace(measured.record, ended=now()), runs.confirmed
    keep_log(runs.lab, order.job.key, measured.log)
    arms = {**confirmed.arms, order.title: (*confirmed.arms[order.title], record)}
    runs.confirmed = replace(confirmed, arms=arms)
    write_confirmation(runs.lab.folder, runs.confirmed)
    runs.bench.executor.forget(order.job.key)
    score = record.note if record.disturbed else record.run.failure or f"{record.run.score:.6g}"
    tell(Happening(Kind.RAN, f"{order.title}, run {order.run}: {score}", run=record))


@dataclass(slots=True)
class _Runs:
    """The runs that a confirmation still needs."""

    lab: Lab
    records: Records
    bench: Bench
    confirmed: Confirmed
    programs: Mapping[str, Mapping[str, str]]

    @property
    def hardware(self) -> str:
        """The kind that its runs were done on so far, else that of the search; scores of two kinds say nothing."""
        done = (record.hardware for runs in self.confirmed.arms.values() for record in runs if record.hardware)
        return next(done, self.records.hardware)

    def places(self) -> list[Place]:
        """Return the places at which it may run, all of one kind. Raises DeskError where it was begun on another."""
        places = self.bench.executor.places()
        alike = [place for place in places if same_hardware(place.hardware, self.hardware)]
        if not alike and any(self.confirmed.arms.values()):
            raise DeskError(f"this confirmation was begun on {self.hardware}", fix="go on with it on such a machine")
        return alike or [place for place in places if place.hardware == places[0].hardware]

    def next_order(self, crew: Crew, place: Place) -> Order | None:
        """Return the run that comes next in turn, None where the runs at work are the last ones."""
        names = [name for name in self.confirmed.arms if name in self.programs]
        for turn in range(self.confirmed.seeds):
            for number in range(len(names)):
                name = names[(number + turn) % len(names)]
                begun = sum(work.order.title == name for work in crew.works)
                if _counted(self.confirmed.arms[name]) + begun <= turn:
                    return self._order(name, crew, place)
        return None

    def _order(self, name: str, crew: Crew, place: Place) -> Order:
        runs, executor = self.confirmed.arms[name], self.bench.executor
        at_work = [work.order.run for work in crew.works if work.order.title == name]
        run = 1 + max(len(runs), *at_work) if at_work else 1 + len(runs)
        used = [*self.records.seeds, *(record.seed for arm in self.confirmed.arms.values() for record in arm)]
        fixed, calm = self.records.files(self.records.baseline), self.records.calm(place.hardware)
        texts = {path: text.encode("utf-8") for path, text in self.programs[name].items()}
        job = self.bench.job(
            _key(self.confirmed, name, run),
            LabFiles({**fixed.contents, **texts}, fixed.editable),
            self.bench.fresh_seed(used),
            allowance_seconds=allowance_seconds(self.lab.program, calm),
            split="test" if self.confirmed.held_out else "val",
        )
        finished = executor.finished(job.key)
        if finished is not None and finished.seed in used:  # the power went between writing it down and removing it
            executor.forget(job.key)
            finished = None
        expected = expected_seconds(self.lab.program.budget, calm[-3:])
        return Order(job, None, name, run, calm, repeats_before(runs), finished, expected)


def _counted(runs: Sequence[RunRecord]) -> int:
    return sum(not record.disturbed for record in runs)


def _key(confirmed: Confirmed, name: str, run: int) -> str:
    return f"confirm-{confirmed.number:02d}-{name.replace(' ', '-')}-{run}"
