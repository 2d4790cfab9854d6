"""raw/sources.tsv: where each file in raw/ that was fetched came from, and when."""

import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from nightdesk.sources.raw import PROVENANCE_NAME


@dataclass(frozen=True, slots=True)
class Provenance:
    """One row of raw/sources.tsv: where a file in raw/ came from."""

    path: str  # relative to raw/, "/" between the parts
    url: str
    final_url: str
    fetched_at: str  # ISO 8601, UTC
    sha256: str
    charset: str  # as the server said, "" when it did not


def read_provenance(raw: Path) -> tuple[Provenance, ...]:
    """Return the rows of raw/sources.tsv, oldest first; lines that are none of ours are passed over."""
    return tuple(_rows(raw))


def _rows(raw: Path) -> Iterator[Provenance]:
    try:
        table = (raw / PROVENANCE_NAME).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    header = [field.name for field in fields(Provenance)]
    for line in table.split("\n"):
        cells = line.rstrip("\r").split("\t")
        if len(cells) == len(header) and cells != header:
            yield Provenance(*cells)


def record_provenance(raw: Path, row: Provenance) -> Path:
    """Append `row` to raw/sources.tsv and return the path of the table."""
    path = raw / PROVENANCE_NAME
    line = "\t".join(" ".join(cell.split()) for cell in astuple(row)) + "\n"
    with path.open("ab") as table:  # one write at the end of the file: two of us at once lose no row
        if table.tell() == 0:
            line = "\t".join(field.name for field in fields(Provenance)) + "\n" + line
        elif not _ends_with_newline(path):
            line = "\n" + line  # what a crash cut off stays a line of its own
        table.write(line.encode("utf-8", "replace"))
    return path


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as table:
        table.seek(-1, io.SEEK_END)
        return table.read(1) == b"\n"
