"""Small desks for tests: real folders, real git, the real command line."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MUON = """---
title: Muon, explained
author: Ada Example
published: 2025-03-04
source: https://example.org/muon
---
# Muon, explained

Muon is an optimiser that orthogonalises the momentum of each weight matrix. Muon runs five Newton-Schulz steps
per update. The Newton-Schulz iteration is a matrix polynomial that pushes singular values towards one.

## Settings

A common learning rate for Muon is 0.02. Muon does not need a long warm-up when the batch size is large.
The learning rate of AdamW is usually 0.001. AdamW is an optimiser that decouples weight decay from the gradient.
"""

ADAM = """# Adam and warm-up

AdamW is an optimiser with decoupled weight decay. A long warm-up of 4,000 steps protects AdamW in its first updates.
Warm-up is the phase in which the learning rate rises to its peak. The learning rate scales each update.

## Weight decay

Weight decay shrinks all weights a little at each step. A common weight decay for AdamW is 0.1.
Muon replaces AdamW for weight matrices, and AdamW keeps the embeddings.
"""

NOTES = """Notes on schedules

The learning rate follows a schedule with a warm-up and a warm-down. A cosine schedule lowers the learning rate to
zero. Warm-up raises the learning rate from zero to its peak in 100 steps. Muon tolerates a short warm-up.
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on standard output."""
        return json.loads(self.out)


def environment(home: Path) -> dict[str, str]:
    """Return an environment as on a fresh machine: an empty home, no git identity."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "NIGHTDESK", "XDG_"))}
    home.mkdir(exist_ok=True)
    # XDG_RUNTIME_DIR: the labs of other tests are not waited for
    return kept | {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def start(desk: Path, *args: str) -> "subprocess.Popen[bytes]":
    """Start `nightdesk` in `desk`."""
    return subprocess.Popen(
        [sys.executable, "-m", "nightdesk", *args],
        cwd=desk,
        env=environment(desk.parent / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def run(desk: Path, *args: str, stdin: str | None = None) -> Ran:
    """Run `nightdesk` in `desk`; standard input is no terminal."""
    finished = subprocess.run(
        [sys.executable, "-m", "nightdesk", *args],
        cwd=desk,
        env=environment(desk.parent / "home"),
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(finished.returncode, finished.stdout, finished.stderr)


def make_desk(folder: Path, sources: dict[str, str] | None = None) -> Path:
    """Return a new desk with these raw files (three notes on optimisers by default), not compiled yet."""
    desk = folder / "desk"
    assert run(folder, "new", "desk").code == 0
    given = {"muon.md": MUON, "adam.md": ADAM, "notes.txt": NOTES} if sources is None else sources
    for name, text in given.items():
        (desk / "raw" / name).write_text(text, encoding="utf-8")
    return desk


def git(desk: Path, *args: str) -> str:
    """Run git in a desk."""
    finished = subprocess.run(
        ["git", *args], cwd=desk, env=environment(desk.parent / "home"), capture_output=True, text=True, check=True
    )
    return finished.stdout


def snapshot(desk: Path, *, but: Sequence[str] = ("wiki/log.md",)) -> dict[str, bytes]:
    """Return every file under wiki/ and text/ with its bytes."""
    files = [path for folder in ("wiki", "text") for path in sorted((desk / folder).rglob("*")) if path.is_file()]
    return {name: path.read_bytes() for path in files if (name := path.relative_to(desk).as_posix()) not in but}
