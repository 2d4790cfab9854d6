"""What an HTML page says of itself: its title, and which images its main part shows."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nightdesk.sources.urls import resolve_reference

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_PARSED_BYTES = 5_000_000  # the rest of a longer page has no title and rarely an image


@dataclass(frozen=True, slots=True)
class Page:
    """Facts of one page."""

    title: str | None  # `og:title`, else `<title>`; white space collapsed
    images: dict[str, str]  # reference as written -> absolute URL (the reference itself where the page has no URL)


def read_page(content: bytes, *, charset: str | None = None, url: str | None = None) -> Page:
    """Return the title and images of an HTML page, however broken it is.

    Where a page says which part is its main one, only images in that part count; of lazy ones `data-src` does.
    """
    tree = _parse(content[:MAX_PARSED_BYTES], charset)
    if tree is None:
        return Page(None, {})
    base = url
    if url and (hrefs := [element.get("href") for element in tree.iter("base")]):
        base = resolve_reference(url, hrefs[0] or "") or url
    images: dict[str, str] = {}
    for reference in _image_references(tree):
        address = reference if base is None else resolve_reference(base, reference)
        if address:
            images.setdefault(reference, address)
    return Page(_title(tree), images)


def _parse(content: bytes, charset: str | None) -> "HtmlElement | None":
    from lxml import etree, html  # noqa: PLC0415  # 20 ms that only pages need

    try:
        parser = html.HTMLParser(encoding=charset, no_network=True)
    except LookupError:  # a charset that nobody knows
        parser = html.HTMLParser(no_network=True)
    try:
        return html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _title(tree: "HtmlElement") -> str | None:
    titles = [meta.get("content") for meta in tree.iter("meta") if meta.get("property") == "og:title"]
    titles += [element.text for element in tree.iter("title") if element.getparent().tag == "head"]
    return next((" ".join(title.split()) for title in titles if title and title.strip()), None)


def _image_references(tree: "HtmlElement") -> list[str]:
    main = [*tree.iter("main", "article")]
    found: list[str] = []
    for root in main or [tree]:
        for image in root.iter("img"):
            source = image.get("src") or ""
            if not source.strip() or source.lstrip().startswith("data:"):
                source = image.get("data-src") or image.get("data-original") or ""
            found.append(re.sub(r"[\t\r\n]", "", source).strip())
    return [reference for reference in found if reference and not reference.startswith("data:")]
