"""Comma-separated values of every dialect, and files that are none."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.csv import convert

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


def table(samples: "Samples", content: str | bytes, name: str = "a.csv") -> str:
    """Return the Markdown of a file without its title."""
    markdown = convert(samples.file(name, content), samples.folder / "assets", assets_link="").markdown
    return markdown.partition("\n\n")[2]


EXPECTED = "| run | loss |\n| --- | --- |\n| base | 1.25 |\n| muon | 1.2 |"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "run,loss\nbase,1.25\nmuon,1.2\n"),
        ("a.csv", "run;loss\r\nbase;1.25\r\nmuon;1.2"),
        ("a.csv", "run|loss\nbase|1.25\nmuon|1.2"),
        ("a.tsv", "run\tloss\nbase\t1.25\nmuon\t1.2"),
        ("a.csv", "\ufeffrun,loss\nbase,1.25\nmuon,1.2\n"),  # as Excel writes it
        ("a.csv", '"run","loss"\n"base","1.25"\n"muon","1.2"'),
        ("a.csv", "run,loss,,\nbase,1.25,,\n,,,\nmuon,1.2,,\n"),  # empty columns and rows
    ],
)
def test_dialects(samples: "Samples", name: str, content: str) -> None:
    assert table(samples, content, name) == EXPECTED


def test_quoted_fields_keep_what_is_in_them(samples: "Samples") -> None:
    assert (
        table(samples, 'a,b\n"x, y\nz","say ""hi"" | <T>"\n')
        == '| a | b |\n| --- | --- |\n| x, y z | say "hi" \\| \\<T> |'
    )


def test_german_numbers(samples: "Samples") -> None:
    assert table(samples, "a;b\n1,5;2,5\n3,5;4,5\n").splitlines()[2] == "| 1,5 | 2,5 |"


@pytest.mark.parametrize("content", ["a," * 5_000_000, "x" * 10_000_000, '"' + "x" * 10_000_000, "a,b\n" * 1_000_000])
def test_huge_files(samples: "Samples", content: str) -> None:
    try:
        assert len(table(samples, content)) < 200_000
    except DeskError as error:
        assert error.message.startswith("is no table")  # noqa: PT017  # either is right; a crash or a hang is not


def test_empty(samples: "Samples") -> None:
    with pytest.raises(DeskError, match="holds no values"):
        table(samples, ",,,\n,,\n")
