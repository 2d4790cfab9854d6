"""The loop: baseline and noise first, then propose, run, score, judge and record, until the night is over.

Each step is one short function below, and each leaves the ledger so that the next start can go on from it, whatever
happens in between (lab.ledger says how, lab.recovery what is then still to do):

    recover -> measure the baseline -> [ propose -> record -> run -> score -> judge (-> run again) -> conclude ] ...
"""

import os
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial

from nightdesk.base.lock import hold_lock
from nightdesk.base.trees import known_commits
from nightdesk.lab.asking import next_proposal
from nightdesk.lab.branches import (
    branches,
    experiment_refs,
    keep_reachable,
    let_go,
    put_branch,
    refuse_checked_out,
    remove_stale_locks,
)
from nightdesk.lab.disturbance import disturbed_run
from nightdesk.lab.experiments import FOLDER, Experiment, State, read_experiments
from nightdesk.lab.faults import disk_faults_told
from nightdesk.lab.jobs import Executor, Proposer, Scorer, Stopped
from nightdesk.lab.keeping import clear_halves, commit_results, leave_untracked
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import NAME, read_results
from nightdesk.lab.measuring import Bench, Disturbed
from nightdesk.lab.night import (
    STOP_AT_ONCE,
    Ended,
    Happening,
    Kind,
    Night,
    Plan,
    Running,
    Tell,
    asked_to_stop,
    now,
    running_file,
    silent,
    stop_file,
)
from nightdesk.lab.records import Records, key, next_key
from nightdesk.lab.recovery import AppendRow, DropRef, MakeRef, MoveBranch, OnDisk, recover
from nightdesk.lab.session import OverError, Session
from nightdesk.lab.starting import choose_start
from nightdesk.lab.steps import finish, is_kept, remeasure, remeasure_the_best


def run_night(
    lab: Lab,
    *,
    proposer: Proposer,
    executor: Executor,
    scorer: Scorer,
    plan: Plan,
    tell: Tell = silent,
    stopped: Stopped = lambda: False,
    disturbed: Disturbed = disturbed_run,
) -> Night:
    """Run experiments as `plan` says, beginning with what an earlier session left open, and return what was done.

    `stopped` ends it at once: the run at work is void and will be done again. The file `stop` in the lab's state
    asks for the same, or to wind down after the run at work. Raises DeskError with the way out where the lab cannot
    go on: another session, the branch in somebody's hands, a baseline that does not run, a full disk. Whatever ends
    it, the next call goes on from what is there.
    """
    with disk_faults_told(lab.folder), hold_lock(lab.lock, doing=f"running experiments of the lab {lab.name}"):
        stop_file(lab).unlink(missing_ok=True)  # it was meant for an earlier session
        session = _begin(
            lab, plan, proposer, Bench(lab.program, executor, scorer, _at_once(lab, stopped), disturbed), tell
        )
        try:
            ended, why = _play(session)
        finally:
            running_file(lab).unlink(missing_ok=True)
        commit = commit_results(lab, tell, wanted=plan.commit)
        session.say(Kind.ENDED, why)
    records = session.records
    kept = tuple(n for n in session.judged if n != records.baseline_number and is_kept(records.get(n)))
    return Night(
        records.tag, ended, why, tuple(session.judged), kept, records.baseline_number, records.best.number, commit
    )


def _begin(lab: Lab, plan: Plan, proposer: Proposer, bench: Bench, tell: Tell) -> Session:
    """Choose the tag and read its ledger; nothing has run yet."""
    leave_untracked(lab)
    clear_halves(lab)
    remove_stale_locks(lab)
    experiments = read_experiments(lab.folder / FOLDER)
    start = choose_start(lab, experiments, tag=plan.tag, today=date.today())
    refuse_checked_out(lab, start.tag)
    tell(Happening(Kind.TAG, start.why))
    records = Records(lab, start, experiments)
    until = None if plan.seconds is None else datetime.now(UTC) + timedelta(seconds=plan.seconds)
    running = Running(
        tag=start.tag,
        process=os.getpid(),
        began=now(),
        doing="starting",
        since=now(),
        count=plan.count,
        until=None if until is None else until.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    deadline = None if plan.seconds is None else time.monotonic() + plan.seconds
    wound_down = partial(_is_asked_to_stop, lab)
    return Session(lab, plan, records, bench, proposer, tell, wound_down, deadline, running)


def _play(session: Session) -> tuple[Ended, str]:
    """Play the night; return how it ended, and why in words."""
    try:
        _recover(session)
        finish(session, session.records.baseline)
        while True:
            session.heed_wishes()
            remeasure_the_best(session)
            proposal, fixes = next_proposal(session)
            experiment = session.records.add(proposal, fixes=fixes)
            session.say(Kind.PROPOSED, f"{experiment.number:04d} {experiment.title}", experiment)
            finish(session, experiment)
    except OverError as over:
        return over.ended, over.why


def _recover(session: Session) -> None:
    """Bring ledger, refs and branch to what was judged, then finish what was left open."""
    lab, records = session.lab, session.records
    session.bench.executor.end_orphans()
    _forget_what_is_recorded(session)
    everything = read_experiments(lab.folder / FOLDER)
    here = known_commits(lab.repository, [experiment.commit for experiment in everything])
    refs = experiment_refs(lab)
    session.branch = branches(lab).get(records.tag)
    found = OnDisk(
        experiments=everything,
        rows=[row.commit for row in read_results(lab.folder / NAME)],
        branch=session.branch,
        start=records.baseline.commit,
        refs=refs,
        finished=frozenset(e.number for e in records.all if session.bench.executor.finished(next_key(e)) is not None),
        tag=records.tag,
    )
    by_number = {experiment.number: experiment for experiment in everything}
    for action in recover(found):
        match action:
            case DropRef(number):
                let_go(lab, number, seen=refs[number])
            case MakeRef(number, commit):
                if commit in here:  # a clone has the ledger, but no commit that no branch leads to
                    keep_reachable(lab, number, commit, seen=refs.get(number))
            case MoveBranch(commit):
                put_branch(lab, records.tag, commit, seen=session.branch, why="the last judged keep")
                session.branch = commit
            case AppendRow(number):
                records.append_row(by_number[number])
            case _:  # KillRun is end_orphans; the others go on from the state that the file tells
                _finish_what_was_left(session, records.get(action.number))


def _finish_what_was_left(session: Session, experiment: Experiment) -> None:
    if experiment.state is State.JUDGED:
        remeasure(session, experiment)
        return
    if not (experiment.is_baseline and not experiment.runs and experiment.state is State.PROPOSED):
        session.say(Kind.RECOVERED, f"{experiment.number:04d} was left {experiment.state}: it goes on", experiment)
    finish(session, experiment)


def _forget_what_is_recorded(session: Session) -> None:
    """Remove the runs that are in the ledger already: the power went between writing it and removing them."""
    folders = session.lab.runs.iterdir() if session.lab.runs.is_dir() else ()
    known = {key(experiment, n) for experiment in session.records.all for n in range(1, len(experiment.runs) + 1)}
    for folder in list(folders):
        if folder.name in known:
            session.bench.executor.forget(folder.name)


def _is_asked_to_stop(lab: Lab) -> bool:
    return asked_to_stop(lab) is not None


def _at_once(lab: Lab, stopped: Stopped) -> Stopped:
    return lambda: stopped() or asked_to_stop(lab) == STOP_AT_ONCE
