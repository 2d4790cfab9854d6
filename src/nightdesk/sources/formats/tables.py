"""Rows of cells as a Markdown table, bounded in rows and columns."""

from collections.abc import Iterable, Sequence

from nightdesk.sources.formats.converted import escape_tags

MAX_ROWS = 200
MAX_COLUMNS = 30
MAX_CELL_CHARACTERS = 500


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` as a Markdown table with the first row as its head, columns that are empty throughout left out.

    A table of one column is still a table. Returns "" for no rows or only empty cells.
    """
    width = max((len(row) for row in rows), default=0)
    full = [[cell_text(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    full = [row for row in full if any(row)]
    used = [column for column in range(width) if any(row[column] for row in full)]
    if not used:
        return ""
    lines = [f"| {' | '.join(row[column] for column in used)} |" for row in full]
    lines.insert(1, f"|{' --- |' * len(used)}")
    return "\n".join(lines)


def cell_text(value: str) -> str:
    """Return `value` as it can stand in a Markdown table: one line, pipes escaped, at most MAX_CELL_CHARACTERS."""
    if len(value) > MAX_CELL_CHARACTERS:
        value = value[: MAX_CELL_CHARACTERS - 1] + "…"
    return escape_tags(" ".join(value.split()).replace("\\", "\\\\").replace("|", "\\|"))


def bounded_table(rows: Iterable[Sequence[str]]) -> tuple[str, str | None]:
    """Return a table of the first MAX_ROWS data rows and MAX_COLUMNS columns, and a sentence on what was left out.

    `rows` is read to its end, so that the sentence can say how many there are.
    """
    kept: list[Sequence[str]] = []
    total = widest = 0
    for row in rows:
        width = len(row)
        while width and not row[width - 1].strip():
            width -= 1
        if not width:
            continue
        total += 1
        widest = max(widest, width)
        if len(kept) <= MAX_ROWS:  # the head and MAX_ROWS more
            kept.append(row[:MAX_COLUMNS])
    left_out = []
    if total > len(kept):
        left_out.append(f"the first {len(kept) - 1} of {total - 1} rows")
    if widest > MAX_COLUMNS:
        left_out.append(f"the first {MAX_COLUMNS} of {widest} columns")
    return markdown_table(kept), f"Shown: {' and '.join(left_out)}." if left_out else None
