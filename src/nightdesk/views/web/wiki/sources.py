"""A source page beside its text: each claim, and its quote marked where it stands."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, normpath
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nightdesk.views.web.files import vault_file
from nightdesk.views.web.urls import page_path
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.followed import Followed, Sources, followed_or_none
from nightdesk.views.web.wiki.kept import Kept, looks_of
from nightdesk.views.web.wiki.marked_text import Quote, marked_html, parts_of
from nightdesk.views.web.wiki.pages import STATUS, missing_values
from nightdesk.views.web.wiki.place import read_text
from nightdesk.views.web.wiki.sheets import language_of
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.show import Link

MAX_CLAIMS = 2_000  # shown beside a text
_MAX_CITING = 300  # pages that are looked through for citations of the claims
_CITING_BYTES = 1_000_000
_SHOWN_CITING = 5
_CITED = re.compile(r"#\^(c[0-9a-f]{10,64})")
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".svg")


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim beside the text."""

    claim: Claim
    link: Link | None
    here: bool  # its quote stands in the part of the text that is shown
    concepts: tuple[tuple[str, Entry | None], ...]  # what it speaks of: the words, and the page if there is one
    cited: bool  # some page cites it
    cited_on: tuple[Entry, ...]  # other pages than those of its concepts that do


class CitedOn:
    """Which pages cite which claims; a page is read once."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._claims = Kept[frozenset[str]](5_000)

    def of(self, catalogue: Catalogue, path: str) -> Mapping[str, tuple[Entry, ...]]:
        """Return the pages that cite each claim of a source page, by claim id."""
        found: dict[str, list[Entry]] = {}
        for other in catalogue.backlinks(path)[:_MAX_CITING]:
            entry = catalogue.entries.get(other)
            for identity in self._cited(other) if entry and other != path else ():
                found.setdefault(identity, []).append(entry)  # type: ignore[arg-type]
        return {identity: tuple(entries) for identity, entries in found.items()}

    def _cited(self, path: str) -> frozenset[str]:
        file = vault_file(self._viewer, path)
        if file is None:
            return frozenset()
        return self._claims.get(
            (path, looks_of(file)), lambda: frozenset(_CITED.findall(read_text(file, _CITING_BYTES) or ""))
        )


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of source pages beside their texts."""
    sources = Sources(viewer.desk) if viewer.desk else None
    cited_on = CitedOn(viewer)

    def source(request: Request) -> Response:
        name = request.path_params["name"]
        path = page_path(name, viewer.catalogue.entries.__contains__)
        if path is None:
            return viewer.show(request, "no_page.html", status=404, nav="wiki", **missing_values(viewer, name))
        claim, part = request.query_params.get("claim", ""), request.query_params.get("part", "")
        number = int(part) if part.isdecimal() and len(part) < 7 else 0
        values = source_values(viewer, path, claim=claim, part=number, sources=sources, cited_on=cited_on)
        if values is None:
            return RedirectResponse(viewer.urls.page(path, f"^{claim}" if claim else ""))
        return viewer.show(request, "source.html", nav="wiki", **values)

    return [Route("/s/{name:path}", source)]


def source_values(
    viewer: Viewer,
    path: str,
    *,
    claim: str = "",
    part: int = 0,
    sources: Sources | None = None,
    cited_on: CitedOn | None = None,
) -> dict[str, Any] | None:
    """Return what a source's template shows, None for what is no source page.

    `part` counts from 1; 0 is the part with the quote of `claim`, else the first. A static site has all in one.
    """
    catalogue = viewer.catalogue
    entry = catalogue.entries.get(path)
    if entry is None or entry.type != "source" or viewer.desk is None:
        return None
    followed = followed_or_none(sources or Sources(viewer.desk), path)
    if followed is None:
        return None
    parts = parts_of(followed.text) if viewer.served else ((0, len(followed.text)),)
    starts = [start for start, _ in parts]
    of_claim = {identity: bisect_right(starts, start) for identity, (start, _) in followed.spans.items()}
    number = min(part or of_claim.get(claim, 1), len(parts))
    citing = (cited_on or CitedOn(viewer)).of(catalogue, path)
    rows = [
        _row(catalogue, each, followed, here=of_claim.get(each.id) == number, citing=citing.get(each.id, ()))
        for each in followed.claims[:MAX_CLAIMS]
    ]
    html = _text_html(viewer, followed, parts[number - 1], claim) if followed.text else ""
    return {
        "entry": entry,
        "standing": STATUS.get(entry.status),
        "front": _facts(followed),
        "language": language_of({"language": followed.page.page.value("language")}),
        "followed": followed,
        "rows": rows,
        "more_claims": len(followed.claims) - len(rows),
        "asked": claim if claim in followed.links else "",
        "not_there": claim if claim and claim not in followed.links else "",
        "html": html,
        "has_math": 'class="nd-math' in html,
        "part": number,
        "parts": len(parts),
        "part_of": of_claim,
        "raw": followed.raw_path if vault_file(viewer, followed.raw_path) else "",
        "raw_is_image": followed.raw_path.lower().endswith(_IMAGES),
        "unproven": sum(1 for link in followed.links.values() if not link.verified),
        "uncited": sum(1 for row in rows if not row.cited),
    }


def _row(catalogue: Catalogue, claim: Claim, followed: Followed, *, here: bool, citing: Sequence[Entry]) -> ClaimRow:
    concepts = []
    for name in dict.fromkeys(claim.concepts):
        path = catalogue.named(name)
        concepts.append((name, catalogue.entries.get(path) if path else None))
    spoken_of = {entry.path for _, entry in concepts if entry}
    # pages that the claim speaks of are linked already; what is told apart is where else it is cited
    others = sorted((e for e in citing if e.path not in spoken_of), key=lambda e: (e.title.casefold(), e.path))
    link, shown = followed.links.get(claim.id), tuple(others[:_SHOWN_CITING])
    return ClaimRow(claim, link, here, tuple(concepts), bool(citing), shown)


def _facts(followed: Followed) -> Mapping[str, str]:
    values = {key: followed.page.page.value(key) for key in ("author", "published", "url", "words")}
    told = {key: ", ".join(map(str, value)) if isinstance(value, list) else str(value) for key, value in values.items()}
    return {key: told[key][:300] if values[key] is not None else "" for key in values}


def _text_html(viewer: Viewer, followed: Followed, part: tuple[int, int], asked: str) -> str:
    quotes = [Quote(claim, start, end) for claim, (start, end) in followed.spans.items()][:MAX_CLAIMS]
    folder = dirname(followed.text_path)

    def image(target: str) -> str | None:
        path = normpath(f"{folder}/{target}")
        return (viewer.urls.file(path) or None) if vault_file(viewer, path) and path.lower().endswith(_IMAGES) else None

    return marked_html(followed.text, part, quotes, asked=asked, image=image)
