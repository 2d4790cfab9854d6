"""costs.tsv: the ledger of all calls of workers, a row for each, only ever appended to."""

import contextlib
import fcntl
import math
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from nightdesk.agents.tasks import Attempt
from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain

NAME = "costs.tsv"  # in the desk's root
OUTCOMES = ("accepted", "rejected", "failed", "declined")

MAX_FIELD = 1000  # characters
MAX_REASON = 300  # characters
_MAX_LINE = 65_536  # bytes; a longer one is not ours
_MOST = 10**15  # tokens, dollars, seconds: more is a slip or a trick
_LEADING = tuple("=+-@＝＋－＠\"'")  # what a spreadsheet computes, or takes for the start of a quoted text
_HIDDEN = ("Cc", "Cf", "Zl", "Zp")  # controls, invisible marks, line separators
_NAMED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_UNNAMED = {written: char for char, written in _NAMED.items()}
_ESCAPE = re.compile(r"\\(?:[\\tnr]|u[0-9a-f]{4}|U[0-9a-f]{8})")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One call, as the ledger keeps it. None is "unknown", and so is an empty text."""

    time: datetime  # UTC
    task: str
    kind: str
    subject: str
    worker: str
    model: str
    brief: str  # short hash of the template
    attempt: int | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    usd: float | None
    seconds: float | None
    outcome: str
    reason: str


COLUMNS = tuple(field.name for field in fields(Row))


def append_attempt(path: Path, attempt: Attempt, *, now: datetime) -> None:
    """Append a row for `attempt` in one write, so that processes side by side and a kill leave whole rows.

    A row that a power cut or a full disk left torn is ended first, so that it does not run into this one.
    Raises DeskError where the ledger is no plain file or cannot be written.
    """
    with open_plain(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
        with contextlib.suppress(OSError):  # a folder without locks: the one write must do
            fcntl.flock(file, fcntl.LOCK_EX)  # closing the file lets it go, kill -9 closes it too
        size = os.fstat(file).st_size
        if size == 0:
            columns, before = COLUMNS, _line(COLUMNS)
        else:
            columns = _columns(_split(os.pread(file, _MAX_LINE, 0).partition(b"\n")[0]))
            before = b"" if os.pread(file, 1, size - 1) == b"\n" else b"\n"
        told = _told(attempt, now)
        row = before + _line([told.get(column, "") for column in columns])
        if os.write(file, row) != len(row):
            raise DeskError(f"no room for a whole row in {path}", fix="make room on the disk; the next row mends it")


def read_ledger(path: Path) -> list[Row]:
    """Return the rows of a ledger in their order, none where there is no file; what is no row is passed over."""
    return [row for row in stream_ledger(path) if row is not None]


def stream_ledger(path: Path) -> Iterator[Row | None]:
    """Yield each row of a ledger, and None for a line that is none. Raises DeskError where it cannot be read."""
    if not os.path.lexists(path):
        return
    with open_plain(path, os.O_RDONLY) as number, open(number, "rb", closefd=False) as file:
        columns: Sequence[str] | None = None
        while line := file.readline(_MAX_LINE):
            if len(line) == _MAX_LINE and not line.endswith(b"\n"):
                while (rest := file.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
                    pass
                yield None
                continue
            values = _split(line)
            if columns is None:
                columns = _columns(values)
            row = _row(values, columns)
            if row is not None or (line.strip() and not _is_header(values)):
                yield row


def _columns(names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a ledger whose first line is `names`; those of ours that it does not know come last."""
    if not _is_header(names):
        return COLUMNS
    return (*names, *(column for column in COLUMNS if column not in names))


def _is_header(names: Sequence[str]) -> bool:
    return {"time", "task", "outcome"} <= set(names)


def _split(line: bytes) -> list[str]:
    return line.decode("utf-8-sig", "replace").rstrip("\r\n").split("\t")


def _line(values: Sequence[str]) -> bytes:
    return ("\t".join(values) + "\n").encode("utf-8")


def _told(attempt: Attempt, now: datetime) -> dict[str, str]:
    usage = attempt.usage
    texts = {
        "task": attempt.task_id,
        "kind": attempt.kind,
        "subject": attempt.subject,
        "worker": attempt.worker,
        "model": usage.model,
        "brief": attempt.template,
        "outcome": attempt.outcome,
        "reason": _cut(attempt.reason, MAX_REASON),
    }
    numbers = {
        "attempt": _written(attempt.number),
        "input_tokens": _written(usage.input_tokens),
        "cached_tokens": _written(usage.cached_tokens),
        "output_tokens": _written(usage.output_tokens),
        "usd": _written(usage.usd, places=10),  # a call to a small model costs less than a thousandth of a cent
        "seconds": _written(usage.seconds, places=2),
    }
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"time": time, **{name: escape_field(text) for name, text in texts.items()}, **numbers}


def escape_field(text: str) -> str:
    """Return a text as it stands in a field: one line, no tab, nothing invisible, nothing that a spreadsheet computes.

    A backslash, a tab, a line end become `\\\\`, `\\t`, `\\n`, `\\r`; other controls and invisible marks `\\u200b`; a
    text that begins like a formula or a quote gets `'` before it.
    """
    whole = _SURROGATE.sub("\ufffd", _cut(text, MAX_FIELD))
    safe = "".join(_NAMED.get(c) or (_coded(c) if unicodedata.category(c) in _HIDDEN else c) for c in whole)
    return "'" + safe if safe.lstrip().startswith(_LEADING) else safe


def unescape_field(field: str) -> str:
    """Return the text that `escape_field` wrote."""
    text = field.removeprefix("'")
    return _ESCAPE.sub(lambda match: _decoded(match[0]), text) if "\\" in text else text


def _coded(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def _decoded(written: str) -> str:
    if written in _UNNAMED:
        return _UNNAMED[written]
    code = int(written[2:], 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "\ufffd"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _written(value: float | None, *, places: int = 0) -> str:
    if value is None or not 0 <= value <= _MOST:  # so is what is no number
        return ""
    return f"{value:.{places}f}".rstrip("0").rstrip(".") if places else str(int(value))


def _row(values: Sequence[str], columns: Sequence[str]) -> Row | None:
    """Return the row that a line holds, None for one that is torn or damaged."""
    told = dict(zip(columns, values, strict=False))
    time, outcome = _time(told.get("time", "")), unescape_field(told.get("outcome", ""))
    cut_short = len(values) <= columns.index("outcome") + 1  # an outcome of a later version is known by what follows it
    if time is None or not outcome or (cut_short and outcome not in OUTCOMES):
        return None
    texts = {name: unescape_field(told.get(name, "")) for name in ("task", "kind", "subject", "worker", "model")}
    return Row(
        time=time,
        **texts,
        brief=unescape_field(told.get("brief", "")),
        attempt=_count(told, "attempt"),
        input_tokens=_count(told, "input_tokens"),
        cached_tokens=_count(told, "cached_tokens"),
        output_tokens=_count(told, "output_tokens"),
        usd=_amount(told, "usd"),
        seconds=_amount(told, "seconds"),
        outcome=outcome,
        reason=unescape_field(told.get("reason", "")),
    )


def _time(field: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(field)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _amount(told: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(told.get(name) or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value <= _MOST else None


def _count(told: Mapping[str, str], name: str) -> int | None:
    value = _amount(told, name)
    return None if value is None else int(value)
