"""Keeping weeks of nights small on the disk: experiments' commits and refs packed, what a killed session left removed.

Each experiment makes half a dozen small files in .git. Git packs them when a person commits or fetches, which during a
night nobody does. Packed are only the commits of our own refs and what they add; nothing is dropped, and the person's
own objects, packs and branches stay as they are. (Git before 2.42 packs all refs at once, as `git gc` does.)
"""

import contextlib
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git, run_git_bytes
from nightdesk.lab.branches import experiment_prefix, experiment_refs
from nightdesk.lab.labs import Lab
from nightdesk.lab.run_folder import remove_folder
from nightdesk.lab.running import RECORD

LEAST_LOOSE = 200  # experiments that are not packed, from which on it is done: a pack for each dozen would slow git too
SECONDS = 60.0  # that packing may take
_STALE_SECONDS = 12 * 3600  # after which git itself takes the mark of a running gc for a dead one's


def tidy(lab: Lab, *, least: int = LEAST_LOOSE) -> int:
    """Pack the experiments' commits and refs where many are loose, and return how many were.

    Where git is at work on the same, or anything fails, it is left for the next time: nothing depends on it.
    """
    folder = _git_folder(lab)
    loose = _loose(folder / experiment_prefix(lab))
    if len(loose) < least or _is_busy(folder):
        return 0
    try:
        commits = [commit for number, commit in experiment_refs(lab).items() if number in loose]
        _pack_objects(lab.repository, folder, commits)
        _pack_refs(lab)
    except DeskError:
        return 0
    return len(loose)


def clear_leftovers(lab: Lab) -> None:
    """Remove what a killed session left half done; to be called while the lab is locked and nothing of it runs."""
    shutil.rmtree(lab.state / "scoring", ignore_errors=True)
    for folder in _folders(lab.runs):
        if not (folder / RECORD).is_file():  # a run that did not finish: it is run again from the start
            with contextlib.suppress(OSError):
                remove_folder(folder)


def _pack_objects(repository: Path, folder: Path, commits: list[str]) -> None:
    """Put the commits and what they add to their parents into one pack, then remove what is packed twice."""
    told = run_git(repository, "rev-list", "--no-walk", "--parents", "--stdin", stdin=_lines(commits))
    parents = {parent for line in told.splitlines() for parent in line.split()[1:]} - set(commits)
    wanted = _lines([*commits, "--not", *sorted(parents)])
    args = ["pack-objects", "--revs", "--incremental", "--local", "--non-empty", "--quiet", "--threads=1"]
    run_git_bytes(
        repository,
        [*args, "--delta-base-offset", str(folder / "objects" / "pack" / "pack")],
        stdin=wanted.encode("ascii"),
        seconds=SECONDS,
    )
    run_git_bytes(repository, ["prune-packed", "--quiet"], seconds=SECONDS)


def _pack_refs(lab: Lab) -> None:
    try:
        run_git(lab.repository, "pack-refs", "--include", f"{experiment_prefix(lab)}/*")
    except DeskError:  # a git that cannot choose
        run_git(lab.repository, "pack-refs", "--all")


def _loose(folder: Path) -> set[int]:
    """Return the experiments whose refs are files; none where git keeps its refs in another way."""
    names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
    return {int(name) for name in names if name.isascii() and name.isdigit()}


def _is_busy(folder: Path) -> bool:
    """Say whether a git of somebody's packs at this moment."""
    now = time.time()
    for name in ("gc.pid", "packed-refs.lock", "objects/maintenance.lock"):
        with contextlib.suppress(OSError):
            if now - (folder / name).stat().st_mtime < _STALE_SECONDS:
                return True
    return False


def _folders(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []


def _git_folder(lab: Lab) -> Path:
    return Path(run_git(lab.repository, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())


def _lines(names: Iterable[str]) -> str:
    return "".join(f"{name}\n" for name in names)
