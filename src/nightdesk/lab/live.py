"""Runs at work, as others see them: state/live/KEY.json, once a second at most, with the curve that a log's lines tell.

What a run prints for people is no measurement and is never judged by: the curve is shown, nothing else. The rule: of
each line the first word that names a loss, a score or the lab's metric, with the number after it, is a value; the step,
or the share of the budget in per cent, is where it stands. The first name that is found is the curve's.
"""

import contextlib
import itertools
import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain, write_atomically
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import printable
from nightdesk.lab.running import Live
from nightdesk.lab.scores import finite

MOST_POINTS = 400  # of a curve: beyond them every other one goes
_MOST_LINE = 400  # characters of a line that are looked at
_MOST_LINES = 100  # of those printed since the last look, which is a second ago: reading must cost next to nothing
_MOST_BYTES = 200_000  # of a file that is read
_MOST_FILES = 1_000  # that are looked through for any run of a session
_KEY = re.compile(r"[\w-]{1,100}", re.ASCII)  # what a file is called by: others may have written the key
_MOST_SHOWN = 300  # characters of the last line
_NUMBER = r"[-+]?(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][-+]?\d{1,3})?"
_NAMES = r"(?:[a-z]{1,12}[_/-]){0,2}(?:loss|bpb|nll|perplexity|ppl|reward|accuracy|acc|error|score)"
_STEP = re.compile(rf"\b(?:step|iter|iteration|it|epoch|episode|trial)s?[ \t]*[:=#]?[ \t]*({_NUMBER})", re.IGNORECASE)
_SHARE = re.compile(rf"({_NUMBER})[ \t]?%")
_LINE_END = re.compile(r"[\r\n]+")  # a progress bar ends its lines with a carriage return alone


@dataclass(slots=True)
class Curve:
    """What a run's lines told so far, thinned so that it stays small however long the run is."""

    metric: str = ""
    name: str = ""  # what the values are called, as printed
    axis: str = ""  # "step", "%" of the budget, or "line" where the lines say neither
    _points: list[tuple[int, float, float]] = field(default_factory=list)  # number of the line, x, value
    _last: tuple[int, float, float] | None = None
    _stride: int = 1
    _lines: int = 0

    def feed(self, text: str) -> None:
        """Take the next whole lines."""
        for line in _LINE_END.split(text)[-_MOST_LINES:]:
            found = _value(line[:_MOST_LINE], self.metric, self.name)
            if found is not None:
                self._add(line[:_MOST_LINE], *found)

    @property
    def points(self) -> list[tuple[float, float]]:
        """The curve, x never falling; the last value is always among them."""
        points = self._points
        if self._last is not None and (not points or points[-1] != self._last):
            points = [*points, self._last]
        return [(float(number), value) if self.axis == "line" else (x, value) for number, x, value in points]

    def _add(self, line: str, name: str, value: float) -> None:
        axis, x = _place(line)
        if not self.axis:
            self.name, self.axis = name, axis
        elif self.axis not in ("line", axis):
            return  # a summary at the end, say: it stands nowhere on this axis
        if self._last is not None and x < self._last[1]:
            self.axis = "line"  # steps that begin anew with each epoch are no axis
        self._last = (self._lines, x, value)
        if self._lines % self._stride == 0:
            self._points.append(self._last)
        if len(self._points) >= MOST_POINTS:
            self._points, self._stride = self._points[::2], 2 * self._stride
        self._lines += 1


