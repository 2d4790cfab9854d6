"""Where a lab's things are, and how a lab is found: on a desk, or in a repository of the person's own."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git
from nightdesk.base.names import safe_name
from nightdesk.lab.programs import NAME, Program, read_program


@dataclass(frozen=True, slots=True)
class Lab:
    """The paths of one lab and its program; nothing is made by naming them."""

    name: str
    folder: Path  # program.md, the files of the experiment, results.tsv, experiments/
    repository: Path  # the root of the git work tree that the folder lies in
    state: Path  # cache and run state: safe to delete when nothing runs
    program: Program
    desk: Desk | None = None  # None: a repository of the person's own

    @property
    def place(self) -> str:
        """What commands call it: its name on a desk, else its folder, as a shell takes it."""
        return self.name if self.desk is not None else shlex.quote(str(self.folder))

    @property
    def within(self) -> str:
        """The folder as git names it, "/" between the parts; "" where it is the repository itself."""
        inside = self.folder.relative_to(self.repository).as_posix()
        return "" if inside == "." else inside

    @property
    def data(self) -> Path:
        """What runs see as data/: training data, tokenizer. Read-only for them."""
        return self.state / "data"

    @property
    def sealed(self) -> Path:
        """What no run and no candidate's code ever sees: validation and test data."""
        return self.state / "sealed"

    @property
    def runs(self) -> Path:
        """A folder for each run, removed when it is judged."""
        return self.state / "runs"

    @property
    def lock(self) -> Path:
        """Held while experiments run."""
        return self.state / "lock"


def open_lab(place: str, *, desk: Desk | None, here: Path) -> Lab:
    """Return the lab that `place` names: a lab of the desk, else a folder with a program.md (relative to `here`).

    Raises DeskError where there is none, where its program.md has mistakes, or where no git repository holds it.
    """
    named = desk.root / "lab" / place if desk is not None and place not in ("", ".", "..") else None
    folder = (named if named is not None and (named / NAME).is_file() else here / place).resolve()
    if not (folder / NAME).is_file():
        raise DeskError(f"no lab {place!r}: {folder} has no {NAME}", fix=_labs_of(desk))
    program = read_program(folder)
    if desk is not None and folder.parent == (desk.root / "lab").resolve():
        root = _root(desk.root)
        return Lab(folder.name, folder, root, desk.cache / "lab" / folder.name, program, desk)
    git_folder = Path(run_git(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())
    name = safe_name(folder.name)
    return Lab(name, folder, _root(folder), git_folder / "nightdesk" / name, program)


def labs_of(desk: Desk) -> tuple[str, ...]:
    """Return the names of a desk's labs."""
    return tuple(sorted(path.parent.name for path in (desk.root / "lab").glob(f"*/{NAME}")))


def _root(folder: Path) -> Path:
    return Path(run_git(folder, "rev-parse", "--show-toplevel").rstrip("\n")).resolve()


def _labs_of(desk: Desk | None) -> str:
    names = labs_of(desk) if desk is not None else ()
    return f"there are {', '.join(names)}" if names else "make one with: nightdesk lab new NAME"
