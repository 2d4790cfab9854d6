"""Files on disk: atomic writes, content hashes, and files opened only where they are plain."""

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from nightdesk.base.errors import DeskError


def write_atomically(path: Path, content: str | bytes, *, durable: bool = True) -> None:
    """Put `content` at `path`, creating folders; a crash leaves the old file or the new one, never half.

    Text is written as UTF-8 with the line ends that it has. `durable` also survives a power cut; files that can be
    made again do without, since waiting for the disk takes longer than making them. Raises OSError (a full disk
    leaves no temporary file).
    """
    content_bytes = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{secrets.token_hex(6)}.tmp"  # short: the page's own name may be as long as it can
    try:
        with temporary.open("xb") as file:
            file.write(content_bytes)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)  # atomic where both are in one folder
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def hash_text(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes of `text` as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def open_plain(path: Path, flags: int) -> Iterator[int]:
    """Open a plain file: no link that came with a cloned desk, no pipe that would be waited for.

    Raises DeskError for what is none, and for any fault of the disk in the block.
    """
    try:
        file = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise DeskError(f"{path} is no plain file", fix="move it away")
            yield file
        finally:
            os.close(file)
    except OSError as error:
        raise DeskError(f"{path}: {error.strerror}", fix="mend or move that file") from error
