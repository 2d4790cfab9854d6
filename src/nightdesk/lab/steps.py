"""The steps of one experiment: run it, write its run down, judge it, conclude."""

from dataclasses import replace

from nightdesk.base.errors import DeskError
from nightdesk.lab.asking import draft_ahead
from nightdesk.lab.branches import put_branch
from nightdesk.lab.calibration import allowance_seconds, mean_measured
from nightdesk.lab.experiments import FOLDER, Experiment, RunRecord, State, with_rerun, with_run, with_verdict
from nightdesk.lab.guards import broken_guards
from nightdesk.lab.jobs import Finished
from nightdesk.lab.judging import Decision, Ground, Verdict, judge
from nightdesk.lab.measurements import log_tail
from nightdesk.lab.measuring import repeats_before
from nightdesk.lab.night import Ended, Kind
from nightdesk.lab.records import key
from nightdesk.lab.recovery import branch_target
from nightdesk.lab.session import OverError, Session
from nightdesk.lab.simplicity import size_change


def finish(session: Session, experiment: Experiment) -> Experiment:
    """Run, score and judge an experiment from whatever state it is in, until it is judged."""
    while experiment.state is not State.JUDGED:
        if experiment.state is not State.SCORED:
            experiment = _run(session, experiment)
        elif experiment.is_baseline:
            experiment = _judge_baseline(session, experiment)
        else:
            experiment = _judge(session, experiment)
    return experiment


def _run(session: Session, experiment: Experiment) -> Experiment:
    """Run an experiment once and write its run down. A disturbed run is written down too, and is done again."""
    if experiment.state is not State.RUNNING:
        experiment = session.records.save(replace(experiment, state=State.RUNNING))
    record, log = _measure(session, experiment)
    experiment = session.records.save(with_run(experiment, record, log_tail=log))
    session.bench.executor.forget(key(experiment, len(experiment.runs)))
    if record.disturbed:
        session.say(Kind.DISTURBED, f"{experiment.number:04d} is run again: {record.note}", experiment, record)
        return session.records.save(replace(experiment, state=State.RUNNING))
    session.say(Kind.RAN, _told(session, experiment, record), experiment, record)
    return experiment


def _measure(session: Session, experiment: Experiment) -> tuple[RunRecord, str]:
    """Run a program once more, or take up its run if that finished already; return its record and its log's end."""
    records, bench, run = session.records, session.bench, len(experiment.runs) + 1
    files, seed = records.files(experiment), bench.fresh_seed(records.seeds)
    judged = records.baseline.state is State.JUDGED
    allowance = allowance_seconds(session.lab.program, records.calm) if judged else None
    job = bench.job(key(experiment, run), files, seed, allowance_seconds=allowance)
    finished: Finished | None = bench.executor.finished(job.key)
    if finished is None:
        session.heed_stopping()
        draft_ahead(session, experiment)
        session.doing("running", experiment, run=run)
        session.say(Kind.RUNNING, f"{experiment.number:04d} {experiment.title}, run {run}", experiment)
        finished = bench.executor.run(job, stopped=bench.stopped)
    if finished is None:
        raise OverError(Ended.STOPPED, f"stopped while {experiment.number:04d} ran: it will be run again")
    session.doing("scoring", experiment, run=run)
    repeated = repeats_before(experiment.runs)
    job = replace(job, seed=finished.seed)
    measured = bench.score(job, finished, files, calm=records.calm, repeated=repeated)
    if measured is None:
        raise OverError(Ended.STOPPED, f"stopped while {experiment.number:04d} was scored: that will be done again")
    return measured.record, log_tail(measured.log)


