"""Replays: fresh nights with one version of program.md and with another, on equal terms, and what came of them.

Equal terms: the same files and data to start from, the same worker with the same seed for each pair of nights and
without what other nights found, as many experiments, and turns: A B, B A, A B, so that a machine that drifts drifts for
both. Each night's winner and the baseline then run again on fresh seeds, on the test split where there is one.

The doubt of a version's figure is how its nights differ, which holds the noise of measuring too; the difference of two
versions goes by pairs of nights.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from nightdesk.base.errors import DeskError
from nightdesk.base.lock import hold_lock
from nightdesk.lab.branches import blobs_at, start_commit
from nightdesk.lab.comparison.attributing import confirmed_gain
from nightdesk.lab.comparison.estimates import Estimate, difference, mean_of, verdict_on
from nightdesk.lab.comparison.replays import SIDES, Replay, Version, read_replays, write_replay
from nightdesk.lab.comparison.versions import with_instructions
from nightdesk.lab.confirmations import WINNER, Confirmed, read_confirmations
from nightdesk.lab.disturbance import disturbed_run
from nightdesk.lab.experiments import FOLDER, Experiment, judged_in_order, read_experiments
from nightdesk.lab.holding import ConfirmPlan, confirm_night
from nightdesk.lab.jobs import Executor, Proposer, Scorer, Stopped
from nightdesk.lab.judging import Decision
from nightdesk.lab.labs import Lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.measuring import Disturbed
from nightdesk.lab.night import Ended, Happening, Kind, Night, Plan, Tell, silent
from nightdesk.lab.noise import BASELINE_RUNS
from nightdesk.lab.programs import NAME
from nightdesk.lab.starting import measured_otherwise
from nightdesk.lab.summary import hours_of

Propose = Callable[[Lab, int], AbstractContextManager[Proposer]]  # for a lab and a seed
_OVER = (Ended.DONE, Ended.EXHAUSTED)


@dataclass(frozen=True, slots=True)
class Tools:
    """What the nights of a replay are run with."""

    propose: Propose
    executor: Executor
    scorer: Scorer
    baseline_runs: int = BASELINE_RUNS
    tell: Tell = silent
    stopped: Stopped = lambda: False
    disturbed: Disturbed = disturbed_run


@dataclass(frozen=True, slots=True)
class Outcome:
    """One night of a replay. `gain` None: its winner was not measured yet, or could not be."""

    tag: str
    side: int
    repeat: int
    tried: int
    kept: int
    runs: int  # of candidates, that count
    hours: float
    gain: Estimate | None

    @property
    def per_run(self) -> Estimate:
        """The gain for each run; where nothing ran nothing was gained. Of a night that is measured."""
        return self._rate(self.runs)

    @property
    def per_hour(self) -> Estimate:
        """The gain for each hour of runs, likewise."""
        return self._rate(self.hours)

    def _rate(self, amount: float) -> Estimate:
        return Estimate(0.0, 0.0) if amount <= 0 or self.gain is None else self.gain.over(amount)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a replay says so far; figures are for a run and for an hour, None where no night is measured."""

    replay: Replay
    metric: str
    self_reported: bool
    nights: tuple[Outcome, ...]
    per_run: tuple[Estimate | None, Estimate | None]
    per_hour: tuple[Estimate | None, Estimate | None]
    more_per_run: Estimate | None  # the first version over the second, by pairs of nights
    more_per_hour: Estimate | None
    pairs: int


def open_replay(
    lab: Lab, versions: tuple[Version, Version], *, worker: str, count: int, repeats: int, seeds: int
) -> Replay:
    """Return the open replay of the same question, else a new one that is on disk."""
    earlier = read_replays(lab.folder)
    number = max((replay.number for replay in earlier), default=0) + 1
    wanted = Replay(number, versions, worker, count, repeats, seeds)
    for found in earlier:
        if not found.done and found.asks_the_same(wanted):
            return found
    write_replay(lab.folder, wanted)
    return wanted


