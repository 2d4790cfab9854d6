"""What held in the morning: baseline, winner and the winner without each of its changes, on fresh seeds.

Runs of the programs alternate, so that a machine that slows down meanwhile slows all of them. Each run is written down
as it ends: interrupted at any moment, the next call goes on from there.
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
from nightdesk.lab.experiments import FOLDER, Experiment, RunRecord, read_experiments
from nightdesk.lab.faults import disk_faults_told
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Executor, Scorer, Split, Stopped
from nightdesk.lab.judging import Decision
from nightdesk.lab.keeping import commit_results
from nightdesk.lab.labs import Lab
from nightdesk.lab.measuring import Bench, Disturbed, repeats_before
from nightdesk.lab.merging import merge_files
from nightdesk.lab.night import Happening, Kind, Running, Tell, now, running_file, silent, tell_running
from nightdesk.lab.records import Records
from nightdesk.lab.scores import gain
from nightdesk.lab.starting import Start, measured_otherwise
from nightdesk.lab.student import quantile

LEAST_SEEDS = 2


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
    baselines = [e for e in experiments if e.is_baseline and e.runs and tag in (None, e.tag)]
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
    kept = [e for e in records.all if e.verdict is not None and e.verdict.decision is Decision.KEEP]
    return [experiment for experiment in kept if not experiment.is_baseline]


def _run_all(lab: Lab, records: Records, bench: Bench, confirmed: Confirmed, tell: Tell) -> Confirmed:
    """Run each arm as often as asked for, in turns; return the confirmation as far as it went."""
    programs, _ = _programs(records, ablations=True)
    names = [name for name in confirmed.arms if name in programs]
    running = Running(tag=records.tag, process=os.getpid(), began=now(), doing="confirming", since=now())
    for turn in range(confirmed.seeds):
        for place in range(len(names)):
            name = names[(place + turn) % len(names)]
            while _counted(confirmed.arms[name]) <= turn:
                expected = expected_seconds(lab.program.budget, records.calm[-3:])
                running = replace(running, since=now(), title=name, run=turn + 1, expected_seconds=expected)
                tell_running(lab, running)
                tell(Happening(Kind.RUNNING, f"{name}, run {turn + 1} of {confirmed.seeds}"))
                record = _run_once(lab, records, bench, confirmed, name, programs[name])
                if record is None:
                    return confirmed
                confirmed = replace(confirmed, arms={**confirmed.arms, name: (*confirmed.arms[name], record)})
                write_confirmation(lab.folder, confirmed)
                bench.executor.forget(_key(confirmed, name, len(confirmed.arms[name])))
                score = record.note if record.disturbed else record.run.failure or f"{record.run.score:.6g}"
                tell(Happening(Kind.RAN, f"{name}, run {turn + 1}: {score}", run=record))
    confirmed = replace(confirmed, done=True)
    write_confirmation(lab.folder, confirmed)
    return confirmed


def _run_once(
    lab: Lab, records: Records, bench: Bench, confirmed: Confirmed, name: str, texts: Mapping[str, str]
) -> RunRecord | None:
    """Return one more run of an arm, None where the person stopped it."""
    runs = confirmed.arms[name]
    used = [*records.seeds, *(record.seed for others in confirmed.arms.values() for record in others)]
    fixed = records.files(records.baseline)
    files = LabFiles({**fixed.contents, **{path: text.encode("utf-8") for path, text in texts.items()}}, fixed.editable)
    allowance = allowance_seconds(lab.program, records.calm)
    split: Split = "test" if confirmed.held_out else "val"
    seed, run = bench.fresh_seed(used), _key(confirmed, name, len(runs) + 1)
    job = bench.job(run, files, seed, allowance_seconds=allowance, split=split)
    finished = bench.executor.finished(job.key)
    if finished is None:
        finished = None if bench.stopped() else bench.executor.run(job, stopped=bench.stopped)
    if finished is None:
        return None
    repeated = repeats_before(runs)
    job = replace(job, seed=finished.seed)
    measured = bench.score(job, finished, files, calm=records.calm, repeated=repeated)
    return None if measured is None else measured.record


def _counted(runs: Sequence[RunRecord]) -> int:
    return sum(not record.disturbed for record in runs)


def _key(confirmed: Confirmed, name: str, run: int) -> str:
    return f"confirm-{confirmed.number:02d}-{name.replace(' ', '-')}-{run}"
