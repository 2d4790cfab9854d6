"""The ledger of a lab: experiments/NNNN.md tells all of each experiment, results.tsv has a row for each judged one.

Written ahead. An experiment's file is put in place before what it announces is done, and each step after "judged" can
be seen to be missing and done again:

    proposed   its commit is made under refs/nightdesk/, then the file is written: nothing has run
    running    the run may be at work, or was when the power went
    scored     the run is over, its score (or why there is none) is in the file
    judged     the verdict is in the file; then the branch moves, if it is a keep; then the row is appended

`recover` says, from what is on disk, what is still to do.
"""

import contextlib
import fcntl
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.agents.ledger import escape_field, unescape_field
from nightdesk.base.errors import DeskError
from nightdesk.lab.scores import finite

NAME = "results.tsv"
STATUSES = ("keep", "discard", "crash")
COMMIT_DIGITS = 7
_MAX_BYTES = 50_000_000
_MAX_LINE = 65_536
_HEX = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of results.tsv. `score` and `memory_gb` are None for a crash, which the file writes as 0."""

    commit: str  # 7 hexadecimal digits
    score: float | None
    memory_gb: float | None
    status: str  # of STATUSES
    description: str


def columns(metric: str) -> tuple[str, ...]:
    """Return Karpathy's five columns; the second is named after the metric, which in his is val_bpb."""
    return ("commit", metric, "memory_gb", "status", "description")


def render_row(row: Row) -> str:
    """Return a row as it stands in the file, with its line end."""
    fields = (
        row.commit[:COMMIT_DIGITS],
        render_score(row.score),
        f"{row.memory_gb or 0.0:.1f}",
        row.status,
        escape_field(row.description),
    )
    return "\t".join(fields) + "\n"


def render_score(score: float | None) -> str:
    """Return a score with six places, as Karpathy's; with more where six would not tell it from 0."""
    if score is None:
        return "0.000000"
    return f"{score:.6f}" if abs(score) >= 0.001 or score == 0 else f"{score:.6g}"


def parse_results(text: str) -> tuple[Row, ...]:
    """Return the rows of a results.tsv, also of one that Karpathy's agents wrote; what is no row is passed over."""
    rows = (_row(line.rstrip("\r").split("\t")) for line in text.removeprefix("\ufeff").split("\n"))
    return tuple(row for row in rows if row)


def read_results(path: Path) -> tuple[Row, ...]:
    """Return the rows of the file, none where there is none. Raises DeskError where it cannot be read."""
    if not os.path.lexists(path):
        return ()
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            raise DeskError(f"{path} is no plain file, or too large to be a table of results", fix="move it away")
        return parse_results(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise DeskError(f"{path}: {error.strerror}", fix="mend or move that file") from error


def append_row(path: Path, row: Row, *, metric: str) -> None:
    """Append a row to results.tsv. Raises DeskError on a full disk."""
    append_line(path, render_row(row), header="\t".join(columns(metric)) + "\n")


def append_line(path: Path, line: str, *, header: str) -> None:
    """Append a line in one write, below `header` in a new file; one that a power cut left torn is ended first.

    Raises DeskError on a full disk, and for what is no plain file.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise DeskError(f"{path}: {error.strerror}", fix="mend or move that file") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise DeskError(f"{path} is no plain file", fix="move it away")
        with contextlib.suppress(OSError):  # a folder without locks: the one write must do
            fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        before = "" if size else header
        if size and os.pread(file, 1, size - 1) != b"\n":
            before = "\n"
        written = (before + line).encode("utf-8")
        if os.write(file, written) != len(written):
            raise DeskError(f"no room for a whole row in {path}", fix="make room on the disk and start again")
        os.fsync(file)
    except OSError as error:
        raise DeskError(f"{path}: {error.strerror}", fix="make room on the disk and start again") from error
    finally:
        os.close(file)


def _row(fields: Sequence[str]) -> Row | None:
    """Return the row that five fields are, None for the header, a torn row or a note."""
    if len(fields) < 5 or not _HEX.fullmatch(fields[0].lower()) or fields[3] not in STATUSES:
        return None
    crashed = fields[3] == "crash"  # its 0.000000 is no score
    score, memory = (None if crashed else _number(field) for field in fields[1:3])
    return Row(fields[0].lower(), score, memory, fields[3], unescape_field("\t".join(fields[4:])))


def _number(field: str) -> float | None:
    try:
        return finite(float(field))
    except ValueError:
        return None
