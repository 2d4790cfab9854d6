"""Files on disk: atomic writes and content hashes."""

import contextlib
import hashlib
import os
import secrets
from pathlib import Path


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
