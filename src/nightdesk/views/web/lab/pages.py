"""What the pages of labs show, as values for their templates; the static site is made from the same ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import split_frontmatter
from nightdesk.lab.confirming import Held
from nightdesk.lab.experiments import FOLDER, Experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import COMMIT_DIGITS, render_score
from nightdesk.lab.live import curve_of
from nightdesk.lab.plotting import NAME as PLOT
from nightdesk.lab.programs import NAME as PROGRAM
from nightdesk.lab.reporting import NAME as REPORT
from nightdesk.lab.reporting import views_folder
from nightdesk.lab.summary import Point, Summary
from nightdesk.views.web.lab.diff import read_diff
from nightdesk.views.web.lab.experiment import (
    around,
    change_between,
    changed_values,
    figures_of,
    figures_side_by_side,
    point_of,
    score_told,
    told_comparison,
)
from nightdesk.views.web.lab.groups import groups_of
from nightdesk.views.web.lab.shelf import Reading, Shelf
from nightdesk.views.web.lab.state import now_of, state_of
from nightdesk.views.web.lab.table import ROWS, SORTS, badge, rows_of, wish_of
from nightdesk.views.web.lab.words import (
    direction,
    duration,
    figure,
    gain_words,
    noise_words,
    self_reported_words,
    verdict_word,
    verdict_words,
)
from nightdesk.views.web.prose import Place, Rendered, Target, render
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.place import VaultPlace, read_text
from nightdesk.wiki.vault.records import Link

_MOST_TEXT = 200_000  # bytes of report.md and program.md
_MOST_LABS = 200
_SPARK = (120.0, 28.0)  # width and height of the small curve of a lab
_SPARK_POINTS = 120


@dataclass(frozen=True, slots=True)
class Card:
    """A lab among the others. `problem`: why it cannot be read, "" where it can."""

    name: str
    problem: str = ""
    metric: str = ""
    direction: str = ""
    best: str = ""
    gain: float | None = None
    kept: int = 0
    tried: int = 0
    last: str = ""
    running: Mapping[str, Any] | None = None
    spark: str = ""  # points of an SVG polyline
    held: str = ""


def labs_page(shelf: Shelf) -> dict[str, Any]:
    """Return the values of the page of all labs: those at work first, then the ones that ran last."""
    names = shelf.names
    cards = [_card(shelf, name) for name in names[:_MOST_LABS]]
    cards.sort(key=lambda card: card.last, reverse=True)
    cards.sort(key=lambda card: card.running is None)
    return {"cards": cards, "left_off": max(0, len(names) - _MOST_LABS)}


def lab_page(viewer: Viewer, shelf: Shelf, lab: Lab, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a lab's page, `query` as its address has it. Raises DeskError for an unknown tag."""
    reading = shelf.read(lab)
    summary, program = reading.summary(query.get("tag", "")), lab.program
    wish = wish_of(query)
    confirmed = reading.latest_confirmation(summary)
    now = now_of(lab)
    report, written = _rendered(viewer, lab, REPORT), _rendered(viewer, lab, PROGRAM)
    return {
        "lab": lab,
        "rev": reading.rev,
        "faults": reading.faults,
        "summary": summary,
        "groups": groups_of(reading.compared(summary.tag)),
        "tags": list(reversed(reading.tags)),
        "tag": query.get("tag", ""),
        "direction": direction(program),
        "self_reported": self_reported_words(program),
        "now": now,
        "facts": _facts(summary, reading),
        "noise_words": list(noise_words(summary, program)),
        "gain_words": list(gain_words(summary, program, confirmed)),
        "held": _held(reading, summary),
        "wish": wish,
        "table": rows_of(reading.experiments, summary, wish),
        "sorts": SORTS,
        "page_size": ROWS,
        "report": report if summary.tag and not query.get("tag") else None,
        "program": written,
        "uses": frozenset().union(*(text.uses for text in (report, written) if text is not None)),
        "settings": _settings(lab),
        "state": None if viewer.served else state_of(reading, summary.tag),
        "duration": duration,
        "figure": figure,
    }


