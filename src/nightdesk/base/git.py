"""The one module that talks to git: commits of named paths, and old versions of a file."""

import contextlib
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.names import some_names

AUTHOR = "nightdesk <nightdesk@localhost>"
CHANGE = "Nightdesk-Change"  # the last line of each of our commits: the same for all that belong to one change
BY_HAND = "edits by hand"  # how the message of a commit begins that holds what a person wrote
_change: ContextVar[str] = ContextVar("change", default="")

# What the user set for their own commits must not bend ours: no hooks, no signing prompt, no changed line ends, no
# quoted paths, and no pager or editor that waits for a terminal.
_CONFIG = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "commit.gpgSign=false"),
    *("-c", "core.autocrlf=false"),
    *("-c", "core.safecrlf=false"),
    *("-c", "core.quotePath=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "gc.autoDetach=false"),
    *("-c", "advice.addEmbeddedRepo=false"),
    *("-c", "i18n.commitEncoding=UTF-8"),
)


def run_git(folder: Path, *args: str, stdin: str | None = None, check: bool = True) -> str:
    """Run git in `folder` and return its standard output; with `check`, a failure is a DeskError with git's words."""
    return _text(run_git_bytes(folder, args, stdin=None if stdin is None else os.fsencode(stdin), check=check))


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")  # a file name may be any bytes


