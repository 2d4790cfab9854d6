"""Titles and the file names made from them: safe on every system, unique ignoring case and Unicode form."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

MAX_NAME_BYTES = 180  # of 255: leaves room for a suffix, ".md" and the names that sync tools add

# Forbidden by Windows, or with a meaning in Obsidian's links: [[page#heading^block|shown]].
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*#^\[\]]+')
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?= *(?:\.|$))", re.IGNORECASE)
_MAX_SUFFIX_BYTES = 60
_INVISIBLE = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}  # zero-width and bidirectional controls among them


def some_names(paths: Iterable[str]) -> str:
    """Return the base names of paths for one line: five of them in order, and how many more there are."""
    names = sorted(PurePosixPath(path).stem for path in paths)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def safe_name(title: str) -> str:
    """Return `title` as a base name (without ending) that every system and Obsidian's links can hold.

    Forbidden characters become spaces, the form is NFC, and "untitled" stands in for a title of nothing else.
    """
    name = "".join(c for c in title if unicodedata.category(c) not in _INVISIBLE or c in "\t\n\r")
    name = unicodedata.normalize("NFC", name)  # after it: an invisible character may have kept two apart
    name = " ".join(re.sub("%{2,}", "%", _FORBIDDEN.sub(" ", name)).split())  # %% hides text in Obsidian
    name = re.sub(r"\s+([,;!?])", r"\1", name)  # "Rc<T>, explained" gives no gap before the comma
    name = name.strip(". ")  # Windows drops dots and spaces at the end; a dot at the start hides the file
    name = _RESERVED.sub(r"\g<0>_", _cut(name, MAX_NAME_BYTES))
    return _cut(name, MAX_NAME_BYTES) or "untitled"


def name_key(name: str) -> str:
    """Return what two names must not share within wiki/: `name` folded for case and Unicode form."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKC", folded.casefold())  # Unicode's toNFKC_Casefold, but for invisible characters


def with_suffix(name: str, suffix: str) -> str:
    """Return `name (suffix)`, both cut so that the whole stays within MAX_NAME_BYTES."""
    ending = f" ({_cut(safe_name(suffix), _MAX_SUFFIX_BYTES)})"
    return _cut(name, MAX_NAME_BYTES - len(ending.encode("utf-8"))) + ending


def _cut(name: str, size: int) -> str:
    """Return the beginning of `name` that has at most `size` bytes; no dot or space ends it."""
    if len(name.encode("utf-8", "replace")) <= size:
        return name
    return name.encode("utf-8", "replace")[:size].decode("utf-8", "ignore").rstrip(". ")
