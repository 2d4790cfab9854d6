"""`nightdesk export`: a desk's pages and sources in a format of the world's, in a folder or a file of their own."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.wiki.exporting.bibtex import bibliography
from nightdesk.wiki.exporting.collected import collect
from nightdesk.wiki.exporting.llms import files_for_models
from nightdesk.wiki.exporting.okf import bundle
from nightdesk.wiki.exporting.private import without_private
from nightdesk.wiki.exporting.training import training_files

FORMATS = ("okf", "jsonl", "bibtex", "llms.txt")
SINGLE = {"bibtex": "sources.bib"}  # formats of one file, with its name
MANIFEST = "nightdesk-export.json"  # in the folder of an export: its files with their hashes
_OWN = ("raw", "text", "wiki", "lab", "ideas", "briefs", ".git", ".nightdesk", ".obsidian", ".agents", ".claude")


@dataclass(frozen=True, slots=True)
class Export:
    """What an export holds, by path; what could not be read; how many private strings were left out."""

    format: str
    files: Mapping[str, bytes]
    pages: int
    sources: int
    problems: tuple[str, ...]
    left_out: int


def make_export(desk: Desk, format_: str, *, private: Sequence[str]) -> Export:
    """Return a desk in one of FORMATS; `private` are folders whose paths must not be in it. Raises DeskError."""
    collected = collect(desk)
    if format_ == "okf":
        files = bundle(desk, collected)
    elif format_ == "jsonl":
        files = training_files(collected)
    elif format_ == "bibtex":
        files = {SINGLE["bibtex"]: bibliography(collected).encode("utf-8", "replace")}
    elif format_ == "llms.txt":
        files = files_for_models(desk, collected, title=desk.root.resolve().name)
    else:
        raise DeskError(f'no format is called "{format_}"', fix=f"one of: {', '.join(FORMATS)}")
    if format_ in ("jsonl", "bibtex") and not collected.sources:
        raise DeskError("there is no source page to export", fix="nightdesk compile")
    cleaned, left_out = without_private(files, (str(desk.root.resolve()), *private))
    return Export(format_, cleaned, len(collected.entries), len(collected.sources), collected.problems, left_out)


def write_folder(desk: Desk, export: Export, folder: Path) -> tuple[Path, ...]:
    """Put an export into `folder` and return the files that changed; files of an earlier export that are gone go.

    Raises DeskError for a place that is the desk's own, and for a file there that no export of ours wrote.
    """
    refuse_own(desk, folder)
    if folder.exists() and not folder.is_dir():
        raise DeskError(f"{folder} is no folder", fix="name another with --out")
    before = read_manifest(folder)
    targets = {path: folder / path for path in export.files}
    _refuse_foreign(folder, targets, before)
    changed: list[Path] = []
    for path in sorted(set(before) - set(export.files)):
        if _hash_of(folder / path) == before[path] and not _leads_out(folder, path):
            (folder / path).unlink()
            changed.append(folder / path)
            _remove_empty(folder, (folder / path).parent)
    for path, target in targets.items():
        if _hash_of(target) != _digest(export.files[path]):
            write_atomically(target, export.files[path], durable=False)
            changed.append(target)
    hashes = {path: _digest(content) for path, content in export.files.items()}
    document = {"format": export.format, "files": hashes}
    write_atomically(folder / MANIFEST, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    return tuple(changed)


def write_file(desk: Desk, export: Export, path: Path) -> None:
    """Put an export of one file at `path`. Raises DeskError for a place that is the desk's own, or a folder."""
    refuse_own(desk, path)
    if path.is_dir():
        raise DeskError(f"{path} is a folder", fix="name a file with --out")
    write_atomically(path, next(iter(export.files.values())))


def default_folder(desk: Desk, format_: str) -> Path:
    """Return where an export goes if nobody says: on the desk. Raises DeskError where a link leads elsewhere."""
    folder = desk.root / "exports" / format_
    if not folder.resolve().is_relative_to(desk.root.resolve()):
        raise DeskError("exports/ is a link that leads out of the desk", fix="name a folder with --out")
    return folder


def refuse_own(desk: Desk, path: Path) -> None:
    """Raise DeskError for a place that holds the desk, or is one of its own parts."""
    root = desk.root.resolve()
    real = path.resolve()
    if root.is_relative_to(real):
        raise DeskError(f"{path} holds the desk itself", fix="name another place with --out")
    if real.is_relative_to(root) and real.relative_to(root).parts[0] in _OWN:
        raise DeskError(f"{path} is a part of the desk", fix="name another place with --out")


def _refuse_foreign(folder: Path, targets: Mapping[str, Path], before: Mapping[str, str]) -> None:
    """Raise DeskError for what would be overwritten though no export wrote it, and for links that lead elsewhere."""
    for path, target in targets.items():
        if _leads_out(folder, path):
            raise DeskError(
                f"{target.parent} is a link that leads out of {folder}", fix="name another folder with --out"
            )
        found = _hash_of(target)
        if found is not None and found != before.get(path):
            raise DeskError(
                f"{target} was not written by an export, or was changed since",
                fix="name another folder with --out, or take that file away",
            )


def _leads_out(folder: Path, path: str) -> bool:
    return not (folder / path).parent.resolve().is_relative_to(folder.resolve())


def read_manifest(folder: Path) -> dict[str, str]:
    """Return path -> hash of what the last export wrote into a folder; only harmless relative paths."""
    try:
        stated = json.loads((folder / MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    if not isinstance(stated, dict):
        return {}
    return {
        path: digest
        for path, digest in stated.items()
        if isinstance(digest, str) and not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_of(path: Path) -> str | None:
    """Return the hash of a file, None where there is none; of anything else there a text that no hash is."""
    try:
        return _digest(path.read_bytes()) if not path.is_symlink() else "a link"
    except FileNotFoundError:
        return None
    except OSError:
        return "no file"


def _remove_empty(folder: Path, inner: Path) -> None:
    with suppress(OSError):  # one that is not empty stays
        while inner != folder and inner.is_relative_to(folder):
            inner.rmdir()
            inner = inner.parent
