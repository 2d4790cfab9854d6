"""What a night comes to: counts, the running best, keeps, gains and rates, from the experiments of one branch."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, judged_in_order, same_hardware
from nightdesk.lab.judging import Decision, Ground, incumbent_scores
from nightdesk.lab.lasting.drifting import Drift, drift_of, unchanged_runs
from nightdesk.lab.noise import Noise, measure_noise
from nightdesk.lab.scores import best, gain

_REPLAY = re.compile(r"replay-\d{1,6}-[ab]\d{1,4}")
_MOST_KINDS = 10  # of crashes that are told apart; the rest is counted together


@dataclass(frozen=True, slots=True)
class Point:
    """One judged experiment, as a plot or a list shows it."""

    number: int
    title: str
    status: str  # of results.tsv: keep, discard, crash
    ground: str  # why, in one word
    is_baseline: bool
    score: float | None  # the mean by which it is known; None for a crash
    running_best: float | None  # after it, on the branch's own kind of hardware; None before the baseline has a score
    gain: float | None  # over the program that it was judged against, in the metric's unit; positive is better
    runs: int
    commit: str
    worker: str
    program: str
    reason: str
    place: int  # where it stands in a plot: in judged order, and at its own number where that is the order
    hardware: str = ""  # the kind that its score is of
    start: float | None = None  # the baseline's score on that kind


@dataclass(frozen=True, slots=True)
class Group:
    """The candidates of one worker, of one version of program.md or of one branch."""

    key: str
    tried: int  # judged candidates; the baseline is none
    better: int
    simpler: int
    crashed: int
    gain: float  # what its keeps gained together, as the search saw it
    best_gain: float | None  # the largest of them; None where nothing was kept as better
    hours: float  # of runs
    runs: int = 0  # that count

    @property
    def kept_share(self) -> float | None:
        """How many of the tried were kept, from 0 to 1; None where none was tried."""
        return (self.better + self.simpler) / self.tried if self.tried else None

    @property
    def gain_per_hour(self) -> float | None:
        """The gain for each hour of runs; None where nothing ran."""
        return self.gain / self.hours if self.hours > 0 else None


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of one branch of a lab."""

    tag: str
    points: tuple[Point, ...]  # judged experiments in the order of judging, the baseline among them
    waiting: int  # experiments that are not judged yet
    noise: Noise | None
    hours: float  # of runs, disturbed ones included
    runs: int
    disturbed: int
    started: str  # times, ISO 8601, UTC; "" where nothing happened
    last: str
    crashes: Mapping[str, int]  # kind -> how often, the most frequent first
    workers: tuple[Group, ...]
    programs: tuple[Group, ...]
    baseline_runs: int
    hardware: str = ""  # the kind on which most of it ran: noise, running best and plot are of this one
    drift: Drift | None = None  # of that kind, where unchanged programs' scores moved more than luck explains

    @property
    def baseline(self) -> Point | None:
        """The unchanged program."""
        return next((point for point in self.points if point.is_baseline), None)

    @property
    def winner(self) -> Point | None:
        """The best program so far: the last keep, or the baseline."""
        kept = [point for point in self.points if point.status == Decision.KEEP and point.score is not None]
        return kept[-1] if kept else None

    @property
    def keeps(self) -> tuple[Point, ...]:
        """What was kept, the baseline apart."""
        return tuple(p for p in self.points if p.status == Decision.KEEP and not p.is_baseline)

    @property
    def candidates(self) -> tuple[Point, ...]:
        """What was tried, the baseline apart."""
        return tuple(point for point in self.points if not point.is_baseline)

    def count(self, status: str) -> int:
        """Return how many candidates have a status of results.tsv."""
        return sum(point.status == status for point in self.candidates)

    @property
    def shown(self) -> tuple[Point, ...]:
        """What one scale can show: the points on the branch's own kind of hardware."""
        return tuple(point for point in self.points if same_hardware(point.hardware, self.hardware))

    def search_gain(self, *, lower_is_better: bool) -> float | None:
        """Return by how much the winner is better than the baseline as the search saw it; None where one is missing."""
        after = self.winner
        if after is None or after.score is None or after.start is None:
            return None
        return gain(after.start, after.score, lower_is_better=lower_is_better)


