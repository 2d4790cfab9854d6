"""Says whether a desk is as the last compile left it, without loading anything that a compile needs."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nightdesk
from nightdesk.base.cache import Cache, open_cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings

_TABLE = "facts"
COVER = "cover.tsv"  # wiki/cover.py's, which is not loaded here


def files_below(folder: Path) -> list[str]:
    """Return every file below `folder` with what changes when it is written, in one order."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")  # the walk goes on in this order
        found += [f"{path} {stat_signature(path)}" for path in (f"{parent}/{name}" for name in sorted(names))]
    return found


def recall(desk: Desk, settings: Settings) -> Mapping[str, Any] | None:
    """Return the outcome that the last compile left, None where there is none or anything has changed since.

    Of another worker than the built-in one it is not known whether it would hand in the same again: None.
    """
    if settings.worker != "builtin" or settings.workers or not (desk.cache / "cache.db").is_file():
        return None
    with open_cache(desk.cache / "cache.db") as cache:
        facts = cache.all(_TABLE)
    if facts.get("signature") != _signature(desk, settings, files_below(desk.raw)):
        return None
    outcome: Mapping[str, Any] = facts["outcome"]
    return outcome


def remember(desk: Desk, settings: Settings, *, raw: Sequence[str], cache: Cache, outcome: Mapping[str, Any]) -> None:
    """Note the outcome of a compile that began when `raw` were the files below raw/.

    What came into raw/ since then is for the next compile, which must not take this one's outcome for its own.
    """
    cache.put(_TABLE, {"signature": _signature(desk, settings, raw), "outcome": outcome})


def _signature(desk: Desk, settings: Settings, raw: Sequence[str]) -> str:
    """Return what changes when a file of the desk does, or a setting, or nightdesk itself."""
    code = files_below(Path(nightdesk.__file__).parent)
    asked = stat_signature(desk.root / COVER)
    seen = repr((code, settings, raw, files_below(desk.text), files_below(desk.wiki), asked))
    return hashlib.sha256(seen.encode("utf-8", "surrogateescape")).hexdigest()
