"""Full text for the viewer: the index made beside the requests, and results with the address that each leads to."""

import contextlib
import re
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.views.web.prose.anchors import anchor
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.library import read_page, source_entry
from nightdesk.wiki.search.asked import Filter, Query, QueryError
from nightdesk.wiki.search.collection import Collection, desk_collection, vault_collection
from nightdesk.wiki.search.hits import Hit
from nightdesk.wiki.search.query import parse_query, plain_query
from nightdesk.wiki.search.search import Results, search

_WAIT_SECONDS = 0.4  # for the first look at the index: of an index that is there already it takes less
# of scripts without blanks, which are not ASCII, the parts of a word are found anyway
_GOING_ON = re.compile(r"((?:.*[^\w*])?[A-Za-z0-9]{2,})", re.DOTALL)
_BEGUN = re.compile(r"(.*\w\W*)\s[A-Za-z0-9]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """One result as it is shown."""

    title: str
    url: str
    kind: str  # "wiki", "claims" or "text"
    type: str
    place: str  # in words: a heading, a page, the place of a claim
    path: str
    date: str
    snippet: tuple[tuple[str, bool], ...]  # pieces, each with whether it is what was looked for


class Finder:
    """Searches a desk or vault; the index is made in a thread of its own, so that no request waits for it."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lock = threading.Lock()
        self._making: threading.Thread | None = None
        self._made = threading.Event()
        self._folder: tempfile.TemporaryDirectory[str] | None = None  # of an index that has no place to stay
        self._collection: Collection | None = None

    def look(self, text: str, query: Query, *, limit: int) -> Results | None:
        """Return what fits, None while the index is made."""
        return search(self._where(), text, limit=limit, query=query) if self.is_made() else None

    def is_made(self) -> bool:
        """Say whether the index is there, after waiting for it a moment."""
        self.begin()
        return self._made.wait(_WAIT_SECONDS)

    def begin(self) -> None:
        """Have the index made or brought in step, if nobody has asked for it yet."""
        with self._lock:
            if self._making is None:
                self._making = threading.Thread(target=self._make, name="search index", daemon=True)
                self._making.start()

    def _make(self) -> None:
        with contextlib.suppress(DeskError):  # what is wrong is told by the search that a request makes
            search(self._where(), "index", limit=1)
        self._made.set()

    def _where(self) -> Collection:
        with self._lock:
            if self._collection is None:
                self._collection = self._open()
            return self._collection

    def _open(self) -> Collection:
        viewer = self._viewer
        if viewer.desk is not None:
            return desk_collection(viewer.desk)
        if viewer.search_file is not None:
            return vault_collection(viewer.root, viewer.search_file)
        self._folder = tempfile.TemporaryDirectory(prefix="nightdesk-")
        return vault_collection(viewer.root, Path(self._folder.name) / "search.sqlite")


def typed_query(text: str) -> Query:
    """Return the query for what somebody is typing: its last word may go on, and half a query is taken as mere words.

    A single letter at the end begins too many words and is left out. Raises QueryError where there is no word.
    """
    for whole, going_on in ((_GOING_ON, "*"), (_BEGUN, "")):
        if found := whole.fullmatch(text):
            with contextlib.suppress(QueryError):
                return parse_query(found[1] + going_on)
    try:
        return parse_query(text)
    except QueryError:
        return plain_query(text)


def narrowed(query: Query, *, where: str = "", type_: str = "") -> Query:
    """Return a query held to one kind of result, and to one type of page; a filter that it has itself goes first."""
    own = {one.name for one in query.filters}
    added = [Filter(name, (value,), False) for name, value in (("in", where), ("type", type_)) if value]
    return replace(query, filters=(*query.filters, *(one for one in added if one.name not in own)))


def found_of(viewer: Viewer, hits: Sequence[Hit]) -> list[Found]:
    """Return results as they are shown."""
    return [
        Found(
            hit.title,
            _address(viewer, hit),
            hit.kind,
            hit.type,
            _place(hit),
            hit.path,
            hit.date,
            pieces_of(hit.snippet, hit.marks),
        )
        for hit in hits
    ]


def pieces_of(text: str, marks: Sequence[tuple[int, int]]) -> tuple[tuple[str, bool], ...]:
    """Return a text cut at its marks, each piece with whether it is marked."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for start, end in marks:
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return tuple((piece, marked) for piece, marked in (*pieces, (text[at:], False)) if piece)


def _place(hit: Hit) -> str:
    if hit.claim:
        return hit.claim.place
    heading = hit.heading if hit.heading != hit.title else ""
    return ", ".join(part for part in (heading, f"p. {hit.page}" if hit.page else "") if part)


def _address(viewer: Viewer, hit: Hit) -> str:
    urls = viewer.urls
    if hit.claim:
        return urls.source(hit.path, hit.claim.id) or urls.page(hit.path, f"^{hit.claim.id}")
    if hit.kind == "wiki":
        return urls.page(hit.path, anchor(hit.heading) if hit.heading != hit.title else "")
    page = _source_page(viewer, hit)
    return urls.source(page) if page else urls.file(hit.path)


def _source_page(viewer: Viewer, hit: Hit) -> str | None:
    """Return the source page of a text: mostly that with its title, which then says that it was made from it."""
    page = viewer.catalogue.named(hit.title)
    if page is None or viewer.desk is None:
        return None
    try:
        source = source_entry(read_page(viewer.desk, page).page)
    except DeskError:
        return None
    return page if hit.path in (source.get("path"), source.get("text")) else None
