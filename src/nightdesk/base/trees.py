"""Commits and branches made without a checkout: the person's files, index and HEAD are never touched."""

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from nightdesk.base.git import commit_tree, run_git, run_git_bytes, with_change

PLAIN_MODES = ("100644", "100755")
_NO_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a commit: its mode as git writes it ("120000" is a symbolic link) and the id of its content."""

    mode: str
    blob: str


def head_commit(folder: Path) -> str | None:
    """Return the commit that HEAD stands at, None where nothing was committed yet."""
    return run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip() or None


def head_branch(folder: Path) -> str | None:
    """Return the ref of the branch that is checked out, None where HEAD is on none."""
    return run_git(folder, "symbolic-ref", "--quiet", "HEAD", check=False).strip() or None


def snapshot_tree(folder: Path, *, without: Collection[str] = ()) -> str:
    """Return a tree like HEAD's, but with `folder` as it is on disk now.

    What git ignores is left out, and of the paths `without` (relative to `folder`) HEAD's state stays.
    """
    # what is ignored is left out anyway, and git refuses to be told so
    ignored = run_git(folder, "check-ignore", "-z", "--stdin", stdin="\0".join(without), check=False).split("\0")
    pathspecs = [".", *(f":(exclude,literal){path}" for path in without if path not in ignored)]
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        run_git_bytes(folder, ["read-tree", head_commit(folder) or "--empty"], variables=index)
        run_git_bytes(folder, ["add", "--all", "--", *pathspecs], variables=index)
        return _line(run_git_bytes(folder, ["write-tree"], variables=index))


def tree_with(folder: Path, base: str, contents: Mapping[str, bytes], *, modes: Mapping[str, str]) -> str:
    """Return the tree of the commit or tree `base` with other contents at some paths (from the repository's root)."""
    entries = []
    for path, content in sorted(contents.items()):
        blob = _line(run_git_bytes(folder, ["hash-object", "-w", "--stdin", "--no-filters"], stdin=content))
        entries.append(f"{modes.get(path, PLAIN_MODES[0])} {blob}\t{path}\0")
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        run_git_bytes(folder, ["read-tree", base], variables=index)
        listing = os.fsencode("".join(entries))
        run_git_bytes(folder, ["update-index", "-z", "--add", "--index-info"], stdin=listing, variables=index)
        return _line(run_git_bytes(folder, ["write-tree"], variables=index))


def tree_of(folder: Path, commit: str) -> str:
    """Return the tree of a commit."""
    return run_git(folder, "rev-parse", "--verify", "--quiet", f"{commit}^{{tree}}").strip()


def tree_files(folder: Path, tree: str, *, within: str = "") -> dict[str, TreeFile]:
    """Return the files of a commit or tree below the folder `within` (from the root), by their path in it.

    None where there is no such folder. Raises DeskError where the repository has no such commit.
    """
    if within and not run_git(folder, "rev-parse", "--verify", "--quiet", f"{tree}:{within}", check=False):
        tree_of(folder, tree)
        return {}
    found = {}
    for entry in run_git(folder, "ls-tree", "-r", "-z", "--full-tree", f"{tree}:{within}").split("\0"):
        if entry:
            told, _, path = entry.partition("\t")
            mode, _, blob = told.split(" ")
            found[path] = TreeFile(mode, blob)
    return found


def read_objects(folder: Path, names: Sequence[str]) -> list[bytes | None]:
    """Return the content of each object ("id" or "commit:path"), in one go, None for one that there is not."""
    if not names:
        return []
    output = run_git_bytes(folder, ["cat-file", "--batch"], stdin=os.fsencode("".join(f"{name}\n" for name in names)))
    found: list[bytes | None] = []
    place = 0
    for _ in names:
        end = output.index(b"\n", place)
        told = output[place:end].rsplit(b" ", 2)
        place = end + 1
        if told[-1] == b"missing" or not told[-1].isdigit():
            found.append(None)
            continue
        size = int(told[-1])
        found.append(output[place : place + size])
        place += size + 1
    return found


def known_commits(folder: Path, commits: Collection[str]) -> frozenset[str]:
    """Return those of the commits that the repository has: a clone lacks what no branch leads to."""
    wanted = sorted(set(commits))
    if not wanted:
        return frozenset()
    told = run_git(folder, "cat-file", "--batch-check", stdin="".join(f"{commit}\n" for commit in wanted)).splitlines()
    return frozenset(commit for commit, line in zip(wanted, told, strict=True) if line.split(" ")[1:2] == ["commit"])


def refs_below(folder: Path, prefix: str) -> dict[str, str]:
    """Return the refs below `prefix` ("refs/heads/lab"), each name without it, and the commit that each stands at."""
    lines = run_git(folder, "for-each-ref", "--format=%(objectname) %(refname)", f"{prefix}/").splitlines()
    pairs = (line.split(" ", 1) for line in lines)
    return {name.removeprefix(f"{prefix}/"): commit for commit, name in pairs}


def move_ref(folder: Path, ref: str, commit: str, *, seen: str | None, why: str, log: bool = True) -> None:
    """Put `ref` on `commit` if it still stands where it was `seen` (None: nowhere). Raises DeskError if not.

    With `log` git keeps where it stood before, in a file for each ref.
    """
    logged = ("--create-reflog", "-m", why) if log else ()
    run_git(folder, "update-ref", *logged, ref, commit, seen or _NO_COMMIT[: len(commit)])


def delete_ref(folder: Path, ref: str, *, seen: str) -> None:
    """Delete `ref` if it still stands where it was `seen`. Raises DeskError if not."""
    run_git(folder, "update-ref", "-d", ref, seen)


def checked_out(folder: Path) -> dict[str, str]:
    """Return the refs of the branches that work trees of the repository have checked out, with the folder of each."""
    found: dict[str, str] = {}
    place = ""
    for line in run_git(folder, "worktree", "list", "--porcelain").splitlines():
        key, _, value = line.partition(" ")
        if key == "worktree":
            place = value
        elif key == "branch":
            found[value] = place
    return found


class PastCommit(NamedTuple):
    """A commit of the history of HEAD."""

    id: str
    author: str  # "name <address>"
    when: datetime
    message: str


def past_commits(folder: Path, *, most: int) -> list[PastCommit]:
    """Return the newest commits that touched `folder`, the newest first; [] where nothing was committed yet."""
    if head_commit(folder) is None:
        return []
    prefix = run_git(folder, "rev-parse", "--show-prefix").rstrip("\n")
    # rev-list, not log: what the user set for logs (signatures, dates) must not change the answer
    args = ["rev-list", "--header", f"--max-count={most}", "HEAD", *(["--full-history", "--", "."] if prefix else [])]
    found = []
    for entry in run_git(folder, *args).split("\0"):
        head, _, body = entry.lstrip("\n").partition("\n\n")
        if not head:
            continue
        author = next(line for line in head.split("\n") if line.startswith("author ")).removeprefix("author ")
        name, seconds, _ = author.rsplit(" ", 2)
        message = "\n".join(line.removeprefix("    ") for line in body.split("\n"))
        found.append(PastCommit(head.split("\n")[0], name, datetime.fromtimestamp(int(seconds), UTC), message))
    return found


def renames(folder: Path, *, most: int, like_percent: int) -> Iterator[tuple[str, str]]:
    """Yield the files below `folder` that a commit renamed, old path and new, the newest first."""
    like = f"-M{like_percent}%"
    # settings of the person's that would add to the output, or find other renames, are overruled
    args = ["-c", "log.showSignature=false", "-c", "diff.renameLimit=1000", "log", f"--max-count={most}", "--format="]
    told = run_git(folder, *args, like, "--diff-filter=R", "--name-status", "-z", "--relative", "--no-color", "--", ".")
    fields = [field for field in told.split("\0") if field]
    for kind, old, new in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        if kind.lstrip("\n").startswith("R"):
            yield old, new


def folder_in_repository(folder: Path) -> str:
    """Return where a folder is in its repository, "" for the root."""
    return run_git(folder, "rev-parse", "--show-prefix").rstrip("\n").rstrip("/")


class FileChange(NamedTuple):
    """What a commit made of one file; None where it was not there."""

    before: TreeFile | None
    after: TreeFile | None


def files_changed(folder: Path, commit: str) -> dict[str, FileChange]:
    """Return the files below `folder` that a commit changed against its first parent, by their path in it."""
    told = run_git(
        folder, "diff-tree", "-r", "-z", "-m", "--root", "--no-commit-id", "--no-renames", "--relative", commit
    )
    fields = told.split("\0")
    found = {}
    for entry, path in zip(fields[::2], fields[1::2], strict=False):
        mode, new_mode, blob, new_blob, _ = entry.removeprefix(":").split(" ")
        found[path] = FileChange(_tree_file(mode, blob), _tree_file(new_mode, new_blob))
    return found


def _tree_file(mode: str, blob: str) -> TreeFile | None:
    return None if set(mode) == {"0"} else TreeFile(mode, blob)


def blob_id(content: bytes, *, like: str) -> str:
    """Return the id that git gives to a file's content, with the hash that the id `like` was made with."""
    data = b"blob %d\0" % len(content) + content
    return (
        hashlib.sha1(data, usedforsecurity=False).hexdigest() if len(like) == 40 else hashlib.sha256(data).hexdigest()
    )


def commit_nothing(folder: Path, message: str) -> str:
    """Add a commit to HEAD that changes no file, and return its id: what it says stands in the history."""
    head = run_git(folder, "rev-parse", "--verify", "HEAD").strip()
    commit = commit_tree(folder, tree_of(folder, head), with_change(message), [head])
    run_git(folder, "update-ref", "-m", message.splitlines()[0], "HEAD", commit, head)
    return commit


def _line(output: bytes) -> str:
    return output.decode("ascii").strip()
