"""Tables of a page: which lines are rows of which table, and links in them without the bar that would end a cell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_DELIMITER = re.compile(r"[ \t]{0,3}\|?(?:[ \t]*:?-{1,200}:?[ \t]*\|)*(?:[ \t]*:?-{1,200}:?[ \t]*)?\|?[ \t]*")
_BAR = re.compile(r"(?<!\\)\|")
_LABELLED = re.compile(r"(\[\[[^\[\]|\\]+?)\\?\|[^\[\]|]*(\]\])")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. Its number is 0 for the head; the line of dashes has none."""

    table: int
    number: int
    cells: int

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from all other rows of the page."""
        return self.table, self.number


def table_rows(text: str) -> Mapping[int, Row]:
    """Return the rows of the tables in a Markdown text by line, counted from 1; tables in lists are passed over."""
    lines = text.split("\n")
    rows: dict[int, Row] = {}
    tables = 0
    number = 1
    while number < len(lines):
        head, dashes = lines[number - 1], lines[number]
        if not _is_head(head, dashes):
            number += 1
            continue
        rows[number] = Row(tables, 0, count_cells(head))
        number += 2  # past the line of dashes
        at = 1
        while number <= len(lines) and _goes_on(lines[number - 1]):
            rows[number] = Row(tables, at, count_cells(lines[number - 1]))
            number, at = number + 1, at + 1
        tables += 1
    return rows


def _is_head(head: str, dashes: str) -> bool:
    if (
        not _BAR.search(head)
        or "|" not in dashes
        or "-" not in dashes
        or len(head) - len(head.lstrip(" ")) > 3
        or "\t" in head[:4]
    ):
        return False
    return bool(_DELIMITER.fullmatch(dashes)) and count_cells(head) == count_cells(dashes)


def _goes_on(line: str) -> bool:
    """Return whether a line below a table is one of its rows: all are until a blank line or another kind of block."""
    return bool(line.strip()) and not re.match(r" {0,3}(?:>|#{1,6}\s|```|~~~|[-*+][ \t]|\d{1,9}[.)][ \t]| {4})", line)


def count_cells(line: str) -> int:
    """Return how many cells a row has."""
    bars = len(_BAR.findall(line.strip()))
    return bars + 1 - line.lstrip().startswith("|") - bool(re.search(r"(?<!\\)\|[ \t]*$", line))


def column_at(line: str, place: int) -> int:
    """Return the column, counted from 0, that a place of a row lies in."""
    return len(_BAR.findall(line[:place])) - line.lstrip().startswith("|")


def unlabel_links(body: str) -> str:
    """Return `body` with the links in tables reduced to `[[Page]]` and `[[Page#^id]]`: a bar would end the cell."""
    if "|" not in body or ("--" not in body and "- |" not in body and "|-" not in body):
        return body
    lines = body.split("\n")
    unlabelled = [_LABELLED.sub(r"\1\2", line) if "[[" in line else line for line in lines]
    rows = table_rows("\n".join(unlabelled))
    return "\n".join(
        new if number in rows else old for number, (old, new) in enumerate(zip(lines, unlabelled, strict=True), 1)
    )
