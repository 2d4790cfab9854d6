"""A zip archive as a folder for as long as it is read: every name made harmless, bombs refused."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.archives import MAX_UNPACKED_BYTES, Archive

MAX_DEPTH = 20  # folders within folders
MAX_NAME_BYTES = 240  # of a file name on disk
_LEVELS = 2  # Notion packs large exports as archives in an archive


def is_zip(path: Path) -> bool:
    """Say whether a file is called a zip archive and begins like one. Raises OSError."""
    if path.suffix.lower() != ".zip":
        return False
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the archive's files in a temporary folder. Raises DeskError for what is damaged, encrypted or a bomb."""
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as temporary:
        folder = Path(temporary).resolve() / "unpacked"
        folder.mkdir()
        _unpack(path, folder, levels=_LEVELS, room=MAX_UNPACKED_BYTES)
        yield folder


def _unpack(path: Path, folder: Path, *, levels: int, room: int) -> int:
    """Write the entries of an archive below `folder`, and those of archives in it; return what is left of `room`."""
    with Archive(path) as archive:
        room -= archive.unpacked_bytes
        if room < 0:
            raise DeskError(f"would unpack to more than {MAX_UNPACKED_BYTES // 1_000_000} MB, archives in it included")
        inner: list[Path] = []
        for name in sorted(archive.names):
            parts = _parts(name)
            if not parts or archive.is_link(name):
                continue
            target = folder.joinpath(*parts)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    file.write(archive.read(name))
            except (FileExistsError, NotADirectoryError):  # two names that became one, or a file that is a folder too
                continue
            if levels > 1 and is_zip(target):
                inner.append(target)
    for target in inner:
        room = _unpack(target, target.parent, levels=levels - 1, room=room)
        target.unlink()
    return room


def _parts(name: str) -> tuple[str, ...]:
    """Return an entry's path as harmless parts; () for a folder, what leads out of the archive, and system files."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.endswith(("/", "\\")) or not parts or len(parts) > MAX_DEPTH or parts[0] in ("/", "__MACOSX"):
        return ()
    if ".." in parts or "\0" in name or parts[0].endswith(":"):
        return ()
    return tuple(part.encode("utf-8", "replace")[:MAX_NAME_BYTES].decode("utf-8", "ignore") for part in parts)
