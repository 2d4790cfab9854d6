"""Files that travel: packed in pieces by their content, and unpacked at a node, which believes only their hashes."""

import functools
import hashlib
import shutil
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError

CHUNK_BYTES = 64 << 20  # of one object in the store: a file may be larger than the memory that it has
KEPT_SETS = 8  # of unpacked data sets at a node, beside those of the last day
_DAY_SECONDS = 86_400.0
_LONGEST_KEPT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a parcel."""

    name: str  # below the parcel's folder, "/" between the parts
    sha256: str
    chunks: tuple[Any, ...]  # where its bytes are to be had, in order


def pack(folder: Path, put: Callable[[bytes], Any]) -> tuple[Piece, ...]:
    """Return the plain files below a folder, by name; `put` says where each chunk of bytes can be had from then on."""
    pieces = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            digest, chunks = hashlib.sha256(), []
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
                    chunks.append(put(chunk))
            pieces.append(Piece(path.relative_to(folder).as_posix(), digest.hexdigest(), tuple(chunks)))
    return tuple(pieces)


def parcel_hash(*parcels: Sequence[Piece] | None) -> str:
    """Return what tells apart parcels of other files."""
    told = [None if parcel is None else [(piece.name, piece.sha256) for piece in parcel] for parcel in parcels]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def unpack(pieces: Sequence[Piece], folder: Path, *, fetch: Callable[[Any], bytes]) -> None:
    """Make `folder` hold these files and no others: what is there already stays where its hash is right.

    It may be called by several processes at a time. Raises DeskError where what was fetched is not what was packed,
    and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for piece in pieces:
        path = folder / piece.name
        if _hash_of(path) != piece.sha256:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch_file(piece, path, aside=folder.parent / "incoming", fetch=fetch)
    wanted = {folder / piece.name for piece in pieces}
    for path in folder.rglob("*"):
        if path not in wanted and not path.is_dir():
            path.unlink(missing_ok=True)


def prune(sets: Path, *, keep: Path) -> None:
    """Remove what was not used for two weeks, and of what was not used today all but the last few; `keep` stays."""
    now, found = time.time(), []
    for folder in sets.iterdir():
        try:
            found.append((now - folder.stat().st_mtime, folder))
        except FileNotFoundError:
            continue  # another session's doing
    for place, (age, folder) in enumerate(sorted(found)):
        old = age > _LONGEST_KEPT_DAYS * _DAY_SECONDS or (place >= KEPT_SETS and age > _DAY_SECONDS)
        if old and folder != keep:
            shutil.rmtree(folder, ignore_errors=True)


def _fetch_file(piece: Piece, path: Path, *, aside: Path, fetch: Callable[[Any], bytes]) -> None:
    aside.mkdir(exist_ok=True)
    half, digest = aside / uuid.uuid4().hex, hashlib.sha256()
    try:
        with half.open("xb") as file:
            for chunk in piece.chunks:
                content = fetch(chunk)
                digest.update(content)
                file.write(content)
        if digest.hexdigest() != piece.sha256:
            raise DeskError(f"{piece.name} arrived damaged", fix="start again; look at the disk and memory of the node")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _hash_of(path: Path) -> str | None:
    """Return the hash of a file's content, None where there is none; a file that did not change is read once."""
    try:
        seen = path.stat(follow_symlinks=False)
        return _hashed(path, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=10_000)
def _hashed(path: Path, inode: int, size: int, changed: int, moved: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
