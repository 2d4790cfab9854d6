"""The one module that talks to git: commits of named paths, and old versions of a file."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nightdesk.base.errors import DeskError

AUTHOR = "nightdesk <nightdesk@localhost>"

# What the user set for their own commits must not bend ours: no hooks, no signing prompt, no changed line ends, no
# quoted paths, and no pager or editor that waits for a terminal.
_CONFIG = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.autocrlf=false"),
    *("-c", "core.safecrlf=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0"),
    *("-c", "advice.addEmbeddedRepo=false"),
)


def run_git(folder: Path, *args: str, stdin: str | None = None, check: bool = True) -> str:
    """Run git in `folder` and return its standard output; with `check`, a failure is a DeskError with git's words."""
    return _run(folder, args, stdin=None if stdin is None else stdin.encode("utf-8"), check=check).decode(
        "utf-8", "surrogateescape"
    )


def _run(
    folder: Path, args: Sequence[str], *, stdin: bytes | None = None, check: bool = True, index: Path | None = None
) -> bytes:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "LC_ALL": "C"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        finished = subprocess.run(
            ["git", *_CONFIG, *args],
            cwd=folder,
            input=b"" if stdin is None else stdin,
            capture_output=True,
            env=environment,
            check=False,
        )
    except FileNotFoundError as error:
        raise DeskError("git is not on PATH", fix="install git, then try again") from error
    if check and finished.returncode != 0:
        words = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = words[-1] if words else f"exit code {finished.returncode}"
        raise DeskError(f"git {args[0]} failed: {reason}", fix=_way_out(reason))
    return finished.stdout


def _way_out(reason: str) -> str | None:
    if "index.lock" in reason:
        return "if no other git runs in this desk, remove .git/index.lock"
    if "No space left" in reason:
        return "free some disk space; nothing that was done before is lost"
    return None


def is_repository(folder: Path) -> bool:
    """Say whether `folder` itself (not a folder above it) is the root of a git work tree."""
    return (folder / ".git").exists()


def init_repository(folder: Path) -> None:
    """Make `folder` a git repository with the branch `main`, without the user's template folder."""
    run_git(folder, "init", "--quiet", "--initial-branch=main", "--template=")


def commit_paths(folder: Path, paths: Iterable[str], message: str, *, author: str | None = AUTHOR) -> str | None:
    """Commit exactly `paths` (relative, "/" between; present or deleted) and return the commit id.

    `author` None is the person whose machine it is.

    What else the user has staged or changed stays as it is. None when none of the paths differs from HEAD. Paths
    that .gitignore excludes are left out.
    """
    wanted = _not_ignored(folder, sorted(set(paths)))
    if not wanted:
        return None
    known = set(_run(folder, ["ls-files", "-z"]).decode("utf-8", "surrogateescape").split("\0"))
    usable = [path for path in wanted if path in known or os.path.lexists(folder / path)]
    if not usable:
        return None
    listing = "\0".join(usable)
    literal = ("--literal-pathspecs",)  # a page named "[a]*.md" is one page
    run_git(folder, *literal, "add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul", stdin=listing)
    if not changed_paths(folder, usable):
        return None
    run_git(
        folder,
        *literal,
        *_identity(folder),
        "commit",
        "--quiet",
        "--no-verify",
        *([f"--author={author}"] if author else []),
        "--only",
        "--cleanup=verbatim",
        f"--message={message}",
        "--pathspec-from-file=-",
        "--pathspec-file-nul",
        stdin=listing,
    )
    return run_git(folder, "rev-parse", "HEAD").strip()


def commit_contents(folder: Path, contents: Mapping[str, bytes], message: str) -> None:
    """Commit `contents` as the files at these paths on top of HEAD; the work tree stays as it is.

    So a version that never stood on disk is in the history, where a later merge finds it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        index = Path(scratch) / "index"
        _run(folder, ["read-tree", "HEAD"], index=index)
        entries = []
        for path, content in sorted(contents.items()):
            blob = _run(folder, ["hash-object", "-w", "--stdin", "--no-filters"], stdin=content).decode().strip()
            entries.append(f"100644 {blob}\t{path}\0")
        prefix = run_git(folder, "rev-parse", "--show-prefix").strip()
        listing = "".join(entry.replace("\t", f"\t{prefix}", 1) for entry in entries)
        _run(folder, ["update-index", "-z", "--add", "--index-info"], stdin=listing.encode(), index=index)
        tree = _run(folder, ["write-tree"], index=index).decode().strip()
    head = run_git(folder, "rev-parse", "HEAD").strip()
    commit = run_git(folder, *_identity(folder), "commit-tree", tree, "-p", head, "-m", message).strip()
    run_git(folder, "update-ref", "-m", message.split("\n", 1)[0], "HEAD", commit, head)


def _not_ignored(folder: Path, paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    ignored = run_git(
        folder, "check-ignore", "-z", "--stdin", stdin="\0".join(paths), check=False
    )  # exit code 1 means that none is
    excluded = set(ignored.split("\0"))
    return [path for path in paths if path not in excluded]


def changed_paths(folder: Path, paths: Iterable[str] = ()) -> set[str]:
    """Return those of `paths` (all, when none is named) that differ from HEAD, new and deleted ones included."""
    wanted = set(paths)
    fields = _run(folder, ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames"])
    found = {entry[3:] for entry in fields.decode("utf-8", "surrogateescape").split("\0") if entry}
    return found & wanted if wanted else found


def _identity(folder: Path) -> tuple[str, ...]:
    """Return the options that name a committer where the user has set none (a fresh machine)."""
    if run_git(folder, "config", "user.email", check=False).strip():
        return ()
    return ("-c", "user.name=nightdesk", "-c", "user.email=nightdesk@localhost")


def old_versions(folder: Path, path: str) -> Iterator[bytes]:
    """Yield every version of `path` (relative) that the history of HEAD holds, newest first."""
    if not run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False):
        return
    log = run_git(folder, "--literal-pathspecs", "log", "--format=%H", "--full-history", "--", path)
    for commit in log.split():
        blob = run_git(folder, "rev-parse", "--verify", "--quiet", f"{commit}:./{path}", check=False).strip()
        if blob:
            yield _run(folder, ["cat-file", "blob", blob])


def merge_texts(folder: Path, *, ours: Path, base: Path, theirs: Path) -> tuple[str, int]:
    """Return the 3-way merge of three files and how many conflicts it has (their marks are in the text)."""
    finished = subprocess.run(
        ["git", "merge-file", "-p", "--diff3", str(ours), str(base), str(theirs)],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if finished.returncode < 0 or finished.returncode > 127:
        raise DeskError(f"git merge-file failed: {finished.stderr.decode('utf-8', 'replace').strip()}")
    return finished.stdout.decode("utf-8"), finished.returncode
