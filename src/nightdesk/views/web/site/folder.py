"""The folder of a static site: written beside the old one, and put in its place when it is whole."""

import contextlib
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.wiki.exporting.export import MANIFEST, read_manifest

_NEW, _OLD = "new", "old"
_AT_ONCE = 1_000_000  # bytes that are copied at a time


class SiteFolder:
    """A folder that is being filled; `files` has the hash of each file, by its path with "/" between."""

    def __init__(self, folder: Path, clean: Callable[[bytes], bytes] = lambda content: content) -> None:
        self._folder = folder
        self._clean = clean
        self._made: set[Path] = set()
        self.files: dict[str, str] = {}

    def write(self, path: str, text: str) -> None:
        """Write a page or a script, without what must not leave the machine."""
        content = self._clean(text.encode("utf-8", "replace"))
        self._place(path).write_bytes(content)
        self.files[path] = hashlib.sha256(content).hexdigest()

    def copy(self, path: str, source: Path) -> None:
        """Copy a file as it is."""
        digest = hashlib.sha256()
        with source.open("rb") as opened, self._place(path).open("wb") as written:
            while piece := opened.read(_AT_ONCE):
                digest.update(piece)
                written.write(piece)
        self.files[path] = digest.hexdigest()

    def seal(self, *, format_: str) -> None:
        """Write the mark by which the next export knows that the folder is its own, and what it wrote there."""
        document = {"format": format_, "files": dict(sorted(self.files.items()))}
        (self._folder / MANIFEST).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def _place(self, path: str) -> Path:
        place = self._folder / path
        if place.parent not in self._made:
            place.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(place.parent)
        return place


@contextlib.contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """Give an empty folder to fill, and put it in place of the one at `place` when all is done; else that one stays.

    Raises DeskError for a folder that no export wrote, and where one of its files was changed since. Files that a
    person put beside those of the last export (a CNAME, a .git) are taken along.
    """
    out = place.resolve()
    _recover(out)
    before = _ours(out)
    new = out.with_name(f".{out.name}.{_NEW}-{os.getpid()}")
    new.mkdir(parents=True)
    try:
        yield new
        _take_along(out, new, before)
        old = out.with_name(f".{out.name}.{_OLD}-{os.getpid()}")
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except BaseException:  # Ctrl-C too: the site is never without a folder
            if old.exists():
                old.rename(out)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _ours(out: Path) -> Mapping[str, str]:
    """Return what the last export wrote. Raises DeskError for a folder of somebody else's, and for changed files."""
    if not out.exists():
        return {}
    if not out.is_dir():
        raise DeskError(f"{out} is no folder", fix="name another with --out")
    before = read_manifest(out)
    if not before and any(out.iterdir()):
        raise DeskError(f"{out} is not empty, and no export wrote it", fix="name another folder with --out")
    for path, digest in before.items():
        if _hash_of(out / path) not in (None, digest):
            raise DeskError(
                f"{out / path} was changed since it was exported", fix="take it away, or name another folder with --out"
            )
    return before


def _take_along(out: Path, new: Path, before: Collection[str]) -> None:
    """Link all that a person put into the old folder into the new one: it is in both until the old one goes."""
    known = {MANIFEST, *before}
    for folder, folders, names in os.walk(out):
        inner = Path(folder).relative_to(out)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in (*names, *links):
            path = (inner / name).as_posix()
            if path in known:
                continue
            if os.path.lexists(new / path):
                raise DeskError(
                    f"{out / path} was not written by an export", fix="take it away: the site has one of that name"
                )
            try:
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                _link(Path(folder) / name, new / path)
            except (FileExistsError, NotADirectoryError) as error:
                raise DeskError(f"{out / path} is in the way of the site", fix="take it away") from error


def _link(source: Path, target: Path) -> None:
    if not stat.S_ISREG(source.lstat().st_mode):
        shutil.copy2(source, target, follow_symlinks=False)
        return
    try:
        os.link(source, target)
    except OSError:  # a system without such links
        shutil.copy2(source, target)


def _recover(out: Path) -> None:
    """Put right what an export left that was killed: an unfinished folder, or the old one that was just moved away."""
    for kind in (_OLD, _NEW):
        for left in sorted(out.parent.glob(f".{_literal(out.name)}.{kind}-*")):
            owner = left.name.rpartition("-")[2]
            if not owner.isdecimal() or _is_alive(int(owner)):
                continue
            if kind == _OLD and not out.exists():
                left.rename(out)
            else:
                shutil.rmtree(left, ignore_errors=True)


def _literal(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return process != os.getpid()


def _hash_of(path: Path) -> str | None:
    """Return the hash of a file, None where there is none, and a text that no hash is for anything else there."""
    try:
        if path.is_symlink():
            return "a link"
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except OSError:
        return "no file"