def run_git_bytes(
    folder: Path,
    args: Sequence[str],
    *,
    stdin: bytes | None = None,
    check: bool = True,
    variables: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> bytes:
    """Run git in `folder` with `variables` added to its environment and return what it wrote, as `run_git` does.

    After so many `seconds` it is killed, which is a DeskError: only for what takes no lock that would stay behind.
    """
    finished = _start(folder, args, stdin=stdin, variables=variables, seconds=seconds)
    if check and finished.returncode != 0:
        raise _failure(args, finished)
    return finished.stdout


def _start(
    folder: Path,
    args: Sequence[str],
    *,
    stdin: bytes | None = None,
    variables: Mapping[str, str] | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": "true", "LC_ALL": "C", **(variables or {})}
    try:
        return subprocess.run(
            ["git", *_CONFIG, *args],
            cwd=folder,
            input=b"" if stdin is None else stdin,
            capture_output=True,
            env=environment,
            check=False,
            process_group=0,  # Ctrl-C is for nightdesk, which then stops tidily: git finishes what it is at
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise DeskError(f"git {_verb(args)} took longer than {seconds:g} s") from error
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise
        raise DeskError("git is not on PATH", fix="install git, then try again") from error


def _failure(args: Sequence[str], finished: subprocess.CompletedProcess[bytes]) -> DeskError:
    """Return what git said as an error: its own first complaint, not the advice that follows it."""
    words = finished.stderr.decode("utf-8", "replace").strip()
    lines = words.splitlines()
    complaints = [line for line in lines if line.startswith(("fatal:", "error:"))]
    reason = (complaints or lines[-1:] or [f"exit code {finished.returncode}"])[0]
    return DeskError(f"git {_verb(args)} failed: {reason.removeprefix('fatal: ')}", fix=_way_out(words))


def _verb(args: Sequence[str]) -> str:
    return next((arg for arg in args if not arg.startswith("-") and "=" not in arg), "")


def _way_out(words: str) -> str | None:
    for sign, fix in (
        ("index.lock", "if no other git runs in this desk, remove .git/index.lock"),
        ("No space left", "free some disk space; nothing that was done before is lost"),
        ("partial commit during a", "finish what git is in the middle of (git status shows it), then try again"),
        ("dubious ownership", "this desk belongs to another user; git config --global --add safe.directory DESK"),
    ):
        if sign in words:
            return fix
    return None


def is_repository(folder: Path) -> bool:
    """Say whether `folder` itself (not a folder above it) is the root of a git work tree."""
    return (folder / ".git").exists()


def init_repository(folder: Path) -> None:
    """Make `folder` a git repository with the branch `main`, without the user's template folder."""
    run_git(folder, "init", "--quiet", "--initial-branch=main", "--template=")


@contextlib.contextmanager
def one_change() -> Iterator[None]:
    """Let all commits of ours in the block be one change, which is taken back as one; an outer block counts."""
    if _change.get():
        yield
        return
    token = _change.set(_new_change())
    try:
        yield
    finally:
        _change.reset(token)


def _new_change() -> str:
    return "n" + secrets.token_hex(5)


def with_change(message: str) -> str:
    """Return a commit's message with the line that says which change it belongs to."""
    text = message.rstrip("\n")
    return f"{text}\n\n{CHANGE}: {_change.get() or _new_change()}\n"


def commit_by_hand(folder: Path, paths: Iterable[str]) -> None:
    """Commit those of `paths` that a person has changed and not committed, as theirs: nothing of it can be lost."""
    wanted = set(paths)
    unsaved = sorted(changed_paths(folder, wanted)) if wanted else []
    if unsaved:
        commit_paths(folder, unsaved, f"{BY_HAND}: {some_names(unsaved)}", author=None)


def commit_paths(folder: Path, paths: Iterable[str], message: str, *, author: str | None = AUTHOR) -> str | None:
    """Commit exactly `paths` (relative, "/" between; present or deleted) and return the commit id.

    `author` None is the person whose machine it is.

    What else the user has staged or changed stays as it is. None when none of the paths differs from HEAD. Paths
    that .gitignore excludes are left out.
    """
    wanted = _not_ignored(folder, _not_beyond_links(folder, sorted(set(paths))))
    if not wanted:
        return None
    known = set(_text(run_git_bytes(folder, ["ls-files", "-z"])).split("\0"))
    present = [path for path in wanted if path in known or os.path.lexists(folder / path)]
    literal = ("--literal-pathspecs",)  # a page named "[a]*.md" is one page
    from_stdin = ("--pathspec-from-file=-", "--pathspec-file-nul")
    if present:
        run_git(folder, *literal, "add", "--all", *from_stdin, stdin="\0".join(present))
    # a deletion that is staged already stands in neither the index nor the folder, only in HEAD
    usable = sorted(changed_paths(folder, wanted))
    if not usable:
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
        f"--message={with_change(message) if author == AUTHOR else message}",
        *from_stdin,
        stdin="\0".join(usable),
    )
    return run_git(folder, "rev-parse", "HEAD").strip()


def commit_contents(folder: Path, contents: Mapping[str, bytes], message: str) -> None:
    """Commit `contents` as the files at these paths, and a second commit that goes back to what HEAD was.

    So a version that never stood on disk is in the history, where a later merge finds it, while the work tree, the
    index and the files of HEAD stay as they are: a `git commit` of the user takes nothing along.
    """
    head = run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip()
    prefix = run_git(folder, "rev-parse", "--show-prefix").rstrip("\n")
    entries = []
    for path, content in sorted(contents.items()):
        blob = _text(run_git_bytes(folder, ["hash-object", "-w", "--stdin", "--no-filters"], stdin=content)).strip()
        entries.append(f"100644 {blob}\t{prefix}{path}\0")
    with tempfile.TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": str(Path(scratch) / "index")}
        run_git_bytes(folder, ["read-tree", head or "--empty"], variables=index)
        before = _text(run_git_bytes(folder, ["write-tree"], variables=index)).strip()
        listing = os.fsencode("".join(entries))
        run_git_bytes(folder, ["update-index", "-z", "--add", "--index-info"], stdin=listing, variables=index)
        tree = _text(run_git_bytes(folder, ["write-tree"], variables=index)).strip()
    headline = message.splitlines()[0]
    with one_change():
        first = commit_tree(folder, tree, with_change(message), [head] if head else [])
        back = commit_tree(folder, before, with_change(f"back from: {headline}"), [first])
    run_git(folder, "update-ref", "-m", headline, "HEAD", back, head or "0" * len(back))


def commit_tree(folder: Path, tree: str, message: str, parents: Sequence[str]) -> str:
    """Return a new commit on no branch; git prunes it some weeks later unless a ref keeps it."""
    name, _, email = AUTHOR.rstrip(">").partition(" <")
    author = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email}
    args = [*_identity(folder), "commit-tree", tree, *(arg for parent in parents for arg in ("-p", parent))]
    return _text(run_git_bytes(folder, [*args, "-m", message], variables=author)).strip()


def _not_beyond_links(folder: Path, paths: Sequence[str]) -> list[str]:
    """Leave out what lies in a linked folder (raw/ may be one): it is not part of this repository."""
    above = {path: Path(path).parents[:-1] for path in paths}  # all but ".": the desk itself may be a link
    linked = {parent for parent in {p for parents in above.values() for p in parents} if (folder / parent).is_symlink()}
    return [path for path in paths if linked.isdisjoint(above[path])]


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
    fields = run_git_bytes(folder, ["status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", "."])
    prefix = run_git(folder, "rev-parse", "--show-prefix").rstrip("\n")  # status names paths from the repository's root
    found = {entry[3:].removeprefix(prefix) for entry in _text(fields).split("\0") if entry}
    return found & wanted if wanted else found


def _identity(folder: Path) -> tuple[str, ...]:
    """Return the options that name a committer where the user has set none (a fresh machine)."""
    missing: list[str] = []
    for key, value in (("user.name", "nightdesk"), ("user.email", "nightdesk@localhost")):
        if not run_git(folder, "config", key, check=False).strip():
            missing += ["-c", f"{key}={value}"]
    return tuple(missing)


def old_versions(folder: Path, path: str) -> Iterator[bytes]:
    """Yield every version of `path` (relative) that the history of HEAD holds, newest first."""
    if not run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD", check=False):
        return
    # rev-list, not log: what the user set for logs (signatures, following renames) must not change the answer
    commits = run_git(folder, "--literal-pathspecs", "rev-list", "--full-history", "HEAD", "--", path)
    for commit in commits.split():
        blob = run_git(folder, "rev-parse", "--verify", "--quiet", f"{commit}:./{path}", check=False).strip()
        if blob:
            yield run_git_bytes(folder, ["cat-file", "blob", blob])


def merge_texts(folder: Path, *, ours: Path, base: Path, theirs: Path) -> tuple[str, int]:
    """Return the 3-way merge of three files and how many conflicts it has (their marks are in the text).

    Files that git takes for binary (a NUL byte) cannot be merged: that is one conflict, without a text.
    """
    args = ["merge-file", "-p", "--diff3", str(ours), str(base), str(theirs)]
    finished = _start(folder, args)
    if b"binary" in finished.stderr:
        return "", 1
    if finished.returncode < 0 or finished.returncode > 127:
        raise _failure(args, finished)
    return finished.stdout.decode("utf-8"), finished.returncode
