"""What a run prints: its log in bounded memory, and the block of `key: value` lines that ends it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nightdesk.lab.scores import finite

MAX_BLOCK = 65_536  # bytes at the end of a log in which the block must stand
MAX_KEYS = 100
TAIL_LINES = 50  # of a log that goes into an experiment's file
_MAX_LINE = 400  # characters of one of them
_FENCE = re.compile(r"^---[ \t]*$", re.MULTILINE)
_LINE = re.compile(r"([A-Za-z][\w.-]{0,63}):[ \t]*(\S.{0,199}?)[ \t]*")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_,]{0,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,4})?")
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")


@dataclass(frozen=True, slots=True)
class Measurements:
    """What stands in the block: numbers and, apart, what is no finite number. `fault` says why there is none."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    def score(self, metric: str) -> float | None:
        """Return the printed metric, None where it is missing or no finite number."""
        return self.numbers.get(metric)

    def why_no_score(self, metric: str) -> str:
        """Return why `score` is None."""
        if metric in self.texts:
            return f"{metric} is {self.texts[metric]!r}, which is no finite number"
        return self.fault or f"the block at the end of the log has no line {metric}:"


class LogWindow:
    """Takes a log of any length, chunk by chunk, and keeps its end: endless output costs neither memory nor disk."""

    def __init__(self, *, keep_bytes: int = MAX_BLOCK) -> None:
        self.bytes_seen = 0
        self._keep = keep_bytes
        self._end = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes that the run printed."""
        self.bytes_seen += len(chunk)
        self._end += chunk[-self._keep :]
        if len(self._end) > 2 * self._keep:  # not at each chunk: moving the rest costs more than adding to it
            del self._end[: -self._keep]

    def lines_since(self, place: int) -> tuple[str, int]:
        """Return the whole lines after the first `place` bytes, as far as they are kept, and where they end.

        They are not made printable: that would cost the harness too much while a run is at work.
        """
        kept_from = self.bytes_seen - len(self._end)
        fresh = self._end[max(0, place - kept_from) :]
        whole = max(fresh.rfind(b"\n"), fresh.rfind(b"\r")) + 1
        return fresh[:whole].decode("utf-8", "replace"), max(place, kept_from) + whole

    @property
    def last_line(self) -> str:
        """The last line that is not empty, as it can be shown; costs nothing, however much was kept."""
        return printable(bytes(self._end[-_MAX_LINE:]).decode("utf-8", "replace")).strip().rpartition("\n")[2]

    @property
    def text(self) -> str:
        """The end of the log, as it can be shown."""
        return printable(bytes(self._end[-self._keep :]).decode("utf-8", "replace"))


def read_log(path: Path, *, keep_bytes: int = MAX_BLOCK) -> str:
    """Return the end of a log file, however long it is, as it can be shown. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - keep_bytes))
        return printable(file.read(keep_bytes).decode("utf-8", "replace"))


def printable(text: str) -> str:
    """Return a log's text without what moves a cursor or hides: colours, controls, invisible marks.

    What a line wrote over with a carriage return (a progress bar) is left out; lone surrogates become U+FFFD.
    """
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return "".join(_shown(c) for c in "\n".join(lines))


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    return char if char in "\n\t" or category not in ("Cc", "Cf", "Zl", "Zp") else ""


def parse_measurements(log: str) -> Measurements:
    """Return the measurements in the last block of a log: a line `---`, then `key: value` lines up to any other line.

    A key with two different values is no measurement, since nobody can say which one was meant.
    """
    log = log[-MAX_BLOCK:]
    fences = list(_FENCE.finditer(log))
    if not fences:
        return Measurements(fault="the log does not end in a block: a line --- and key: value lines below it")
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    twice: set[str] = set()
    for line in log[fences[-1].end() :].removeprefix("\n").split("\n")[:MAX_KEYS]:
        found = _LINE.fullmatch(line)
        if not found:
            break
        key, written = found[1], found[2]
        number = _number(written)
        if (key in numbers and numbers[key] != number) or (key in texts and texts[key] != written):
            twice.add(key)
        elif number is None:
            texts[key] = written
        else:
            numbers[key] = number
    for key in twice:
        numbers.pop(key, None)
        texts[key] = "printed twice with different values"
    if not numbers and not texts:
        return Measurements(fault="no key: value line follows the last line --- of the log")
    return Measurements(numbers, texts)


def _number(text: str) -> float | None:
    if not _NUMBER.fullmatch(text):
        return None
    return finite(float(text.replace(",", "").replace("_", "")))


def log_tail(log: str, *, lines: int = TAIL_LINES) -> str:
    """Return the last lines of a log for an experiment's file, each cut to a bounded length."""
    kept = log.rstrip().split("\n")[-lines:]
    return "\n".join(line if len(line) <= _MAX_LINE else line[: _MAX_LINE - 1] + "…" for line in kept)


def memory_gb(measured: Mapping[str, float]) -> float | None:
    """Return the printed peak memory in GB (1,024 MB, as the original has it), None where the run printed none."""
    for key in ("peak_vram_mb", "peak_memory_mb"):
        if key in measured:
            return measured[key] / 1024
    return None
