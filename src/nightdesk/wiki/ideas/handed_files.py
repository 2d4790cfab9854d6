"""The files of a build as a worker hands them in: JSON, each path and size checked before anything is written."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nightdesk.base.files import write_atomically
from nightdesk.base.names import name_key
from nightdesk.wiki.hidden_text import hidden_in
from nightdesk.wiki.ideas.checks import against_path

MAX_HAND_IN = 6_000_000  # characters
MAX_FILES = 200
MAX_FILE, MAX_ALL = 500_000, 4_000_000  # characters
# Files that programs or agents of the receiver would obey when they come to this folder, and our own report.
RESERVED = frozenset({"agents.md", "claude.md", "gemini.md", "copilot-instructions.md", "build.md", "mise.toml"})
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {
        "files": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_FILES,
            "items": {
                "type": "object",
                "required": ["path", "content"],
                "additionalProperties": False,
                "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
            },
        }
    },
}
_FENCED = re.compile(r"\A\s*(`{3,}|~{3,})[^\n]*\n(.*)\n\1\s*\Z", re.DOTALL)


def read_files(hand_in: str) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Return the files of a hand-in by path, and what speaks against it; with reasons against it there are no files."""
    if len(hand_in) > MAX_HAND_IN:
        return {}, (f"the hand-in is longer than {MAX_HAND_IN:,} characters",)
    fenced = _FENCED.match(hand_in)
    try:
        told = json.loads(fenced[2] if fenced else hand_in, strict=False)
    except (ValueError, RecursionError) as error:
        return {}, (f"the hand-in is not valid JSON: {str(error)[:200]}",)
    entries = told.get("files") if isinstance(told, dict) and told.keys() == {"files"} else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_FILES:
        return {}, (f'the hand-in is {{"files": [{{"path": …, "content": …}}]}} with 1 to {MAX_FILES} files',)
    files: dict[str, str] = {}
    reasons: list[str] = []
    for number, entry in enumerate(entries, 1):
        if not isinstance(entry, dict) or entry.keys() != {"path", "content"}:
            reasons.append(f"file {number} has not exactly the keys path and content")
            continue
        path, content = entry["path"], entry["content"]
        reason = _against(path, content)
        if reason is None:
            files[path] = content
        else:
            reasons.append(f"file {number} ({str(path)[:80]!r}) {reason}")
    if sum(map(len, files.values())) > MAX_ALL:
        reasons.append(f"the files have more than {MAX_ALL:,} characters together")
    reasons += _clashes([entry["path"] for entry in entries if isinstance(entry, dict) and "path" in entry])
    return ({}, tuple(reasons)) if reasons else (files, ())


def _against(path: object, content: object) -> str | None:
    if not isinstance(path, str) or not isinstance(content, str):
        return "is no text"
    if reason := against_path(path):
        return reason
    if path.rpartition("/")[2].casefold() in RESERVED:
        return "has a name that is not the build's to use: programs, agents or nightdesk read it"
    if len(content) > MAX_FILE:
        return f"is longer than {MAX_FILE:,} characters"
    try:
        content.encode("utf-8")
    except UnicodeEncodeError:
        return "holds half a character"
    if char := hidden_in(content.replace("\r\n", "\n").replace("\f", "")):
        return f"holds an invisible character ({char})"
    return None


def _clashes(paths: list[Any]) -> list[str]:
    """Return which paths cannot lie beside each other on every system: one name twice, a file where a folder is."""
    reasons, seen, folders = [], set[str](), set[str]()
    keys = [name_key(path) for path in paths if isinstance(path, str)]
    for key in keys:
        parts = key.split("/")
        folders |= {"/".join(parts[:n]) for n in range(1, min(len(parts), 9))}
        if key in seen:
            reasons.append(f"two files are called {key[:80]!r}, ignoring case")
        seen.add(key)
    return reasons + [f"{key[:80]!r} is a file and a folder" for key in sorted(seen & folders)]


def put_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write checked files into a folder that is nobody else's."""
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, content.encode("utf-8"))  # bytes: line ends stay as they are handed in
