"""Hidden characters are found, and the invisible ones that scripts and emoji need are let be."""

import pytest

from nightdesk.wiki.hidden_text import hidden_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\u200bb", "U+200B"),  # zero width
        ("a\ufeffb", "U+FEFF"),
        ("a\u202eb", "U+202E"),  # turns the direction of writing: hides what a line says
        ("a\u2066b", "U+2066"),
        ("a\U000e0049b", "U+E0049"),  # tags: a whole alphabet that is not shown
        ("a\U000e0101b", "U+E0101"),  # variation selectors carry bytes
        ("😀\ufe0f\ufe01", "U+FE0F"),  # so do several of the plain ones
        ("a\u200db", "U+200D"),  # no script of ASCII joins
        ("\u0646\u200c\u200c\u0646", "U+200C"),
        ("a\x00b", "U+0000"),
        ("a\x1b[31mb", "U+001B"),
        ("a\u2028b", "U+2028"),
        ("a\u3164b", "U+3164"),  # a letter that is drawn as a blank
    ],
)
def test_hidden(text: str, found: str) -> None:
    assert hidden_in(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Plain words,\ttabs\nand lines\r\n",
        "quan\u00adtum",  # soft hyphen of a web page
        "می\u200cخواهم",  # Persian needs the joiner
        "क्\u200dष",
        "👩\u200d🔬 ❤\ufe0f",  # emoji
        "naïve café 学习率 Ω≈ç",
        "a\u00a0b\u202fc",  # blanks that do not break
    ],
)
def test_seen(text: str) -> None:
    assert hidden_in(text) is None
