"""The addresses of a static site: relative to the page that is being written, and good on every system and server."""

import hashlib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from nightdesk.base.names import name_key, safe_name
from nightdesk.views.web.urls import anchor, page_name, quoted

ENDING = ".html"
_MAX_PART = 100  # bytes of a folder's or file's name, ending not counted
_KEPT = "LMN"  # first letters of the Unicode categories of letters, the marks on them, and digits
_KEPT_SIGNS = "._-~"

Want = tuple[str, tuple[tuple[str, str], ...]]  # a view, and its query in order


@dataclass(frozen=True, slots=True)
class Contents:
    """What a site holds beside its lists, which follow from what links to them."""

    pages: Mapping[str, str]  # path in the vault -> file without ending; see file_names
    sources: Collection[str]  # paths of source pages that are shown beside their texts
    views: Collection[str]  # named views, of which there is one each
    lists: Collection[str]  # those of which there is one for each query
    tags: Collection[str]  # that pages have, and those above them, casefolded
    labs: Mapping[str, Collection[int]]  # the numbers of their experiments
    keep_file: Callable[[str], str]  # path in the vault -> file in the site, "" for one that is not in it


class SiteUrls:
    """Addresses relative to the page `here`; "" for what the site has not. What was asked for is noted as wanted."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._labs = file_names(contents.labs)
        self.here = "index.html"
        self.lists: dict[str, Want] = {}  # lists by the files they are to be in, in the order they were asked for
        self.branches: dict[str, tuple[str, str]] = {}  # pages of labs' branches, likewise: lab and tag
        self.statics: set[str] = set()  # nightdesk's own files
        self._files: dict[Want, str] = {}  # of lists

    def home(self) -> str:
        """Return the address of the first page."""
        return self.to("index.html")

    def page(self, path: str, fragment: str = "") -> str:
        """Return the address of a Markdown page."""
        file = self.page_file(path)
        return self.to(file, anchor(fragment)) if file else ""

    def source(self, path: str, claim: str = "") -> str:
        """Return the address of a source page's text, with one claim's quote in sight."""
        file = self.source_file(path)
        return self.to(file, anchor(f"q-{claim}" if claim else "")) if file else ""

    def history(self, path: str, **query: str) -> str:
        """Return "": a site has no git."""
        return ""

    def file(self, path: str) -> str:
        """Return the address of another file of the vault that the site takes along."""
        file = self._contents.keep_file(path)
        return self.to(file) if file else ""

    def static(self, name: str) -> str:
        """Return the address of a file of nightdesk's own."""
        if name:
            self.statics.add(name)
        return self.to(f"static/{name}")

    def view(self, name: str, **query: str) -> str:
        """Return the address of a named view; a list is whole, in one file."""
        given = {key: value for key, value in sorted(query.items()) if value and key != "at"}
        if name in self._contents.views:
            return self.to(f"{name}{ENDING}", f"?q={quoted(given['q'])}" if "q" in given else "")
        if name not in self._contents.lists or not self._has_tag(given.get("tag", "")):
            return ""
        want = name, tuple(given.items())
        if want not in self._files:
            values = "_".join(f"{key}-{_of_value(value)}" for key, value in want[1])
            self._files[want] = file = f"{name}/{values}{ENDING}" if given else f"{name}{ENDING}"
            self.lists[file] = want
        return self.to(self._files[want])

    def lab(self, *parts: str, **query: str) -> str:
        """Return the address of the labs, of one, of its branch, or of an experiment; there are no comparisons.

        For "NUMBER" it is the pattern of the experiments' addresses.
        """
        file = self.lab_file(*parts, tag=query.get("tag", ""))
        return self.to(file) if file else ""

    def api(self, *parts: str, **query: str) -> str:
        """Return "": nothing answers. A page's preview is made by site.js of what search knows: it is no address."""
        return "page" if parts[0] == "preview" and "claim" not in query else ""

    def page_file(self, path: str) -> str:
        """Return the file of a page, "" where it is not in the site."""
        file = self._contents.pages.get(path)
        return f"p/{file}{ENDING}" if file else ""

    def source_file(self, path: str) -> str:
        """Return the file of a source beside its text, "" where it is not in the site."""
        return f"s/{self._contents.pages[path]}{ENDING}" if path in self._contents.sources else ""

    def lab_file(self, *parts: str, tag: str = "") -> str:
        """Return the file of the labs, of one, of one of its branches, or of an experiment; "" for none."""
        if not self._contents.labs:
            return ""
        if not parts:
            return f"lab/index{ENDING}"
        name, *rest = parts
        if name not in self._labs:
            return ""
        folder = f"lab/{self._labs[name]}"
        if not rest:
            file = f"{folder}/{f'branch-{_of_value(tag)}' if tag else 'index'}{ENDING}"
            if tag:
                self.branches.setdefault(file, (name, tag))
            return file
        if rest == ["NUMBER"]:
            return f"{folder}/NUMBER{ENDING}"
        number = int(rest[0]) if rest[0].isascii() and rest[0].isdigit() and len(rest[0]) < 10 else -1
        return f"{folder}/{number:04d}{ENDING}" if len(rest) == 1 and number in self._contents.labs[name] else ""

    def to(self, file: str, rest: str = "") -> str:
        """Return the address of a file of the site from the page `here`, with what follows it."""
        start, ours = self.here.split("/")[:-1], file.split("/")
        shared = 0
        while shared < min(len(start), len(ours) - 1) and start[shared] == ours[shared]:
            shared += 1
        return "../" * (len(start) - shared) + quoted("/".join(ours[shared:])) + rest

    def _has_tag(self, tag: str) -> bool:
        return not tag or tag.casefold().strip("/") in self._contents.tags


