"""What a judge works on: a lab's files as they were committed, and what a run left, made harmless; what is hidden."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from nightdesk.lab.labs import Lab
from nightdesk.lab.run_folder import shown_files

JUDGE_FOLDER = "judge"  # of a lab: what a judge command keeps from the runs


def judge_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the committed files that a judge command gets: those that a run gets, and the judge's own."""
    own = {name: content for name, content in files.items() if PurePosixPath(name).parts[0] == JUDGE_FOLDER}
    return shown_files(files) | own


def hidden_places(lab: Lab) -> tuple[Path, ...]:
    """Return what no program of a lab may see but for the files that it is shown: wherever they lie in the system."""
    places = [lab.repository, lab.folder, lab.state] + ([lab.desk.root] if lab.desk is not None else [])
    if lab.program.data and (data := lab.folder / Path(lab.program.data).expanduser()).exists():
        places.append(data)  # it holds what was put aside for validation
    return tuple(path.resolve() for path in places)


def keep_plain_files(folder: Path) -> None:
    """Remove from what a run left all that is no plain file and no folder.

    A link may lead the judge to what the run could not read: to the judge's own answers, handed in as the run's.
    """
    for _, folders, names, inside in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *names):
            with contextlib.suppress(PermissionError):  # of a folder that nobody may look into, the judge neither
                mode = os.lstat(name, dir_fd=inside).st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    os.unlink(name, dir_fd=inside)
