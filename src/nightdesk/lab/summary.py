"""What a night comes to: counts, the running best, keeps, gains and rates, from the experiments of one branch."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Decision, Ground, incumbent_scores
from nightdesk.lab.noise import Noise, measure_noise
from nightdesk.lab.scores import best, gain

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
    running_best: float | None  # after it; None before the baseline has a score
    gain: float | None  # over the best program before it, in the metric's unit; positive is better
    runs: int
    commit: str
    worker: str
    program: str
    reason: str


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
    points: tuple[Point, ...]  # judged experiments by number, the baseline among them
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

    def search_gain(self, *, lower_is_better: bool) -> float | None:
        """Return by how much the winner is better than the baseline as the search saw it; None where one is missing."""
        before, after = self.baseline, self.winner
        if before is None or after is None or before.score is None or after.score is None:
            return None
        return gain(before.score, after.score, lower_is_better=lower_is_better)


def tags_of(experiments: Iterable[Experiment]) -> tuple[str, ...]:
    """Return the tags of a lab's branches, in the order of their first experiments."""
    return tuple(dict.fromkeys(experiment.tag for experiment in experiments))


def summarise(experiments: Sequence[Experiment], *, tag: str | None = None, lower_is_better: bool) -> Summary:
    """Return what the experiments of a tag come to; without one, those of the newest."""
    tags = tags_of(experiments)
    chosen = tag if tag is not None else tags[-1] if tags else ""
    of_tag = sorted((e for e in experiments if e.tag == chosen), key=lambda experiment: experiment.number)
    points = _points(of_tag, lower_is_better=lower_is_better)
    records = [record for experiment in of_tag for record in experiment.runs]
    first = next((e for e in of_tag if e.is_baseline), None)
    times = sorted(experiment.proposed for experiment in of_tag)
    crashes = Counter(crash_kind(p.reason) for p in points if p.status == Decision.CRASH)
    return Summary(
        tag=chosen,
        points=points,
        waiting=sum(experiment.verdict is None for experiment in of_tag),
        noise=_noise(first),
        hours=sum(_hours(experiment) for experiment in of_tag),
        runs=len(records),
        disturbed=sum(record.disturbed for record in records),
        started=times[0] if times else "",
        last=times[-1] if times else "",
        crashes=_most_common(crashes),
        workers=grouped(of_tag, points, by=lambda experiment: experiment.worker),
        programs=grouped(of_tag, points, by=lambda experiment: experiment.program),
        baseline_runs=len(first.counted_runs()) if first else 0,
    )


def known_score(experiment: Experiment) -> float | None:
    """Return the score by which a judged experiment is known: the mean of the runs that count; None for a crash.

    A keep is known by its replicates, since the run it was picked for flatters it; the baseline was not picked.
    """
    verdict, runs = experiment.verdict, experiment.counted_runs()
    if verdict is None or verdict.decision is Decision.CRASH:
        return None
    picked = verdict.decision is Decision.KEEP and not experiment.is_baseline
    scores = incumbent_scores(runs) if picked else [run.score for run in runs if run.score is not None]
    return fmean(score for score in scores if score is not None) if scores else None


def _points(experiments: Sequence[Experiment], *, lower_is_better: bool) -> tuple[Point, ...]:
    points = []
    running: float | None = None
    for experiment in experiments:
        verdict = experiment.verdict
        if verdict is None:
            continue
        score = known_score(experiment)
        gained = None
        if running is not None and score is not None and not experiment.is_baseline:
            gained = gain(running, score, lower_is_better=lower_is_better)
        if verdict.decision is Decision.KEEP:
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
            )
        )
    return tuple(points)


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
        hours=sum(_hours(experiment) for experiment, _ in pairs),
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


def _noise(baseline: Experiment | None) -> Noise | None:
    scores = [run.score for run in baseline.counted_runs() if run.score is not None] if baseline else []
    try:
        return measure_noise([scores])
    except DeskError:  # too few runs
        return None


def _hours(experiment: Experiment) -> float:
    return sum(record.run.measured.get("wall_seconds", 0.0) for record in experiment.runs) / 3600