def _judge_baseline(session: Session, baseline: Experiment) -> Experiment:
    """Measure the noise once there are enough runs. Raises DeskError where the unchanged program fails."""
    runs = baseline.counted_runs()
    failures = [run.failure for run in runs if run.score is None]
    if failures:
        verdict = Verdict(Decision.CRASH, Ground.NO_SCORE, failures[0])
        _conclude(session, session.records.save(with_verdict(baseline, verdict)))
        raise DeskError(
            f"the unchanged program gives no score: {failures[0]}",
            fix=f"see {FOLDER}/{baseline.number:04d}.md for the end of its log, mend it, and start again",
        )
    if len(runs) < session.plan.baseline_runs:
        return session.records.save(replace(baseline, state=State.RUNNING))
    noise = session.records.noise()
    spread = f"{noise.sd:.3g}" if noise else "unknown"
    reason = f"the noise is {spread} (standard deviation over {len(runs)} runs)"
    baseline = session.records.save(with_verdict(baseline, Verdict(Decision.KEEP, Ground.BASELINE, reason)))
    _conclude(session, baseline)
    for broken in broken_guards(session.lab.program.guards, mean_measured(runs), mean_measured(runs)):
        session.say(Kind.NOTE, f"the baseline itself breaks a guard, which few experiments will keep then: {broken}")
    return baseline


def _judge(session: Session, experiment: Experiment) -> Experiment:
    """Judge a candidate on all its runs: keep, discard, crash, or one more run on a fresh seed."""
    records, best = session.records, session.records.best
    noise = records.noise()
    if noise is None:
        raise DeskError("the baseline is not measured", fix=f"move {FOLDER}/ away, or begin with a new --tag")
    verdict = judge(
        experiment.counted_runs(),
        records.scores(best),
        noise=noise,
        rule=records.rule(),
        size_change=size_change(records.texts(best), records.texts(experiment)),
        baseline=mean_measured(records.baseline.counted_runs()),
    )
    experiment = records.save(with_verdict(experiment, verdict))
    if verdict.decision is not Decision.REPLICATE:
        _conclude(session, experiment)
    return experiment


def _conclude(session: Session, experiment: Experiment) -> None:
    """After the verdict is on disk: move the branch, if it is a keep, append the row, and tell it."""
    if is_kept(experiment) and not experiment.is_baseline:
        _advance_the_branch(session)
    session.records.append_row(experiment)
    session.judged.append(experiment.number)
    session.since_remeasured += not experiment.is_baseline
    verdict = experiment.verdict
    if verdict is not None:
        told = f"{experiment.number:04d} {verdict.decision}: {experiment.title}: {verdict.reason}"
        session.say(Kind.JUDGED, told, experiment)


def _advance_the_branch(session: Session) -> None:
    """Put the branch on the last keep. In somebody's hands it stays: the next start moves it, the night goes on."""
    target = branch_target(session.records.all, session.records.baseline.commit)
    try:
        put_branch(session.lab, session.records.tag, target, seen=session.branch, why="a judged keep")
        session.branch = target
    except DeskError as error:
        session.say(Kind.BRANCH, f"the branch stays for now: {error}")


def remeasure_the_best(session: Session) -> None:
    """Run the best program again now and then: drift shows, and one lucky run does not stand in the way of others."""
    best = session.records.best
    if session.since_remeasured >= session.plan.remeasure or (not best.is_baseline and len(best.counted_runs()) == 1):
        remeasure(session, best)


def remeasure(session: Session, best: Experiment) -> None:
    while True:
        record, _ = _measure(session, best)
        moved = None if record.run.score is None else session.records.drift(best, record.run.score)
        best = session.records.save(with_rerun(best, record))
        session.bench.executor.forget(key(best, len(best.runs)))
        if not record.disturbed:
            break
        session.say(Kind.DISTURBED, f"{best.number:04d} is run again: {record.note}", best, record)
    session.since_remeasured = 0
    session.say(Kind.REMEASURED, f"the best program once more: {_told(session, best, record)}", best, record)
    if moved is not None:
        session.say(
            Kind.NOTE,
            f"the unchanged {best.number:04d} now scores {moved:+.4g} from before, more than luck explains: "
            "the machine or its load changed; a new --tag measures a new baseline",
        )


def is_kept(experiment: Experiment) -> bool:
    return experiment.verdict is not None and experiment.verdict.decision is Decision.KEEP


def _told(session: Session, experiment: Experiment, record: RunRecord) -> str:
    metric = session.lab.program.metric
    result = record.run.failure if record.run.score is None else f"{metric} {record.run.score:.6g}"
    return f"{experiment.number:04d}, run {len(experiment.runs)}: {result}"
