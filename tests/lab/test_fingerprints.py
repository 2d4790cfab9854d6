"""Fingerprints: two programs that mean the same are one."""

import pytest

from nightdesk.lab.fingerprints import fingerprint


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("A = 1\n", "A = 1  # a comment\n\n", True),
        ("LR = 0.001\n", "LR = 1e-3\r\n", True),
        ("A = 1\n", "A = 1.0\n", False),
        ("A = 1\n", "A = True\n", False),
        ("A = 'x'\n", 'A = "x"\n', True),
        ("A = (\n", "A = (\r\n", True),  # what does not parse is compared as text
        ("A = (\n", "A = [\n", False),
        ("A = '" + "\udc80'\n", "A = 1\n", False),  # no UTF-8
        ("(" * 5000 + ")" * 5000, "(" * 5000, False),
    ],
)
def test_what_is_the_same(one: str, other: str, same: bool) -> None:
    assert (fingerprint({"train.py": one}) == fingerprint({"train.py": other})) == same


def test_every_file_and_its_name_counts() -> None:
    both = fingerprint({"a.py": "A = 1\n", "b.toml": "x = 1\n"})
    assert both == fingerprint({"b.toml": "x = 1\n", "a.py": "A = 1\n"})
    assert both != fingerprint({"a.py": "A = 1\n", "b.toml": "x = 1 # c\n"})
    assert both != fingerprint({"a.py": "A = 1\n"})
    assert fingerprint({"a": "b", "c": "d"}) != fingerprint({"a": "bc", "": "d"})
