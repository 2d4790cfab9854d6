"""The tidying that all formats share, and the small pieces of text that they are made of."""

import pytest

from nightdesk.sources.formats.converted import Converted, clean_text, escape_tags, fence, iso_date, one_line, tidy
from nightdesk.sources.formats.tables import bounded_table, markdown_table


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("e\u0301", "\u00e9"),  # NFC, so that a search finds it
        ("\ufb01nd o\ufb00er", "find offer"),
        ("Mont\u0133ano", "Montijano"),
        ("\U0001d466(\U0001d461)", "y(t)"),  # letters of formulas
        ("a\u200bb\u2060c\ufeff\u00ad", "abc"),
        ("a\u202eb\u2066c", "abc"),  # direction overrides
        ("a\U000e0049\U000e0067b", "ab"),  # tags: text that only a model reads
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),  # a joiner that Persian needs
        ("a\0b\x1bc\td", "abc\td"),
        ("\ud800x", "x"),  # half a surrogate pair cannot be written
    ],
)  # fmt: skip
def test_clean_text(text: str, clean: str) -> None:
    assert clean_text(text) == clean


def test_tidy() -> None:
    tidied = tidy(Converted("\n\na  \r\nb\n\n\n\nc\u200b", title=" A\n title ", author=""))
    assert tidied == Converted("a\nb\n\nc\n", title="A title")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("List<T>", "List\\<T>"),
        ("</p> <!-- x --> <?php", "\\</p> \\<!-- x --> \\<?php"),
        ("a < b, 1<2, <3", "a < b, 1<2, <3"),  # no tag starts so
        ("\\<T>", "\\<T>"),  # once is enough
    ],
)
def test_escape_tags(text: str, escaped: str) -> None:
    assert escape_tags(text) == escaped


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024-03-05T10:00:00Z", "2024-03-05"),
        ("D:20190713195024+02'00'", "2019-07-13"),
        ("2024/1/31", "2024-01-31"),
        ("2024/11", "2024-11"),
        ("published 1999", "1999"),
        ("2024-13-40", "2024"),
        ("20240305", "2024-03-05"),
        ("Thu, 5 Mar 2024 10:00", "2024"),
        ("no date", None),
        ("", None),
        (None, None),
        ("12345678", None),
    ],
)
def test_iso_date(text: str | None, date: str | None) -> None:
    assert iso_date(text) == date


@pytest.mark.parametrize(
    ("code", "fenced"),
    [
        ("x", "```py\nx\n```"),
        ("a\n```\nb", "````py\na\n```\nb\n````"),
        ("`a` ``b``", "```py\n`a` ``b``\n```"),
    ],
)
def test_fence(code: str, fenced: str) -> None:
    assert fence(code, "py") == fenced


def test_one_line_is_bounded() -> None:
    assert one_line("x" * 400) == "x" * 299 + "…"
    assert one_line(" \n") is None


def test_table_leaves_out_what_is_empty() -> None:
    assert markdown_table([["a", "", "b\nc"], ["", "", ""], ["1", "", "x|y <b>", "more"]]) == (
        "| a | b c |  |\n| --- | --- | --- |\n| 1 | x\\|y \\<b> | more |"
    )
    assert markdown_table([["", ""], []]) == ""


@pytest.mark.parametrize(
    ("rows", "columns", "left_out"),
    [
        (201, 2, None),  # the head and 200 rows
        (202, 2, "Shown: the first 200 of 201 rows."),
        (2, 31, "Shown: the first 30 of 31 columns."),
    ],
)
def test_bounded_table(rows: int, columns: int, left_out: str | None) -> None:
    assert bounded_table([["x"] * columns] * rows)[1] == left_out
