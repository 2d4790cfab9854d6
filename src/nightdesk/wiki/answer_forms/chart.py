"""A chart as a declared spec: numbers of one unit, each with the claim or the words that state it; never code."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from nightdesk.base.pages import dump_yaml, load_yaml
from nightdesk.wiki.answer_forms.figures import (
    VALUES,
    Figure,
    by_series,
    claim_figures,
    place_of,
    row_figures,
    year_figures,
)
from nightdesk.wiki.answer_forms.stated import name_of, one_line, shortened
from nightdesk.wiki.answer_forms.subjects import Matter
from nightdesk.wiki.answer_forms.table import Cell, Comparison, names_head, names_row
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.question import Question
from nightdesk.wiki.answering.replies import Reference, References
from nightdesk.wiki.answering.statements import Statement
from nightdesk.wiki.proof.quantities import quantities
from nightdesk.wiki.writing import Evidence

MIN_POINTS, MAX_POINTS = 2, 24
MAX_TITLE, MAX_LABEL = 120, 40  # characters
_SPEC = re.compile(r"^```yaml\n(?P<spec>chart:\n.*?)^```[ \t]*\n?", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(r"^!\[\[[^\[\]|#^]+\.png\]\][ \t]*\n?", re.MULTILINE)
_WORDS = re.compile(r"[^\W_]+")
Kind = Literal["bar", "line"]


@dataclass(frozen=True, slots=True)
class Point:
    """One number of a chart."""

    label: str
    value: Decimal
    shown: str  # the words that state it
    passage: Passage
    place: Decimal | None = None  # on a line: the year or number that its label is


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn. The values are in one unit."""

    kind: Kind
    title: str
    what: str  # on the axis of the values
    unit: str  # canonical, "" for plain numbers
    points: tuple[Point, ...]
    over: str = ""  # on the axis of a line's places: "Year"

    @property
    def axis(self) -> str:
        """What stands at the axis of the values."""
        return f"{self.what} ({self.unit})" if self.unit and self.unit not in self.what else self.what


def choose_chart(question: Question, matter: Matter) -> Chart | None:
    """Return the chart that answers a question, None where the desk has not two numbers of one kind for it.

    Its numbers are those of one column of a source's table, or values that claims state of several things.
    """
    tables: dict[tuple[str, str], list[Statement]] = {}
    for row in matter.rows:
        tables.setdefault((row.passage.path, row.cells[0][0]), []).append(row)
    series: list[tuple[tuple[int, int, int], tuple[Figure, ...]]] = []
    for rows in tables.values():
        figures = [figure for row in rows for figure in row_figures(row)]
        named = [figure for figure in figures if names_row(question, figure.label)]
        chosen = named if len({figure.label for figure in named}) >= MIN_POINTS else figures
        for found in by_series(chosen).values():
            if len(found) >= MIN_POINTS and names_head(question, found[0].what):
                rank = int(chosen is named)
                series.append(((1, rank, len(found)), tuple(sorted(found, key=lambda f: f.passage.line))))
    series += [((int(matter.is_named), 2, len(found)), found) for found in _of_claims(question, matter)]
    if not series:
        return None
    best = max(series, key=lambda pair: pair[0])[1][:MAX_POINTS]
    kind: Kind = "line" if all(place_of(figure.label) is not None for figure in best) else "bar"
    points = [
        Point(shortened(f.label, MAX_LABEL), f.value, f.shown, f.passage, place_of(f.label) if kind == "line" else None)
        for f in best
    ]
    points.sort(key=lambda point: point.place or 0)  # bars have none, and stay as they are
    return Chart(
        kind, shortened(one_line(question.text), MAX_TITLE), best[0].what, best[0].unit, tuple(points), best[0].over
    )


def _of_claims(question: Question, matter: Matter) -> list[tuple[Figure, ...]]:
    asked = {name.casefold() for name in matter.asked}
    figures = [f for p in matter.claims for f in claim_figures(p, matter.things, matter.attributes)]
    dated = [f for p in matter.claims for f in year_figures(p, matter.things, matter.attributes)]
    order = [thing.name for thing in matter.things]
    figures.sort(key=lambda figure: order.index(figure.label))  # as the question names them
    return [
        found
        for figures in (figures, dated)
        for found in by_series(figures).values()
        if len(found) >= MIN_POINTS and (found[0].what.casefold() in asked or names_head(question, found[0].what))
    ]


