"""The steps of one experiment: its runs are ordered, taken in and written down; it is judged and concluded."""

from dataclasses import replace

from nightdesk.base.errors import DeskError
from nightdesk.lab.branches import put_branch
from nightdesk.lab.calibration import allowance_seconds, expected_seconds, mean_measured
from nightdesk.lab.experiments import FOLDER, Experiment, RunRecord, State, same_hardware, with_rerun, with_run
from nightdesk.lab.guards import broken_guards
from nightdesk.lab.jobs import LostError, Place
from nightdesk.lab.judging import Decision, Ground, Verdict, judge, judge_behind
from nightdesk.lab.lasting.logs import keep_log
from nightdesk.lab.measurements import log_tail
from nightdesk.lab.measuring import repeats_before
from nightdesk.lab.night import Kind, now
from nightdesk.lab.records import key, run_of
from nightdesk.lab.recovery import branch_target
from nightdesk.lab.session import Session
from nightdesk.lab.simplicity import size_change
from nightdesk.lab.work import Order, Work


def order_run(session: Session, experiment: Experiment, place: Place) -> Order:
    """Return what is to be done for one more run of a program; an open experiment is running from now on."""
    records, bench, number = session.records, session.bench, experiment.number
    if experiment.state is State.PROPOSED:
        experiment = records.save(replace(experiment, state=State.RUNNING))
    waiting = session.left.get(number, [])
    taken = max([len(experiment.runs), session.begun.get(number, 0), *(run_of(finished.key) for finished in waiting)])
    finished = waiting.pop() if waiting else None
    run = run_of(finished.key) if finished else 1 + taken
    session.begun[number] = max(taken, run)  # runs end in any order, and no key is used for two of them
    calm = records.calm(place.hardware)
    job = bench.job(
        finished.key if finished else key(experiment, run),
        records.files(experiment),
        finished.seed if finished else bench.fresh_seed(records.seeds),
        allowance_seconds=allowance_seconds(session.lab.program, calm) if is_calibrated(session, place) else None,
    )
    if finished is None:
        session.say(Kind.RUNNING, f"{number:04d} {experiment.title}, run {run}", experiment)
    return Order(
        job=job,
        experiment=number,
        title=experiment.title,
        run=run,
        calm=calm,
        repeated=repeats_before(experiment.runs),
        finished=finished,
        expected_seconds=expected_seconds(session.lab.program.budget, calm[-3:]),
    )


def is_calibrated(session: Session, place: Place) -> bool:
    """Say whether the unchanged program was measured on a place's hardware, so that candidates may run there."""
    baseline = session.records.baseline
    if baseline.state is not State.JUDGED:
        return False
    if same_hardware(place.hardware, session.records.hardware):
        return True
    return len(session.records.calm(place.hardware)) >= session.plan.baseline_runs


def take_in(session: Session, work: Work) -> None:
    """Write down what came of a run that has ended; one that was stopped is void, one whose place was lost waits."""
    records, number = session.records, work.order.experiment or 0
    try:
        measured = session.crew.take(work)
    except LostError as lost:
        session.say(Kind.NOTE, f"{number:04d} is run again elsewhere: {lost}")
        return
    if measured is None:
        return
    experiment, record = records.get(number), replace(measured.record, ended=now())
    keep_log(session.lab, key(experiment, len(experiment.runs) + 1), measured.log)
    if experiment.state is State.JUDGED:
        experiment = _take_in_again(session, experiment, record)
    else:
        experiment = records.save(with_run(experiment, record, log_tail=log_tail(measured.log)))
        if record.disturbed:
            experiment = records.save(replace(experiment, state=State.RUNNING))
        else:
            session.say(Kind.RAN, _told(session, experiment, record), experiment, record)
    if record.disturbed:
        session.say(Kind.DISTURBED, f"{number:04d} is run again: {record.note}", experiment, record)
    session.bench.executor.forget(work.order.job.key)


def _take_in_again(session: Session, experiment: Experiment, record: RunRecord) -> Experiment:
    """Write down one more run of a program that is judged: drift shows, and the best is known better."""
    score, records = record.run.score, session.records
    moved = None if score is None or record.disturbed else records.drift(experiment, score, record.hardware)
    experiment = records.save(with_rerun(experiment, record))
    if record.disturbed:
        return experiment
    session.wanted_again.discard(experiment.number)
    which = "unchanged" if experiment.is_baseline else "best"
    told = f"the {which} program once more: {_told(session, experiment, record)}"
    session.say(Kind.REMEASURED, told, experiment, record)
    if experiment.is_baseline and score is None and not records.calm(record.hardware):
        _bar(session, experiment, record)
    if moved is not None:
        session.say(
            Kind.NOTE,
            f"the unchanged {experiment.number:04d} now scores {moved:+.4g} from before, more than luck explains: "
            "the machine or its load changed; a new --tag measures a new baseline",
        )
    return experiment


