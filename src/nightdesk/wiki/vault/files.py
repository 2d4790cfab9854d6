"""The files of a vault: which of them are pages, and what changes when one is written."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError

PAGE_ENDINGS = (".md", ".markdown")
_NOT_CONTENT = {"node_modules", "__pycache__"}  # beside every folder that begins with a dot


@dataclass(frozen=True, slots=True)
class VaultFile:
    """One file, with "/" between the parts of its path relative to the vault."""

    path: str
    signature: str  # changes when the file is written or replaced; as in base.cache.stat_signature
    size: int  # bytes
    modified: float  # seconds since 1970
    is_page: bool  # Markdown that may be read: a regular file with a name that is text, no link out of the vault


@dataclass(frozen=True, slots=True)
class Folder:
    """All that a vault holds but hidden folders and those of programs."""

    root: Path
    files: Mapping[str, VaultFile]  # by path, sorted
    folders: frozenset[str]  # "" is the vault itself


def read_folder(root: Path) -> Folder:
    """Return the files below `root`, none of them opened. Raises DeskError where `root` is no folder."""
    if not root.is_dir():
        raise DeskError(f"{root} is no folder", fix="name the folder that the Markdown files are in")
    files: dict[str, VaultFile] = {}
    folders: set[str] = {""}
    for found in _walk(root.resolve(), ""):
        if isinstance(found, str):
            folders.add(found)
        else:
            files[found.path] = found
    return Folder(root, dict(sorted(files.items())), frozenset(folders))


def is_text(path: str) -> bool:
    """Say whether a path is UTF-8: on Linux a name may be any bytes, and no link can name such a file."""
    return path.isascii() or not any("\ud800" <= c <= "\udfff" for c in path)


def _walk(root: Path, within: str) -> Iterator[VaultFile | str]:
    waiting = [within]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            continue  # no permission: what cannot be listed cannot be looked at
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith(".") and entry.name not in _NOT_CONTENT:
                        waiting.append(path)
                        yield path
                    continue
                found = entry.stat()
                linked = entry.is_symlink()
            except OSError:
                continue  # a link that leads nowhere, or gone since it was listed
            if entry.name.startswith(".") or stat.S_ISDIR(found.st_mode):
                continue
            inside = not linked or (root / path).resolve().is_relative_to(root)
            page = path.lower().endswith(PAGE_ENDINGS) and stat.S_ISREG(found.st_mode) and inside and is_text(path)
            signature = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
            yield VaultFile(path, signature, found.st_size, found.st_mtime, page)
