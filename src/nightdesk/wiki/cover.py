"""cover.tsv: how densely each source is read, and sentences that its reading must cover. Every compile obeys it."""

import contextlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nightdesk.agents.ledger import MAX_FIELD, escape_field, unescape_field
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.pages import short_hash
from nightdesk.wiki.proof.quotes import QuoteIndex

NAME = "cover.tsv"  # in the desk's root
COLUMNS = ("time", "source", "depth", "quote")
MAX_DEPTH = 8  # times as many claims as a source of that length has by itself
MAX_QUOTES = 60  # of one source
_MAX_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Cover:
    """What a source's reading must cover."""

    depth: int = 1  # so many times the usual number of claims
    quotes: tuple[str, ...] = ()  # sentences of its text, white space collapsed, in the order they were asked for
    rounds: tuple[int, ...] = ()  # how many of the quotes there were after each time that some were added

    @property
    def fingerprint(self) -> str:
        """What a reading by code depends on: "" for a source that nothing is asked of."""
        return short_hash(repr((self.depth, self.quotes))) if self.depth > 1 or self.quotes else ""

    @property
    def stages(self) -> tuple[tuple[str, ...], ...]:
        """The quotes as they were after each time that some were added, the latest first; () comes last."""
        return (*(self.quotes[:count] for count in reversed(self.rounds)), ())


NO_COVER = Cover()


@dataclass(frozen=True, slots=True)
class Row:
    """One line: more claims for a source, or one sentence that must be covered."""

    source: str  # raw path
    depth: int | None
    quote: str
    time: str = ""  # UTC; rows of one time are one round


@dataclass(slots=True)
class _Growing:
    depth: int = 1
    quotes: dict[str, None] = field(default_factory=dict)
    rounds: list[tuple[str, int]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        if row.depth is not None:
            self.depth = row.depth
        if not row.quote or row.quote in self.quotes or len(self.quotes) >= MAX_QUOTES:
            return
        self.quotes[row.quote] = None
        if self.rounds and self.rounds[-1][0] == row.time:
            self.rounds.pop()
        self.rounds.append((row.time, len(self.quotes)))


def read_covers(root: Path) -> tuple[dict[str, Cover], tuple[int, ...]]:
    """Return the cover of each source by its raw path, and the numbers of the lines that cannot be read.

    A later depth takes the place of an earlier one. Raises DeskError where the file is no plain file of text.
    """
    growing: dict[str, _Growing] = {}
    bad = []
    for number, line in enumerate(_lines(root / NAME), 1):
        if not line.strip() or (number == 1 and line.split("\t")[:2] == list(COLUMNS[:2])):
            continue
        row = _row(line)
        if row is None:
            bad.append(number)
        else:
            growing.setdefault(row.source, _Growing()).add(row)
    covers = {
        source: Cover(found.depth, tuple(found.quotes), tuple(count for _, count in found.rounds))
        for source, found in growing.items()
    }
    return covers, tuple(bad)


def add_to_cover(root: Path, rows: Sequence[Row], *, now: datetime) -> None:
    """Append rows, all or none of them; what stands there stays. A quote too long for a field is left out."""
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = "\n".join(_lines(root / NAME)).rstrip("\n") or "\t".join(COLUMNS)
    lines = [
        "\t".join(
            (time, escape_field(row.source), "" if row.depth is None else str(row.depth), escape_field(row.quote))
        )
        for row in rows
        if len(row.source) < MAX_FIELD and len(row.quote) < MAX_FIELD
    ]
    write_atomically(root / NAME, "\n".join([before, *lines]) + "\n")


def cover_of(covers: Mapping[str, Cover], raw: str) -> Cover:
    """Return the cover of a source, one that asks nothing where there is none."""
    return covers.get(raw, NO_COVER)


def uncovered(wanted: Sequence[str], quotes: Iterable[str], *, text: str) -> tuple[str, ...]:
    """Return those of the `wanted` sentences that stand in the text, and of which no quote holds the better half."""
    index = QuoteIndex(text)
    spans = [(place.start, place.end) for quote in quotes if (place := index.locate(quote)) is not None]
    left = []
    for sentence in wanted:
        place = index.locate(sentence)
        if place is None:
            continue
        half = (place.end - place.start) / 2
        if all(min(end, place.end) - max(start, place.start) < half for start, end in spans):
            left.append(sentence)
    return tuple(left)


def _lines(path: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError):
        state = os.lstat(path)
        if not stat.S_ISREG(state.st_mode) or state.st_size > _MAX_BYTES:
            raise DeskError(f"{NAME} is no plain file, or too large", fix="move it away; nightdesk probe makes it anew")
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8-sig", "replace").replace("\r\n", "\n").split("\n")
    return []


def _row(line: str) -> Row | None:
    """Return the row that a line holds, None where it has not the form."""
    values = line.split("\t")
    if len(values) != len(COLUMNS):
        return None
    time, source, depth, quote = (unescape_field(value).strip() for value in values)
    number = int(depth) if depth.isascii() and depth.isdecimal() and len(depth) < 4 else None
    if not source or (depth and (number is None or not 1 <= number <= MAX_DEPTH)) or not (depth or quote):
        return None
    return Row(source, number, " ".join(quote.split()), time)
