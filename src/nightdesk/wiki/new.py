"""Makes a desk: adds what is missing to a folder and overwrites nothing."""

import os
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_paths, init_repository, is_repository

# path on the desk -> file in desk_files/
_FILES = {
    "AGENTS.md": "AGENTS.md",
    "CLAUDE.md": "CLAUDE.md",
    # one skill, in the two places where agents look for skills; not a link: sync tools and Windows break those
    ".agents/skills/nightdesk/SKILL.md": "skills/nightdesk/SKILL.md",
    ".claude/skills/nightdesk/SKILL.md": "skills/nightdesk/SKILL.md",
    "nightdesk.toml": "nightdesk.toml",
    ".gitignore": "gitignore",
    ".obsidian/app.json": "obsidian/app.json",
    ".obsidian/graph.json": "obsidian/graph.json",
    "raw/.gitkeep": "",  # git keeps no empty folder, and a clone without raw/ would look broken
    "wiki/.gitkeep": "",
}


@dataclass(frozen=True, slots=True)
class NewDesk:
    """What `make_desk` did."""

    desk: Desk
    made: tuple[str, ...]  # paths relative to the desk
    kept: tuple[str, ...]  # what was there already and stays as it is
    made_repository: bool


def make_desk(root: Path) -> NewDesk:
    """Make `root` a desk. What is there stays as it is, to the byte.

    Raises DeskError where `root` is a file or cannot be written.
    """
    if root.exists() and not root.is_dir():
        raise DeskError(f"{root} is a file", fix="name a folder")
    try:
        root.mkdir(parents=True, exist_ok=True)
        root = root.resolve()
        made, kept = [], []
        for path, template in _FILES.items():
            if os.path.lexists(root / path) or (path.endswith(".gitkeep") and _has_entries((root / path).parent)):
                kept.append(path)
                continue
            write_atomically(root / path, _template(template) if template else b"")
            made.append(path)
        made_repository = not is_repository(root)
        if made_repository:
            init_repository(root)
    except OSError as error:
        raise DeskError(f"cannot make a desk in {root}: {error.strerror}: {error.filename}") from error
    commit_paths(root, made, "new: make this folder a desk")
    return NewDesk(Desk(root), tuple(made), tuple(kept), made_repository)


def _has_entries(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _template(name: str) -> bytes:
    return resources.files("nightdesk.wiki").joinpath("desk_files", *name.split("/")).read_bytes()