def tags_of(experiments: Iterable[Experiment]) -> tuple[str, ...]:
    """Return the tags of a lab's branches, in the order of their first experiments."""
    return tuple(dict.fromkeys(experiment.tag for experiment in experiments))


def newest_tag(experiments: Iterable[Experiment]) -> str:
    """Return the tag of the newest branch, "" where there is none; a replay's is meant only where there are no others.

    A replay compares instructions: what a person means by "the lab" is the search that it goes on with.
    """
    tags = tags_of(experiments)
    own = [tag for tag in tags if not is_replay(tag)]
    return (own or list(tags) or [""])[-1]


def is_replay(tag: str) -> bool:
    """Say whether a tag is that of a replay's night (lab.comparison.replays names them)."""
    return _REPLAY.fullmatch(tag) is not None


def kinds_of(experiments: Iterable[Experiment]) -> tuple[str, ...]:
    """Return the kinds of hardware that runs which count were made on, the one with most of them first.

    "" (from before there were kinds) fits every kind: it is returned only where there is no other.
    """
    counts = Counter(record.hardware for e in experiments for record in e.runs if not record.disturbed)
    known = [kind for kind, _ in counts.most_common() if kind]
    return tuple(known) or ("",)


def summarise(experiments: Sequence[Experiment], *, tag: str | None = None, lower_is_better: bool) -> Summary:
    """Return what the experiments of a tag come to; without one, those of the newest."""
    chosen = tag if tag is not None else newest_tag(experiments)
    of_tag = sorted((e for e in experiments if e.tag == chosen), key=lambda experiment: experiment.number)
    hardware = kinds_of(of_tag)[0]
    points = _points(of_tag, hardware, lower_is_better=lower_is_better)
    records = [record for experiment in of_tag for record in experiment.runs]
    first = next((e for e in of_tag if e.is_baseline), None)
    times = sorted(experiment.proposed for experiment in of_tag)
    crashes = Counter(crash_kind(p.reason) for p in points if p.status == Decision.CRASH)
    return Summary(
        tag=chosen,
        points=points,
        waiting=sum(experiment.verdict is None for experiment in of_tag),
        noise=_noise(first, hardware),
        hours=sum(hours_of(experiment) for experiment in of_tag),
        runs=len(records),
        disturbed=sum(record.disturbed for record in records),
        started=times[0] if times else "",
        last=times[-1] if times else "",
        crashes=_most_common(crashes),
        workers=grouped(of_tag, points, by=lambda experiment: experiment.worker),
        programs=grouped(of_tag, points, by=lambda experiment: experiment.program),
        baseline_runs=len(first.counted_runs(hardware)) if first else 0,
        hardware=hardware,
        drift=drift_of(unchanged_runs(of_tag, hardware=hardware)),
    )


def known_score(experiment: Experiment, hardware: str | None = None) -> float | None:
    """Return the score by which a judged experiment is known: the mean of the runs that count; None for a crash.

    A keep is known by its replicates, since the run it was picked for flatters it; the baseline was not picked. Scores
    of one kind of `hardware` only: without a name, of the kind that it ran on most.
    """
    kind = kinds_of((experiment,))[0] if hardware is None else hardware
    verdict, runs = experiment.verdict, experiment.counted_runs(kind)
    if verdict is None or verdict.decision is Decision.CRASH:
        return None
    picked = verdict.decision is Decision.KEEP and not experiment.is_baseline
    picked = picked and runs[:1] == experiment.counted_runs()[:1]  # on another kind nothing was picked by its score
    scores = incumbent_scores(runs) if picked else [run.score for run in runs if run.score is not None]
    return fmean(score for score in scores if score is not None) if scores else None


