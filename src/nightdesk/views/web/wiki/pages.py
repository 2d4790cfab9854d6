"""A page of the wiki: its text, what it is, what it rests on, and what links to it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from nightdesk.base.markdown import frontmatter_end
from nightdesk.base.names import name_key
from nightdesk.views.web.files import vault_file
from nightdesk.views.web.urls import page_path
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.mentions import mention, plain_line
from nightdesk.views.web.wiki.place import read_text
from nightdesk.views.web.wiki.sheets import Sheet, Sheets
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.vault.records import Link

MAX_BACKLINKS = 50  # shown beside a page; its list has them all
_MAX_SOURCES = 100
_MAX_PROPERTIES, _MAX_VALUE = 60, 2_000  # keys, and characters of each
_MENTION_BYTES = 300_000
_TOLD = frozenset(  # what the page's head and rails say already
    ("type", "title", "aliases", "alias", "tags", "tag", "category", "summary", "description", "status", "sources")
)
_OF_NIGHTDESK = frozenset(
    ("nightdesk", "generated", "source_count", "claim_count", "language", "concepts", "names", "suggests", "claims")
)
STATUS = {  # of a page: how it is told, its badge, and what it means
    "verified": ("Verified", "good", "Every quote and citation on this page passed when it was last checked."),
    "promoted": ("Promoted", "good", "A person let this answer count as evidence for other pages."),
    "unverified": ("Unverified", "bad", "An edit by hand holds a citation or a claim that does not check out."),
}


@dataclass(frozen=True, slots=True)
class Backlink:
    """A page that links here, and what it says there; "" where it only lists the link."""

    entry: Entry
    words: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A source that a page rests on."""

    name: str
    entry: Entry | None  # None: it has gone
    citations: int
    published: str


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of pages."""
    sheets = Sheets(viewer)

    def page(request: Request) -> Response:
        name = request.path_params["name"]
        path = page_path(name, viewer.catalogue.entries.__contains__)
        values = page_values(viewer, path, sheets) if path else None
        if values is not None:
            return viewer.show(request, "page.html", nav="wiki", **values)
        if vault_file(viewer, name):
            return RedirectResponse(viewer.urls.file(name))
        return viewer.show(request, "no_page.html", status=404, nav="wiki", **missing_values(viewer, name))

    return [Route("/p/{name:path}", page)]


def page_values(viewer: Viewer, path: str, sheets: Sheets | None = None) -> dict[str, Any] | None:
    """Return what a page's template shows, None where there is no such page."""
    catalogue = viewer.catalogue
    entry = catalogue.entries.get(path)
    sheets = sheets or Sheets(viewer)
    sheet = sheets.page(entry) if entry else None
    if entry is None or sheet is None:
        return None
    linking = [catalogue.entries[other] for other in catalogue.backlinks(path) if other in catalogue.entries]
    linking.sort(key=lambda other: (other.type == "source", other.title.casefold(), other.path))
    return {
        "entry": entry,
        "sheet": sheet,
        "category": category_of(catalogue, entry),
        "show_summary": bool(entry.summary) and not _begins_with(sheet, entry.summary),
        "standing": STATUS.get(entry.status),
        "backlinks": _backlinks(viewer, entry, linking[:MAX_BACKLINKS]),
        "backlink_count": len(linking),
        "grounds": _grounds(catalogue, entry, sheet, sheets),
        "properties": _properties(sheet.values),
        "written_by": _written_by(sheet.values),
        "is_source": entry.type == "source" and viewer.desk is not None and sheet.own,
    }


def missing_values(viewer: Viewer, name: str) -> dict[str, Any]:
    """Return what is shown for a page that is not there: those with names like it, and those that link to it."""
    wanted = name.rpartition("/")[2].removesuffix(".md")
    catalogue = viewer.catalogue
    key = name_key(wanted)
    linking = [e for e in catalogue.entries.values() if any(name_key(_base(m)) == key for m in e.missing)]
    linking.sort(key=lambda entry: (entry.title.casefold(), entry.path))
    near = [match.entry for match in catalogue.palette(wanted[:100], limit=8)]
    return {"wanted": wanted, "near": near, "linking": linking[:MAX_BACKLINKS]}


def category_of(catalogue: Catalogue, entry: Entry) -> Entry | None:
    """Return the overview page of a page's category."""
    path = catalogue.named(entry.category) if entry.category else None
    return catalogue.entries.get(path) if path else None


def _begins_with(sheet: Sheet, summary: str) -> bool:
    """Say whether the text says first what its summary says: then it need not stand twice."""
    start = plain_line(sheet.text[frontmatter_end(sheet.text) :][:4_000].replace("\n", " "))
    return summary.rstrip("….").casefold() in start.casefold()


def _base(target: str) -> str:
    return target.rpartition("/")[2].removesuffix(".md")


def _backlinks(viewer: Viewer, entry: Entry, linking: Sequence[Entry]) -> list[Backlink]:
    found = []
    for other in linking:
        file = vault_file(viewer, other.path)
        text = read_text(file, _MENTION_BYTES) if file else None
        found.append(Backlink(other, mention(text, entry) if text else ""))
    return found


def _grounds(catalogue: Catalogue, entry: Entry, sheet: Sheet, sheets: Sheets) -> list[Ground]:
    """Return the sources whose claims a page cites, in the order of its list, then of first citation."""
    if entry.type == "source":
        return []
    names: dict[str, str] = {}  # as first written, by path, or by key where there is no such page
    counts: Counter[str] = Counter()
    for name, count in (*((n, 0) for n in _listed(sheet.values)), *((c.page, 1) for c in find_citations(sheet.text))):
        path = catalogue.find(Link("wiki", False, name, "", 1, 1), entry.path) if name else None
        key = path or name_key(name)
        if path != entry.path and name:
            names.setdefault(key, name)
            counts[key] += count
    found = []
    for key, name in list(names.items())[:_MAX_SOURCES]:
        other = catalogue.entries.get(key)
        published = str(sheets.front(key).get("published") or "")[:10] if other else ""
        found.append(Ground(name, other, counts[key], published))
    return found


def _listed(values: Mapping[str, Any]) -> list[str]:
    """Return the source pages that a page's frontmatter names: links; a source names its file there instead."""
    sources = values.get("sources")
    texts = [text for text in sources if isinstance(text, str)] if isinstance(sources, list) else []
    links = [text.strip()[2:-2] for text in texts if text.strip().startswith("[[") and text.strip().endswith("]]")]
    return [link.partition("|")[0].partition("#")[0].strip() for link in links]


def _written_by(values: Mapping[str, Any]) -> str:
    generated = values.get("generated")
    return str(generated.get("by") or "")[:100] if isinstance(generated, dict) else ""


def _properties(values: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Return the frontmatter's other keys, each with its values as texts."""
    found = []
    for key, value in list(values.items())[:_MAX_PROPERTIES]:
        if key in _TOLD or key in _OF_NIGHTDESK or value is None or value == []:
            continue
        parts = value if isinstance(value, list) else [value]
        found.append((key, [_told(part) for part in parts[:50]]))
    return found


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_told(part)}" for key, part in value.items())[:_MAX_VALUE]
    return str(value)[:_MAX_VALUE]
