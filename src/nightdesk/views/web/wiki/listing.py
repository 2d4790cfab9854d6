"""Lists of pages: by tag, type, category or folder, and all that link to one."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.kept import Kept
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.entries import Entry

AT_ONCE = 100  # pages in one part of a list
MAX_TAGS = 2_000
_KEYS = ("tag", "type", "category", "folder", "to")


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of lists."""
    orders = Kept[tuple[Entry, ...]](1)

    def ordered() -> tuple[Entry, ...]:
        catalogue = viewer.catalogue
        return orders.get(catalogue.generation, lambda: in_order(catalogue))

    def pages(request: Request) -> Response:
        given = {key: request.query_params.get(key, "")[:1_000] for key in _KEYS}
        values = list_values(viewer, at=_number(request.query_params.get("at", "")), ordered=ordered(), **given)
        return viewer.show(request, "list.html", nav="wiki", **values)

    def tags(request: Request) -> Response:
        tag = request.query_params.get("tag", "").lstrip("#")[:1_000]
        if tag:
            values = list_values(viewer, tag=tag, at=_number(request.query_params.get("at", "")), ordered=ordered())
            return viewer.show(request, "list.html", nav="wiki", **values)
        return viewer.show(request, "tags.html", nav="wiki", **tags_values(viewer))

    return [Route("/pages", pages), Route("/tags", tags)]


def tags_values(viewer: Viewer) -> dict[str, Any]:
    """Return all tags with the number of their pages."""
    counts = Counter(tag for entry in viewer.catalogue.entries.values() for tag in entry.tags)
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MAX_TAGS]
    return {"tags": sorted(common, key=lambda item: item[0].casefold()), "more": len(counts) - len(common)}


def in_order(catalogue: Catalogue) -> tuple[Entry, ...]:
    """Return all pages by title."""
    return tuple(sorted(catalogue.entries.values(), key=lambda entry: (entry.title.casefold(), entry.path)))


def list_values(
    viewer: Viewer,
    *,
    tag: str = "",
    type: str = "",
    category: str = "",
    folder: str = "",
    to: str = "",
    at: int = 1,
    ordered: Sequence[Entry] | None = None,
) -> dict[str, Any]:
    """Return one part of the list of the pages that have a tag (or one below it), a type, a category …; `at` from 1.

    `to` is the path of a page: those that link to it. A static site has the whole list in one. `ordered` are all pages
    in order, where the caller has them.
    """
    catalogue = viewer.catalogue
    given = {"tag": tag, "type": type, "category": category, "folder": folder, "to": to}
    entries = list(ordered or in_order(catalogue))
    for is_chosen in _choices(catalogue, given):
        entries = [entry for entry in entries if is_chosen(entry)]
    size = AT_ONCE if viewer.served else max(len(entries), 1)
    parts = max(1, -(-len(entries) // size))
    at = min(max(at, 1), parts)
    return {
        "heading": _heading(catalogue, given),
        "entries": entries[(at - 1) * size : at * size],
        "total": len(entries),
        "at": at,
        "parts": parts,
        "given": given,
        "view": "tags" if tag else "pages",
        "folders": _folders(catalogue, folder) if not (tag or type or category or to) else (),
        "parent": folder.rstrip("/").rpartition("/")[0],
    }


def _choices(catalogue: Catalogue, given: Mapping[str, str]) -> list[Callable[[Entry], bool]]:
    """Return what each page of the list must be."""
    wanted: list[Callable[[Entry], bool]] = []
    if given["to"]:
        linking = frozenset(catalogue.backlinks(given["to"]))
        wanted.append(lambda e: e.path in linking)
    if given["tag"]:
        key = given["tag"].casefold().rstrip("/")
        wanted.append(lambda e: any(t.casefold() == key or t.casefold().startswith(f"{key}/") for t in e.tags))
    for name in ("type", "category"):
        if given[name]:
            wanted.append(partial(_has, name, given[name]))
    if given["folder"]:
        start = given["folder"].rstrip("/") + "/"
        wanted.append(lambda e: e.path.startswith(start))
    return wanted


def _has(name: str, value: str, entry: Entry) -> bool:
    return bool(getattr(entry, name) == value)


def _heading(catalogue: Catalogue, given: Mapping[str, str]) -> tuple[str, str]:
    """Return what kind of list it is, and of what."""
    if given["to"]:
        entry = catalogue.entries.get(given["to"])
        return "Pages that link to", entry.title if entry else given["to"]
    if given["tag"]:
        return "Tag", given["tag"]
    if given["category"]:
        path = catalogue.named(given["category"])
        return "Category", catalogue.entries[path].title if path else given["category"]
    if given["folder"]:
        return "Folder", given["folder"].rstrip("/")
    return ("Pages of type", given["type"]) if given["type"] else ("", "All pages")


def _folders(catalogue: Catalogue, folder: str) -> tuple[tuple[str, str, int], ...]:
    """Return the folders in a folder: name, path, and how many pages are in and below them."""
    start = folder.rstrip("/") + "/" if folder else ""
    counts = Counter(
        path[len(start) :].partition("/")[0]
        for path in catalogue.entries
        if path.startswith(start) and "/" in path[len(start) :]
    )
    return tuple((name, start + name, count) for name, count in sorted(counts.items())[:500])


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 1
