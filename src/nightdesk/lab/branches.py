"""A lab's commits and refs: branch lab/<name>/<tag> for the keeps, refs/nightdesk/<name>/<number> for everything tried.

All by plumbing, so that the person's checkout, index and HEAD stay as they are, also while the person works in them.
Only refs below these two names are ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nightdesk.base.errors import DeskError
from nightdesk.base.git import commit_tree, run_git
from nightdesk.base.trees import (
    PLAIN_MODES,
    checked_out,
    delete_ref,
    head_commit,
    move_ref,
    read_objects,
    refs_below,
    snapshot_tree,
    tree_files,
    tree_of,
    tree_with,
)
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import COMMIT_DIGITS
from nightdesk.lab.programs import NAME, OUR_FOLDERS, OURS

JUDGE_FOLDER = "judge"  # of a lab: read by its judge command, never by a run or a proposer
TAG = re.compile(r"[A-Za-z0-9](?:[\w-]|\.(?!\.|lock\b|$)){0,59}")
_NOT_IN_REFS = re.compile(r"[^\w-]+")


def in_ref(name: str) -> str:
    """Return a lab's name as it stands in refs, which hold no blanks, dots at the ends or other special characters."""
    return _NOT_IN_REFS.sub("-", name).strip("-") or "lab"


def branch_of(lab: Lab, tag: str) -> str:
    """Return the ref of a tag's branch."""
    return f"refs/heads/lab/{in_ref(lab.name)}/{tag}"


def shown(ref: str) -> str:
    """Return a branch as people write it."""
    return ref.removeprefix("refs/heads/")


def branches(lab: Lab) -> dict[str, str]:
    """Return the tags of the lab that have a branch, and the commit that each stands at."""
    return refs_below(lab.repository, f"refs/heads/lab/{in_ref(lab.name)}")


def experiment_refs(lab: Lab) -> dict[int, str]:
    """Return the numbers of the experiments that have a ref, and the commit of each."""
    refs = refs_below(lab.repository, experiment_prefix(lab))
    return {int(name): commit for name, commit in refs.items() if name.isascii() and name.isdigit()}


def experiment_prefix(lab: Lab) -> str:
    """Return what the refs of the lab's experiments begin with."""
    return f"refs/nightdesk/{in_ref(lab.name)}"


def keep_reachable(lab: Lab, number: int, commit: str, *, seen: str | None) -> None:
    """Give an experiment's commit its ref, which was `seen` at another commit, or nowhere."""
    ref, why = _experiment_ref(lab, number), f"experiment {number}"
    move_ref(lab.repository, ref, commit, seen=seen, why=why, log=False)  # it never moves: a log would be a file more


def let_go(lab: Lab, number: int, *, seen: str) -> None:
    """Delete the ref of what never became an experiment."""
    delete_ref(lab.repository, _experiment_ref(lab, number), seen=seen)


def start_commit(lab: Lab) -> tuple[str, str]:
    """Return the tree and the commit that hold the lab's folder as it is now: HEAD's own where nothing differs.

    Raises DeskError where git ignores a file that the experiments need.
    """
    tree = snapshot_tree(lab.folder, without=(*(path for path in OURS if path != NAME), *_FOLDERS))
    missing = sorted({NAME, *lab.program.edit} - set(tree_files(lab.repository, tree, within=lab.within)))
    if missing:
        raise DeskError(
            f"git ignores {', '.join(missing)} in {lab.folder}, or cannot keep it",
            fix="it must be a plain file that .gitignore does not leave out",
        )
    head = head_commit(lab.repository)
    if head is not None and tree_of(lab.repository, head) == tree:
        return tree, head
    message = f"lab {lab.name}: the files as they are before the first experiment"
    return tree, commit_tree(lab.repository, tree, message, [head] if head else [])


def candidate_commit(lab: Lab, parent: str, files: Mapping[str, str], message: str) -> str:
    """Return a commit on top of `parent` in which the editable files are `files`."""
    prefix = f"{lab.within}/" if lab.within else ""
    known = tree_files(lab.repository, parent, within=lab.within)
    modes = {f"{prefix}{path}": known[path].mode for path in files if path in known}
    contents = {f"{prefix}{path}": text.encode("utf-8") for path, text in files.items()}
    return commit_tree(lab.repository, tree_with(lab.repository, parent, contents, modes=modes), message, [parent])


@dataclass(frozen=True, slots=True)
class LabFiles:
    """The lab's folder as a commit has it, "/" between the parts; nothing of what nightdesk itself writes there."""

    contents: Mapping[str, bytes]
    editable: tuple[str, ...]

    @property
    def texts(self) -> dict[str, str]:
        """The editable files. Raises DeskError where one is no UTF-8 text."""
        return {path: _text(path, self.contents[path]) for path in self.editable}

    @property
    def for_runs(self) -> dict[str, bytes]:
        """What a run may have of it."""
        return {path: content for path, content in self.contents.items() if not _secret(path)}

    @property
    def fixed_texts(self) -> dict[str, str]:
        """What a proposer may read beside the editable files and program.md: the other files that are texts."""
        found = {}
        for path, content in self.for_runs.items():
            if path != NAME and path not in self.editable and len(content) <= _MOST_FIXED and b"\0" not in content:
                try:
                    found[path] = content.decode("utf-8")
                except UnicodeDecodeError:
                    continue
        return found


