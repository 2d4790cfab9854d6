"""The first page: what is new, what there is by category, and how the desk is."""

import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.views.web.files import vault_file
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.figures import Figures, figures_values
from nightdesk.views.web.wiki.front import Front, front_of
from nightdesk.views.web.wiki.kept import Kept
from nightdesk.views.web.wiki.mentions import plain_line
from nightdesk.views.web.wiki.sheets import Sheets
from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.log import PATH as LOG

_RECENT, _SOURCES, _ANSWERS, _LOG = 8, 8, 5, 6
_LOG_BYTES = 60_000  # of the end of the diary
_ENTRY = re.compile(r"^## \[(\d{4}-\d\d-\d\d)\] ([^|\n]{1,80}?) \| ([^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Dated:
    """A source with what it says of its date and author."""

    entry: Entry
    published: str
    author: str


@dataclass(frozen=True, slots=True)
class Done:
    """One entry of the diary."""

    date: str
    operation: str
    title: str


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of the first page."""
    sheets, fronts, figures = Sheets(viewer), Kept[Front](2), Figures(viewer)

    def home(request: Request) -> Response:
        front = fronts.get(viewer.catalogue.generation, lambda: front_of(viewer.catalogue))
        return viewer.show(request, "home.html", nav="wiki", **home_values(viewer, front, sheets, figures))

    def vitals(request: Request) -> Response:
        return viewer.show(request, "figures.html", **figures.now())

    return [Route("/", home), Route("/api/figures", vitals)]


def home_values(
    viewer: Viewer, front: Front | None = None, sheets: Sheets | None = None, figures: Figures | None = None
) -> dict[str, Any]:
    """Return what the first page shows. Without `figures`, as in a static site, the vital figures are read now."""
    catalogue = viewer.catalogue
    front = front or front_of(catalogue)
    known = figures.known() if figures else (figures_values(viewer) if viewer.desk else None)
    return {
        "front": front,
        "recent": catalogue.recent(_RECENT),
        "sources": _dated(front, sheets or Sheets(viewer)),
        "answers": front.answers[:_ANSWERS],
        "log": _log(viewer),
        "figures": known,
        "figures_stale": figures is not None and figures.stale,
        "waiting": _waiting(viewer) if not catalogue.entries else 0,
    }


def _dated(front: Front, sheets: Sheets) -> list[Dated]:
    """Return the newest sources by the date that they give; after them those without one, the last read first."""
    found = []
    for entry in front.sources:
        values = sheets.front(entry.path)
        author = values.get("author")
        told = ", ".join(map(str, author)) if isinstance(author, list) else str(author or "")
        found.append(Dated(entry, str(values.get("published") or "")[:10], told[:120]))
    found.sort(key=lambda dated: dated.published, reverse=True)
    return found[:_SOURCES]


def _log(viewer: Viewer) -> list[Done]:
    """Return the last entries of the desk's diary, the newest first."""
    file = vault_file(viewer, LOG) if viewer.desk else None
    if file is None:
        return []
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, file.stat().st_size - _LOG_BYTES))
            text = opened.read().decode("utf-8", "replace")
    except OSError:
        return []
    found = [Done(match[1], match[2], plain_line(match[3])) for match in _ENTRY.finditer(text)]
    return found[: -_LOG - 1 : -1]


def _waiting(viewer: Viewer) -> int:
    """Count the sources of a desk that has no pages yet."""
    if viewer.desk is None:
        return 0
    # imported here: only an empty desk asks
    from nightdesk.sources.folders import find_sources  # noqa: PLC0415

    return sum(1 for _ in find_sources(viewer.desk.raw))
