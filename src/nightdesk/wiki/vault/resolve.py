"""Where links lead: files found as Obsidian finds them, headings and blocks within a page too."""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from posixpath import basename, dirname, join, normpath

from nightdesk.wiki.vault.records import Link, Record

# what Obsidian takes for a blank where it compares a link's heading with those of the page
_HEADING_MARKS = re.compile(r"""[!"#$%&()*+,.:;<=>?@^`{|}~/\[\]\\\r\n]""")
_NO_LETTER = re.compile(r"[\W_]+")
_NUMBERED = re.compile(r"-\d+$")  # the second of two equal headings: #usage-1
_ENDINGS = (".md", ".markdown")
_SITE_ENDINGS = (".html", ".htm")  # a site's address of a page
_SITE_DEPTH = 12  # parts of such an address that are looked at
_INDEX_NAMES = ("index.md", "readme.md", "_index.md")
_CROWD = 16  # files of one name, from which on they are not looked at one by one
_LAST = "\U0010ffff"  # after every other character
_TOP = ("", "top")
_WIKI_STYLES = ("wiki", "property")  # as Link.is_wiki, which is asked a million times


class Places:
    """The files and folders of a vault, found by what links call them. Case and Unicode form never count."""

    def __init__(self, paths: Iterable[str], folders: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._by_path: dict[str, str] = {}
        for path in paths:
            key = folded(path)
            self._by_path.setdefault(key, path)
            self._by_name.setdefault(basename(key), []).append(path)
        self._folders = {folded(folder) for folder in folders}
        self._known: dict[tuple[str, str, bool], str | None] = {}
        self._known_anywhere: dict[tuple[str, bool], str | None] = {}
        self._known_in_crowd: dict[str, str | None] = {}
        self._crowds: dict[str, tuple[list[str], list[tuple[str, str]]]] = {}  # files of a name, and from their ends

    def changed(self, gone: Iterable[str], new: Iterable[str]) -> "Places":
        """Return the places of the vault where these files are gone and those are new; folders stay as they are."""
        after = Places((), ())
        after._by_name, after._by_path, after._folders = dict(self._by_name), dict(self._by_path), self._folders
        left, names = frozenset(gone), defaultdict[str, list[str]](list)
        for path in (*left, *new):
            names[basename(folded(path))] += () if path in left else (path,)
        for name, come in names.items():
            there = [*(path for path in after._by_name.pop(name, ()) if path not in left), *come]
            if there:
                after._by_name[name] = there
        for path in left:
            after._by_path.pop(folded(path), None)
        for path in sorted(path for name in names for path in after._by_name.get(name, ())):
            key = folded(path)
            after._by_path[key] = min(path, after._by_path.get(key, path))
        return after

    def find(self, link: Link, source: str) -> str | None:
        """Return the path of the file that a link on the page `source` leads to, None where there is none.

        An exact path comes first; then, of the files whose path ends as the link says, one in the page's own folder,
        then the one with the shortest path. `./` and `../` start at the page, `/` at the vault. The ending .md may be
        left out. A Markdown link may also use a site's address of a page (page.html, page/, page?query).
        """
        if not link.path:
            return source
        anywhere = link.path, link.style in _WIKI_STYLES
        if anywhere in self._known_anywhere:  # most links are names that only one file has
            return self._known_anywhere[anywhere]
        key = link.path, source.rpartition("/")[0], anywhere[1]  # all that the answer depends on
        if key not in self._known:
            found = self._look_up(link, source)
            if self._is_same_anywhere(*anywhere):
                return self._known_anywhere.setdefault(anywhere, found)
            self._known[key] = found
        return self._known[key]

    def _is_same_anywhere(self, target: str, is_wiki: bool) -> bool:
        """Say whether a link leads to one place from every page: a name that one file has, or none."""
        key = folded(target)
        if "/" in key:
            return False
        found = sum(len(self._by_name.get(key + ending, ())) for ending in ("", *_ENDINGS))
        return found == 1 or (found == 0 and is_wiki)

    def _look_up(self, link: Link, source: str) -> str | None:
        found = self._find(link.path, source)
        if found is None and not link.is_wiki:
            plain = link.path.partition("?")[0]
            found = self._find(plain, source) if plain and plain != link.path else None
            found = found or self._find_page_of_site(plain, source)
            if found is None and plain.count("/") > 1 and plain.startswith("/"):  # a site's root is some folder of it
                found = self._of_site(plain)
            if found is None and plain.startswith("../") and "." not in basename(plain.rstrip("/")):
                # a site shows page.md as page/, from where ../other is the page beside it
                found = self._find(plain[3:].rstrip("/"), source) or self._find_page_of_site(plain[3:], source)
        return found

    def _of_site(self, target: str) -> str | None:
        """Return the file of a path that starts at a site's root, which is some folder of the vault or above it."""
        parts = target.strip("/").split("/")[-_SITE_DEPTH:]
        for n in range(max(1, len(parts) - 1)):
            tail = "/".join(parts[n:]) + ("/" if target.endswith("/") else "")
            if found := self._find(tail, "") or self._find_page_of_site(tail, ""):
                return found
        return None

    def is_folder(self, link: Link, source: str) -> bool:
        """Say whether a Markdown link leads to a folder of the vault."""
        if link.is_wiki:
            return False
        target = folded(link.path).rstrip("/")
        within = _within("" if target.startswith("/") else dirname(folded(source)), target.lstrip("/"))
        return within is not None and (within in self._folders or target.strip("./") in self._folders)

    def _find(self, target: str, source: str) -> str | None:
        key = folded(target)
        if key.startswith(("./", "../")) or "/../" in key or "/./" in key:
            within = _within(dirname(folded(source)), key)
            return None if within is None else self._exact(within)
        if key.startswith("/"):
            return self._exact(key.lstrip("/"))
        if exact := self._exact(key):
            beside = self._exact(join(dirname(folded(source)), key)) if "/" not in key else None
            return beside or exact
        for ending in ("", *_ENDINGS):
            tail = key + ending
            named = self._by_name.get(basename(tail), ())
            if len(named) > _CROWD:
                found = self._find_in_crowd(tail, dirname(source))
            else:
                found = _nearest(named, tail, dirname(source))
            if found is not None:
                return found
        return None

    def _find_in_crowd(self, tail: str, beside: str) -> str | None:
        """Return the nearest of the many files of a name, without a look at each: every folder may have a README."""
        name = basename(tail)
        if name not in self._crowds:
            paths = sorted(self._by_name[name])
            self._crowds[name] = paths, sorted((folded(path)[::-1], path) for path in paths)
        paths, backwards = self._crowds[name]
        below = (
            paths[bisect_left(paths, beside + "/") : bisect_left(paths, beside + "0")] if beside else ()
        )  # "0": next
        if (found := _nearest(below, tail, beside)) is not None:
            return found
        if tail not in self._known_in_crowd:
            end = ("/" + tail)[::-1]
            ending = backwards[bisect_left(backwards, (end,)) : bisect_left(backwards, (end + _LAST,))]
            self._known_in_crowd[tail] = _nearest([path for _, path in ending], tail, beside)
        return self._known_in_crowd[tail]

    def _exact(self, key: str) -> str | None:
        for end in ("", *_ENDINGS):
            if key + end in self._by_path:
                return self._by_path[key + end]
        return None

    def _find_page_of_site(self, target: str, source: str) -> str | None:
        for ending in _SITE_ENDINGS:
            if target.lower().endswith(ending):
                return self._find(target[: -len(ending)], source)
        if target.endswith("/") and target.strip("./"):
            for name in ("", *("/" + name for name in _INDEX_NAMES)):
                if found := self._find(target.rstrip("/") + name, source):
                    return found
        return None


class Targets:
    """The headings, block ids and anchors of one page."""

    def __init__(self, record: Record) -> None:
        self._blocks = frozenset(record.blocks)
        self._paths: list[tuple[frozenset[str], ...]] = []  # of each heading: those above it, and itself
        above: list[tuple[int, frozenset[str]]] = []
        for heading in record.headings:
            own = frozenset(_heading_key(text) for text in (heading.shown, heading.written) if text)
            above = [*(one for one in above if one[0] < heading.level), (heading.level, own)]
            self._paths.append(tuple(names for _, names in above))
        self._record = record
        self._anchors: frozenset[str] | None = None
        self._known: dict[tuple[str, bool], bool] = {}

    def has(self, link: Link) -> bool:
        """Say whether the page has what a link's fragment names.

        A Markdown link may also use the anchors that sites make of headings (#my-heading) and that HTML gives.
        """
        key = link.fragment, link.is_wiki
        if key not in self._known:
            self._known[key] = self._has(link)
        return self._known[key]

    def _has(self, link: Link) -> bool:
        fragment = link.fragment
        if fragment.startswith("^"):
            return fragment[1:].strip().lower() in self._blocks
        if "#^" in fragment:
            return fragment.rpartition("#^")[2].strip().lower() in self._blocks
        keys = [key for key in map(_heading_key, fragment.split("#")) if key]
        if not keys or fragment.startswith("[^"):  # a footnote
            return True
        if any(_is_path(keys, names) for names in self._paths):
            return True
        return not link.is_wiki and self._has_anchor(fragment)

    def _has_anchor(self, fragment: str) -> bool:
        if self._anchors is None:
            headings = [text for h in self._record.headings for text in (h.shown, h.written) if text]
            self._anchors = frozenset(_anchor_key(text) for text in (*headings, *self._record.anchors))
        wanted = (_anchor_key(fragment), _anchor_key(_NUMBERED.sub("", fragment)))
        return wanted[0] in _TOP or any(key in self._anchors for key in wanted)


def heading_names(record: Record) -> Mapping[str, str]:
    """Return the headings of a page by what links are compared with, for suggestions."""
    return {_heading_key(heading.shown): heading.shown for heading in record.headings}


def heading_key(fragment: str) -> str:
    """Return what a link's heading is compared by."""
    return _heading_key(fragment.rpartition("#")[2])


def _is_path(keys: list[str], names: tuple[frozenset[str], ...]) -> bool:
    """Say whether the last key is the heading itself and the others, in their order, are among those above it."""
    if keys[-1] not in names[-1]:
        return False
    rest = iter(names[:-1])
    return all(any(key in one for one in rest) for key in keys[:-1])


def _heading_key(text: str) -> str:
    return " ".join(_HEADING_MARKS.sub(" ", unicodedata.normalize("NFC", text)).split()).lower()


def _anchor_key(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFC", text)).casefold()


def folded(path: str) -> str:
    """Return a path as links are compared with it: lower case, one Unicode form, plain blanks."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", path).replace("\u00a0", " ").lower()


def _within(folder: str, target: str) -> str | None:
    """Return a target that starts at `folder` as a path of the vault, None where it leads out of it."""
    path = normpath(join(folder, target)).removeprefix("./")
    return None if path == ".." or path.startswith("../") else "" if path == "." else path


def _nearest(paths: Iterable[str], tail: str, beside: str) -> str | None:
    """Return the path that ends in `tail`, of several one in or below the folder `beside`, then the shortest."""
    found = [path for path in paths if "/" not in tail or folded(path).endswith("/" + tail)]
    return min(found, key=lambda path: (not _is_below(path, beside), len(path), path), default=None)


def _is_below(path: str, folder: str) -> bool:
    return dirname(path) == folder or (folder != "" and path.startswith(folder + "/"))
