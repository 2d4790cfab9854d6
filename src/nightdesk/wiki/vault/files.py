"""The files of a vault: which of them are pages, and what changes when one is written."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nightdesk.base.errors import DeskError

PAGE_ENDINGS = (".md", ".markdown")
_NOT_CONTENT = {"node_modules", "__pycache__"}  # beside every folder that begins with a dot


class VaultFile(NamedTuple):
    """One file, with "/" between the parts of its path relative to the vault."""

    path: str
    signature: str  # changes when the file is written or replaced; as in base.cache.stat_signature. "": not looked at
    size: int  # bytes
    is_page: bool  # Markdown that may be read: a regular file with a name that is text, no link out of the vault


@dataclass(frozen=True, slots=True)
class Folder:
    """All that a vault holds but hidden folders and those of programs."""

    root: Path
    files: Mapping[str, VaultFile]  # by path, sorted
    folders: frozenset[str]  # "" is the vault itself


def read_folder(root: Path, *, only_pages: bool = False) -> Folder:
    """Return the files below `root`, none of them opened. Raises DeskError where `root` is no folder.

    With `only_pages` other files are known by their names alone: to look at each takes half of the time.
    """
    if not root.is_dir():
        raise DeskError(f"{root} is no folder", fix="name the folder that the Markdown files are in")
    files: dict[str, VaultFile] = {}
    folders: set[str] = {""}
    for found in _walk(str(root.resolve()), only_pages=only_pages):
        if isinstance(found, str):
            folders.add(found)
        else:
            files[found.path] = found
    return Folder(root, dict(sorted(files.items())), frozenset(folders))


def read_file(root: Path, path: str, *, only_pages: bool = False) -> VaultFile | None:
    """Return one file as `read_folder` lists it, None where it does not: gone, hidden, a folder, beyond a link."""
    top = str(root.resolve())
    folder, _, name = path.rpartition("/")
    try:
        if not name or name.startswith(".") or not _is_entered(top, folder):
            return None
        found = os.lstat(f"{top}/{path}")
        linked = stat.S_ISLNK(found.st_mode)
        found = os.stat(f"{top}/{path}") if linked else found
        return _listed(top, path, found, linked=linked, only_pages=only_pages)
    except (OSError, ValueError):
        return None


def read_below(root: Path, folder: str, *, only_pages: bool = False) -> dict[str, VaultFile]:
    """Return the files below one folder as `read_folder` lists them; none where it would not enter the folder."""
    top = str(root.resolve())
    try:
        walked = _walk(top, folder, only_pages=only_pages) if folder and _is_entered(top, folder) else ()
    except ValueError:  # a null character
        return {}
    return {file.path: file for file in walked if isinstance(file, VaultFile)}


def _is_entered(top: str, folder: str) -> bool:
    """Say whether the way to a folder has no part that is hidden, a program's or a link. May raise ValueError."""
    parts = folder.split("/") if folder else ()
    if any(part in ("", *_NOT_CONTENT) or part.startswith(".") for part in parts):
        return False
    return os.path.realpath(f"{top}/{folder}") == os.path.join(top, folder).rstrip("/")


def is_text(path: str) -> bool:
    """Say whether a path is UTF-8: on Linux a name may be any bytes, and no link can name such a file."""
    return path.isascii() or not any("\ud800" <= c <= "\udfff" for c in path)


def _walk(root: str, start: str = "", *, only_pages: bool) -> Iterator[VaultFile | str]:
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(f"{root}/{folder}"))
        except OSError:
            continue  # no permission: what cannot be listed cannot be looked at
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            path = f"{folder}/{name}" if folder else name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if name not in _NOT_CONTENT:
                        waiting.append(path)
                        yield path
                elif found := _file(root, path, entry, only_pages=only_pages):
                    yield found
            except OSError:
                continue  # a link that leads nowhere, or gone since it was listed


def _file(root: str, path: str, entry: "os.DirEntry[str]", *, only_pages: bool) -> VaultFile | None:
    linked = entry.is_symlink()
    if only_pages and not linked and not path.lower().endswith(PAGE_ENDINGS):
        return VaultFile(path, "", 0, is_page=False)
    return _listed(root, path, entry.stat(), linked=linked, only_pages=only_pages)


def _listed(root: str, path: str, found: os.stat_result, *, linked: bool, only_pages: bool) -> VaultFile | None:
    named = path.lower().endswith(PAGE_ENDINGS)
    if stat.S_ISDIR(found.st_mode):
        return None
    if only_pages and not named and not linked:
        return VaultFile(path, "", 0, is_page=False)
    signature = f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
    inside = not linked or Path(root, path).resolve().is_relative_to(root)
    page = named and stat.S_ISREG(found.st_mode) and inside and is_text(path)
    return VaultFile(path, signature, found.st_size, is_page=page)
