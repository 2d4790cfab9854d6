"""The documents that ship with nightdesk, for a first desk."""

from importlib import resources
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_paths
from nightdesk.wiki.new import make_desk

_FOLDER = "demo_sources"


def lay_out_demo(root: Path) -> Desk:
    """Make a desk in `root` and put the demo's documents into raw/; what is there already stays as it is.

    Raises DeskError where `root` holds things that are no desk.
    """
    if root.is_dir() and any(root.iterdir()) and not (root / "nightdesk.toml").exists():
        raise DeskError(f"{root} is not empty and no desk", fix="name a new folder: nightdesk demo DIR")
    desk = make_desk(root).desk
    placed = []
    for entry in sorted(resources.files("nightdesk.wiki").joinpath(_FOLDER).iterdir(), key=lambda e: e.name):
        target = desk.raw / entry.name
        if entry.is_file() and not target.exists():
            write_atomically(target, entry.read_bytes())
            placed.append(desk.relative(target))
    commit_paths(desk.root, placed, "add: the documents of the demo")
    return desk