def experiment_page(shelf: Shelf, lab: Lab, experiment: Experiment) -> dict[str, Any]:
    """Return the values of an experiment's page."""
    reading = shelf.read(lab)
    summary = reading.summary(experiment.tag) if experiment.tag in reading.tags else reading.summary()
    curve = curve_of(experiment.log_tail, lab.program.metric)
    verdict = experiment.verdict
    return {
        "lab": lab,
        "experiment": experiment,
        "summary": summary,
        "point": point_of(experiment, summary),
        "direction": direction(lab.program),
        "self_reported": self_reported_words(lab.program),
        "became": _status(experiment),
        "kind": badge(experiment.status or ""),
        "score": score_told(experiment),
        "verdict": verdict,
        "verdict_words": verdict_words(verdict, lab.program) if verdict is not None else "",
        "commit": experiment.commit[:COMMIT_DIGITS],
        "around": around(experiment, reading),
        "changes": read_diff(experiment.diff),
        "values": changed_values(experiment),
        "figures": figures_of(experiment.runs),
        "curve": {"name": curve.name, "axis": curve.axis, "points": curve.points} if len(curve.points) > 2 else None,
        "best": summary.winner,
        "now": _now_here(lab, experiment),
        "render_score": render_score,
        "duration": duration,
        "figure": figure,
    }


def pair_page(shelf: Shelf, lab: Lab, a: Experiment, b: Experiment) -> dict[str, Any]:
    """Return the values of the page that compares two experiments."""
    reading = shelf.read(lab)
    summary = reading.summary(a.tag) if a.tag in reading.tags else reading.summary()
    changes, unknown = change_between(lab, a, b)
    return {
        "lab": lab,
        "pair": [_side(experiment, summary) for experiment in (a, b)],
        "direction": direction(lab.program),
        "self_reported": self_reported_words(lab.program),
        "told": told_comparison(a, b, summary, lower_is_better=lab.program.lower_is_better),
        "changes": changes,
        "unknown": unknown,
        "figures": figures_side_by_side(a, b),
        "figure": figure,
    }


class _LabPlace:
    """Links of a lab's report: to experiments they lead to these experiments' own pages."""

    def __init__(self, viewer: Viewer, lab: Lab, within: Place) -> None:
        self._viewer = viewer
        self._lab = lab
        self._within = within

    def link(self, link: Link, source: str) -> Target:
        """Return where a link leads."""
        folder, _, name = link.path.removesuffix(".md").rpartition("/")
        if folder in ("", FOLDER) and name.isascii() and name.isdigit() and len(name) < 10:
            url = self._viewer.urls.lab(self._lab.name, name)  # "" in a static site where there is no such one
            return Target(url, "page" if url else "missing", f"Experiment {name}")
        return self._within.link(link, source)

    def embed(self, path: str) -> str | None:
        """Return the text of an embedded page."""
        return self._within.embed(path)

    def tag(self, name: str) -> str:
        """Return the address of the pages that carry a tag."""
        return self._within.tag(name)

    def image(self, link: Link, source: str) -> str | None:
        """Return the address of an image."""
        return self._within.image(link, source)


def _rendered(viewer: Viewer, lab: Lab, name: str) -> Rendered | None:
    folder = views_folder(lab) if name == REPORT else lab.folder
    path = folder / name
    text = read_text(path, _MOST_TEXT) if path.is_file() and not path.is_symlink() else None
    if text is None:
        return None
    # the page draws the plot itself, with what is under the pointer
    text = text.replace(f"![The search so far]({PLOT})", "") if name == REPORT else text
    place = _LabPlace(viewer, lab, VaultPlace(viewer, viewer.catalogue))
    inside = path.relative_to(viewer.root.resolve()) if path.is_relative_to(viewer.root.resolve()) else path
    return render(text, place=place, path=inside.as_posix())


def _settings(lab: Lab) -> str:
    """Return the frontmatter of program.md as it is written, "" where it cannot be read."""
    text = read_text(lab.folder / PROGRAM, _MOST_TEXT) or ""
    return split_frontmatter(text)[0].strip().strip("-").strip()


