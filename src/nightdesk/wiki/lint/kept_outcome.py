"""The outcome of the last look through a vault, for as long as no file of it, nor nightdesk itself, has changed."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import nightdesk
from nightdesk.base.cache import Cache
from nightdesk.wiki.unchanged import files_below
from nightdesk.wiki.vault.files import Folder

_TABLE = "outcome"


def outcome_key(folder: Folder, rules: frozenset[str], today: date) -> str:
    """Return what changes when a file of the vault is written, or the rules, the day or the code are others."""
    code = files_below(Path(nightdesk.__file__).parent)
    files = [f"{path} {file.signature}" for path, file in folder.files.items()]
    seen = repr((code, sorted(rules), today, sorted(folder.folders), files))
    return hashlib.sha256(seen.encode("utf-8", "surrogateescape")).hexdigest()


def recall(cache: Cache | None, key: str) -> Any:
    """Return what was kept under `key`, None where nothing was."""
    return cache.get(_TABLE, [key]).get(key) if cache else None


def keep(cache: Cache | None, key: str, outcome: Any) -> None:
    """Keep one outcome; the one before it is forgotten."""
    if cache:
        cache.put(_TABLE, {key: outcome})
        cache.keep_only(_TABLE, [key])
