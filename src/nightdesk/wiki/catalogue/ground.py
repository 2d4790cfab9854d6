"""The files that a catalogue covers: of a desk its pages, of any vault all Markdown; no link leads out of it."""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname, normpath

from nightdesk.base.desk import Desk
from nightdesk.wiki.publish import SET_ASIDE
from nightdesk.wiki.vault.files import VaultFile, read_below, read_file, read_folder
from nightdesk.wiki.vault.resolve import Places, folded

_LAB_PAGES = ("program.md", "report.md")
_ENDINGS = (".md", ".markdown", ".html", ".htm")
_UPWARDS = ".."  # the key of ./ and ../, which lead to whatever the page's folder, or the one above it, is called
_INDEXES = ("index.md", "readme.md", "_index.md")  # a folder's own page, which a link may call by the folder


@dataclass(frozen=True, slots=True)
class Ground:
    """A folder whose pages are catalogued."""

    root: Path
    desk: Desk | None

    def files(self) -> Mapping[str, VaultFile]:
        """Return every file, sorted by path. Raises DeskError where there is no folder."""
        return read_folder(self.root, only_pages=True).files

    def files_at(self, path: str) -> Mapping[str, VaultFile]:
        """Return the files that there are at a path now: itself, those below it if it is a folder, or none."""
        found = read_file(self.root, path, only_pages=True)
        if found is not None:
            return {path: found}
        return read_below(self.root, path, only_pages=True)

    def is_page(self, file: VaultFile) -> bool:
        """Say whether a file is a page of the catalogue, as far as its name tells."""
        if not file.is_page or self.desk is None:
            return file.is_page
        top, *rest = file.path.split("/")
        if not rest or not file.path.endswith(".md"):
            return False
        if top == "lab":
            return len(rest) == 2 and rest[1] in _LAB_PAGES
        return (top == "wiki" and not file.path.startswith(SET_ASIDE + "/")) or (top == "ideas" and len(rest) == 1)

    def may_read(self, path: str) -> bool:
        """Say whether a page is no link out of the part of the desk that it stands in: raw/ is not the wiki's."""
        if self.desk is None:
            return True
        file = f"{self.root}/{path}"
        if not os.path.islink(file):
            return True
        depth = 2 if path.startswith("lab/") else 1
        part = "/".join((str(self.root.resolve()), *path.split("/")[:depth]))
        return os.path.realpath(file).startswith(part + "/")

    def places(self, files: Mapping[str, VaultFile], pages: Iterable[str]) -> tuple[Places, ...]:
        """Return where links are looked for, in order: on a desk among its pages first, then among all files."""
        everywhere = Places(files, ())
        return (everywhere,) if self.desk is None else (Places(pages, ()), everywhere)

    def places_after(
        self,
        places: tuple[Places, ...],
        *,
        gone: Collection[str],
        come: Collection[str],
        lost: Collection[str],
        new: Collection[str],
    ) -> tuple[Places, ...]:
        """Return where links are looked for after files are gone and come, and pages are lost and new."""
        everywhere = places[-1].changed(gone, come) if gone or come else places[-1]
        if self.desk is None:
            return (everywhere,)
        return places[0].changed(lost, new) if lost or new else places[0], everywhere


def keys_of_target(target: str) -> tuple[str, ...]:
    """Return the keys of the files that a row's target could ever lead to: their names, folded, without endings.

    A page must be looked at again where a file with such a key comes or goes; too many keys cost time, never truth.
    """
    path = folded(target[1:])
    if path.startswith(".") or "/." in path:
        path = normpath(path)  # a/b/.. leads to a, b/. to b
    plain = path.partition("?")[0]  # of a site's address
    return tuple({_key(way.rstrip("/")) for way in (path, plain) if way.strip("/")})


def keys_of_file(path: str) -> tuple[str, ...]:
    """Return the keys by which a target may lead to a file: its name's, and its folder's for a folder's own page."""
    way = folded(path)
    return (_key(way), _UPWARDS, *([_key(dirname(way))] if basename(way) in _INDEXES else ()))


def _key(way: str) -> str:
    name = basename(way)
    while (short := name.removesuffix(next((e for e in _ENDINGS if name.endswith(e)), ""))) != name and short:
        name = short
    return _UPWARDS if name == "." else name
