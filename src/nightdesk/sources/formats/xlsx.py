"""A workbook as Markdown: each sheet a heading and a table, bounded, dates and numbers as people write them."""

import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.archives import Archive
from nightdesk.sources.formats.converted import Converted, clean_text, escape_tags
from nightdesk.sources.formats.docx import core_properties
from nightdesk.sources.formats.tables import MAX_COLUMNS, bounded_table

MAX_SHEETS = 100
MAX_EMPTY_ROWS = 5000  # in a row: what stands below was put there by accident, or to take our time
MAX_ROWS_READ = 1_048_576  # what Excel allows; a file may claim more


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the workbook's visible sheets with the values that their formulas last had."""
    # Imported here: it takes 0.15 s, which a web page need not wait for.
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    with Archive(path) as archive:
        archive.refuse_declarations()
        stated = core_properties(archive)
    try:
        book = load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        parts = [_sheet(sheet) for sheet in sheets[:MAX_SHEETS]]
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError, SyntaxError) as error:
        raise DeskError("is damaged: its sheets cannot be read") from error
    title = stated["title"] or path.stem
    notes = (f"only the first {MAX_SHEETS} of {len(sheets)} sheets were read",) if len(sheets) > MAX_SHEETS else ()
    body = "\n\n".join(part for part in parts if part)
    if not body:
        raise DeskError("holds no values")
    return Converted(f"# {title}\n\n{body}", title=title, author=stated["author"], notes=notes)


def _sheet(sheet: Any) -> str:
    # The sheet's own word on its size is not to be trusted: one cell at XFD1048576 makes rows of 16,384 empties.
    sheet.reset_dimensions()
    table, left_out = bounded_table(_rows(sheet))
    if not table:
        return ""
    return "\n\n".join(part for part in (f"## {escape_tags(clean_text(sheet.title))}", table, left_out) if part)


def _rows(sheet: Any) -> Iterator[list[str]]:
    empty = 0
    for row in sheet.iter_rows(values_only=True, max_row=MAX_ROWS_READ):
        shown = [_shown(value) for value in row[: MAX_COLUMNS * 10]]  # more than is shown: the table says how many more
        empty = 0 if any(shown) else empty + 1
        if empty > MAX_EMPTY_ROWS:
            return
        yield shown


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    return clean_text(str(value))