def curve_of(log: str, metric: str) -> Curve:
    """Return the curve that a log tells, or its end."""
    curve = Curve(metric)
    curve.feed(log)
    return curve


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file told: anybody may have written it, so that everything is bounded."""

    key: str
    wall_seconds: float
    cpu_seconds: float
    memory_bytes: float
    line: str
    name: str
    axis: str
    points: Sequence[tuple[float, float]]


class LiveFile:
    """Writes what the runs at work do, each where other processes look; then tells `then`. Nothing of it fails a run.

    It may be told by several threads; `then` is called by one at a time.
    """

    def __init__(self, lab: Lab, then: Callable[[Live], None] = lambda live: None) -> None:
        self._lab = lab
        self._then = then
        self._curves: dict[str, Curve] = {}  # of the runs at work
        self._lock = threading.Lock()
        self._begun = False

    def progress(self, live: Live) -> None:
        """Take how far a run is, or that it is over."""
        if live.over:
            self._curves.pop(live.key, None)
            self._remove(live_file(self._lab, live.key))
            return
        with self._lock:
            if not self._begun:
                self._begun = True
                self.close()  # what an earlier session left
        curve = self._curves.setdefault(live.key, Curve(self._lab.program.metric))
        curve.feed(live.printed)
        told = {
            "process": os.getpid(),
            "key": live.key,
            "wall_seconds": round(live.wall_seconds, 2),
            "cpu_seconds": round(live.cpu_seconds, 2),
            "memory_bytes": live.memory_bytes,
            "line": live.line[-_MOST_SHOWN:],
            "name": curve.name,
            "axis": curve.axis,
            "points": [(_short(x), _short(value)) for x, value in curve.points],
        }
        with contextlib.suppress(OSError):  # a full disk: the run is what counts
            write_atomically(live_file(self._lab, live.key), json.dumps(told), durable=False)
        with self._lock:
            self._then(live)

    def close(self) -> None:
        """Remove the files: nothing runs any more."""
        with contextlib.suppress(OSError):
            for path in list(live_folder(self._lab).iterdir()):
                self._remove(path)

    def _remove(self, path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def live_folder(lab: Lab) -> Path:
    """Return where a session says how far its runs are."""
    return lab.state / "live"


def live_file(lab: Lab, key: str) -> Path:
    """Return where a session says how far the run `key` is. The key is the session's own."""
    return live_folder(lab) / f"{key}.json"


def read_live(lab: Lab, *, process: int, key: str | None) -> Seen | None:
    """Return how far the run `key` of a session is (None: any run); None where nothing sound tells of it."""
    if key is not None:
        return _read(lab, key, process) if _KEY.fullmatch(key) else None
    try:
        names = sorted(itertools.islice((path.stem for path in live_folder(lab).iterdir()), _MOST_FILES))
    except OSError:
        return None
    found = (_read(lab, name, process) for name in names if _KEY.fullmatch(name))
    return next((seen for seen in found if seen is not None), None)


def _read(lab: Lab, key: str, process: int) -> Seen | None:
    try:
        with open_plain(live_file(lab, key), os.O_RDONLY) as file:
            told = json.loads(os.read(file, _MOST_BYTES))
        return _seen(told) if told["process"] == process and told["key"] == key else None
    except (DeskError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None  # none, half of one, or somebody else's


def _seen(told: dict[str, Any]) -> Seen:
    pairs = [(_finite(x), _finite(value)) for x, value in list(told["points"])[: MOST_POINTS + 1]]
    return Seen(
        key=_line(told["key"]),
        wall_seconds=_finite(told["wall_seconds"]),
        cpu_seconds=_finite(told["cpu_seconds"]),
        memory_bytes=_finite(told["memory_bytes"]),
        line=_line(told["line"]),
        name=_line(told["name"]),
        axis=_line(told["axis"]),
        points=sorted(pairs, key=lambda pair: pair[0]),
    )


def _line(value: object) -> str:
    return " ".join(printable(str(value)[:_MOST_SHOWN]).split())


def _finite(value: object) -> float:
    number = finite(value)
    if number is None:
        raise ValueError("no finite number")
    return number


def _value(line: str, metric: str, name: str) -> tuple[str, float] | None:
    """Return the name and the number of the first value in a line, of those called `name` where it is given."""
    names = re.escape(name) if name else f"{re.escape(metric)}|{_NAMES}" if metric else _NAMES
    # a name is not the end of a longer one, so that "train_loss" is not taken for "loss"
    found = re.search(rf"(?<![\w/.])({names})\b[ \t]*[:=]?[ \t]*({_NUMBER})(?!\w|\.\d|%)", line, re.IGNORECASE)
    number = finite(float(found[2])) if found else None
    return (found[1], number) if found and number is not None else None


def _place(line: str) -> tuple[str, float]:
    for axis, pattern in (("step", _STEP), ("%", _SHARE)):
        found = pattern.search(line)
        number = finite(float(found[1])) if found else None
        if number is not None:
            return axis, number
    return "line", 0.0


def _short(value: float) -> float:
    return float(f"{value:.6g}")
