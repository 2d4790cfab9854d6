"""The loop: baseline and noise first, then propose, run, score, judge and record, until the night is over.

One thread, the night's, has the ledger, git and the drafts; runs and questions have threads of their own and come back
as values. Each step leaves the ledger so that the next start can go on from it, whatever happens in between (lab.ledger
says how, lab.recovery what is then still to do). At each look:

    take in runs that ended -> judge -> heed the person's wishes -> tend the drafts -> give free places their next run
"""

import os
from datetime import UTC, date, datetime
from functools import partial

from nightdesk.base.lock import hold_lock
from nightdesk.base.trees import known_commits
from nightdesk.lab.branches import (
    branches,
    experiment_refs,
    keep_reachable,
    let_go,
    put_branch,
    refuse_checked_out,
    remove_stale_locks,
)
from nightdesk.lab.dealing import deal
from nightdesk.lab.disturbance import disturbed_run
from nightdesk.lab.drafting.drafts import Drafts
from nightdesk.lab.experiments import FOLDER, State, read_experiments
from nightdesk.lab.faults import disk_faults_told
from nightdesk.lab.jobs import Executor, Proposer, Scorer, Stopped
from nightdesk.lab.keeping import clear_halves, commit_results, leave_untracked
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting import stop_rules
from nightdesk.lab.lasting.logs import prune_logs
from nightdesk.lab.lasting.pruning import clear_leftovers, tidy
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
from nightdesk.lab.records import Records, experiment_of, next_key
from nightdesk.lab.recovery import AppendRow, DropRef, MakeRef, MoveBranch, OnDisk, recover
from nightdesk.lab.session import OverError, Session
from nightdesk.lab.starting import choose_start
from nightdesk.lab.steps import is_kept, judge_scored, take_in
from nightdesk.lab.work import Crew

_LOOK_SECONDS = 0.05  # between two looks where nothing happens
_TIDY_EVERY = 50  # experiments


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

    `stopped` ends it at once: the runs at work are void and will be done again. The file `stop` in the lab's state
    asks for the same, or to wind down after the runs at work. Raises DeskError with the way out where the lab cannot
    go on: another session, the branch in somebody's hands, a baseline that does not run, a full disk. Whatever ends
    it, the next call goes on from what is there.
    """
    with disk_faults_told(lab.folder), hold_lock(lab.lock, doing=f"running experiments of the lab {lab.name}"):
        stop_file(lab).unlink(missing_ok=True)  # it was meant for an earlier session
        bench = Bench(lab.program, executor, scorer, _at_once(lab, stopped), disturbed)
        session = _begin(lab, plan, proposer, bench, tell)
        drafts = Drafts(session, plan.strategy)
        try:
            _recover(session)
            over = _play(session, drafts)
        finally:
            session.crew.end()
            drafts.close()
            running_file(lab).unlink(missing_ok=True)
        commit = commit_results(lab, tell, wanted=plan.commit)
        session.say(Kind.ENDED, over.why)
    records = session.records
    kept = tuple(n for n in session.judged if n != records.baseline_number and is_kept(records.get(n)))
    return Night(
        tag=records.tag,
        ended=over.ended,
        why=over.why,
        judged=tuple(session.judged),
        kept=kept,
        baseline=records.baseline_number,
        best=records.best.number,
        commit=commit,
        busy_share=session.busy_share,
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
    ends = stop_rules.ends_by(plan, passed_seconds=0.0, now=datetime.now(UTC))
    running = Running(
        tag=start.tag,
        process=os.getpid(),
        began=now(),
        doing="starting",
        since=now(),
        count=plan.count,
        until=None if ends is None else ends.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    return Session(lab, plan, records, bench, proposer, tell, partial(_is_asked_to_stop, lab), running, Crew(bench))


def _play(session: Session, drafts: Drafts) -> OverError:
    """Play the night; return how it ended, and why."""
    while True:
        for work in session.crew.ended():
            take_in(session, work)
        judge_scored(session)
        _tidy_up(session)
        if (stopping := session.stopping()) is not None:
            if stopping.ended is Ended.STOPPED or not session.crew.works:
                return stopping
        else:
            over = session.over()
            if over is None:
                drafts.tend(wanted=session.wanted)
            deal(session, drafts if over is None else None)
            over = over or drafts.over
            if over is not None and not session.crew.works and not _goes_on(session):
                return over
        for line in session.crew.waits():
            session.say(Kind.NOTE, line)
        session.write_running(drafts=drafts.ready)
        session.crew.begin()
        session.crew.wait(_LOOK_SECONDS)


def _tidy_up(session: Session) -> None:
    """Now and then, keep what grows within bounds: logs, and git's loose files."""
    if len(session.judged) - session.tidied >= _TIDY_EVERY:
        session.tidied = len(session.judged)
        prune_logs(session.lab, session.records.all)
        tidy(session.lab)


def _goes_on(session: Session) -> bool:
    """Say whether something that is open can still be finished: there is a place for it."""
    return bool(session.records.open) and bool(session.bench.executor.places())


def _recover(session: Session) -> None:
    """Bring ledger, refs and branch to what was judged, then finish what was left open."""
    lab, records = session.lab, session.records
    session.bench.executor.end_orphans()
    clear_leftovers(lab)
    prune_logs(lab, records.all)
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
                pass
    for experiment in records.open:
        if not (experiment.is_baseline and not experiment.runs and experiment.state is State.PROPOSED):
            session.say(Kind.RECOVERED, f"{experiment.number:04d} was left {experiment.state}: it goes on", experiment)
    _take_up(session)


def _take_up(session: Session) -> None:
    """Find the runs that finished and were not scored: they are, first of all. What is in the ledger is removed."""
    records, executor = session.records, session.bench.executor
    folders = [folder.name for folder in session.lab.runs.iterdir()] if session.lab.runs.is_dir() else []
    seeds = set(records.seeds)
    for key in dict.fromkeys([*folders, *(next_key(experiment) for experiment in records.all)]):
        number = experiment_of(key)
        if number not in records.numbers:
            continue  # another tag's, or a confirmation's
        finished = executor.finished(key)
        if finished is None or finished.seed in seeds:
            executor.forget(key)  # cut short, or the power went between writing it down and removing it
            continue
        session.left.setdefault(number, []).append(finished)
        if records.get(number).state is State.JUDGED:
            session.wanted_again.add(number)


def _is_asked_to_stop(lab: Lab) -> bool:
    return asked_to_stop(lab) is not None


def _at_once(lab: Lab, stopped: Stopped) -> Stopped:
    return lambda: stopped() or asked_to_stop(lab) == STOP_AT_ONCE
