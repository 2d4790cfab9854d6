"""The table of a branch's experiments: filtered, sorted, a page of it at a time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Decision
from nightdesk.lab.ledger import render_score
from nightdesk.lab.summary import Point, Summary
from nightdesk.views.web.lab.state import WAITING, letter
from nightdesk.views.web.lab.words import STATUS_WORDS, verdict_word

ROWS = 500  # of one page
SORTS = {"number": "No.", "score": "Score", "gain": "Gain", "worker": "Worker"}
_MOST_TEXT = 200  # characters of what is searched for
_BAR = 30.0  # units that the longest bar of a gain is wide to one side


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to see of the table, as the address says it."""

    status: str = ""
    worker: str = ""
    text: str = ""
    sort: str = "number"
    up: bool = False  # the smallest first
    page: int = 1

    def query(self, **other: str) -> dict[str, str]:
        """Return it as an address has it, with some of it changed; the page begins anew unless it is given."""
        values = {"status": self.status, "worker": self.worker, "text": self.text}
        values["sort"] = self.sort if self.sort != "number" or self.up else ""
        values["up"] = "1" if self.up else ""
        return values | other


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    number: int
    place: int  # in the order of judging, as in the plot
    letter: str
    status: str  # a word
    kind: str  # of its badge
    score: str
    gain: float | None
    bar: float  # of the gain, from -30 to 30
    runs: int
    worker: str
    title: str
    why: str
    sort_score: float  # NaN for none


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of the table."""

    rows: Sequence[Row]
    found: int
    total: int
    pages: int
    page: int
    workers: Sequence[str]


def wish_of(query: Mapping[str, str]) -> Wish:
    """Return what an address wishes for; what makes no sense is passed over."""
    page = query.get("page", "1")
    sort = query.get("sort", "number")
    return Wish(
        status=query.get("status", "") if query.get("status") in STATUS_WORDS else "",
        worker=query.get("worker", "")[:_MOST_TEXT],
        text=" ".join(query.get("text", "")[:_MOST_TEXT].split()),
        sort=sort if sort in SORTS else "number",
        up=query.get("up") == "1",
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )


def rows_of(experiments: Sequence[Experiment], summary: Summary, wish: Wish, *, size: int = ROWS) -> Rows:
    """Return the page of the table that is wished for; what has no score or gain comes last, either way."""
    of_number = {point.number: point for point in summary.points}
    mine = [experiment for experiment in experiments if experiment.tag == summary.tag]
    longest = _usual_gain(summary)
    rows = [_row(e, of_number.get(e.number), longest) for e in mine if _matches(e, of_number.get(e.number), wish)]
    rows = _sorted(rows, wish)
    pages = max(1, math.ceil(len(rows) / size))
    page = min(max(1, wish.page), pages)
    return Rows(
        rows=rows[(page - 1) * size : page * size],
        found=len(rows),
        total=len(mine),
        pages=pages,
        page=page,
        workers=tuple(sorted({experiment.worker for experiment in mine}))[:50],
    )


def _matches(experiment: Experiment, point: Point | None, wish: Wish) -> bool:
    status = point.status if point is not None else ""
    if (wish.status and status != wish.status) or (wish.worker and experiment.worker != wish.worker):
        return False
    if not wish.text:
        return True
    reason = point.reason if point is not None else ""
    told = f"{experiment.number:04d} {experiment.title} {reason} {experiment.worker}".casefold()
    return all(word in told for word in wish.text.casefold().split())


def _sorted(rows: list[Row], wish: Wish) -> list[Row]:
    if wish.sort == "worker":
        return sorted(rows, key=lambda row: (row.worker, row.number), reverse=not wish.up)
    if wish.sort == "number":
        return sorted(rows, key=lambda row: row.number, reverse=not wish.up)
    values = {row.number: row.sort_score if wish.sort == "score" else _nan(row.gain) for row in rows}
    sign = 1 if wish.up else -1
    return sorted(rows, key=lambda row: (math.isnan(values[row.number]), sign * values[row.number], row.number))


def _row(experiment: Experiment, point: Point | None, longest: float) -> Row:
    row = Row(
        number=experiment.number,
        place=experiment.number if point is None else point.place,
        letter=WAITING,
        status="open",
        kind="lamp",
        score="",
        gain=None,
        bar=0.0,
        runs=len(experiment.counted_runs()),
        worker=experiment.worker,
        title=experiment.title,
        why=str(experiment.state),
        sort_score=math.nan,
    )
    if point is None:
        return row
    gain = point.gain
    return replace(
        row,
        letter=letter(point),
        status=verdict_word(point.status, is_baseline=point.is_baseline, ground=point.ground),
        kind=badge(point.status),
        score="" if point.score is None else render_score(point.score),
        gain=gain,
        bar=0.0 if gain is None else _BAR * max(-1.0, min(1.0, gain / longest)),
        why=point.reason,
        sort_score=_nan(point.score),
    )


def badge(status: str) -> str:
    """Return the kind of badge that a status has."""
    return {Decision.KEEP: "good", Decision.CRASH: "bad"}.get(Decision(status), "") if status else "lamp"


def _usual_gain(summary: Summary) -> float:
    """Return the gain that fills a bar: the largest of the keeps, so that far worse ones do not flatten the rest."""
    kept = [abs(point.gain) for point in summary.keeps if point.gain]
    known = [abs(point.gain) for point in summary.candidates if point.gain]
    return max(kept or known or [1.0])


def _nan(value: float | None) -> float:
    return math.nan if value is None else value
