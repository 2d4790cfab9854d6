"""One writer at a time: a lock that the system releases when its holder dies."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from nightdesk.base.errors import DeskError


@contextlib.contextmanager
def hold_lock(path: Path, *, doing: str) -> Iterator[None]:
    """Hold the lock file `path` for the block, or raise DeskError that names who holds it and what they do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read(200).strip() or "another nightdesk"
            raise DeskError(f"this desk is in use: {holder}", fix="wait until it is done, or stop it") from error
        except OSError as error:  # a network folder without locks
            raise DeskError(f"cannot lock {path}: {error.strerror}", fix="keep the desk on a local disk") from error
        file.seek(0)
        file.truncate()
        file.write(f"{doing} (process {os.getpid()})")
        file.flush()
        yield  # closing the file releases the lock; kill -9 closes it too