def play_replay(lab: Lab, replay: Replay, tools: Tools) -> tuple[Replay, Ended, str]:
    """Run what is left of a replay; return it, how it ended (DONE: all of it is measured), and why in words.

    Raises DeskError where a night or a confirmation would, and where the lab is not as it was when the replay began.
    """
    for version in replay.versions:
        with_instructions(lab, version)  # what differs in more than prose is refused before any run
    with hold_lock(lab.state / "replay.lock", doing=f"replaying {NAME} of the lab {lab.name}"):
        for repeat, side in replay.nights:
            tag = replay.tag(repeat, side)
            if tag not in replay.ended:
                night = _night(lab, replay, repeat, side, tools)
                if night.ended not in _OVER:
                    return replay, night.ended, f"{tag}: {night.why}"
                replay = replace(replay, ended=(*replay.ended, tag))
                write_replay(lab.folder, replay, tell_replay(weigh_replay(lab, replay)))
            if not _measure(lab, replay, tag, tools):
                return replay, Ended.STOPPED, f"{tag}: stopped while its winner was measured"
        replay = replace(replay, done=True)
        write_replay(lab.folder, replay, tell_replay(weigh_replay(lab, replay)))
    return replay, Ended.DONE, f"{len(replay.nights)} nights are run and measured"


def _night(lab: Lab, replay: Replay, repeat: int, side: int, tools: Tools) -> Night:
    """Run what is left of one night."""
    _refuse_changes(lab, replay)
    tag, version = replay.tag(repeat, side), replay.versions[side]
    judged = sum(not e.is_baseline and e.verdict is not None for e in _of_tag(lab, tag))
    plan = Plan(count=max(0, replay.count - judged), tag=tag, baseline_runs=tools.baseline_runs, commit=False)
    tools.tell(Happening(Kind.NOTE, f"{tag}: night {repeat} of {replay.repeats} with {version.told}"))
    with_prose = with_instructions(lab, version)
    with tools.propose(with_prose, repeat) as proposer:
        return run_night(
            with_prose,
            proposer=proposer,
            executor=tools.executor,
            scorer=tools.scorer,
            plan=plan,
            tell=tools.tell,
            stopped=tools.stopped,
            disturbed=tools.disturbed,
        )


def _measure(lab: Lab, replay: Replay, tag: str, tools: Tools) -> bool:
    """Measure a night's winner on fresh seeds if that is not done; return False where the person stopped it."""
    if _measured(_of_tag(lab, tag), read_confirmations(lab.folder), replay.seeds) is not None:
        return True
    found = confirm_night(
        lab,
        executor=tools.executor,
        scorer=tools.scorer,
        plan=ConfirmPlan(tag, replay.seeds, ablations=False, commit=False),
        tell=tools.tell,
        stopped=tools.stopped,
        disturbed=tools.disturbed,
    )
    write_replay(lab.folder, replay, tell_replay(weigh_replay(lab, replay)))
    return found.done


def weigh_replay(lab: Lab, replay: Replay) -> Weighed:
    """Return what the nights that were run come to."""
    confirmations = read_confirmations(lab.folder)
    of_tag: dict[str, list[Experiment]] = {}
    for experiment in read_experiments(lab.folder / FOLDER):
        of_tag.setdefault(experiment.tag, []).append(experiment)
    nights = tuple(
        _outcome(replay, repeat, side, of_tag[tag], confirmations)
        for repeat, side in replay.nights
        if (tag := replay.tag(repeat, side)) in replay.ended and tag in of_tag
    )
    known = {(night.repeat, night.side): night for night in nights if night.gain is not None}
    pairs = [(known[n, 0], known[n, 1]) for n in range(1, replay.repeats + 1) if (n, 0) in known and (n, 1) in known]
    by_side = [[night for night in known.values() if night.side == side] for side in (0, 1)]
    return Weighed(
        replay,
        lab.program.metric,
        lab.program.self_reported,
        nights,
        (_mean(n.per_run for n in by_side[0]), _mean(n.per_run for n in by_side[1])),
        (_mean(n.per_hour for n in by_side[0]), _mean(n.per_hour for n in by_side[1])),
        _mean(difference(a.per_run, b.per_run) for a, b in pairs),
        _mean(difference(a.per_hour, b.per_hour) for a, b in pairs),
        len(pairs),
    )


