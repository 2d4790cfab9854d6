"""A person's file of questions."""

import json
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.wiki.probe.question_file import Item, read_questions


def read(folder: Path, content: str | bytes) -> tuple[Item, ...]:
    path = folder / "questions"
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return read_questions(path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("How many?\tfive | 5\traw/a.md\n\nWhy?\n", "without names"),
        (
            "question\texpected\tsource\r\nHow many?\tfive|5\traw/a.md\r\n\r\nWhy?\t\t\r\n",
            "with names and Windows ends",
        ),
        ("\ufeffSource\tQuestion\tExpected\nraw/a.md\tHow many?\tfive | 5\n\n\tWhy?\t\n", "in another order"),
        (
            json.dumps({"question": "How many?", "expected": ["five", "5"], "source": "raw/a.md"})
            + "\n\n"
            + json.dumps({"question": "Why?", "expected": None}),
            "JSON Lines",
        ),
    ],
)
def test_forms_of_a_file(tmp_path: Path, content: str, why: str) -> None:
    items = read(tmp_path, content)
    assert [(item.question, item.expected, item.source) for item in items] == [
        ("How many?", ("five", "5"), "raw/a.md"),
        ("Why?", (), ""),
    ], why


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no question"),
        ("question\texpected\n", "holds no question"),
        ("question\tsource\nWhy?\ta\n", 'line 1: there is no column "expected"'),
        ("Why?\tx\n\t\t\n?!\tx\n", "line 3: there is no question"),
        ('{"question": 5}', "line 1: not a question"),
        ('{"expected": "5"}', "line 1: not a question"),
        ('{"question": "Why?", "expected": {"a": 1}}', "line 1: not a question"),
        ('{"question": "Why?"', "line 1: not a question"),
        ('{"question": ' + "[" * 100_000, "line 1: not a question"),
        (b"\xff\xfe", "no UTF-8"),
        ("W" * 3_000, "longer than 2,000 characters"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(DeskError, match=said):
        read(tmp_path, content)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="No such file"):
        read_questions(tmp_path / "none.tsv")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raw/papers/muon.md", True),
        ("papers/muon.md", True),
        ("muon.md", True),
        ("Muon, explained", True),
        ("wiki/sources/Muon, explained.md", True),
        ("raw/adam.md", False),
        ("on.md", False),
    ],
)
def test_a_source_is_named_by_path_file_or_page(source: str, found: bool) -> None:
    item = Item("Why?", ("x",), source, 1)
    assert item.names("raw/papers/muon.md", "Muon, explained", "wiki/sources/Muon, explained.md") is found
    assert not Item("Why?", ("x",), source, 1).names("", "", "")
