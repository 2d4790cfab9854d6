"""Source code: what it is for and what it defines, then the code."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.sources.formats.code import MAX_LINES, convert
from nightdesk.sources.formats.converted import Converted

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


def code(samples: "Samples", name: str, content: str) -> Converted:
    """Return a file of code converted."""
    return convert(samples.file(name, content), samples.folder / "assets", assets_link="")


def test_python(samples: "Samples") -> None:
    source = (
        '"""Train a List<T>."""\nclass Model(Base):\n    """A model\n    of one.\n\n    More."""\n'
        "    def step(self, lr: float = 0.1) -> None: ...\n    def _own(self): ...\n"
        "async def run(*args): ...\ndef _hidden(): ...\n"
    )
    assert code(samples, "train.py", source).markdown == (
        "# train.py\n\nTrain a List\\<T>.\n\n"
        "- `class Model(Base)`: A model of one.\n  - `step(self, lr: float=0.1) -> None`\n- `run(*args)`\n\n"
        f"```python\n{source.rstrip()}\n```"
    )


@pytest.mark.parametrize(
    ("name", "content", "about", "language"),
    [
        ("a.c", "/*\n * Sorts.\n * Fast.\n */\nint x;", "Sorts.\nFast.", "c"),
        ("a.rs", "//! Sorts.\n//! Fast.\nfn x() {}", "Sorts.\nFast.", "rust"),
        ("a.sh", "#!/bin/sh\n# Sorts.\n\necho", "Sorts.", "bash"),
        ("a.py", "# Sorts.\nprint 'Python 2'", "Sorts.", "python"),
        ("a.go", "package x", "", "go"),
    ],
)
def test_head_comment(samples: "Samples", name: str, content: str, about: str, language: str) -> None:
    parts = [f"# {name}", about, f"```{language}\n{content}\n```"]
    assert code(samples, name, content).markdown == "\n\n".join(part for part in parts if part)


@pytest.mark.parametrize(
    "source",
    ["x = " + "(" * 10_000, "x = " + "-" * 100_000 + "1", "\0", "def f(:", "# " + "x" * 5_000_000, "/*" * 100_000],
    ids=lambda source: source[:8],
)
def test_hostile_code(samples: "Samples", source: str) -> None:
    assert len(code(samples, "a.py", source).markdown) < 6_000_000


def test_long_files_are_bounded(samples: "Samples") -> None:
    found = code(samples, "a.js", "x = 1;\n" * 5000)
    assert found.markdown.count("x = 1;") == MAX_LINES
    assert found.notes == ("only the first 2000 of 5001 lines were kept",)


def test_wrong_escapes_in_someones_string_do_not_warn(samples: "Samples") -> None:
    assert "a.py" in code(samples, "a.py", "x = '\\d'\n").markdown