def judge_scored(session: Session) -> None:
    """Judge every experiment whose runs tell enough, in the order of their numbers."""
    for experiment in session.records.open:
        if experiment.state is not State.SCORED:
            continue
        if experiment.is_baseline:
            _judge_baseline(session, experiment)
        else:
            _judge(session, experiment)


def _judge_baseline(session: Session, baseline: Experiment) -> None:
    """Measure the noise once there are enough runs. Raises DeskError where the unchanged program fails."""
    records = session.records
    for record in baseline.runs:
        if not record.disturbed and record.run.score is None:
            _bar(session, baseline, record)
    runs = baseline.counted_runs(records.hardware)
    if len(runs) < session.plan.baseline_runs or session.crew.at_work(baseline.number):
        records.save(replace(baseline, state=State.RUNNING))
        return
    noise = records.noise(records.hardware)
    spread = f"{noise.sd:.3g}" if noise else "unknown"
    reason = f"the noise is {spread} (standard deviation over {len(runs)} runs)"
    _conclude(session, baseline, Verdict(Decision.KEEP, Ground.BASELINE, reason))
    for broken in broken_guards(session.lab.program.guards, mean_measured(runs), mean_measured(runs)):
        session.say(Kind.NOTE, f"the baseline itself breaks a guard, which few experiments will keep then: {broken}")


def _bar(session: Session, baseline: Experiment, record: RunRecord) -> None:
    """Let nothing run on hardware where the unchanged program fails. Raises DeskError where there is no other."""
    if record.hardware in session.barred:
        return
    session.barred.add(record.hardware)
    if any(place.hardware not in session.barred for place in session.bench.executor.places()):
        session.say(Kind.NOTE, f"nothing runs on {record.hardware}: there the unchanged program fails")
        return
    if baseline.state is not State.JUDGED:
        _conclude(session, baseline, Verdict(Decision.CRASH, Ground.NO_SCORE, record.run.failure))
    raise DeskError(
        f"the unchanged program gives no score: {record.run.failure}",
        fix=f"see {FOLDER}/{baseline.number:04d}.md for the end of its log, mend it, and start again",
    )


def hardware_of(experiment: Experiment) -> str:
    """Return the kind of hardware that an experiment is judged on: that of its last run that counts."""
    return next((record.hardware for record in reversed(experiment.runs) if not record.disturbed), "")


def _judge(session: Session, experiment: Experiment) -> None:
    """Judge a candidate on all its runs: keep, discard, crash, or one more run on a fresh seed."""
    records, best, hardware = session.records, session.records.best, hardware_of(experiment)
    noise, incumbent = records.noise(hardware), records.scores(best, hardware)
    if noise is None or not incumbent:  # on this hardware; where there is none of it any more, another one will do
        if not any(same_hardware(place.hardware, hardware) for place in session.bench.executor.places()):
            records.save(replace(experiment, state=State.RUNNING))
        return
    runs = experiment.counted_runs(hardware)
    verdict = judge(
        runs,
        incumbent,
        noise=noise,
        rule=records.rule(),
        size_change=size_change(records.texts(best), records.texts(experiment)),
        baseline=mean_measured(records.baseline.counted_runs(hardware)),
    )
    parent = records.parent(experiment)
    if parent is not None and parent.number != best.number:
        known = records.scores(parent, hardware)
        verdict = judge_behind(verdict, runs, known, noise=noise, rule=records.rule())
    _conclude(session, experiment, verdict, against=best)


def _conclude(session: Session, experiment: Experiment, verdict: Verdict, against: Experiment | None = None) -> None:
    """Write the verdict down; then move the branch, if it is a keep, append the row, and tell it."""
    experiment = session.records.conclude(experiment, verdict, against=against)
    if experiment.state is not State.JUDGED:
        return
    if is_kept(experiment) and not experiment.is_baseline:
        _advance_the_branch(session)
    session.records.append_row(experiment)
    session.judged.append(experiment.number)
    if not experiment.is_baseline:
        session.since_remeasured += 1
        session.since_keep = 0 if is_kept(experiment) else session.since_keep + 1
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


def is_kept(experiment: Experiment) -> bool:
    """Say whether an experiment is on the branch, or was."""
    return experiment.status == Decision.KEEP


def _told(session: Session, experiment: Experiment, record: RunRecord) -> str:
    metric = session.lab.program.metric
    result = record.run.failure if record.run.score is None else f"{metric} {record.run.score:.6g}"
    return f"{experiment.number:04d}, run {len(experiment.runs)}: {result}"
