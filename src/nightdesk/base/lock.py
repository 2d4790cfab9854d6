"""One writer at a time: a lock that the system releases when its holder dies."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nightdesk.base.errors import DeskError

_LOOK_EVERY_SECONDS = 0.05


@contextlib.contextmanager
def hold_lock(path: Path, *, doing: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock file `path` for the block, or raise DeskError that names who holds it and what they do.

    Waits up to `wait_seconds` until the lock is free; whoever waits has no turn, the next to look gets it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8", errors="replace") as file:
        try:
            _lock(file, wait_seconds)
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


def _lock(file: IO[str], wait_seconds: float) -> None:
    """Lock the file. Raises BlockingIOError where another still has it when the time is over."""
    end = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
        time.sleep(_LOOK_EVERY_SECONDS)  # flock itself can wait, but not with an end
