"""A command tried on a copy of the desk: what it would change, as a diff; the desk itself stays as it is."""

import difflib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.git import run_git

FOLDERS = ("wiki", "ideas")


@contextmanager
def rehearsed(desk: Desk) -> Iterator[Desk]:
    """Yield a copy of the desk, gone after the block. It shares the sources and the history, and changes neither."""
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as scratch:
        root = Path(scratch) / "desk"
        prefix = run_git(desk.root, "rev-parse", "--show-prefix").strip().rstrip("/")
        top = run_git(desk.root, "rev-parse", "--show-toplevel").rstrip("\n")
        run_git(Path(scratch), "clone", "--quiet", "--shared", "--no-checkout", "--template=", "--", top, str(root))
        copy = Desk(root / prefix)
        copy.root.mkdir(parents=True, exist_ok=True)
        for name in (*FOLDERS, "text"):
            if (desk.root / name).is_dir():
                shutil.copytree(desk.root / name, copy.root / name, symlinks=True)
        if desk.raw.is_dir():
            copy.raw.symlink_to(desk.raw.resolve(), target_is_directory=True)
        for file in (*desk.root.glob("*.tsv"), desk.settings):
            if file.is_file():
                shutil.copy2(file, copy.root / file.name)
        copy.cache.mkdir()
        if (desk.cache / "cache.db").is_file():
            _copy_cache(desk.cache / "cache.db", copy.cache / "cache.db")
        yield copy


def _copy_cache(file: Path, copy: Path) -> None:
    import sqlite3  # noqa: PLC0415  # only a rehearsal copies the cache

    source, target = sqlite3.connect(file), sqlite3.connect(copy)
    try:
        source.backup(target)  # a plain copy may miss what lies beside the file
    finally:
        source.close()
        target.close()


def texts_of(desk: Desk) -> dict[str, bytes]:
    """Return every file of the folders that a command on pages may change, by path."""
    found = {}
    for folder in FOLDERS:
        for parent, folders, names in os.walk(desk.root / folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                file = Path(parent) / name
                if not name.startswith(".") and file.is_file():
                    found[desk.relative(file)] = file.read_bytes()
    return found


def diff_of(desk: Desk, act: Callable[[Desk], None]) -> str:
    """Return what `act`, done on a copy of the desk, changes there: a unified diff of wiki/ and ideas/."""
    before = texts_of(desk)
    with rehearsed(desk) as copy:
        act(copy)
        after = texts_of(copy)
    pieces: list[str] = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old != new:
            was, now = (None if text is None else text.decode("utf-8", "replace") for text in (old, new))
            pieces += _with_ends(
                difflib.unified_diff(
                    _lines(was),
                    _lines(now),
                    "/dev/null" if was is None else f"a/{path}",
                    "/dev/null" if now is None else f"b/{path}",
                )
            )
    return "".join(pieces)


def _lines(text: str | None) -> list[str]:
    """Return the lines with their ends; only a line feed ends one."""
    return [line for line in re.split(r"(?<=\n)", text or "") if line]


def _with_ends(lines: Iterator[str]) -> Iterator[str]:
    yield from (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
