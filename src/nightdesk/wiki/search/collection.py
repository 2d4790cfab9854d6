"""What is searched: the folders of a desk or a vault, and which of their files count."""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.wiki.search.schema import TEXT, WIKI

NAME = "search.sqlite"
_GENERATED = ("wiki/index.md", "wiki/log.md")  # they name every page, so they would fit every query
_ASSETS = ".assets"
# What is its own text, as in sources.kinds and sources.folders, which load git and zip files; a test holds them equal.
RAW_ENDINGS = (".md", ".markdown", ".mdown", ".mkd", ".txt", ".text", ".rst", ".log", ".adoc", ".org")
RAW_NAMES = ("readme", "license")
_TOOLS = ("node_modules", "__pycache__")
_RACY_SECONDS = 0.05  # a file written so lately may be written again without a change of its times
_COARSE_SECONDS = 2.0  # the same, where the disk counts whole seconds


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that is searched with all below it."""

    folder: str  # relative to the collection, "" for itself
    kind: int
    takes: Callable[[str, str], bool]  # folder and file name -> whether it counts
    enters: Callable[[str], bool]  # path of a folder -> whether it is looked into


@dataclass(frozen=True, slots=True)
class Collection:
    """Some folders and the file that holds their index. Paths in the index are relative to `root`."""

    root: Path
    database: Path
    roots: tuple[Root, ...]

    def root_of(self, folder: str) -> Root:
        """Return the searched folder that `folder` is, or is in."""
        return next(r for r in self.roots if not r.folder or folder == r.folder or folder.startswith(f"{r.folder}/"))


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands in one folder now."""

    signature: str  # of the folder; "" where it was changed too lately to be sure
    files: dict[str, tuple[str, float]]  # name -> signature ("" as above) and the time of the last change, in seconds
    folders: tuple[str, ...]  # paths


def desk_collection(desk: Desk) -> Collection:
    """Return what is searched on a desk: the pages, and the sources' texts in raw/ and text/."""
    roots = (
        Root("wiki", WIKI, _is_page, lambda path: path != "wiki/set-aside"),
        Root("raw", TEXT, _is_raw_text, lambda path: not path.endswith(_ASSETS)),
        Root("text", TEXT, _is_text, lambda path: not path.endswith(_ASSETS)),
    )
    return Collection(desk.root, desk.cache / NAME, roots)


def vault_collection(folder: Path, database: Path) -> Collection:
    """Return what is searched in any folder of Markdown files; nothing is written into it."""
    root = Root("", WIKI, _is_note, lambda path: path.rpartition("/")[2] not in _TOOLS)
    return Collection(folder.resolve(), database, (root,))


def vault_database(folder: Path, caches: Path) -> Path:
    """Return where the index of a vault is kept: among a user's caches, since the vault is not ours to write to."""
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    return caches / "nightdesk" / f"search-{name}.sqlite"


def _is_page(folder: str, name: str) -> bool:
    return name.endswith(".md") and f"{folder}/{name}" not in _GENERATED


def _is_note(folder: str, name: str) -> bool:
    return name.lower().endswith((".md", ".markdown"))


def _is_text(folder: str, name: str) -> bool:
    return name.endswith(".md") and not name.endswith(".edited.md")


def _is_raw_text(folder: str, name: str) -> bool:
    folded = name.lower()
    own = folded.endswith(RAW_ENDINGS) or folded in RAW_NAMES
    return own and not folded.startswith(("~$", "~syncthing~"))


def folder_signature(path: str) -> str | None:
    """Return what changes when a file is added to a folder, taken away, or replaced as a whole; None for no folder."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return f"{found.st_mtime_ns}:{found.st_ino}"


def list_folder(collection: Collection, folder: str) -> Listing | None:
    """Return what counts in one folder, not below it; None where there is no such folder.

    Hidden names are left out, and so are links that lead out of the searched folder.
    """
    root = collection.root_of(folder)
    top = f"{collection.root}/{folder}" if folder else str(collection.root)
    now = time.time_ns()
    try:
        before = os.stat(top)
        entries = list(os.scandir(top))
    except OSError:
        return None
    files: dict[str, tuple[str, float]] = {}
    folders: list[str] = []
    for entry in entries:
        name = entry.name
        if name.startswith(".") or "\n" in name:
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                path = f"{folder}/{name}" if folder else name
                if root.enters(path):
                    folders.append(path)
            elif root.takes(folder, name) and (not entry.is_symlink() or _stays_within(entry.path, collection, root)):
                found = entry.stat()
                signature = "" if _is_racy(found.st_ctime_ns, now) else file_signature(found)
                files[name] = signature, found.st_mtime
        except OSError:
            continue  # gone meanwhile, or a link to nothing
    signature = "" if _is_racy(before.st_mtime_ns, now) else f"{before.st_mtime_ns}:{before.st_ino}"
    return Listing(signature, files, tuple(sorted(folders)))


def file_signature(found: os.stat_result) -> str:
    """Return what changes when a file is written or replaced."""
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"


def _is_racy(changed_ns: int, now_ns: int) -> bool:
    seconds = _COARSE_SECONDS if changed_ns % 1_000_000_000 == 0 else _RACY_SECONDS
    return changed_ns > now_ns - seconds * 1e9


def day_of_change(seconds: float) -> str:
    """Return the ISO date of a file's time, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _stays_within(path: str, collection: Collection, root: Root) -> bool:
    """Say whether a link leads to a file in the same searched folder: it would make any file of the person's found."""
    real = Path(path).resolve()
    return real.is_file() and real.is_relative_to((collection.root / root.folder).resolve())
