"""Names of files: those that break on some system, and those that sync tools leave behind."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from posixpath import dirname

from nightdesk.base.names import name_key
from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.vault.files import PAGE_ENDINGS, is_text

MAX_NAME_BYTES = 255  # most systems; eCryptfs and some sync tools take 143
MAX_PATH = 200  # characters within the vault: Windows takes 260 in all, and the vault lies in some folder
_FORBIDDEN = re.compile(r'[<>:"\\|?*\x00-\x1f]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?: *\..*| *)", re.IGNORECASE)
_UNLINKABLE = re.compile(r"[#^\[\]|]|%%")
CONFLICT = re.compile(
    r"\.sync-conflict-\d{8}-\d{6}"  # Syncthing
    r"|\((?:[^()]* )?conflict(?:ed)?(?: copy)?\b[^()]*\)"  # Dropbox, Nextcloud, Obsidian Sync, pCloud
    r"|_conflict-\d{8}-\d{6}"  # ownCloud
    r"|\(SFConflict [^()]*\)"  # Seafile
    r"|[ _-]conflict(?:ed copy(?: \d{4}-\d{2}-\d{2}[^/]*)?| \d{4}-\d{2}-\d{2}[^/]*)(?=\.[^./]+$)"
    r"|\[conflict(?:ed)?[^\[\]]*\]"
    r"|\.(?:orig|rej|mine)$|\.md~$|[._](?:backup|base|local|remote)[._]\d+(?:\.\w+)?$",  # merge tools
    re.IGNORECASE,
)


def file_names(paths: Iterable[str], folders: Iterable[str]) -> Iterator[Finding]:
    """Yield the names that break on Windows or macOS, that links cannot hold, or that sync tools left."""
    files = list(paths)
    yield from _collisions([*files, *folders])
    told: set[str] = set()
    for path in files:
        for part in path.split("/"):
            at = path[: path.find(part) + len(part)]  # a folder is told of once, at the first file in it
            if part not in told and (why := _forbidden(part)):
                told.add(part)
                yield found("name-forbidden", path, f'"{at}": {why}')
        if size := _too_long(path):
            yield found("name-too-long", path, size)
        name = path.rpartition("/")[2]
        if path.lower().endswith(PAGE_ENDINGS) and (mark := _UNLINKABLE.search(name)):
            yield found("name-unlinkable", path, f'has "{mark[0]}" in its name, which ends a link\'s')
        if CONFLICT.search(name):
            yield found("sync-conflict", path, "was left by a sync or merge tool")


def _collisions(paths: Iterable[str]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for path in paths:
        other = first.setdefault(name_key(path), path)
        if other != path and dirname(name_key(other)) == dirname(name_key(path)):
            same = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", path)
            how = "its Unicode form" if same else "case" if other.lower() == path.lower() else "case or Unicode form"
            yield found("name-collision", path, f"differs from {other} only in {how}")


def _forbidden(part: str) -> str | None:
    if not is_text(part):
        return "is no UTF-8, and no link can name it"
    if mark := _FORBIDDEN.search(part):
        return f"Windows takes no {mark[0]!r} in a name"
    if _RESERVED.fullmatch(part):
        return "Windows keeps this name for a device"
    if part.endswith((".", " ")):
        return "Windows drops a dot or blank at the end"
    return None


def _too_long(path: str) -> str | None:
    longest = max((len(part.encode("utf-8", "surrogateescape")) for part in path.split("/")), default=0)
    if longest > MAX_NAME_BYTES - 12:  # what a sync tool adds, and no system takes more than 255
        return f"has a name of {longest} bytes"
    return f"has a path of {len(path)} characters" if len(path) > MAX_PATH else None
