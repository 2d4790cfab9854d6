"""A night as the scripts of its page get it: the points of the plot, what runs now; plain values, bounded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Ground
from nightdesk.lab.labs import Lab
from nightdesk.lab.live import Seen, read_live
from nightdesk.lab.night import AtWork, Running, read_running
from nightdesk.lab.outlook import session_words, works_of
from nightdesk.lab.plotting import shown_range
from nightdesk.lab.summary import Point
from nightdesk.views.web.lab.shelf import Reading
from nightdesk.views.web.lab.words import direction, duration, figure, left_of_run

MOST_RUNS = 12  # at work that are shown
MOST_POINTS = 5_000  # of one branch: the newest, and the baseline
_TITLE_BYTES = 130_000  # of all titles together
_LONGEST_TITLE = 150
BASELINE, KEEP, SIMPLER, DISCARD, CRASH, WAITING = "bksdcw"
_NOTHING = {"curve": None, "used": "", "left": "", "share": None, "memory": "", "line": "", "latest": ""}
_LETTERS = {"discard": DISCARD, "crash": CRASH}


def state_of(reading: Reading, tag: str = "") -> dict[str, Any]:
    """Return a branch's experiments as columns of equal length, and what the plot shows beside them."""
    summary, program = reading.summary(tag), reading.lab.program
    points = _chosen(summary.shown)
    of_number = {e.number: e for e in reading.experiments if e.tag == summary.tag}
    open_ones = sorted((e for e in of_number.values() if e.verdict is None), key=lambda e: e.number)
    behind = dict(zip((e.number for e in open_ones), sorted(of_number)[len(summary.points) :], strict=False))
    waiting = open_ones[-20:]
    numbers = [*(point.number for point in points), *(e.number for e in waiting)]
    longest = min(_LONGEST_TITLE, _TITLE_BYTES // max(1, len(numbers)))
    began = seconds_of(summary.started)
    confirmed = reading.latest_confirmation(summary)
    result = confirmed.result if confirmed is not None else None
    return {
        "rev": reading.rev,
        "lab": reading.lab.name,
        "tag": summary.tag,
        "metric": program.metric,
        "direction": direction(program),
        "lower": program.lower_is_better,
        "number": numbers,
        "place": [*(point.place for point in points), *(behind[e.number] for e in waiting)],
        "status": "".join([*(letter(point) for point in points), *(WAITING for _ in waiting)]),
        "score": [*(_short(point.score) for point in points), *(None for _ in waiting)],
        "time": [_passed(of_number[number], began) for number in numbers],
        "title": [_cut(of_number[number].title, longest) for number in numbers],
        "left_off": len(summary.points) - len(points),
        "range": [_short(edge) for edge in shown_range(summary) or ()] or None,
        "noise": _short(summary.noise.sd) if summary.noise is not None else None,
        "began": summary.started,
        "confirmed": None
        if result is None or confirmed is None
        else {
            "winner": confirmed.winner,
            "gain": _short(result.confirmed.gain),
            "low": _short(result.confirmed.low),
            "high": _short(result.confirmed.high),
            "held": str(result.held),
        },
    }


def letter(point: Point) -> str:
    """Return what became of an experiment, in one letter."""
    if point.is_baseline:
        return BASELINE
    return _LETTERS.get(point.status) or (SIMPLER if point.ground == Ground.SIMPLER else KEEP)


def now_of(lab: Lab) -> dict[str, Any] | None:
    """Return what a session does now, each run at work in words and as a curve; None where none is at work."""
    running = read_running(lab)
    if running is None:
        return None
    works = works_of(running)
    several = len(works) > 1
    idle = {"key": "", "number": None, "title": "", "doing": str(running.doing)[:100], **_NOTHING}
    runs = [_work_of(lab, work, running.process, several=several) for work in works[:MOST_RUNS]]
    return {
        **(runs[0] if runs else idle),
        "tag": str(running.tag),
        "session": _session_told(running),
        "others": runs[1:],
        "more": f"and {len(works) - MOST_RUNS} more runs" if len(works) > MOST_RUNS else "",
    }


def _session_told(running: Running) -> str:
    count = f" of {running.count}" if running.count is not None else ""
    until = f", begins none after {str(running.until)[11:16]} UTC" if running.until else ""
    words = session_words(running)
    return f"{running.judged}{count} judged in this session{until}" + (f"; {words}" if words else "")


def seconds_of(time: str) -> float | None:
    """Return the seconds since the epoch of a time of the ledger, None for what is no time."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _work_of(lab: Lab, work: AtWork, process: int, *, several: bool) -> dict[str, Any]:
    live = read_live(lab, process=process, key=work.key)
    place = f", {work.place}" if several else ""
    return {
        "key": work.key[:100],
        "number": work.experiment,
        "title": work.title[:300],
        "doing": f"{work.doing}, run {work.run}{place}"[:100],
        **(_run_of(lab, live, work) if live is not None else _NOTHING),
    }


def _run_of(lab: Lab, live: Seen, work: AtWork) -> dict[str, Any]:
    budget = lab.program.budget
    used = live.cpu_seconds if budget.kind == "cpu" else live.wall_seconds
    total = budget.amount if budget.kind != "steps" else work.expected_seconds
    unit = " of CPU time" if budget.kind == "cpu" else ""
    of_all = f" of {duration(total)}" if total else ""
    return {
        "used": f"{duration(used)}{of_all}{unit}",
        "left": left_of_run(budget, wall_seconds=live.wall_seconds, cpu_seconds=live.cpu_seconds),
        "share": min(1.0, used / total) if total else None,
        "memory": f"{live.memory_bytes / 2**20:,.0f} MB",
        "line": live.line,
        "curve": {"name": live.name, "axis": live.axis, "points": live.points} if len(live.points) > 1 else None,
        "latest": f"{live.name} {figure(live.points[-1][1])}" if live.points else "",
    }


def _chosen(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) <= MOST_POINTS:
        return points
    return [*(point for point in points[:-MOST_POINTS] if point.is_baseline), *points[-MOST_POINTS:]]


def _passed(experiment: Experiment, began: float | None) -> int | None:
    """Return the seconds from the night's beginning to the end of an experiment's runs."""
    proposed = seconds_of(experiment.proposed)
    if proposed is None or began is None:
        return None
    ran = sum(record.run.measured.get("wall_seconds", 0.0) for record in experiment.runs)
    return round(proposed - began + ran)


def _cut(title: str, most_bytes: int) -> str:
    content = title.encode("utf-8", "replace")
    return title if len(content) <= most_bytes else content[: most_bytes - 3].decode("utf-8", "ignore") + "…"


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.7g}")
