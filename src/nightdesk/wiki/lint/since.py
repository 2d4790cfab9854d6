"""Which files changed since a commit or a date, without running anything that a foreign repository configures."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git_bytes

# objects that a partial clone lacks are not fetched: the repository itself would say with which program
_LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}


def changed_since(root: Path, since: str, files: Iterable[str]) -> frozenset[str]:
    """Return those of `files` (relative to `root`) that are new or other than they were at a commit or date.

    A date is YYYY-MM-DD, with a time if wanted; where `root` is in no git repository the files' own times count.
    Contents are compared with what git holds and never run through its filters: a vault may be anybody's. Raises
    DeskError for what is neither a date nor a commit.
    """
    moment = _moment(since)
    inside = _git(root, "rev-parse", "--is-inside-work-tree").strip() == b"true"
    if not inside:
        if moment is None:
            raise DeskError(f"{root} is in no git repository", fix="give a date instead: --since 2026-11-20")
        return frozenset(path for path in files if _modified(root / path) >= moment.timestamp())
    if moment is not None:
        commit = _git(root, "rev-list", "-1", f"--before={moment.isoformat()}", "HEAD").strip()
    else:
        commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}").strip()
        if not commit:
            raise DeskError(f'"{since}" is no commit and no date', fix="for example: --since HEAD~3, or 2026-11-20")
    held = _blobs(root, commit.decode("ascii")) if commit else {}
    return frozenset(path for path in files if held.get(path) != _blob(root / path, held.get(path)))


def _moment(since: str) -> datetime | None:
    if len(since) < len("2026-11-20"):
        return None
    try:
        return datetime.fromisoformat(since).astimezone()
    except ValueError:
        return None


def _git(root: Path, *args: str) -> bytes:
    return run_git_bytes(root, args, check=False, variables=_LOCAL)


def _blobs(root: Path, commit: str) -> dict[str, str]:
    listed = run_git_bytes(root, ("ls-tree", "-r", "-z", commit), variables=_LOCAL)
    entries = (entry.partition(b"\t") for entry in listed.split(b"\0") if entry)
    return {path.decode("utf-8", "surrogateescape"): head.split()[2].decode("ascii") for head, _, path in entries}


def _blob(file: Path, like: str | None) -> str | None:
    """Return the name that git gives a file's content, by the hash that `like` was made with."""
    if like is None:
        return ""  # git does not hold it: it is new
    try:
        content = file.read_bytes()
    except OSError:
        return None
    made = hashlib.sha256 if len(like) == 64 else hashlib.sha1
    return made(b"blob %d\0" % len(content) + content).hexdigest()


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
