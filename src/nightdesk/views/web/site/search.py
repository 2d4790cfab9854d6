"""What a static site's search looks through: titles, then texts by section, in files that are loaded when needed."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree, html

from nightdesk.views.web.prose import Rendered
from nightdesk.wiki.catalogue.entries import Entry

MOST_TEXT = 4_000_000  # characters of all texts together: what a browser indexes in a few seconds
LEAST_OF_EACH = 300  # characters of each page; where there is no room for so much, headings and summaries are searched
_PER_FILE = 400_000  # characters: several files come sooner than one, and search begins with the first
_SKIPPED = ("nd-cite", "nd-footnotes", "own-words", "visually-hidden", "nd-about", "nd-place")
_MOSTLY = 0.6  # of a section that is links: it is a list of other pages, and says nothing itself
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_APART = frozenset(("p", "li", "td", "th", "div", "pre", "br", "dd", "dt", "blockquote"))
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading of a page; before the first one `anchor` and `heading` are ""."""

    anchor: str
    heading: str
    text: str


def sections_of(rendered: Rendered) -> tuple[Section, ...]:
    """Return the text of a rendered page by its headings, white space collapsed."""
    if not rendered.html.strip():
        return ()
    known = {heading.id for heading in rendered.headings}
    found: list[tuple[str, str, list[str]]] = [("", "", [])]
    linked = [0]
    for anchor, piece, in_link in _pieces(html.fragment_fromstring(rendered.html, create_parent="div"), known):
        if anchor is not None:
            found.append((anchor, piece, []))
            linked.append(0)
        else:
            found[-1][2].append(piece)
            linked[-1] += len(piece) if in_link else 0
    sections = (Section(anchor, _plain(heading), _plain("".join(words))) for anchor, heading, words in found)
    told = zip(sections, linked, strict=True)
    return tuple(section for section, links in told if section.text and links < _MOSTLY * len(section.text))


def _pieces(root: html.HtmlElement, known: set[str]) -> Iterator[tuple[str | None, str, bool]]:
    """Yield the pieces of text in order, each with whether it is in a link; a heading is yielded whole, with its id."""
    skipping: etree._Element | None = None
    links = 0  # links do not stand in links
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            if element is skipping:
                skipping = None
            if skipping is None and element is not root:
                links -= element.tag == "a" and links > 0
                yield None, (" " if element.tag in _APART else "") + (element.tail or ""), links > 0
        elif skipping is None:
            if element.tag in _HEADINGS and element.get("id") in known:
                skipping = element
                yield element.get("id"), "".join(element.itertext()), False
            elif not isinstance(element.tag, str) or any(c in _SKIPPED for c in (element.get("class") or "").split()):
                skipping = element
            else:
                links += element.tag == "a"
                yield None, (" " if element.tag in _APART else "") + (element.text or ""), links > 0


def _plain(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def page_rows(entries: Iterable[Entry], addresses: Iterable[str]) -> list[list[Any]]:
    """Return what is known of each page: title, address from the site's root, type, category, aliases, summary."""
    return [
        [e.title, address, e.type, e.category, list(e.aliases), e.summary]
        for e, address in zip(entries, addresses, strict=True)
    ]


def fair_share(sizes: Sequence[int], most: int = MOST_TEXT) -> int | None:
    """Return how much of each text may be taken so that all together stay within `most`; None: all of them whole."""
    if sum(sizes) <= most:
        return None
    # Shorter texts are taken whole, and what they leave goes to the longer ones
    ordered, taken = sorted(sizes), 0
    for n, size in enumerate(ordered):
        share = (most - taken) // (len(ordered) - n)
        if size > share:
            return share if share >= LEAST_OF_EACH else 0
        taken += size
    return None


def text_files(pages: Sequence[Sequence[Section]], share: int | None) -> list[list[list[Any]]]:
    """Return the texts of pages (by their place in the list) as rows of files: page, anchor, heading, text.

    `share` is how many characters of each page are taken; the headings are taken all.
    """
    files: list[list[list[Any]]] = [[]]
    filled = 0
    for number, sections in enumerate(pages):
        left = share
        for section in sections:
            text = section.text if left is None else _cut(section.text, left)
            left = None if left is None else left - len(text)
            if not text and not section.heading:
                continue
            if filled > _PER_FILE:
                files.append([])
                filled = 0
            files[-1].append([number, section.anchor, section.heading, text])
            filled += len(text) + len(section.heading) + len(section.anchor)
    return files


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    blank = text.rfind(" ", max(0, most - 30), most + 1)
    return text[: blank if blank > 0 else max(0, most)]


def as_script(name: str, value: Any) -> str:
    """Return a script that hands a value to site.js: a page opened from a disk may not fetch, but may load scripts."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char in "\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return f"nightdesk.siteData({json.dumps(name)},{text});\n"


def of_texts(share: int | None) -> str:
    """Return in words what is searched."""
    if share is None:
        return "titles, summaries and texts"
    if share == 0:
        return "titles, summaries and headings: there are too many texts to search them all in a browser"
    return f"titles, summaries, headings and the first {share:,} characters of each page"
