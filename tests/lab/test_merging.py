"""Three-way merges of the editable files."""

import pytest

from nightdesk.lab.merging import merge_files, parses

BASE = "A = 1\n\n\n\nB = 2\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("A = 9\n\n\n\nB = 2\n", "A = 1\n\n\n\nB = 8\n", "A = 9\n\n\n\nB = 8\n"),
        (BASE, "A = 5\n", "A = 5\n"),
        ("A = 5\n", BASE, "A = 5\n"),
        ("A = 5\n", "A = 5\n", "A = 5\n"),
        ("A = 5\n\n\n\nB = 2\n", "A = 6\n\n\n\nB = 2\n", None),  # both changed one line
        ("A = (1\n\n\n\nB = 2\n", "A = 1\n\n\n\nB = 2)\n", None),  # merges, and is no Python
        ("A = 9\r\n\n\n\nB = 2\n", "A = 1\n\n\n\nB = 8\n", "A = 9\r\n\n\n\nB = 8\n"),  # line ends stay
        ("A = 'ä'\n\n\n\nB = 2\n", "A = 1\n\n\n\nB = 8\n", "A = 'ä'\n\n\n\nB = 8\n"),
    ],
)
def test_merges(ours: str, theirs: str, merged: str | None) -> None:
    found = merge_files(base={"t.py": BASE}, ours={"t.py": ours}, theirs={"t.py": theirs})
    assert found == (None if merged is None else {"t.py": merged})


def test_a_file_that_is_no_python_need_not_parse() -> None:
    found = merge_files(base={"t.cfg": "("}, ours={"t.cfg": "("}, theirs={"t.cfg": "(("})
    assert found == {"t.cfg": "(("}
    assert merge_files(base={}, ours={}, theirs={}) == {}
    assert not parses("\0")
    assert not parses("(" * 100_000)
