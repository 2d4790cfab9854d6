"""probes.tsv: what each probe measured, a row for each source, only ever appended to."""

import contextlib
import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from nightdesk.agents.ledger import escape_field, unescape_field
from nightdesk.base.errors import DeskError
from nightdesk.base.files import open_plain
from nightdesk.wiki.probe.intervals import Share

NAME = "probes.tsv"  # in the desk's root
MOMENTS = ("probe", "before", "after")  # a probe alone; before and after mending
_COUNTS = ("seen", "seen_retained", "heldout", "heldout_retained", "answered")
_MAX_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What one probe found of one source."""

    time: str  # UTC, when the probe began
    moment: str  # one of MOMENTS
    source: str  # raw path
    text: str  # the first digits of the text's SHA-256
    made_by: str  # who made the questions
    scope: str  # what was asked: "wiki" or "desk"
    seed: int
    seen: int  # questions that mending may look at
    seen_retained: int
    heldout: int  # questions that it never sees
    heldout_retained: int
    answered: int  # of all, those whose answer stood in what was given as the answer

    @property
    def seen_share(self) -> Share:
        """How many of the seen facts the wiki kept."""
        return Share(self.seen_retained, self.seen)

    @property
    def heldout_share(self) -> Share:
        """How many of the held-out facts the wiki kept."""
        return Share(self.heldout_retained, self.heldout)


COLUMNS = tuple(column.name for column in fields(Measured))


@dataclass(frozen=True, slots=True)
class Last:
    """The last probe: its day, what was retained, and of how many sources."""

    date: str  # ISO
    retained: Share
    heldout_only: bool  # once a desk was mended only questions that mending never saw count
    sources: int


def append_measured(path: Path, rows: Sequence[Measured]) -> None:
    """Append the rows of one probe at once. Raises DeskError where the file is no plain file or cannot be written."""
    if not rows:
        return
    with open_plain(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
        with contextlib.suppress(OSError):  # a folder without locks: the one write must do
            fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        before = "\t".join(COLUMNS) + "\n" if size == 0 else "" if os.pread(file, 1, size - 1) == b"\n" else "\n"
        lines = "".join("\t".join(escape_field(str(getattr(row, name))) for name in COLUMNS) + "\n" for row in rows)
        written = (before + lines).encode("utf-8")
        if os.write(file, written) != len(written):
            raise DeskError(f"no room for whole rows in {path}", fix="make room on the disk; the next row mends it")


def read_measured(path: Path) -> list[Measured]:
    """Return the rows in their order, none where there is no file; a line that is no row is passed over."""
    if not os.path.lexists(path):
        return []
    with open_plain(path, os.O_RDONLY) as number, open(number, "rb", closefd=False) as file:
        lines = file.read(_MAX_BYTES).decode("utf-8-sig", "replace").split("\n")
    return [row for line in lines if (row := _row(line.rstrip("\r"))) is not None]


def last_probe(path: Path) -> Last | None:
    """Return the last probe, None where there was none."""
    rows = read_measured(path)
    if not rows:
        return None
    last = rows[-1]
    same = [row for row in rows if (row.time, row.moment) == (last.time, last.moment)]
    mended = any(row.moment == "after" for row in rows)
    retained = sum((row.heldout_share for row in same), Share(0, 0))
    if not mended:
        retained = sum((row.seen_share for row in same), retained)
    return Last(last.time[:10], retained, mended, len(same))


def _row(line: str) -> Measured | None:
    values = dict(zip(COLUMNS, map(unescape_field, line.split("\t")), strict=False))
    if len(values) != len(COLUMNS) or values["moment"] not in MOMENTS:
        return None
    numbers = {}
    for name in ("seed", *_COUNTS):
        digits = values.pop(name)
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 10):
            return None
        numbers[name] = int(digits)
    fits = numbers["seen_retained"] <= numbers["seen"] and numbers["heldout_retained"] <= numbers["heldout"]
    return Measured(**values, **numbers) if fits else None  # type: ignore[arg-type]
