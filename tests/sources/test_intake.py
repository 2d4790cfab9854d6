"""What a file from outside is called in raw/, and what it shows."""

from pathlib import Path, PurePosixPath

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.intake import (
    check_content,
    image_references,
    looks_like_markdown,
    name_parts,
    stem_of,
    title_for,
)


@pytest.mark.parametrize(
    ("name", "parts", "why"),
    [
        ("a.md", ("a", ".md"), "a known ending"),
        ("A.PDF", ("A", ".PDF"), "as it is written"),
        ("README", ("README", ".txt"), "none: with (2) behind it, it would be of no kind"),
        ("...md", ("..", ".md"), "a name of dots"),
        ("notes 1.5", ("notes 1.5", ".txt"), "a number is no ending"),
    ],
)
def test_name_parts(name: str, parts: tuple[str, str], why: str) -> None:
    assert name_parts(PurePosixPath(name)) == parts, why


@pytest.mark.parametrize(
    ("name", "stem"), [("Call with Ada", "Call with Ada"), ("a.md", "a"), ("Muon v1.5", "Muon v1.5")]
)
def test_stem_of_a_given_name(name: str, stem: str) -> None:
    assert stem_of(name) == stem


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("# A heading", True),
        ("text\n\n- item", True),
        ("see [this](x)", True),
        ("see [[this]]", True),
        ("1. first", True),
        ("#hashtag and 5 * 3 - 1", False),
        ("plain words.\nMore of them.", False),
    ],
)
def test_markdown_is_seen(text: str, markdown: bool) -> None:
    assert looks_like_markdown(text.encode()) is markdown


def test_titles_are_short() -> None:
    assert title_for(b"word " * 1000, ".txt") == "word word word word word word word word"
    assert title_for(b"%PDF-", ".pdf") == "standard input"


def test_content_must_be_what_its_ending_says() -> None:
    check_content(b"%PDF-1.7", ".pdf")
    with pytest.raises(DeskError, match="is not a PDF"):
        check_content(b"words", ".pdf")


def test_only_markdown_and_pages_show_images(tmp_path: Path) -> None:
    for ending in (".md", ".HTML", ".txt"):
        (tmp_path / f"a{ending}").write_text('<p><img src="a.png"></p>')
    found = [image_references(tmp_path / f"a{ending}") for ending in (".md", ".HTML", ".txt")]
    assert found == [{"a.png": "a.png"}, {"a.png": "a.png"}, {}]