_FOLDERS = tuple(folder for folder in OUR_FOLDERS if folder != ".git")
_MOST_FIXED = 200_000  # bytes of a file that a proposer may read


def files_at(lab: Lab, commit: str) -> LabFiles:
    """Return the lab's files as a commit has them, symbolic links and submodules left out.

    Raises DeskError where the repository has no such commit.
    """
    known = {
        path: file.blob
        for path, file in tree_files(lab.repository, commit, within=lab.within).items()
        if file.mode in PLAIN_MODES and not ours(path)
    }
    contents = read_objects(lab.repository, list(known.values()))
    read = {path: content for path, content in zip(known, contents, strict=True) if content is not None}
    return LabFiles(read, tuple(path for path in lab.program.edit if path in read))


def blobs_at(lab: Lab, commit_or_tree: str) -> dict[str, str]:
    """Return what `files_at` reads by the ids of the contents, by which versions are compared."""
    files = tree_files(lab.repository, commit_or_tree, within=lab.within)
    return {path: f"{file.mode} {file.blob}" for path, file in files.items() if not ours(path)}


def texts_at(lab: Lab, commits: tuple[str, ...]) -> list[dict[str, str] | None]:
    """Return the editable files at each commit, all in one go; None where the repository lacks the commit."""
    prefix = f"{lab.within}/" if lab.within else ""
    names = [f"{commit}:{prefix}{path}" for commit in commits for path in lab.program.edit]
    contents = iter(read_objects(lab.repository, names))
    found: list[dict[str, str] | None] = []
    for _ in commits:
        read = {path: next(contents) for path in lab.program.edit}
        known = {path: content for path, content in read.items() if content is not None}
        complete = len(known) == len(read)
        found.append({path: _text(path, content) for path, content in known.items()} if complete else None)
    return found


def put_branch(lab: Lab, tag: str, commit: str, *, seen: str | None, why: str) -> None:
    """Put a tag's branch on a commit, if it still stands where it was `seen` and nobody has it checked out.

    Raises DeskError with the way out: a branch that somebody works on is theirs while they do.
    """
    ref = branch_of(lab, tag)
    refuse_checked_out(lab, tag)
    try:
        move_ref(lab.repository, ref, commit, seen=seen, why=why)
    except DeskError as error:
        now = branches(lab).get(tag)
        if now != seen:
            raise moved_away(ref, now, commit) from error
        raise DeskError(
            f"{error.message}: no branch {shown(ref)} can be made",
            fix=f"rename a branch called lab or lab/{in_ref(lab.name)}, if there is one: git branch -m OLD NEW",
        ) from error


def remove_stale_locks(lab: Lab) -> None:
    """Remove the locks on our own refs that a power cut left: nobody else writes them while the lab is locked."""
    folder = lab.folder / run_git(lab.folder, "rev-parse", "--git-common-dir").strip()
    for below in (f"heads/lab/{in_ref(lab.name)}", f"nightdesk/{in_ref(lab.name)}"):
        for path in (folder / "refs" / below).glob("*.lock"):
            path.unlink(missing_ok=True)


def refuse_checked_out(lab: Lab, tag: str) -> None:
    """Raise DeskError where a work tree has the tag's branch checked out."""
    ref = branch_of(lab, tag)
    if place := checked_out(lab.repository).get(ref):
        raise DeskError(
            f"{shown(ref)} is checked out in {place}, and experiments would move it under your files",
            fix=f"there, go to another branch (git switch main), or detach: git -C {place} checkout --detach",
        )


def moved_away(ref: str, now: str | None, target: str) -> DeskError:
    """Return the error for a branch that stands where nightdesk did not put it."""
    where = f"stands at {now[:COMMIT_DIGITS]}, which is no commit of this lab" if now else "is gone"
    return DeskError(
        f"{shown(ref)} {where}",
        fix=f"keep your commit on a branch of your own (git branch mine {shown(ref)}), then put this one back: "
        f"git branch -f {shown(ref)} {target[:COMMIT_DIGITS]}",
    )


def ours(path: str) -> bool:
    """Say whether a path in a lab's folder is one that nightdesk writes: no part of the program."""
    return (path in OURS and path != NAME) or path.partition("/")[0] in OUR_FOLDERS


def _secret(path: str) -> bool:
    return path.partition("/")[0] == JUDGE_FOLDER


def _experiment_ref(lab: Lab, number: int) -> str:
    return f"{experiment_prefix(lab)}/{number}"


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DeskError(
            f"{path} is no UTF-8 text, so that no proposal can change it", fix="save it as UTF-8"
        ) from error
