"""A long text in parts: joined they are the text, none is too long, and cuts are made where they hurt least."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.parts import split_text

PARAGRAPH = "A sentence of some words. Another one follows it.\n\n"


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("", 10, ("",)),  # an empty source is one task, not none
        ("short", 10, ("short",)),
        ("0123456789", 10, ("0123456789",)),  # just as long as allowed
        ("0123456789a", 10, ("0123456789", "a")),  # nowhere to cut but at the limit
        ("aaaaaa\n# Two\nbb", 12, ("aaaaaa\n", "# Two\nbb")),  # at the heading, not behind the line
        ("aaaaaa\n\nbb\ncc. dd ee", 14, ("aaaaaa\n\n", "bb\ncc. dd ee")),  # between paragraphs before lines
        ("aaaaaa\nbb. dd ee", 14, ("aaaaaa\n", "bb. dd ee")),  # lines before sentences
        ("aaaaaa. bb dd ee", 14, ("aaaaaa. ", "bb dd ee")),  # sentences before words
        ("aaaaaa bb dddddddd", 14, ("aaaaaa bb ", "dddddddd")),  # words before letters
        ("a\n# Tbbbbbbbbbbbb", 14, ("a\n# Tbbbbbbbbb", "bbb")),  # a part is not cut so small for a heading
        ("#hash tags are no headings", 14, ("#hash tags ", "are no ", "headings")),
    ],
)
def test_where_the_cuts_are(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert split_text(text, limit=limit) == parts


@given(st.text(alphabet="ab .\n#é\U0001f600", max_size=300), st.integers(1, 40))
def test_joined_they_are_the_text_and_none_is_too_long_or_empty(text: str, limit: int) -> None:
    parts = split_text(text, limit=limit)
    assert "".join(parts) == text
    assert all(len(part) <= limit for part in parts)
    assert all(parts) or parts == ("",)


def test_one_line_of_a_megabyte_is_cut_all_the_same() -> None:
    text = "x" * 1_000_000
    parts = split_text(text, limit=60_000)
    assert [len(part) for part in parts] == [60_000] * 16 + [40_000]
    assert "".join(parts) == text


def test_a_book_is_cut_at_its_chapters() -> None:
    chapters = [f"# Chapter {n}\n\n{PARAGRAPH * 30}" for n in range(20)]
    for part in split_text("".join(chapters), limit=5_000):
        assert part.startswith("# Chapter")
        assert part.endswith("\n\n")
