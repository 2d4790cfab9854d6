"""What a session leaves in the person's repository: one commit of the results on a desk, nothing in their own."""

import re

from nightdesk.base.errors import DeskError
from nightdesk.base.git import commit_paths, run_git
from nightdesk.base.lock import hold_lock
from nightdesk.base.trees import head_branch
from nightdesk.lab.drafting.files import DROPPED
from nightdesk.lab.drafting.files import FOLDER as DRAFTS
from nightdesk.lab.experiments import FOLDER
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import NAME
from nightdesk.lab.night import Happening, Kind, Tell

WRITTEN = (NAME, DROPPED, FOLDER, "report.md", "progress.png")  # what nightdesk writes in a lab's folder
_HALF = re.compile(r"\.[0-9a-f]{12}\.tmp")  # as base.files names them
_WAIT_SECONDS = 60.0  # for a compile that commits at this moment


def commit_results(lab: Lab, tell: Tell, *, wanted: bool = True) -> str | None:
    """Commit what sessions wrote in a desk's lab, those paths only, and return the commit; None where nothing is new.

    What stands against it is told, not raised: the files are there, and the next session commits them.
    """
    if not wanted or lab.desk is None:
        return None
    if head_branch(lab.repository) is None:
        tell(Happening(Kind.NOTE, "the results are not committed: HEAD is on no branch"))
        return None
    paths = [path for path in WRITTEN if path != FOLDER and (lab.folder / path).is_file()]
    paths += [f"{FOLDER}/{path.name}" for path in (lab.folder / FOLDER).glob("*.md") if path.is_file()]
    try:
        with hold_lock(lab.desk.cache / "lock", doing=f"committing the lab {lab.name}", wait_seconds=_WAIT_SECONDS):
            commit = commit_paths(lab.folder, paths, f"lab {lab.name}: results")
    except DeskError as error:
        tell(Happening(Kind.NOTE, f"the results are not committed: {error}"))
        return None
    if commit is not None:
        tell(Happening(Kind.COMMITTED, f"committed results.tsv and {FOLDER}/ as {commit[:7]}"))
    return commit


def clear_halves(lab: Lab) -> None:
    """Remove the files that kill -9 left half written; nobody writes in these folders while the lab is locked."""
    for folder in (lab.folder / FOLDER, lab.state, lab.state / "live", lab.state / "logs", lab.state / DRAFTS):
        for path in folder.glob(".*.tmp"):
            if _HALF.fullmatch(path.name):
                path.unlink(missing_ok=True)


def leave_untracked(lab: Lab) -> None:
    """In a repository of the person's own, have git pass over what sessions write: in .git/info/exclude.

    Raises DeskError where the repository tracks one of those files: nightdesk would change what is not its own.
    """
    if lab.desk is not None:
        return
    tracked = run_git(lab.folder, "ls-files", "--", NAME, DROPPED, FOLDER).splitlines()
    if tracked:
        raise DeskError(
            f"{tracked[0]} is under version control, and nightdesk would write to it",
            fix=f"git rm -r --cached --ignore-unmatch {NAME} {DROPPED} {FOLDER}, or move them to another name",
        )
    wanted = [path for path in (DROPPED, NAME, f"{FOLDER}/") if not _is_ignored(lab, path)]
    if not wanted:
        return
    exclude = lab.folder / run_git(lab.folder, "rev-parse", "--git-path", "info/exclude").strip()
    within = f"/{_escaped(lab.within)}" if lab.within else ""
    exclude.parent.mkdir(parents=True, exist_ok=True)
    before = exclude.read_bytes() if exclude.exists() else b""
    ending = b"" if not before or before.endswith(b"\n") else b"\n"
    lines = "".join(f"{within}/{path}\n" for path in wanted).encode("utf-8")
    with exclude.open("ab") as file:
        file.write(ending + lines)


def _is_ignored(lab: Lab, path: str) -> bool:
    return bool(run_git(lab.folder, "check-ignore", "--", path, check=False).strip())


def _escaped(path: str) -> str:
    """Return a path as a pattern of .gitignore that means it and nothing else."""
    return "".join(f"\\{char}" if char in "\\*?[]! #" else char for char in path)
