"""How long a program is: only code counts, however it is laid out."""

import pytest

from nightdesk.lab.simplicity import code_size, size_change


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("a = 1\nb = 2\n", "a = 1; b = 2\n", 1),  # the semicolon: joining lines makes nothing shorter
        ("a = 1\n", "# why\na = 1  # so\n", 0),
        ("def f():\n    return 1\n", 'def f():\n    """Say."""\n\n    return 1\n', 0),
        ("LR = 0.04\n", "LR = 0.0399\n", 0),  # a tuned number is as long as another
        ("x = f(1) + 0\n", "x = f(1)\n", -2),
        ("a = 'x'\n", "a = 1\n", 0),
        ("a = (\n    1,\n)\n", "a = (1,)\n", 0),
    ],
)
def test_change(before: str, after: str, change: int) -> None:
    assert size_change({"t.py": before}, {"t.py": after}) == change


def test_what_is_no_python() -> None:
    assert code_size("a.txt", "three plain words") == 3
    assert code_size("a.py", "def (") > 0
    assert code_size("a.py", "x = '''") > 0