def table_of_chart(chart: Chart) -> Comparison:
    """Return the numbers of a chart as a table."""
    rows = tuple((point.label, False, (Cell(((point.shown, point.passage),)),)) for point in chart.points)
    return Comparison("", (chart.axis,), rows)


def spec_of(chart: Chart, references: References) -> Mapping[str, Any]:
    """Return the spec of a chart: plain values that JSON and YAML can hold, each point with what states it."""
    points = []
    for point in chart.points:
        numbers = references.of(point.passage)
        cited = [reference for reference in references.listed if reference.number in numbers]
        points.append(
            {
                "label": point.label,
                "value": plain_number(point.value),
                "says": point.shown,
                "claims": [f"{r.page}#^{r.claim}" if r.claim else f"{r.path}, {r.place}" for r in cited],
            }
        )
    spec = {"kind": chart.kind, "title": chart.title, "what": chart.what, "unit": chart.unit or None, "points": points}
    return {key: value for key, value in spec.items() if value is not None}


def plain_number(value: Decimal) -> int | float:
    """Return a number as a spec writes it."""
    return int(value) if value == value.to_integral_value() and abs(value) < 10**15 else float(value)


def spec_block(spec: Mapping[str, Any]) -> str:
    """Return the spec as a fenced block of a page; no text within can close it, since each stands on one line."""
    return f"```yaml\n{dump_yaml({'chart': dict(spec)})}```\n"


def caption_of(references: Sequence[Reference]) -> str:
    """Return the line below a picture: where its numbers stand, by source."""
    numbers: dict[str, list[int]] = {}
    for reference in references:
        source = "; ".join(part for part in (name_of(reference), one_line(reference.date)) if part)
        numbers.setdefault(source, []).append(reference.number)
    return "Sources: " + "; ".join(f"{_marks(found)} {source}" for source, found in numbers.items())


def _marks(numbers: Sequence[int]) -> str:
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"[{numbers[0]}–{numbers[-1]}]"
    return "".join(f"[{number}]" for number in numbers)


def without_spec(body: str) -> tuple[str, Mapping[str, Any] | None]:
    """Return the body of a page without its chart's spec and picture, and the spec; None where it has none.

    A block of code that is no spec stays: whoever judges the page objects to it.
    """
    found = _SPEC.search(body)
    values = load_yaml(found["spec"]).get("chart") if found else None
    if found is None or not isinstance(values, dict):
        return body, None
    return _PICTURE.sub("", body[: found.start()] + body[found.end() :]), values


def spec_faults(spec: Mapping[str, Any], claims: Mapping[str, Evidence]) -> list[str]:
    """Return what speaks against a spec: each value must be stated by a claim that it names, and with its label.

    `claims` are those that the page cites, by id.
    """
    points = spec.get("points")
    if not isinstance(points, list) or not MIN_POINTS <= len(points) <= MAX_POINTS:
        return [f"a chart has from {MIN_POINTS} to {MAX_POINTS} points"]
    found = []
    for number, point in enumerate(points, 1):
        named = point.get("claims") if isinstance(point, dict) else None
        listed = [str(name) for name in named] if isinstance(named, list) else []
        evidence = [claims[identity] for name in listed if (identity := name.rpartition("^")[2]) in claims]
        if not evidence:
            found.append(f"point {number} of the chart names no claim that the page cites")
        elif why := point_fault(point, str(spec.get("unit") or ""), evidence):
            found.append(f"point {number} of the chart: {why}")
    return found


def point_fault(point: Mapping[str, Any], unit: str, evidence: Sequence[Evidence]) -> str:
    """Return why claims do not state a point, "" where they do: its value in its unit, and what its label names."""
    value, label = point.get("value"), one_line(str(point.get("label") or ""))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "its value is no number"
    texts = [text for e in evidence for text in (e.statement, e.quote)]
    stated = [q.base for text in texts for q in quantities(text) if q.kind in VALUES]
    if not any(_same(value, base[0]) and (base[1] or "") == unit for base in stated):
        return f"no claim that it names states {value} {unit}".rstrip()
    words = set(_WORDS.findall(label.casefold()))
    said = set(_WORDS.findall(" ".join(texts).casefold()))
    if not label or not words <= said | {w + "s" for w in said} | {w.removesuffix("s") for w in said}:
        return f"no claim that it names speaks of {label[:80]!r}"
    return ""


def _same(value: float, stated: Decimal) -> bool:
    return abs(Decimal(repr(value)) - stated) <= abs(stated) * Decimal("1e-9")