def tell_replay(weighed: Weighed) -> list[str]:
    """Return in words what a replay says, line by line."""
    replay, lines = weighed.replay, []
    for side, version in enumerate(replay.versions):
        nights = [night for night in weighed.nights if night.side == side]
        per_run, per_hour = weighed.per_run[side], weighed.per_hour[side]
        found = (
            f"confirmed gain {per_run.told} a run, {per_hour.told} an hour" if per_run and per_hour else "not measured"
        )
        lines.append(
            f"{SIDES[side].upper()} {version.told}: {len(nights)} of {replay.repeats} nights, "
            f"{sum(night.tried for night in nights)} tried, {sum(night.kept for night in nights)} kept, "
            f"{sum(night.runs for night in nights)} runs; {found}"
        )
    run, hour = weighed.more_per_run, weighed.more_per_hour
    if weighed.self_reported:
        lines.append(f"{weighed.metric} is self-reported: nothing but the runs themselves vouches for it")
    if run is not None and hour is not None:
        lines.append(f"A over B: {run.told} a run: {verdict_on(run)}; {hour.told} an hour: {verdict_on(hour)}")
        if weighed.pairs == 1:
            lines.append("one pair of nights: what stands after ± is the noise of measuring, not how nights differ")
    return lines


def _outcome(
    replay: Replay, repeat: int, side: int, experiments: Sequence[Experiment], confirmations: Sequence[Confirmed]
) -> Outcome:
    tried = [e for e in experiments if not e.is_baseline and e.verdict is not None]
    return Outcome(
        tag=replay.tag(repeat, side),
        side=side,
        repeat=repeat,
        tried=len(tried),
        kept=sum(experiment.status == Decision.KEEP for experiment in tried),
        runs=sum(len(experiment.counted_runs()) for experiment in tried),
        hours=sum(hours_of(experiment) for experiment in tried),
        gain=_measured(experiments, confirmations, replay.seeds),
    )


def _measured(experiments: Sequence[Experiment], confirmations: Sequence[Confirmed], seeds: int) -> Estimate | None:
    """Return a night's gain on fresh seeds, None where it is not measured; nothing kept is nothing gained.

    Nothing is gained either by a winner that fails when it runs again.
    """
    kept = [e for e in judged_in_order(experiments) if e.status == Decision.KEEP]
    if not kept or kept[-1].is_baseline:
        return Estimate(0.0, 0.0)
    mine = [c for c in confirmations if (c.tag, c.winner) == (kept[-1].tag, kept[-1].number) and c.seeds == seeds]
    done = [c for c in mine if c.done]
    if not done:
        return None
    if done[-1].failures(WINNER):
        return Estimate(0.0, 0.0)
    return confirmed_gain(done[-1]) if done[-1].result is not None else None


def _mean(figures: Iterable[Estimate]) -> Estimate | None:
    """Return the mean over nights, with how they differ; of one night, its own doubt. None for no nights."""
    found = list(figures)
    if len(found) < 2:
        return found[0] if found else None
    return mean_of([figure.value for figure in found])


def _of_tag(lab: Lab, tag: str) -> list[Experiment]:
    return [experiment for experiment in read_experiments(lab.folder / FOLDER) if experiment.tag == tag]


def _refuse_changes(lab: Lab, replay: Replay) -> None:
    """Raise DeskError where a night would not begin with what the first one began with."""
    mine = {replay.tag(repeat, side) for repeat, side in replay.nights}
    first = next((e for e in read_experiments(lab.folder / FOLDER) if e.is_baseline and e.tag in mine), None)
    if first is None:
        return
    before, present = blobs_at(lab, first.commit), blobs_at(lab, start_commit(lab)[0])
    changed = [f"{p} changed" for p in sorted({*before, *present} - {NAME}) if before.get(p) != present.get(p)]
    if reasons := [*measured_otherwise(lab, first), *changed]:
        raise DeskError(
            f"replay {replay.number} cannot go on: {'; '.join(reasons)} since it began",
            fix=f"put it back as it was, or move {FOLDER}/replay-{replay.number:02d}.md away to begin anew",
        )