def _card(shelf: Shelf, name: str) -> Card:
    try:
        lab = shelf.lab(name)
        if lab is None:
            return Card(name, problem="it is gone")
        reading = shelf.read(lab)
        summary = reading.summary()
    except DeskError as error:  # one lab's mistake hides no other
        return Card(name, problem=str(error))
    program, winner = lab.program, summary.winner
    confirmed = reading.latest_confirmation(summary)
    result = confirmed.result if confirmed is not None else None
    return Card(
        name,
        metric=program.metric,
        direction=direction(program),
        best=render_score(winner.score) if winner is not None else "",
        gain=summary.search_gain(lower_is_better=program.lower_is_better) if summary.keeps else None,
        kept=len(summary.keeps),
        tried=len(summary.candidates),
        last=summary.last,
        running=now_of(lab),
        spark=spark(summary.points),
        held=str(result.held) if result is not None else "",
    )


def spark(points: Sequence[Point]) -> str:
    """Return the running best as the points of an SVG polyline within _SPARK, "" where there is nothing to draw."""
    known = [(point.place, point.running_best) for point in points if point.running_best is not None]
    if len(known) < 2:
        return ""
    first, last = known[0][0], known[-1][0]
    low, high = min(best for _, best in known), max(best for _, best in known)
    width, height = _SPARK
    corners: list[tuple[float, float]] = []
    for number, best in known:
        x = width * (number - first) / max(1, last - first)
        y = 2 + (height - 4) * ((high - best) / (high - low) if high > low else 0.5)
        if corners and corners[-1][1] == y:
            continue  # only where it moves
        corners += [(x, corners[-1][1])] if corners else []
        corners.append((x, y))
    corners.append((width, corners[-1][1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners[-2 * _SPARK_POINTS :])


def _facts(summary: Summary, reading: Reading) -> list[tuple[str, str, str]]:
    """Return the figures at the head of a night: name, figure, what belongs to it."""
    lower = reading.lab.program.lower_is_better
    winner, baseline = summary.winner, summary.baseline
    gained = summary.search_gain(lower_is_better=lower)
    confirmed = reading.latest_confirmation(summary)
    result = confirmed.result if confirmed is not None else None
    facts = []
    if winner is not None:
        beside = "the baseline" if winner.is_baseline else f"experiment {winner.number:04d}"
        facts.append(("Best", render_score(winner.score), beside))
    if baseline is not None and baseline.score is not None:
        noise = f"± {figure(summary.noise.sd)} noise" if summary.noise is not None else "noise unknown"
        facts.append(("Baseline", render_score(baseline.score), noise))
    if gained is not None and summary.keeps:
        facts.append(("Gain in the search", f"{gained:+.3g}", "flattered by picking"))
    if result is not None:
        told = {Held.YES: "held", Held.NOT_SHOWN: "not shown", Held.WORSE: "worse"}[result.held]
        facts.append(("Confirmed gain", f"{result.confirmed.gain:+.3g}", f"{told}, fresh seeds"))
    tried = len(summary.candidates)
    facts.append(("Kept", f"{len(summary.keeps)} of {tried}", f"{summary.count('crash')} crashed"))
    disturbed = f", {summary.disturbed} disturbed" if summary.disturbed else ""
    facts.append(("Time of runs", duration(summary.hours * 3600), f"{summary.runs} runs{disturbed}"))
    return facts


def _held(reading: Reading, summary: Summary) -> Held | None:
    confirmed = reading.latest_confirmation(summary)
    return confirmed.result.held if confirmed is not None and confirmed.result is not None else None


def _status(experiment: Experiment) -> str:
    verdict = experiment.verdict
    if verdict is None:
        return str(experiment.state)
    return verdict_word(str(verdict.decision), is_baseline=experiment.is_baseline, ground=str(verdict.ground))


def _side(experiment: Experiment, summary: Summary) -> dict[str, Any]:
    scores = [run.score for run in experiment.counted_runs() if run.score is not None]
    return {
        "experiment": experiment,
        "status": _status(experiment),
        "kind": badge(experiment.status or ""),
        "score": score_told(experiment),
        "scores": [render_score(score) for score in scores],
        "point": point_of(experiment, summary),
    }


def _now_here(lab: Lab, experiment: Experiment) -> Mapping[str, Any] | None:
    now = now_of(lab)
    return now if now is not None and now["number"] == experiment.number else None
