"""Comma- or tab-separated values as a Markdown table, the dialect found out."""

import csv
import io
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted
from nightdesk.sources.formats.tables import bounded_table
from nightdesk.sources.formats.text import decode

MAX_FIELD_CHARACTERS = 1_000_000  # a lone quotation mark makes one field of the rest of the file
_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 50


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the file's rows as a table, its first row as the head."""
    text = decode(path.read_bytes())
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else delimiter_of(text)
    try:
        table, left_out = bounded_table(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise DeskError(f"is no table: {error}") from error
    if not table:
        raise DeskError("holds no values")
    title = path.stem
    return Converted("\n\n".join(part for part in (f"# {title}", table, left_out) if part), title=title)


def delimiter_of(text: str) -> str:
    """Return the delimiter that gives the first lines the most equal number of fields; a comma if none does.

    Own counting, since csv.Sniffer takes letters for delimiters and backtracks on long lines.
    """
    lines = [line[:5000] for line in text[:200_000].splitlines()[:_SAMPLE_LINES] if line.strip()]
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        counts = [_count(line, delimiter) for line in lines]
        usual = max(sorted(set(counts)), key=counts.count, default=0)
        score = usual and (counts.count(usual) / len(counts)) ** 3 * min(usual, 3)  # equal counts say more than many
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _count(line: str, delimiter: str) -> int:
    return sum(part.count(delimiter) for part in line.split('"')[::2])  # every second part is within quotes
