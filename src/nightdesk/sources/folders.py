"""Which files of a folder are sources: what .gitignore, hidden names and links leave over."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nightdesk.base.desk import SETTINGS_NAME
from nightdesk.base.git import init_repository, run_git
from nightdesk.sources.formats.slack_names import TABLES, is_slack

ASSETS_ENDING = ".assets"  # raw/<file name>.assets/ holds the images of raw/<file name>
SAVED_PAGE_ENDING = "_files"  # what browsers put beside a page that was saved whole
PAGE_ENDINGS = (".html", ".htm")

_OWN_NAMES = {"sources.tsv", "images.tsv"}
_SYSTEM_NAMES = {"thumbs.db", "desktop.ini", "icon\r"}
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".swp", ".swx", ".swo")
_MADE_BY_TOOLS = {"node_modules", "__pycache__"}


def list_folder(folder: Path) -> tuple[Path, ...]:
    """Return the files below `folder` that may be sources, sorted, each as `folder / relative path`.

    Left out: what .gitignore excludes (nested ones and negations count, those of the repository around it too), hidden
    and temporary files, links that lead out of `folder`, desks, and what tools put there. Raises DeskError without git.
    """
    root = folder.resolve()
    top = _repository_top(root)
    names = _not_ignored(top, root)
    if not names and top != root:
        names = _not_ignored(root, root)  # a folder that its repository ignores was still named by its user
    found: list[Path] = []
    for name in names:
        if name.endswith("/"):  # a repository within: git names its folder only
            inner = root / name.rstrip("/")
            if inner != root and not inner.is_symlink() and _is_wanted(name.rstrip("/")):
                found.extend(folder / path.relative_to(root) for path in list_folder(inner))
        elif _is_wanted(name) and _stays_within(root / name, root):
            found.append(folder / name)
    return _without_desks(folder, found)


def find_sources(raw: Path) -> tuple[Path, ...]:
    """Return everything below raw/ that is a source, sorted; hand-dropped files count just the same.

    Left out: images beside a source, our own tables, hidden and temporary files, links that lead out of raw/.
    """
    root = raw.resolve()
    return tuple(sorted(_walk(raw, root)))


def _walk(folder: Path, root: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    names = {entry.name for entry in entries}
    tables = TABLES if is_slack(names) else frozenset()
    for entry in entries:
        if not is_source_name(entry.name) or entry.name in tables:
            continue
        if entry.is_dir(follow_symlinks=False):
            if not _belongs_to_source(entry.name, names):
                yield from _walk(folder / entry.name, root)
        elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and _stays_within(folder / entry.name, root)):
            yield folder / entry.name


def _belongs_to_source(name: str, beside: set[str]) -> bool:
    """Say whether a folder holds only what a source beside it shows."""
    if name.endswith(ASSETS_ENDING):
        return True
    stem = name.removesuffix(SAVED_PAGE_ENDING)
    return stem != name and any(stem + ending in beside for ending in PAGE_ENDINGS)


def is_source_name(name: str) -> bool:
    """Say whether a file or folder of this name can be a source: not hidden, temporary, a system's, or one of ours."""
    folded = name.casefold()
    return not (
        folded.startswith((".", "~$", "~syncthing~"))
        or folded.endswith(("~", *_UNFINISHED))
        or (folded.startswith("#") and folded.endswith("#"))
        or folded in _SYSTEM_NAMES
        or folded in _OWN_NAMES
    )


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    return all(is_source_name(part) for part in parts) and not _MADE_BY_TOOLS.intersection(parts[:-1])


def _stays_within(path: Path, root: Path) -> bool:
    """Say whether `path`, links followed, is a regular file below `root`."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):  # gone, not allowed, or a link to itself
        return False
    return real.is_relative_to(root) and real.is_file()


def _repository_top(root: Path) -> Path:
    """Return the root of the work tree that `root` is in, else `root`: .gitignore files above it count up to there."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)


def _not_ignored(top: Path, folder: Path) -> list[str]:
    """Return what git would not ignore below `folder`, relative to it, with "/" at the end for a repository within.

    git is asked with an empty repository of its own: the one that may be there could be broken, somebody else's, or
    configured to run programs.
    """
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as temporary:
        init_repository(Path(temporary))
        listed = run_git(
            folder,
            f"--git-dir={Path(temporary) / '.git'}",
            f"--work-tree={top}",
            *("ls-files", "--others", "--exclude-standard", "-z", "--", "."),
        )
    return sorted(name for name in listed.split("\0") if name)


def _without_desks(folder: Path, paths: list[Path]) -> tuple[Path, ...]:
    """Return `paths`, sorted, without those below a desk: its wiki is made from sources and is none."""
    verdicts: dict[Path, bool] = {folder: False}

    def in_desk(inner: Path) -> bool:
        if inner not in verdicts:
            holds_desk = False
            with contextlib.suppress(OSError):
                holds_desk = (inner / SETTINGS_NAME).is_file()
            verdicts[inner] = holds_desk or in_desk(inner.parent)
        return verdicts[inner]

    return tuple(path for path in sorted(paths) if not in_desk(path.parent))
