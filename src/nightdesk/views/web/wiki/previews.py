"""What a link shows before it is followed: a page in a few words, or a claim with its quote and its source."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.base.markdown import blocks, frontmatter_end
from nightdesk.views.web.files import vault_file
from nightdesk.views.web.urls import page_path
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.followed import Sources, followed_or_none
from nightdesk.views.web.wiki.mentions import clipped, plain_line
from nightdesk.views.web.wiki.pages import STATUS, category_of
from nightdesk.views.web.wiki.place import read_text
from nightdesk.views.web.wiki.sheets import Sheets
from nightdesk.wiki.claims import Claim
from nightdesk.wiki.concept_page import written_part
from nightdesk.wiki.show import Link

_BYTES = 12_000  # of a page that is looked at for its first paragraph
_PARAGRAPH = 420  # characters
_QUOTE = 900


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of previews."""
    sources = Sources(viewer.desk) if viewer.desk else None
    sheets = Sheets(viewer)

    def preview(request: Request) -> Response:
        path = page_path(request.path_params["name"], viewer.catalogue.entries.__contains__)
        claim = request.query_params.get("claim", "")
        if path is None:
            return viewer.fail(request, 404, "this page is not there")
        if claim:
            values = claim_values(viewer, path, claim, sources=sources)
            return viewer.show(request, "preview_claim.html", status=200 if values["claim"] else 404, **values)
        return viewer.show(request, "preview.html", **preview_values(viewer, path, sheets=sheets))

    return [Route("/api/preview/{name:path}", preview)]


def preview_values(viewer: Viewer, path: str, *, sheets: Sheets | None = None) -> dict[str, Any]:
    """Return what is shown of a page before it is opened."""
    entry = viewer.catalogue.entries[path]
    front = (sheets or Sheets(viewer)).front(path) if entry.type == "source" else {}
    return {
        "entry": entry,
        "category": category_of(viewer.catalogue, entry),
        "paragraph": first_paragraph(viewer, path),
        "author": _text(front, "author"),
        "published": _text(front, "published"),
    }


def claim_values(viewer: Viewer, path: str, claim: str, *, sources: Sources | None = None) -> dict[str, Any]:
    """Return what is shown of a claim before its source is opened; `claim` is None where the page has none such."""
    if sources is None and viewer.desk is not None:
        sources = Sources(viewer.desk)
    followed = followed_or_none(sources, path)
    found: Claim | None = None
    link: Link | None = None
    front: Mapping[str, Any] = {}
    if followed is not None:
        found = next((each for each in followed.claims if each.id == claim), None)
        link = followed.links.get(claim)
        front = {key: followed.page.page.value(key) for key in ("author", "published")}
    entry = viewer.catalogue.entries[path]
    return {
        "entry": entry,
        "claim": found,
        "link": link,
        "quote": clipped(found.quote, most=_QUOTE) if found else "",
        "same": found is not None and " ".join(found.quote.split()) == found.statement,
        "author": _text(front, "author"),
        "published": _text(front, "published"),
        "standing": STATUS.get(entry.status),
    }


def first_paragraph(viewer: Viewer, path: str) -> str:
    """Return the first paragraph (or item of a list) of a page as plain text, bounded; "" where there is none."""
    file = vault_file(viewer, path)
    text = read_text(file, _BYTES) if file else None
    if not text:
        return ""
    body = written_part(text[frontmatter_end(text) :]) if viewer.desk else text[frontmatter_end(text) :]
    for block in blocks(body):
        if block.kind in ("paragraph", "item") and (
            words := plain_line(body[block.start : block.end].replace("\n", " "))
        ):
            return clipped(words, most=_PARAGRAPH)
    return ""


def _text(front: Mapping[str, Any], key: str) -> str:
    value = front.get(key)
    return "" if value is None else (", ".join(map(str, value)) if isinstance(value, list) else str(value))[:200]
