"""Where links lead: files found as Obsidian finds them, headings and blocks within a page too."""

import re
import unicodedata
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
_TOP = ("", "top")


class Places:
    """The files and folders of a vault, found by what links call them. Case and Unicode form never count."""

    def __init__(self, paths: Iterable[str], folders: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        self._by_path: dict[str, str] = {}
        for path in paths:
            key = _folded(path)
            self._by_path.setdefault(key, path)
            self._by_name.setdefault(basename(key), []).append(path)
        self._folders = {_folded(folder) for folder in folders}
        self._known: dict[tuple[str, str, bool], str | None] = {}

    def find(self, link: Link, source: str) -> str | None:
        """Return the path of the file that a link on the page `source` leads to, None where there is none.

        An exact path comes first; then, of the files whose path ends as the link says, one in the page's own folder,
        then the one with the shortest path. `./` and `../` start at the page, `/` at the vault. The ending .md may be
        left out. A Markdown link may also use a site's address of a page (page.html, page/, page?query).
        """
        if not link.path:
            return source
        key = link.path, source.rpartition("/")[0], link.is_wiki  # all that the answer depends on
        if key not in self._known:
            self._known[key] = self._look_up(link, source)
        return self._known[key]

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
        target = _folded(link.path).rstrip("/")
        within = _within("" if target.startswith("/") else dirname(_folded(source)), target.lstrip("/"))
        return within is not None and (within in self._folders or target.strip("./") in self._folders)

    def _find(self, target: str, source: str) -> str | None:
        key = _folded(target)
        if key.startswith(("./", "../")) or "/../" in key or "/./" in key:
            within = _within(dirname(_folded(source)), key)
            return None if within is None else self._exact(within)
        if key.startswith("/"):
            return self._exact(key.lstrip("/"))
        if exact := self._exact(key):
            beside = self._exact(join(dirname(_folded(source)), key)) if "/" not in key else None
            return beside or exact
        for ending in ("", *_ENDINGS):
            tail = key + ending
            found = self._by_name.get(basename(tail), ())
            if "/" in tail:
                found = [path for path in found if _folded(path).endswith("/" + tail)]
            if len(found) == 1:
                return found[0]
            if found:
                beside = dirname(source)
                return min(found, key=lambda path: (not _is_below(path, beside), len(path), path))
        return None

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


def _folded(path: str) -> str:
    """Return a path as links are compared with it: lower case, one Unicode form, plain blanks."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", path).replace("\u00a0", " ").lower()


def _within(folder: str, target: str) -> str | None:
    """Return a target that starts at `folder` as a path of the vault, None where it leads out of it."""
    path = normpath(join(folder, target)).removeprefix("./")
    return None if path == ".." or path.startswith("../") else "" if path == "." else path


def _is_below(path: str, folder: str) -> bool:
    return dirname(path) == folder or (folder != "" and path.startswith(folder + "/"))
