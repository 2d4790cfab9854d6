"""Finding: the palette's titles and passages as they are typed, and the page of results."""

from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.views.web.finding.finding import Finder, found_of, narrowed, typed_query
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.catalogue.palette import Match
from nightdesk.wiki.search.asked import Query, QueryError
from nightdesk.wiki.search.query import parse_query, plain_query
from nightdesk.wiki.search.search import Results

MAX_QUERY = 2_000  # characters, as in search.lexer
AT_ONCE = 20  # results in one part of the list
MAX_PARTS = 25
_TITLES, _HITS = 8, 6  # in the palette
_WHERE = (("", "All"), ("wiki", "Pages"), ("claims", "Claims"), ("text", "Source texts"))
_MAX_TYPES = 12
HELP = (
    ("learning rate", "both words, in any order and any of their endings"),
    ('"learning rate"', "these words one after the other, exactly so"),
    ("optimi*", "words that begin so"),
    ("muon OR adamw", "either; brackets bind first"),
    ("warm-up -cosine", "without a word, a phrase or a group in brackets"),
    ("type:concept,source", "pages of one of these types"),
    ("tag:ml", "the tag, and those below it"),
    ("path:concepts/", "files with this in their path"),
    ("after:2025-03 before:2026", "by date: a day, a month or a year"),
    ("in:wiki · in:claims · in:text", "only pages, claims, or texts of sources"),
)


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of the palette and of the search page."""
    finder = Finder(viewer)

    def palette(request: Request) -> Response:
        finder.begin()  # whoever opens the palette is likely to search
        return viewer.json(palette_values(viewer, _asked(request)))

    def hits(request: Request) -> Response:
        return viewer.json(hits_values(viewer, finder, _asked(request)))

    def page(request: Request) -> Response:
        given = {key: request.query_params.get(key, "")[:100] for key in ("in", "type", "at", "any")}
        values = search_values(viewer, finder, _asked(request), given)
        return viewer.show(request, "search.html", **values)

    return [Route("/search", page), Route("/api/palette", palette), Route("/api/search", hits)]


def _asked(request: Request) -> str:
    # a NUL or half a surrogate pair is no word, and no file or database takes them
    text = request.query_params.get("q", "")[: MAX_QUERY + 1]
    return text.encode("utf-8", "ignore").decode().replace("\0", " ")


def palette_values(viewer: Viewer, typed: str) -> dict[str, Any]:
    """Return the pages whose titles fit what was typed, best first; those that changed last for nothing typed."""
    found = viewer.catalogue.palette(typed, limit=_TITLES)
    return {"titles": [_title(viewer, match) for match in found]}


def _title(viewer: Viewer, match: Match) -> dict[str, Any]:
    entry = match.entry
    return {
        "title": entry.title,
        "alias": match.alias,
        "spans": match.spans,
        "url": viewer.urls.page(entry.path),
        "type": entry.type,
        "category": entry.category,
        "path": entry.path,
    }


def hits_values(viewer: Viewer, finder: Finder, typed: str) -> dict[str, Any]:
    """Return the passages for what was typed; `making` while the index is not there yet."""
    try:
        query = typed_query(typed)
        found = finder.look(typed, query, limit=_HITS)
        if found is not None and not found.hits:  # whole words: with corrections, and nothing that goes on
            found = finder.look(typed, parse_query(typed), limit=_HITS)
    except QueryError:
        return {"making": False, "hits": [], "more": False}
    if found is None:
        return {"making": True, "hits": [], "more": False}
    shown = [
        {
            "title": one.title,
            "url": one.url,
            "kind": one.kind,
            "type": one.type,
            "place": one.place,
            "snippet": one.snippet,
        }
        for one in found_of(viewer, found.hits)
    ]
    return {"making": False, "hits": shown, "more": found.more, "corrected": found.corrected}


def search_values(viewer: Viewer, finder: Finder | None, text: str, given: dict[str, str]) -> dict[str, Any]:
    """Return what the search page shows; `given` has "in", "type", "at" (the part, from 1) and "any"."""
    text = text.strip()
    where = given.get("in", "") if given.get("in") in dict(_WHERE) else ""
    part = _part(given.get("at", ""))
    values: dict[str, Any] = {
        "text": text,
        "where": where,
        "type": given.get("type", ""),
        "any": bool(given.get("any")),
        "part": part,
        "places": _WHERE if viewer.desk else (),
        "types": _types(viewer),
        "help": HELP,
        "state": "empty",
        "found": [],
        "more": False,
        "corrected": {},
        "missing": (),
        "error": None,
        "named": None,
        "complete": True,
        "first": (part - 1) * AT_ONCE + 1,
    }
    if not text or finder is None:
        return values
    try:
        query = _query(text, values)
        results = finder.look(text, query, limit=part * AT_ONCE)
    except QueryError as error:
        return {**values, "state": "wrong", "error": error, "cut": max(0, error.position - 1)}
    return {**values, **_told(viewer, results, part)}


def _query(text: str, values: dict[str, Any]) -> Query:
    query = plain_query(text) if values["any"] else parse_query(text)
    return narrowed(query, where=values["where"], type_=values["type"].casefold())


def _told(viewer: Viewer, results: Results | None, part: int) -> dict[str, Any]:
    if results is None:
        return {"state": "making"}
    hits = results.hits[(part - 1) * AT_ONCE :]
    return {
        "state": "found" if hits else "nothing",
        "found": found_of(viewer, hits),
        "more": results.more and part < MAX_PARTS,
        "corrected": results.corrected,
        "missing": results.missing,
        "complete": results.complete,
    }


def _types(viewer: Viewer) -> list[str]:
    counts = Counter(entry.type for entry in viewer.catalogue.entries.values() if entry.type and not entry.is_list)
    return [name for name, _ in counts.most_common(_MAX_TYPES)]


def _part(given: str) -> int:
    return min(max(int(given), 1), MAX_PARTS) if given.isascii() and given.isdigit() and len(given) < 6 else 1
