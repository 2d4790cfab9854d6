"""Titles and the file names made from them: safe on every system, unique ignoring case and Unicode form."""

import re
import unicodedata

MAX_NAME_BYTES = 180  # of 255: leaves room for a suffix, ".md" and the names that sync tools add

# Forbidden by Windows, or with a meaning in Obsidian's links: [[page#heading^block|shown]].
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*#^\[\]]+')
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}  # zero-width and bidirectional controls among them


def safe_name(title: str) -> str:
    """Return `title` as a base name (without ending) that every system and Obsidian's links can hold.

    Forbidden characters become spaces, the form is NFC, and "untitled" stands in for a title of nothing else.
    """
    name = unicodedata.normalize("NFC", title)
    name = "".join(c for c in name if unicodedata.category(c) not in _INVISIBLE or c in "\t\n\r")
    name = " ".join(_FORBIDDEN.sub(" ", name).replace("%%", "%").split())
    name = name.strip(". ")  # Windows drops dots and spaces at the end; a dot at the start hides the file
    while len(name.encode("utf-8")) > MAX_NAME_BYTES:
        name = name[:-1].rstrip(". ")
    if _RESERVED.match(name):
        name = f"{name.split('.', 1)[0]}_{name[len(name.split('.', 1)[0]) :]}"
    return name or "untitled"


def name_key(name: str) -> str:
    """Return what two names must not share within wiki/: `name` folded for case and Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def with_suffix(name: str, suffix: str) -> str:
    """Return `name (suffix)`, cut so that the whole stays within MAX_NAME_BYTES plus the suffix's own length."""
    return f"{name} ({safe_name(suffix)})"
