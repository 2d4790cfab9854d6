"""raw/ as a shelf: a new file never changes an old one, and the same content is kept once."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.files import hash_file
from nightdesk.base.names import name_key, safe_name
from nightdesk.sources.folders import ASSETS_ENDING, SAVED_PAGE_ENDING, find_sources

PROVENANCE_NAME = "sources.tsv"
MAX_ENDING = 12  # characters of a file name's ending, its dot included, that are taken as one

_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}  # exFAT, some network drives


@dataclass(frozen=True, slots=True)
class Placed:
    """Where content stands in raw/, and whether it was put there just now."""

    path: Path
    new: bool


class Shelf:
    """What stands in raw/, by size, content and name; sizes first, so that few files are ever hashed."""

    def __init__(self, raw: Path) -> None:
        """Read the sizes of all sources; their content only when a size comes twice."""
        self.raw = raw
        self._by_size: dict[int, list[Path]] = {}
        self._hashes: dict[Path, str] = {}
        self._names: dict[Path, dict[str, str]] = {}  # folder -> name_key -> the name as it is
        for path in find_sources(raw):
            with contextlib.suppress(OSError):
                self._by_size.setdefault(path.stat().st_size, []).append(path)

    def find(self, content: bytes | Path) -> Path | None:
        """Return the source in raw/ with this very content, or None. Raises OSError for a file that is not there."""
        candidates = self._by_size.get(content.stat().st_size if isinstance(content, Path) else len(content), [])
        if not candidates:
            return None
        wanted = hash_file(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()
        return next((path for path in candidates if self._hash(path) == wanted), None)

    def place(
        self, content: bytes | Path, *, folders: Sequence[str] = (), stem: str, ending: str, version: str | None = None
    ) -> Placed:
        """Put content (a file's, or these bytes) into raw/ under a safe name, unless it is there already.

        A taken name gets ` (version)` if there is one, then ` (2)`, ` (3)` … Nothing is ever overwritten, not even by
        two of us at once.
        """
        present = self.find(content)
        if present:
            return Placed(present, new=False)
        folder = self.make_folder(folders)
        with _temporary_copy(content, folder) as temporary:
            for name in _names(safe_name(stem), ending, version):
                key = name_key(name)
                if key in self._names_in(folder) or (folder == self.raw and key == PROVENANCE_NAME):
                    continue
                if _link_new(temporary, folder / name):
                    self._names_in(folder)[key] = name
                    size = (folder / name).stat().st_size
                    self._by_size.setdefault(size, []).append(folder / name)
                    return Placed(folder / name, new=True)
        raise DeskError(f"no free name for {stem}{ending} in raw/")

    def make_folder(self, folders: Sequence[str]) -> Path:
        """Return the folder below raw/ for these names, made if need be; a differently spelt one is used as it is."""
        folder = self.raw
        for part in folders:
            for name in _names(_folder_name(part), "", None):
                known = self._names_in(folder).setdefault(name_key(name), name)
                inner = folder / known
                if inner.is_symlink() or (inner.exists() and not inner.is_dir()):
                    continue
                inner.mkdir(parents=True, exist_ok=True)
                folder = inner
                break
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _hash(self, path: Path) -> str | None:
        if path not in self._hashes:
            try:
                self._hashes[path] = hash_file(path)
            except OSError:
                return None
        return self._hashes[path]

    def _names_in(self, folder: Path) -> dict[str, str]:
        if folder not in self._names:
            listed = sorted(os.listdir(folder)) if folder.is_dir() else []
            self._names[folder] = {name_key(name): name for name in listed}
        return self._names[folder]


def split_name(name: str) -> tuple[str, str]:
    """Return stem and ending (with its dot) of a file name; a long or odd ending belongs to the stem."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem.strip(". ") or not ending.isalnum() or not ending.isascii() or len(ending) >= MAX_ENDING:
        return name, ""
    return stem, f".{ending}"


def _folder_name(name: str) -> str:
    """Return a safe name for a folder of sources: none that would be taken for one of images beside a source."""
    name = safe_name(name)
    for ending in (ASSETS_ENDING, SAVED_PAGE_ENDING):
        if name.casefold().endswith(ending):
            return f"{name[: -len(ending)]} {ending.strip('._')}".strip()
    return name


def _names(stem: str, ending: str, version: str | None) -> Iterator[str]:
    """Yield names to try, in order."""
    yield f"{stem}{ending}"
    if version:
        stem = f"{stem} ({version})"
        yield f"{stem}{ending}"
    for number in range(2, 10_000):
        yield f"{stem} ({number}){ending}"


@contextlib.contextmanager
def _temporary_copy(content: bytes | Path, folder: Path) -> Iterator[Path]:
    """Give a file in `folder` with this content, on the disk for good; it is gone after the block."""
    temporary = folder / f".{secrets.token_hex(6)}.tmp"
    try:
        with temporary.open("xb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                with content.open("rb") as original:
                    shutil.copyfileobj(original, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _link_new(temporary: Path, target: Path) -> bool:
    """Give `temporary` the name `target` if no file has it, and say whether it worked."""
    try:
        os.link(temporary, target)  # unlike a rename it fails when the name is taken
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            return False
        temporary.rename(target)
    return True
