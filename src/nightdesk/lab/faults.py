"""The disk's own faults, told with a way out."""

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from nightdesk.base.errors import DeskError

_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@contextlib.contextmanager
def disk_faults_told(folder: Path) -> Iterator[None]:
    """Turn a full or failing disk in the block into a DeskError; all that was done before it is on disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FAULTS:
            raise
        raise DeskError(
            f"{error.filename or folder}: {error.strerror}",
            fix="make room on the disk and start again: every finished run is kept",
        ) from error
