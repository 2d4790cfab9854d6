"""The outcome of the last look through a vault, for as long as no file of it, nor nightdesk itself, has changed."""

import hashlib
import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import nightdesk
from nightdesk.base.cache import Cache
from nightdesk.wiki.unchanged import files_below
from nightdesk.wiki.vault.files import Folder, is_text
from nightdesk.wiki.vault.kind import marks_of

_TABLE = "outcome2"


def outcome_key(folder: Folder, rules: frozenset[str], asked: frozenset[str], today: date) -> str:
    """Return what changes when a file of the vault is written, or the rules, the day or the code are others."""
    code = files_below(Path(nightdesk.__file__).parent)
    files = [f"{path} {file.signature}" for path, file in folder.files.items()]
    seen = repr((code, sorted(rules), sorted(asked), today, marks_of(folder.root), sorted(folder.folders), files))
    return hashlib.sha256(seen.encode("utf-8", "surrogateescape")).hexdigest()


def recall(cache: Cache | None, key: str) -> Any:
    """Return what was kept under `key`, None where nothing was or a file out of the vault came or went since."""
    known = cache.get(_TABLE, [key]).get(key) if cache else None
    if known is None or any(os.path.exists(file) != was for file, was in known[1].items()):
        return None
    return known[0]


def keep(cache: Cache | None, key: str, outcome: Any, outside: Mapping[str, bool]) -> None:
    """Keep one outcome, and whether files out of the vault were there; the outcome before it is forgotten."""
    if cache and all(map(is_text, outside)):
        cache.put(_TABLE, {key: [outcome, dict(outside)]})
        cache.keep_only(_TABLE, [key])
