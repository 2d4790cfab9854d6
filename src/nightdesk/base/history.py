"""The history of a folder and of one file in it, as git tells it, without running what a foreign repository says."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from nightdesk.base.git import run_git_bytes
from nightdesk.base.trees import FileChange, PastCommit, TreeFile

# Plumbing alone: `git log` and `git status` would heed settings of the repository that start programs (signatures,
# filters). Objects that a partial clone lacks are not fetched: it would say itself with which program.
_LOCAL = {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_ATTR_NOSYSTEM": "1"}
_MOST_NAMES = 20  # that one file is followed through
_LIKE = "-M60%"  # of a file's lines that stay when it is renamed


@dataclass(frozen=True, slots=True)
class Version:
    """What one commit made of a file."""

    commit: PastCommit
    path: str  # what the file was called after it
    before_path: str  # and before it
    change: FileChange


def in_repository(folder: Path) -> bool:
    """Say whether a folder lies in a git work tree that holds at least one commit."""
    return bool(_git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"))


def commits_of(folder: Path, *, most: int, path: str = "", start: str = "HEAD") -> list[PastCommit]:
    """Return the newest commits that touched a file, or anything in `folder`; the newest first.

    [] where nothing was committed, or `folder` is in no repository.
    """
    args = ["--literal-pathspecs", "rev-list", "--header", f"--max-count={most}"]
    if not path and _git(folder, "rev-parse", "--show-prefix").strip():
        path, args = ".", [*args, "--full-history"]
    told = _git(folder, *args, "--end-of-options", start, "--", *([path] if path else []))
    return [_commit(entry) for entry in told.split("\0") if entry.strip()]


def changes_of(folder: Path, commits: Sequence[str], *, path: str = "") -> dict[str, dict[str, FileChange]]:
    """Return for each commit what it made of the files below `folder` (of `path` alone where it is given).

    Of a merge that is what it differs in from its first parent.
    """
    args = ["--literal-pathspecs", "diff-tree", "--stdin", "-r", "-m", "-z", "--root", "--no-renames", "--relative"]
    told = _git(folder, *args, "--no-ext-diff", "--", path or ".", stdin="".join(f"{one}\n" for one in commits))
    found: dict[str, dict[str, FileChange]] = {commit: {} for commit in commits}
    now = ""
    fields = iter(told.split("\0"))
    for field in fields:
        if field.startswith(":"):
            found[now].setdefault(next(fields), _file_change(field))
        elif field in found:
            now = field
    return found


def versions_of(folder: Path, path: str, *, most: int) -> list[Version]:
    """Return what commits made of a file, the newest first; it is followed where a commit renamed it."""
    found: list[Version] = []
    start = "HEAD"
    for _ in range(_MOST_NAMES):
        commits = commits_of(folder, most=most - len(found), path=path, start=start)
        changes = changes_of(folder, [commit.id for commit in commits], path=path)
        made = [Version(c, path, path, changes[c.id][path]) for c in commits if path in changes[c.id]]
        found += made
        if not made or len(found) >= most or made[-1].change.before is not None:
            break
        renamed = _renamed_from(folder, made[-1])
        if renamed is None:
            break
        found[-1] = renamed
        start, path = f"{renamed.commit.id}^", renamed.before_path
    return found


def current_blob(folder: Path, path: str) -> str | None:
    """Return the id of a file's content in HEAD, None where HEAD has no such file."""
    return _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"HEAD:./{path}").strip() or None


def contents(folder: Path, blobs: Sequence[str], *, most_bytes: int) -> Mapping[str, bytes | None]:
    """Return the contents of objects by their ids; None for one that is not there or larger than `most_bytes`."""
    sizes = _git(folder, "cat-file", "--batch-check", stdin="".join(f"{blob}\n" for blob in blobs)).splitlines()
    told = (line.split(" ") for line in sizes)
    wanted = [words[0] for words in told if words[1:2] == ["blob"] and int(words[2]) <= most_bytes]
    found: dict[str, bytes | None] = dict.fromkeys(blobs)
    if not wanted:
        return found
    output = _bytes(folder, "cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in wanted))
    place = 0
    for blob in wanted:
        end = output.index(b"\n", place)
        size = int(output[place:end].rsplit(b" ", 1)[1])
        found[blob] = output[end + 1 : end + 1 + size]
        place = end + size + 2
    return found


def _renamed_from(folder: Path, made: Version) -> Version | None:
    """Return a version that added its file with the name that the file had before, None where it was new."""
    told = _git(
        folder, "diff-tree", "-r", "-z", "--no-commit-id", "--relative", "--no-ext-diff", _LIKE, "-l400", made.commit.id
    )
    for change, old, new in _renames(told):
        if new == made.path:
            return replace(made, before_path=old, change=change)
    return None


def _renames(told: str) -> Iterator[tuple[FileChange, str, str]]:
    fields = iter(told.split("\0"))
    for field in fields:
        kind = field.rpartition(" ")[2]
        if kind.startswith(("R", "C")):
            old, new = next(fields), next(fields)
            if kind.startswith("R"):
                yield _file_change(field), old, new
        elif field:
            next(fields)


def _file_change(field: str) -> FileChange:
    mode, new_mode, blob, new_blob, _ = field.removeprefix(":").split(" ")
    return FileChange(_tree_file(mode, blob), _tree_file(new_mode, new_blob))


def _tree_file(mode: str, blob: str) -> TreeFile | None:
    return None if set(mode) == {"0"} else TreeFile(mode, blob)


def _commit(entry: str) -> PastCommit:
    head, _, body = entry.lstrip("\n").partition("\n\n")
    lines = head.split("\n")
    author = next((line for line in lines if line.startswith("author ")), "author  0 +0000").removeprefix("author ")
    name, seconds, _ = author.rsplit(" ", 2)
    message = "\n".join(line.removeprefix("    ") for line in body.split("\n"))
    return PastCommit(lines[0], name, _moment(seconds), message)


def _moment(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):  # a commit may say any number
        return datetime.fromtimestamp(0, UTC)


def _git(folder: Path, *args: str, stdin: str | None = None) -> str:
    return _bytes(folder, *args, stdin=stdin).decode("utf-8", "surrogateescape")


def _bytes(folder: Path, *args: str, stdin: str | None = None) -> bytes:
    given = None if stdin is None else os.fsencode(stdin)
    return run_git_bytes(folder, args, stdin=given, check=False, variables=_LOCAL)
