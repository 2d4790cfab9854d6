"""The small desk of three notes on optimisers, compiled once in each process and copied for whoever needs one."""

from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

from tests.desks import make_desk, run


@cache
def _built() -> Path:
    desk = make_desk(Path(mkdtemp(prefix="nightdesk-compiled-")))
    assert run(desk, "compile").code == 0
    return desk


def compiled_desk(folder: Path) -> Path:
    """Return a copy of the desk in an empty folder."""
    return Path(copytree(_built(), folder / "desk", symlinks=True))
