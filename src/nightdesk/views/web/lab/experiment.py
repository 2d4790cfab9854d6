"""One experiment, and two side by side, as their pages show them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git
from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.judging import Decision, incumbent_scores
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import render_score
from nightdesk.lab.summary import Point, Summary, kinds_of, known_score
from nightdesk.views.web.lab.diff import FileChange, read_diff
from nightdesk.views.web.lab.shelf import Reading
from nightdesk.views.web.lab.words import compared_words, figure

MOST_FIGURES = 60  # names of measurements that a table shows
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FIRST = ("wall_seconds", "cpu_seconds", "peak_memory_mb", "steps", "tokens", "tokens_per_cpu_second", "other_load")
_VALUE = re.compile(r"([-+])\s*([A-Za-z_]\w{0,60})\s*(?::[^=\n]{1,40})?=\s*([^#\n]{1,80})")


@dataclass(frozen=True, slots=True)
class Around:
    """The experiments around one: those before and after it, what it changes, what it mends, what came of it."""

    before: Experiment | None = None
    after: Experiment | None = None
    parent: Experiment | None = None  # whose program it changes
    fixes: Experiment | None = None
    fixed_by: Sequence[Experiment] = ()
    children: Sequence[Experiment] = ()  # that changed this one, bounded
    more_children: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Measurements by name, a column each: of the runs of one experiment, or the means of two."""

    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str]]]
    left_off: int


def around(experiment: Experiment, reading: Reading, *, most: int = 12) -> Around:
    """Return what lies around an experiment on its branch."""
    mine = [other for other in reading.experiments if other.tag == experiment.tag]
    before = [other for other in mine if other.number < experiment.number]
    after = [other for other in mine if other.number > experiment.number]
    children = [other for other in after if other.parent == experiment.commit and experiment.commit]
    return Around(
        before=before[-1] if before else None,
        after=after[0] if after else None,
        parent=next((e for e in reversed(before) if experiment.parent and e.commit == experiment.parent), None),
        fixes=next((e for e in before if e.number == experiment.fixes), None),
        fixed_by=[e for e in after if e.fixes == experiment.number][:most],
        children=children[:most],
        more_children=max(0, len(children) - most),
    )


def figures_of(runs: Sequence[RunRecord]) -> Figures:
    """Return what was measured of each run, the figures that people look for first."""
    return _figures([record.run.measured for record in runs])


def figures_side_by_side(a: Experiment, b: Experiment) -> Figures:
    """Return the mean of what was measured of two experiments' runs that count."""
    return _figures([_means(a), _means(b)])


def changed_values(experiment: Experiment, *, most: int = 40) -> list[tuple[str, str, str]]:
    """Return the constants that an experiment set otherwise: name, before, after; from its diff."""
    sides: dict[str, dict[str, str]] = {"-": {}, "+": {}}
    for line in experiment.diff.split("\n")[:2_000]:
        if found := _VALUE.match(line[:300]):
            sides[found[1]].setdefault(found[2], found[3].strip())
    names = [name for name in sides["+"] if name in sides["-"] and sides["-"][name] != sides["+"][name]]
    return [(name, sides["-"][name], sides["+"][name]) for name in names[:most]]


def score_told(experiment: Experiment) -> str:
    """Return the score by which an experiment is known, "" where it has none."""
    score = known_score(experiment)
    return "" if score is None else render_score(score)


def known_scores(experiment: Experiment, hardware: str) -> tuple[float, ...]:
    """Return the scores by which an experiment is known on a kind: of a keep without the run that it was picked for."""
    runs = experiment.counted_runs(hardware)
    if experiment.status == Decision.KEEP and not experiment.is_baseline:
        return incumbent_scores(runs)
    return tuple(run.score for run in runs if run.score is not None)


def point_of(experiment: Experiment, summary: Summary) -> Point | None:
    """Return a judged experiment as the plot has it."""
    return next((point for point in summary.points if point.number == experiment.number), None)


def told_comparison(a: Experiment, b: Experiment, summary: Summary, *, lower_is_better: bool) -> list[str]:
    """Return what the scores of two experiments of one branch say about each other, in sentences."""
    if a.tag != b.tag:
        return [
            f"They are of different branches ({a.tag} and {b.tag}), which began anew because something else changed: "
            "their scores cannot be compared."
        ]
    mine, other = kinds_of((a,)), kinds_of((b,))
    kind = next((kind for kind in kinds_of((a, b)) if kind in mine and kind in other), "")
    if not kind and mine != ("",) and other != ("",):
        return [
            f"They ran on different hardware ({', '.join(mine)} and {', '.join(other)}), so that their scores cannot "
            "be compared."
        ]
    scores = [known_scores(experiment, kind) for experiment in (a, b)]
    names = f"{a.number:04d}", f"{b.number:04d}"
    return compared_words(*scores, noise=summary.noise, lower_is_better=lower_is_better, names=names)


def change_between(lab: Lab, a: Experiment, b: Experiment) -> tuple[tuple[FileChange, ...], str]:
    """Return what differs between two experiments' files, and why it is not known, "" where it is."""
    if not (_COMMIT.fullmatch(a.commit) and _COMMIT.fullmatch(b.commit)):
        return (), "an experiment names no commit"
    within = f"{lab.within}/" if lab.within else ""
    shown = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--unified=3", f"--relative={within}")
    paths = [f":(top,literal){within}{path}" for path in lab.program.edit]
    try:
        diff = run_git(lab.repository, "diff", *(shown if within else shown[:-1]), a.commit, b.commit, "--", *paths)
    except DeskError:
        return (), "git no longer has their commits, which a clone does not bring along"
    return read_diff(diff.encode("utf-8", "replace").decode("utf-8")), ""


def _means(experiment: Experiment) -> Mapping[str, float]:
    runs = [record.run.measured for record in experiment.runs if not record.disturbed]
    names = dict.fromkeys(name for measured in runs for name in measured)
    return {name: fmean(measured[name] for measured in runs if name in measured) for name in names}


def _figures(columns: Sequence[Mapping[str, float]]) -> Figures:
    names = list(dict.fromkeys(name for measured in columns for name in measured))
    ordered = [name for name in _FIRST if name in names] + [name for name in names if name not in _FIRST]
    shown = ordered[:MOST_FIGURES]
    rows = [(name[:64], list(_cells(name, columns))) for name in shown]
    return Figures(shown, rows, len(ordered) - len(shown))


def _cells(name: str, columns: Sequence[Mapping[str, float]]) -> Iterator[str]:
    for measured in columns:
        value = measured.get(name)
        yield "" if value is None else f"{value:,.0f}" if value == int(value) and abs(value) < 1e12 else figure(value)
