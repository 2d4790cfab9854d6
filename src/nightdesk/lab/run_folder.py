"""The folder of one run: the files that it gets, what it wrote, whether it kept its hands off, and how it is removed.

What a run left may be anything: links that lead elsewhere, pipes that never answer, folders too deep for a path.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nightdesk.base.errors import DeskError

NOT_FOR_RUNS = frozenset({".git", "experiments", "judge"})  # folders at the top; judge/ holds a judge's secrets
NOT_FOR_RUNS_FILES = frozenset({"results.tsv", "report.md", "progress.png"})
MOST_FILES = 100_000
MOST_DEPTH = 100  # folders in one another
_BLOCK_BYTES = 512  # the unit of st_blocks, whatever the file system's is


def shown_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those of a lab's files that a run gets: neither the ledger nor what the judge keeps to itself."""
    return {
        name: content
        for name, content in files.items()
        if PurePosixPath(name).parts[0] not in NOT_FOR_RUNS and name not in NOT_FOR_RUNS_FILES
    }


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` with the files in it. Raises DeskError on a full disk."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            if content.startswith(b"#!"):
                path.chmod(0o755)
    except OSError as error:
        raise DeskError(f"{folder}: {error.strerror}", fix="make room on the disk and start again") from error


@dataclass(frozen=True, slots=True)
class Written:
    """What lies in a folder. `fault`: why looking at it was given up, one line."""

    size_bytes: int = 0  # on disk: a file of holes takes none
    files: int = 0
    fault: str = ""


def measure_folders(folders: Iterable[Path]) -> Written:
    """Return what lies in the folders; no link is followed. Files that come and go meanwhile do not matter."""
    size, files = 0, 0
    waiting = [(folder, 0) for folder in folders]
    while waiting:
        folder, depth = waiting.pop()
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                files += 1
                with contextlib.suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * _BLOCK_BYTES
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((Path(entry.path), depth + 1))
                if files > MOST_FILES:
                    return Written(size, files, f"made more than {MOST_FILES:,} files")
        if depth > MOST_DEPTH:
            return Written(size, files, f"made folders {MOST_DEPTH} deep")
    return Written(size, files)


def changed_files(folder: Path, files: Mapping[str, bytes], *, editable: Collection[str]) -> tuple[str, ...]:
    """Return the names of those files, but for the editable ones, that are no longer in `folder` as they were."""
    return tuple(
        sorted(name for name, content in files.items() if name not in editable and not _holds(folder / name, content))
    )


def _holds(path: Path, content: bytes) -> bool:
    try:
        # NONBLOCK: opening a pipe that a run put there would wait for ever
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        seen = os.fstat(number)
        if not stat.S_ISREG(seen.st_mode) or seen.st_size != len(content):
            return False
        with os.fdopen(number, "rb", closefd=False) as file:
            return file.read(len(content) + 1) == content
    finally:
        os.close(number)


def remove_folder(folder: Path) -> None:
    """Remove a folder that no process writes to any more; nothing happens where there is none.

    Folders in folders are first moved up: neither their depth nor the length of their paths matters then, and no link
    is followed. Raises OSError where the system refuses.
    """
    try:
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    except PermissionError:
        folder.chmod(0o700)
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(top, 0o700)
        while inner := _empty(top):
            for name in inner:
                os.chmod(name, 0o700, dir_fd=top)
                child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
                try:
                    for deeper in _empty(child):
                        os.chmod(deeper, 0o700, dir_fd=child)
                        os.rename(deeper, secrets.token_hex(16), src_dir_fd=child, dst_dir_fd=top)
                finally:
                    os.close(child)
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    folder.rmdir()


def _empty(folder: int) -> list[str]:
    """Remove all that is no folder from the open `folder` and return the names of its folders."""
    with os.scandir(folder) as found:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
    for name, is_folder in entries:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
    return [name for name, is_folder in entries if is_folder]