def file_names(paths: Iterable[str]) -> dict[str, str]:
    """Return path -> file without ending for each path: safe on every system, and no two that any system takes for one.

    Characters that addresses or systems treat in their own way become hyphens. Paths that would come to the same name,
    ignoring case and Unicode form, get a digest of themselves behind it, so that the others do not depend on them.
    """
    wished: dict[str, list[str]] = {}
    shaped = {path: _shaped(page_name(path)) for path in sorted(paths)}
    for path, name in shaped.items():
        wished.setdefault(name_key(name), []).append(path)
    taken = {key for key, several in wished.items() if len(several) == 1}
    for several in wished.values():
        for path in several if len(several) > 1 else ():
            base = name = f"{shaped[path]}-{_digest(path)}"
            number = 2
            while name_key(name) in taken:
                name, number = f"{base}-{number}", number + 1
            taken.add(name_key(name))
            shaped[path] = name
    return shaped


def plain_name(text: str) -> str:
    """Return a text as the name of one file or folder, without ending: letters, digits, and hyphens for all else."""
    name = "".join(c if _is_kept(c) else "-" for c in safe_name(text))
    while "--" in name:
        name = name.replace("--", "-")
    name = name.encode("utf-8", "replace")[:_MAX_PART].decode("utf-8", "ignore").strip("-. ")
    # a folder must not be called as a file is, and safe_name's answer to Windows' own names ends with "_"
    return (f"{name[: -len(ENDING)]}-html" if name.casefold().endswith(ENDING) else name) or "untitled"


def _is_kept(char: str) -> bool:
    return char in _KEPT_SIGNS or unicodedata.category(char)[0] in _KEPT


def _shaped(path: str) -> str:
    return "/".join(plain_name(part) for part in path.split("/") if part) or "untitled"


def _of_value(text: str) -> str:
    """Return a name for a text that no other text has: its own where it is plain, else with a digest."""
    name = plain_name(text)
    return name if name == text and text.isascii() and text == text.casefold() else f"{name}-{_digest(text)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
