"""Commits and branches made without a checkout: the person's files, index and HEAD are never touched."""

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.git import run_git, run_git_bytes

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


def move_ref(folder: Path, ref: str, commit: str, *, seen: str | None, why: str) -> None:
    """Put `ref` on `commit` if it still stands where it was `seen` (None: nowhere). Raises DeskError if not."""
    run_git(folder, "update-ref", "--create-reflog", "-m", why, ref, commit, seen or _NO_COMMIT[: len(commit)])


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


def _line(output: bytes) -> str:
    return output.decode("ascii").strip()
