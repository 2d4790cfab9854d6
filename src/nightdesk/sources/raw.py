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
from nightdesk.sources.folders import ASSETS_ENDING, SAVED_PAGE_ENDING, find_sources, is_source_name

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
        self._unhashed: dict[int, list[Path]] = {}  # by size
        self._by_hash: dict[str, Path] = {}
        self._sizes: set[int] = set()
        self._names: dict[Path, dict[str, str]] = {}  # folder -> name_key -> the name as it is
        for path in find_sources(raw):
            with contextlib.suppress(OSError):
                self._remember(path)

    def find(self, content: bytes | Path) -> Path | None:
        """Return the source in raw/ with this very content, or None. Raises OSError for a file that is not there."""
        digest = self._digest(content)
        return self._by_hash.get(digest) if digest else None

    def place(
        self,
        content: bytes | Path,
        *,
        folders: Sequence[str] = (),
        stem: str,
        ending: str,
        version: str | None = None,
        flush: bool = True,
    ) -> Placed:
        """Put content (a file's, or these bytes) into raw/ under a safe name, unless it is there already.

        A taken name gets ` (version)` if there is one, then ` (2)`, ` (3)` … Nothing is ever overwritten, not even by
        two of us at once. Without `flush` the caller sees to it that all is on the disk in the end.
        """
        digest = self._digest(content)
        if digest and digest in self._by_hash:
            return Placed(self._by_hash[digest], new=False)
        folder = self.make_folder(folders)
        stem = safe_name(stem)
        if not is_source_name(stem + ending):
            stem = safe_name(stem.lstrip("~$# "))  # what looks like an editor's lock would never be found again
        with _temporary_copy(content, folder, flush=flush) as temporary:
            for name in _names(stem, ending, version):
                key = name_key(name)
                if key in self._names_in(folder) or not is_source_name(name):
                    continue
                if _link_new(temporary, folder / name):
                    self._names_in(folder)[key] = name
                    self._remember(folder / name, digest)
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

    def _digest(self, content: bytes | Path) -> str | None:
        """Return the SHA-256 of content once every source of its size is hashed; None when no source has its size."""
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        if size not in self._sizes:
            return None
        for path in self._unhashed.pop(size, []):  # once for each size: thousands of files may share one
            with contextlib.suppress(OSError):
                self._by_hash.setdefault(hash_file(path), path)
        return hash_file(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()

    def _remember(self, path: Path, digest: str | None = None) -> None:
        if digest:
            self._by_hash[digest] = path
        else:
            size = path.stat().st_size
            self._sizes.add(size)
            self._unhashed.setdefault(size, []).append(path)

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
def _temporary_copy(content: bytes | Path, folder: Path, *, flush: bool) -> Iterator[Path]:
    """Give a file in `folder` with this content, on the disk for good if `flush`; it is gone after the block."""
    temporary = folder / f".{secrets.token_hex(6)}.tmp"
    try:
        with temporary.open("xb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                with content.open("rb") as original:
                    shutil.copyfileobj(original, file, 1 << 20)
            if flush:
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
