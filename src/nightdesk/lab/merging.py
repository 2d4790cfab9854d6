"""Three-way merges of the editable files: a draft on a newer program, a winner without one of its changes."""

import ast
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.git import merge_texts


def merge_files(
    *, base: Mapping[str, str], ours: Mapping[str, str], theirs: Mapping[str, str]
) -> dict[str, str] | None:
    """Return `ours` with the changes from `base` to `theirs`; None where they conflict or leave no valid Python."""
    merged: dict[str, str] = {}
    for path, text in ours.items():
        found = _merge(base.get(path, ""), text, theirs.get(path, ""))
        if found is None or (path.endswith(".py") and not parses(found)):
            return None
        merged[path] = found
    return merged


def parses(text: str) -> bool:
    """Say whether a text is valid Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # ValueError: a NUL; the others: nested too deep
        return False
    return True


def _merge(base: str, ours: str, theirs: str) -> str | None:
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in (("base", base), ("ours", ours), ("theirs", theirs)):
            (folder / name).write_bytes(text.encode("utf-8"))  # bytes: line ends stay as they are
        try:
            merged, conflicts = merge_texts(
                folder, ours=folder / "ours", base=folder / "base", theirs=folder / "theirs"
            )
        except (DeskError, UnicodeDecodeError):
            return None
    return merged if conflicts == 0 else None
