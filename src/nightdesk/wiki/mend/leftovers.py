"""Copies that sync and merge tools left, where they say nothing that the original does not."""

import re

from nightdesk.base.desk import Desk
from nightdesk.wiki.library import stays_within
from nightdesk.wiki.lint.file_names import CONFLICT

_DEVICE = re.compile(r"(?<=\.sync-conflict-\d{8}-\d{6})-\w+(?=\.)")  # Syncthing names the other device
_BLANKS = re.compile(r"\s+(?=\.[^.]+$)|\s+$")


def original_of(path: str) -> str:
    """Return the file that a conflict copy is named after."""
    folder, _, name = path.rpartition("/")
    bare = _BLANKS.sub("", CONFLICT.sub("", _DEVICE.sub("", name)))
    if name.lower().endswith(".md") and not bare.lower().endswith(".md"):
        bare += ".md"
    return f"{folder}/{bare}" if folder else bare


def is_mere_copy(desk: Desk, path: str) -> bool:
    """Say whether a conflict copy is, byte for byte, the file it is named after."""
    original = original_of(path)
    files = [desk.root / path, desk.root / original]
    if original == path or not all(file.is_file() and not file.is_symlink() for file in files):
        return False
    return stays_within(desk, original) and files[0].read_bytes() == files[1].read_bytes()
