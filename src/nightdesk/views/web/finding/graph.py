"""The graph of pages: which are shown, where they stand at first, and the compact form that the browser draws."""

import gzip
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.views.web import headers
from nightdesk.views.web.finding.layout_seed import seed_positions
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.entries import Entry

MAX_PAGES = 20_000  # drawn at once; the best connected ones
MAX_LINKS = 60_000
MAX_NEAR = 150  # in the graph around one page
MAX_DEPTH = 3
_TABLE = 40  # pages in the list beside the graph
_MAX_TAGS = 200  # by which pages can be chosen


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pages of a graph in the order of their links, most first, with their places."""

    entries: tuple[Entry, ...]
    links: tuple[tuple[int, int], ...]  # by index, each pair once
    degrees: tuple[int, ...]
    places: tuple[tuple[float, float], ...]
    total: int  # pages that could have been drawn


class Graphs:
    """The graph of all pages, made once for each snapshot."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lock = threading.Lock()
        self._kept: tuple[int, Drawn, bytes] | None = None

    def whole(self) -> tuple[Drawn, bytes]:
        """Return the graph of all pages, and its JSON, compressed."""
        catalogue = self._viewer.catalogue
        with self._lock:  # requests that come together wait for one
            if self._kept is None or self._kept[0] != catalogue.generation:
                drawn = drawn_of(catalogue, catalogue.entries)
                text = json.dumps(graph_values(self._viewer, drawn), ensure_ascii=False, separators=(",", ":"))
                packed = gzip.compress(text.encode("utf-8", "replace"), 6, mtime=0)
                self._kept = catalogue.generation, drawn, packed
            return self._kept[1:]


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of the graph."""
    graphs = Graphs(viewer)

    def page(request: Request) -> Response:
        return viewer.show(request, "graph.html", nav="graph", **page_values(viewer, graphs.whole()[0]))

    def data(request: Request) -> Response:
        centre = request.query_params.get("page", "")
        if centre:
            depth = 2 if request.query_params.get("depth") == "2" else 1
            return viewer.json(near_values(viewer, centre, depth=depth))
        return _packed(request, graphs.whole()[1])

    return [Route("/graph", page), Route("/api/graph", data)]


def _packed(request: Request, body: bytes) -> Response:
    """Return compressed JSON as the answer, or 304 where the browser has the same already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {**headers.PAGE, "ETag": tag, "Vary": "Accept-Encoding"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=sent)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body, headers={**sent, "Content-Encoding": "gzip"}, media_type="application/json")
    return Response(gzip.decompress(body), headers=sent, media_type="application/json")


def drawn_of(catalogue: Catalogue, paths: Mapping[str, Any] | frozenset[str], *, limit: int = MAX_PAGES) -> Drawn:
    """Return the graph of these pages; of more than `limit` those that most links join."""
    entries = catalogue.entries
    there = [path for path in sorted(paths) if path in entries and not entries[path].is_list]
    pairs = _pairs(entries, there)
    degrees = Counter(path for pair in pairs for path in pair)
    order = sorted(there, key=lambda path: (-degrees[path], path))[:limit]
    index = {path: at for at, path in enumerate(order)}
    known = ((index[one], index[other]) for one, other in pairs if one in index and other in index)
    # those between the best connected first
    links = sorted((max(pair), min(pair)) for pair in known)[:MAX_LINKS]
    shown = tuple(entries[path] for path in order)
    groups = [entry.category or entry.path.rpartition("/")[0] for entry in shown]
    places = seed_positions(_own_groups(shown, groups), links)
    return Drawn(shown, tuple(links), tuple(degrees[path] for path in order), tuple(places), len(there))


def _own_groups(entries: Sequence[Entry], groups: Sequence[str]) -> list[str]:
    """Return the groups; a category's own page stands with what is in it."""
    named = {entry.category for entry in entries if entry.category}
    return [entry.name if entry.name in named else group for entry, group in zip(entries, groups, strict=True)]


def _pairs(entries: Mapping[str, Entry], paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return the links between pages, each pair once whichever way it goes."""
    wanted = set(paths)
    found = {
        (path, other) if path < other else (other, path)
        for path in paths
        for other in entries[path].links
        if other in wanted and other != path
    }
    return sorted(found)


def graph_values(viewer: Viewer, drawn: Drawn) -> dict[str, Any]:
    """Return a graph as the browser draws it: columns of values, one for each page, and links as pairs of indices."""
    types = _numbered(entry.type for entry in drawn.entries)
    categories = _numbered(entry.category for entry in drawn.entries)
    common = Counter(tag for entry in drawn.entries for tag in entry.tags).most_common(_MAX_TAGS)
    tags = {tag: at for at, (tag, _) in enumerate(common)}
    return {
        "total": drawn.total,
        "types": list(types),
        "categories": list(categories),
        "tags": list(tags),
        "title": [entry.title for entry in drawn.entries],
        "url": [viewer.urls.page(entry.path) for entry in drawn.entries],
        "type": [types[entry.type] for entry in drawn.entries],
        "category": [categories[entry.category] for entry in drawn.entries],
        "tagged": [[tags[tag] for tag in entry.tags if tag in tags] for entry in drawn.entries],
        "links": list(drawn.degrees),
        "x": [round(x, 2) for x, _ in drawn.places],
        "y": [round(y, 2) for _, y in drawn.places],
        "edges": [index for pair in drawn.links for index in pair],
    }


def near_values(viewer: Viewer, path: str, *, depth: int) -> dict[str, Any]:
    """Return the graph around one page; `centre` is its index there, None where there is no such page."""
    near, _ = viewer.catalogue.neighbourhood(path, depth=min(depth, MAX_DEPTH), limit=MAX_NEAR)
    drawn = drawn_of(viewer.catalogue, near)
    centre = next((at for at, entry in enumerate(drawn.entries) if entry.path == path), None)
    return {**graph_values(viewer, drawn), "centre": centre, "cut": len(near) >= MAX_NEAR}


def page_values(viewer: Viewer, drawn: Drawn) -> dict[str, Any]:
    """Return what the page around the graph shows: figures, and the best connected pages as a list."""
    best = [(entry, links) for entry, links in zip(drawn.entries[:_TABLE], drawn.degrees, strict=False)]
    return {"shown": len(drawn.entries), "total": drawn.total, "links": len(drawn.links), "best": best}


def _numbered(values: Any) -> dict[str, int]:
    """Return each value with a number, the commonest first."""
    return {value: at for at, (value, _) in enumerate(Counter(values).most_common())}
