"""Which lines are rows of tables, in which column a place lies, and links without the bar that would end a cell."""

import pytest

from nightdesk.base.markdown import blocks
from nightdesk.wiki.tables import column_at, count_cells, table_rows, unlabel_links


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("| a | b |\n|---|---|\n| c | d |\n| e | f |\n\ntext", {1: (0, 0, 2), 3: (0, 1, 2), 4: (0, 2, 2)}),
        ("a | b\n- | -\nc | d", {1: (0, 0, 2), 3: (0, 1, 2)}),  # no bars around it
        ("| a |\n| :-: |\n| c |", {1: (0, 0, 1), 3: (0, 1, 1)}),
        ("| a |\n|---|\n\n| b |\n|---|\n| c |", {1: (0, 0, 1), 4: (1, 0, 1), 6: (1, 1, 1)}),
        ("| a | b |\n|---|\n| c | d |", {}),  # as many dashes as cells, or it is no table
        ("| a |\ntext\n| b |", {}),
        ("| a |\n|---|\n| b |\n# heading", {1: (0, 0, 1), 3: (0, 1, 1)}),
        ("| a |\n|---|\n| b |\n- item", {1: (0, 0, 1), 3: (0, 1, 1)}),
        ("    | a |\n    |---|\n    | b |", {}),  # code
        ("a \\| b\n---\nc", {}),  # an escaped bar, a heading
        ("| a |\n---\n| b |", {}),
        ("", {}),
    ],
)
def test_rows(text: str, rows: dict[int, tuple[int, int, int]]) -> None:
    found = table_rows(text)
    assert {line: (row.table, row.number, row.cells) for line, row in found.items()} == rows
    cells = {text.count("\n", 0, block.start) + 1 for block in blocks(text) if block.kind == "cell"}
    assert cells == set(rows)  # the Markdown parser thinks so too


@pytest.mark.parametrize(
    ("line", "cells"),
    [("| a | b |", 2), ("a | b", 2), ("| a | b", 2), ("|  | b |", 2), ("| a \\| b |", 1), ("| a |  ", 1)],
)
def test_cells(line: str, cells: int) -> None:
    assert count_cells(line) == cells


def test_columns() -> None:
    assert [column_at("| a | b | c", place) for place in (2, 6, 10)] == [0, 1, 2]
    assert [column_at("a \\| b | c", place) for place in (0, 5, 9)] == [0, 0, 1]


def test_links_outside_tables_keep_their_words() -> None:
    body = "[[Muon|the optimiser]] [[A#^c1|1]]\n\n| a |\n|---|\n| [[Muon|the optimiser]] [[A#^c1\\|1]] |\n"
    assert unlabel_links(body) == "[[Muon|the optimiser]] [[A#^c1|1]]\n\n| a |\n|---|\n| [[Muon]] [[A#^c1]] |\n"
