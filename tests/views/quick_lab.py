"""A desk with a lab `quick` whose runs take a moment and print their own metric."""

from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.lab.labs import Lab, open_lab
from tests.desks import git, run


def make_desk(folder: Path, *, program: str, work: str) -> Path:
    """Return a new desk in `folder` with the lab, committed."""
    root = folder / "desk"
    assert run(folder, "new", "desk").code == 0
    (root / "lab/quick").mkdir(parents=True)
    (root / "lab/quick/program.md").write_text(program)
    (root / "lab/quick/work.py").write_text(work)
    git(root, "add", "-A")
    git(root, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "lab")
    return root


def quick(desk: Path) -> Lab:
    """Return the lab as the next command finds it."""
    return open_lab("quick", desk=Desk(desk), here=desk)
