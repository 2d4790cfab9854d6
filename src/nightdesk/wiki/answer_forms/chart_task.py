"""The task "choose the numbers of a chart": an AI hands in a spec, and each number is held to what it cites."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from nightdesk.agents.tasks import (
    Attempt,
    CapReachedError,
    DeclinedError,
    LeftError,
    Outcome,
    Task,
    Verified,
    perform,
)
from nightdesk.base.names import name_key
from nightdesk.base.pages import short_hash
from nightdesk.wiki.answer_forms.chart import (
    MAX_LABEL,
    MAX_POINTS,
    MAX_TITLE,
    MIN_POINTS,
    Chart,
    Point,
    point_fault,
)
from nightdesk.wiki.answer_forms.figures import place_of
from nightdesk.wiki.answer_forms.stated import one_line, shortened
from nightdesk.wiki.answering.answerer import Looked, decide
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.asking import KIND, Given, ask_brief, cost_of
from nightdesk.wiki.answering.replies import Reply
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.proof.quantities import quantities
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.proof.units import COUNTED
from nightdesk.wiki.staff import Staff, credit
from nightdesk.wiki.writing import Evidence

COUNTABLE = frozenset({*COUNTED, "token", "parameter"})
MAX_HAND_IN = 100_000  # characters
MAX_WHAT = 80
_CITES = re.compile(r"(?:\[\[)?(?P<page>[^\[\]|#^]+)#\^(?P<id>[A-Za-z0-9-]+)(?:\|[^\[\]]*)?(?:\]\])?")


def chart_reply(staff: Staff, given: Given, looked: Looked, statements: Statements) -> tuple[Reply, Chart | None]:
    """Let the AI worker choose the numbers; return a reply without a body yet, and the chart.

    None where it chose none that holds: the reply has failed then, unless the worker says that there is nothing.
    """
    worker = staff.workers[KIND]
    made: list[Attempt] = []

    def record(attempt: Attempt) -> None:
        made.append(attempt)
        staff.note(attempt)

    given = replace(given, template="ask_chart")
    key = short_hash(repr((KIND, "chart", given.question, [(name_key(e.page), e.id) for e in given.write.evidence])))
    task = Task(KIND, given.question, key, given.write, partial(ask_brief, given, staff.briefs))
    capped = ""
    outcome: Outcome[Chart | str]
    try:
        outcome = perform(
            task, worker, partial(verify_chart, given, statements), attempts=staff.attempts, record=record
        )
    except CapReachedError as error:
        outcome, capped = Outcome(None, (str(error),), 0), str(error)
    except (LeftError, DeclinedError) as error:
        outcome = Outcome(None, (str(error) or "it was left for another time",), 0)
    chart = outcome.result if isinstance(outcome.result, Chart) else None
    by = credit(worker)
    reply = Reply(
        given.question,
        by,
        "",
        (),
        (),
        decide(looked),
        notes=outcome.reasons,
        cost=cost_of(made, by),
        capped=capped,
        failed=outcome.result is None,
    )
    return reply, chart


def verify_chart(given: Given, statements: Statements, hand_in: str) -> Verified[Chart | str]:
    """Prove a spec: each number is stated, in the one unit, by what it cites. "" stands for "there is nothing"."""
    try:
        spec = json.loads(hand_in[: MAX_HAND_IN + 1])
    except (ValueError, RecursionError):
        return Verified(None, ("the hand-in is no JSON object",))
    points = spec.get("points") if isinstance(spec, dict) else None
    if points == []:
        return Verified("", ())
    if not isinstance(points, list) or not MIN_POINTS <= len(points) <= MAX_POINTS:
        return Verified(None, (f'"points" is a list of {MIN_POINTS} to {MAX_POINTS} points, or empty',))
    supplied = {(name_key(e.page), e.id): e for e in given.write.evidence}
    reasons, found = [], []
    units: set[str] = set()
    for number, point in enumerate(points, 1):
        made = _point(point, str(spec.get("unit") or ""), supplied, given, statements)
        if isinstance(made, str):
            reasons.append(f"point {number}: {made}")
            continue
        found.append(made[0])
        units.add(made[1])
    what = shortened(one_line(str(spec.get("what") or "")), MAX_WHAT)
    reasons += _against_what(what, given)
    if len({point.label.casefold() for point in found}) < len(found):
        reasons.append("two points have the same label")
    if reasons or len(units) != 1:
        return Verified(None, tuple(reasons) or ("the points are not of one unit",))
    return Verified(_chart(spec.get("kind"), what, units.pop(), found, given.question), ())


def _chart(kind: object, what: str, unit: str, points: list[Point], question: str) -> Chart:
    placed = [replace(point, place=place_of(point.label)) for point in points]
    title = shortened(one_line(question), MAX_TITLE)
    if kind == "line" and all(point.place is not None for point in placed):
        return Chart("line", title, what, unit, tuple(sorted(placed, key=lambda point: point.place or 0)))
    return Chart("bar", title, what, unit, tuple(points))


def _against_what(what: str, given: Given) -> list[str]:
    if not what:
        return ['"what" says what is measured']
    texts = [text for e in given.write.evidence for text in (e.statement, e.quote)]
    found = unsupported(what, [*texts, given.question], language=given.write.language)
    return [f'{reason.detail}, in "what"' for reason in found if reason.kind in ("number", "unit", "date", "name")]


def _point(
    point: Any, unit: str, supplied: Mapping[tuple[str, str], Evidence], given: Given, statements: Statements
) -> tuple[Point, str] | str:
    """Return a point with its canonical unit, or what speaks against it."""
    if not isinstance(point, dict):
        return "it is no object"
    cites = _CITES.fullmatch(str(point.get("cites") or "").strip())
    evidence = supplied.get((name_key(cites["page"].strip()), cites["id"])) if cites else None
    if evidence is None:
        return '"cites" names none of the claims and words that were given'
    value = point.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return '"value" is no number'
    read = quantities(f"{value!r} {unit}") if unit else ()
    if unit and (len(read) != 1 or read[0].unit is None):
        return f"{unit[:40]!r} is no unit that is known"
    base = read[0].base if read else None
    number, canonical = (float(base[0]), base[1] or "") if base else (value, _counted(value, evidence))
    if why := point_fault(point | {"value": number}, canonical, [evidence]):
        return why
    passage = given.words.get(evidence.id) or _passage(evidence, statements)
    shown = one_line(f"{value} {unit}")
    label = shortened(one_line(str(point.get("label"))), MAX_LABEL)
    return Point(label, Decimal(repr(number)), shown, passage), canonical


def _counted(value: float, evidence: Evidence) -> str:
    """Return what a claim counts with this number, "" where it is a plain one: steps never stand beside layers."""
    stated = [q for text in (evidence.statement, evidence.quote) for q in quantities(text)]
    units = {q.base[1] or "" for q in stated if q.value == Decimal(repr(value)) and q.kind == "number"}
    counted = sorted(units & COUNTABLE)
    return counted[0] if counted and "" not in units else ""


def _passage(evidence: Evidence, statements: Statements) -> Passage:
    path = statements.path_of(evidence.page) or ""
    raw = statements.raw_of(path)
    return Passage(evidence.statement, "claim", path, 1, "", evidence.page, evidence.id, raw, 0.0)