def _points(experiments: Sequence[Experiment], hardware: str, *, lower_is_better: bool) -> tuple[Point, ...]:
    """Return the judged ones, each with its score on `hardware`, or on its own kind where it did not run there."""
    by_number = {experiment.number: experiment for experiment in experiments}
    baseline = next((experiment for experiment in experiments if experiment.is_baseline), None)
    points: list[Point] = []
    running: float | None = None
    for place, experiment in zip(sorted(by_number), judged_in_order(experiments), strict=False):
        verdict = experiment.verdict
        if verdict is None:
            continue
        ran_on = kinds_of((experiment,))
        kind = hardware if hardware in ran_on else ran_on[0]
        score = known_score(experiment, kind)
        gained = None
        if score is not None and not experiment.is_baseline:
            before = _before(experiment, kind, by_number, running if same_hardware(kind, hardware) else None)
            gained = None if before is None else gain(before, score, lower_is_better=lower_is_better)
        if verdict.decision is Decision.KEEP and same_hardware(kind, hardware):
            running = best((running, score), lower_is_better=lower_is_better)
        points.append(
            Point(
                number=experiment.number,
                title=experiment.title,
                status=str(verdict.decision),
                ground=str(verdict.ground),
                is_baseline=experiment.is_baseline,
                score=score,
                running_best=running,
                gain=gained,
                runs=len(experiment.counted_runs()),
                commit=experiment.commit,
                worker=experiment.worker,
                program=experiment.program,
                reason=verdict.reason,
                place=place,
                hardware=kind,
                start=known_score(baseline, kind) if baseline is not None else None,
            )
        )
    return tuple(points)


def _before(
    experiment: Experiment, kind: str, by_number: Mapping[int, Experiment], running: float | None
) -> float | None:
    """Return the score that a gain is counted from, on one kind of hardware.

    It is that of the program that the experiment was judged against; where the ledger does not say which, the running
    best, None where there is none on that kind.
    """
    judged_against = by_number.get(experiment.against) if experiment.against is not None else None
    return running if judged_against is None else known_score(judged_against, kind)


def grouped(
    experiments: Sequence[Experiment], points: Sequence[Point], *, by: Callable[[Experiment], str]
) -> tuple[Group, ...]:
    """Return the judged candidates by what `by` says of them, the one that gained most first."""
    of_number = {point.number: point for point in points}
    members: dict[str, list[tuple[Experiment, Point]]] = {}
    for experiment in experiments:
        point = of_number.get(experiment.number)
        if point is not None and not point.is_baseline:
            members.setdefault(by(experiment), []).append((experiment, point))
    groups = [_group(key, pairs) for key, pairs in members.items()]
    return tuple(sorted(groups, key=lambda group: (-group.gain, group.key)))


def _group(key: str, pairs: Sequence[tuple[Experiment, Point]]) -> Group:
    points = [point for _, point in pairs]
    better = [point for point in points if point.status == Decision.KEEP and point.ground == Ground.BETTER]
    return Group(
        key=key,
        tried=len(points),
        better=len(better),
        simpler=sum(point.status == Decision.KEEP and point.ground == Ground.SIMPLER for point in points),
        crashed=sum(point.status == Decision.CRASH for point in points),
        gain=sum(point.gain or 0.0 for point in better),
        best_gain=max((point.gain or 0.0 for point in better), default=None),
        hours=sum(hours_of(experiment) for experiment, _ in pairs),
        runs=sum(point.runs for point in points),
    )


def crash_kind(reason: str) -> str:
    """Return what crashes of one kind share: the failure up to its first comma, without figures but for exit codes."""
    head = reason.partition("\n")[0].strip()
    for mark in (" of CPU time", ","):
        head = head.partition(mark)[0]
    words: list[str] = []
    for word in head.split():
        if any(char.isdigit() for char in word) and words and words[0] not in ("exit", "ended"):
            words.append("…")
        else:
            words.append(word)
    kind = " ".join(words)
    return kind if len(kind) <= 80 else kind[:79] + "…"


def _most_common(counts: Counter[str]) -> dict[str, int]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[_MOST_KINDS:])
    return dict(ordered[:_MOST_KINDS]) | ({"others": rest} if rest else {})


def _noise(baseline: Experiment | None, hardware: str) -> Noise | None:
    scores = [run.score for run in baseline.counted_runs(hardware) if run.score is not None] if baseline else []
    try:
        return measure_noise([scores])
    except DeskError:  # too few runs
        return None


def hours_of(experiment: Experiment) -> float:
    """Return the wall time of an experiment's runs in hours, those that other load disturbed included."""
    return sum(record.run.measured.get("wall_seconds", 0.0) for record in experiment.runs) / 3600
