"""Where what was read of a folder that is no desk is kept: in the person's own cache, never within the folder."""

import os
from collections.abc import Mapping
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.pages import short_hash


def cache_file_of(root: Path, environment: Mapping[str, str], *, folder: str) -> Path | None:
    """Return the cache file of a vault in the person's cache `folder`, which is made; None where that cannot be."""
    given = environment.get("XDG_CACHE_HOME", "")
    # a relative one is to be ignored (XDG Base Directory Specification), and might lie in the vault
    home = Path(given) if given.startswith("/") else Path.home() / ".cache"
    file = home / "nightdesk" / folder / f"{short_hash(str(root.resolve()))}.db"
    if file.resolve().is_relative_to(root.resolve()):
        return None  # nothing is written into a vault, not even where it is the person's home
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return file if os.access(file.parent, os.W_OK) else None


def viewer_cache(root: Path, desk: Desk | None, environment: Mapping[str, str]) -> Path | None:
    """Return where the viewer keeps what it knows of pages, for `serve` and for `export site`; None for nowhere."""
    return desk.cache / "viewer.db" if desk else cache_file_of(root, environment, folder="viewer")
