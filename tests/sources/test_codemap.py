"""The map of a repository's code: what it shows of good files, and that bad ones do not hurt."""

import pytest

from nightdesk.sources.codemap import (
    MAX_MAPPED_FILES,
    MAX_SIGNATURES,
    MAX_TREE_LINES,
    TreeFile,
    code_map,
    files_to_map,
)

TRAIN = b'''"""Train a small model.

It takes an hour.
"""
import os

class Muon(Optimizer, object):
    """An optimiser.

    More."""
    def step(self, lr: float = 0.1) -> None:
        """Take one step."""
    def _inner(self): ...
def _hidden(): ...
async def main(*args, **kwargs): ...
'''


def map_of(contents: dict[str, bytes], *others: str) -> str:
    files = [TreeFile(path, "0" * 40, len(content)) for path, content in contents.items()]
    files += [TreeFile(path, "1" * 40, 10) for path in others]
    return code_map(
        "demo", files, contents, origin="https://x.test/demo", commit="c" * 40, committed="2026-11-22T10:00:00Z"
    )


def test_a_map() -> None:
    text = map_of(
        {
            "train.py": TRAIN,
            "src/kernel.cu": b"/*\n * Copyright Somebody\n * A fused kernel.\n * It is fast.\n */\n#include <x>\n",
            "run.sh": b"#!/bin/sh\n# Runs everything.\nset -e\n",
            "bare.py": b"x = 1\n",
        },
        "README.md",
        "src/README.md",
    )
    assert text == (
        '---\ntitle: "demo: map of the code"\nsource: "https://x.test/demo"\n'
        f"commit: {'c' * 40}\ncommitted: 2026-11-22T10:00:00Z\n---\n\n"
        "# demo: map of the code\n\n6 files at commit cccccccccccc of 2026-11-22.\n\n"
        "## Languages\n\n| Language | Files | Bytes |\n| --- | ---: | ---: |\n"
        "| Python | 2 | 286 |\n| CUDA | 1 | 76 |\n| Shell | 1 | 36 |\n\n"
        "## Files\n\n```text\nREADME.md\nbare.py\nrun.sh\nsrc/\n  README.md\n  kernel.cu\ntrain.py\n```\n\n"
        "## What the files say\n\n"
        "### `run.sh`\n\nRuns everything.\n\n"
        "### `src/kernel.cu`\n\nA fused kernel. It is fast.\n\n"
        "### `train.py`\n\nTrain a small model.\n\nIt takes an hour.\n\n"
        "- `class Muon(Optimizer, object)`: An optimiser.\n"
        "  - `def step(self, lr: float=0.1) -> None`: Take one step.\n"
        "- `async def main(*args, **kwargs)`\n"
    )


@pytest.mark.parametrize(
    ("content", "says", "why"),
    [
        (b"# Still says so.\nprint 'python 2'\n", "Still says so.", "its comment is read instead"),
        (b"# Ends early.\n" + b"(" * 5000, "Ends early.", "brackets too deep for the parser"),
        (b"# Minus.\nx = " + b"-" * 50_000 + b"1\n", "Minus.", "an expression too deep for the parser"),
        (b"# Dots.\nx = a" + b".b" * 50_000 + b"\n", "", "another that the parser may take"),
        (b"# Nul.\nx = '\0'\n", "Nul.", "a byte that source code has not"),
        (b'"""A \\d bad escape."""\n', "A \\d bad escape.", "what the parser warns of"),
        ('"""Grüße."""'.encode("latin-1"), "Gr\ufffd\ufffde.", "another encoding"),
        (b"\xef\xbb\xbf'''After a mark.'''", "After a mark.", "a byte order mark"),
    ],
)
def test_python_that_is_hard_to_parse(content: bytes, says: str, why: str) -> None:
    assert says in map_of({"a.py": content}), why


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        ("a.rs", b"//! A crate\n//! for maps.\n\nuse std;\n// not this", "A crate for maps."),
        ("a.c", b"// SPDX-License-Identifier: MIT\n// The core.\nint main;", "The core."),
        ("a.sql", b"-- Tables of the ledger.\nCREATE TABLE a;", "Tables of the ledger."),
        ("a.lua", b"return 1 -- no head comment", None),
        ("a.js", b"/**\n * @param x\n */\n", "@param x"),
        ("a.go", b"// Package a does things.\npackage a", "Package a does things."),
        ("a.rb", b"", None),
    ],
)
def test_head_comments(path: str, content: bytes, says: str | None) -> None:
    text = map_of({path: content} if content else {}, *([] if content else [path]))
    assert text.endswith(f"### `{path}`\n\n{says}\n" if says else "```\n")


def test_what_a_file_says_cannot_change_the_map() -> None:
    docstring = '"""# Heading\n\n- item\n\n```\n<script>alert(1)</script>\n\x1b[31m\n"""\n'
    text = map_of({"a`b.py": docstring.encode()}, "line\nfeed.md", "```")
    assert "### ``a`b.py``" in text
    assert "\n# Heading" not in text
    assert "<script>" not in text
    assert "\x1b" not in text
    assert "````text\n```\n" in text
    assert "\nline\ufffdfeed.md\n" in text


def test_the_map_is_bounded() -> None:
    contents = {
        f"m{number:03}.py": b"def f(" + b"a, " * 500 + b"b): ...\n" + b"def g(): ...\n" * 500 for number in range(20)
    }
    text = map_of(contents, *(f"data/{number}.bin" for number in range(5000)))
    assert f"… and {5020 - MAX_TREE_LINES + 1} more files" in text
    assert f"- … and {501 - MAX_SIGNATURES} more" in text
    assert len(text) < 60_000


def test_which_files_are_mapped() -> None:
    files = [TreeFile(f"tests/test_{number:03}.py", "0" * 40, 10) for number in range(MAX_MAPPED_FILES)]
    files += [
        TreeFile("deep/er/a.py", "0" * 40, 10),
        TreeFile("z.py", "0" * 40, 10),
        TreeFile("big.py", "0" * 40, 10**6),
    ]
    files += [TreeFile("README.md", "0" * 40, 10), TreeFile("empty.py", "0" * 40, 0)]
    mapped = [file.path for file in files_to_map(files)]
    assert mapped[0] == "deep/er/a.py"
    assert mapped[-1] == "z.py"
    assert len(mapped) == MAX_MAPPED_FILES
    assert not {"big.py", "README.md", "empty.py"} & set(mapped)
