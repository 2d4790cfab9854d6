"""Pages made ready to be shown: frontmatter read, text as HTML, own sentences marked; kept while unchanged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.markdown import plain_text
from nightdesk.base.pages import parse_page
from nightdesk.views.web.files import vault_file
from nightdesk.views.web.prose import Rendered, anchor, render
from nightdesk.views.web.viewer import Viewer
from nightdesk.views.web.wiki.kept import Kept, looks_of
from nightdesk.views.web.wiki.own_words import show_own_words, sign_own_words
from nightdesk.views.web.wiki.place import VaultPlace, read_text
from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.vault.front import read_front
from nightdesk.wiki.vitals import LISTS

MAX_PAGE = 8_000_000  # bytes; what a longer page holds after them is not shown
_FRONT_BYTES = 40_000  # in which the frontmatter of any page ends
_MOST_KEPT = 40_000_000  # characters of HTML
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_FIRST_HEADING = re.compile(r"\s*# +([^\n]+?)[ \t]*(?:\n|\Z)")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page."""

    values: Mapping[str, Any]  # of the frontmatter
    text: str  # as the file has it
    rendered: Rendered  # without the title, where the text begins with it
    heading: str  # id of the title
    language: str  # "" where the page does not say
    edited: bool  # nightdesk wrote it and a person changed it
    own: bool  # nightdesk wrote it
    own_words: int  # sentences of a person on it


class Sheets:
    """The sheets of a viewer's pages. They hold addresses: another viewer needs its own."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._sheets = Kept[Sheet | None](_MOST_KEPT, weigh=_weight)
        self._fronts = Kept[Mapping[str, Any]](20_000)

    def page(self, entry: Entry) -> Sheet | None:
        """Return a page, None where it has gone since the catalogue was made."""
        file = vault_file(self._viewer, entry.path)
        if file is None:
            return None
        catalogue = self._viewer.catalogue
        key = entry.path, looks_of(file), catalogue.generation

        def made() -> Sheet | None:
            text = read_text(file, MAX_PAGE)
            return None if text is None else _make(entry, text, VaultPlace(self._viewer, catalogue))

        return self._sheets.get(key, made)

    def front(self, path: str) -> Mapping[str, Any]:
        """Return the frontmatter of a page; {} where there is none, or none that can be read."""
        file = vault_file(self._viewer, path)
        if file is None:
            return {}
        key = path, looks_of(file)
        return self._fronts.get(key, lambda: read_front(read_text(file, _FRONT_BYTES) or "").values)


def _weight(sheet: Sheet | None) -> int:
    return 1_000 + (len(sheet.rendered.html) + len(sheet.text) if sheet else 0)


def _make(entry: Entry, text: str, place: VaultPlace) -> Sheet:
    front = read_front(text)
    body = text[front.end :].replace("\r\n", "\n")
    own, edited, count = False, False, 0
    try:
        page = parse_page(text) if "\nnightdesk:" in text[: front.end] else None
    except DeskError:  # its frontmatter is for a person to mend
        page = None
    if page is not None and page.made_from is not None:
        own, edited = True, page.edited
    if edited and entry.type not in ("source", *LISTS):
        body, count = sign_own_words(body, language=str(front.values.get("language") or "en"))
    first = _FIRST_HEADING.match(body)
    is_title = first is not None and " ".join(plain_text(first[1]).split()).casefold() == entry.title.casefold()
    if first is not None and is_title:
        body = body[first.end() :]
    rendered = render(f"\n{body}", place=place, path=entry.path)  # a rule on its first line is no frontmatter
    if count:
        rendered = Rendered(show_own_words(rendered.html), rendered.headings, rendered.uses)
    heading = anchor(entry.title) if is_title else ""
    if not heading or any(other.id == heading for other in rendered.headings):
        heading = "page-title"
    return Sheet(front.values, text, rendered, heading, language_of(front.values), edited, own, count)


def language_of(values: Mapping[str, Any]) -> str:
    """Return the language that a page says it is in, "" for none."""
    language = values.get("language") or values.get("lang")
    return language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else ""
