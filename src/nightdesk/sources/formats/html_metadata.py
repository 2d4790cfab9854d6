"""What a web page says of itself: title, author, date, its own address."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement

from nightdesk.sources.formats.converted import iso_date, one_line

_TITLES = ("citation_title", "og:title", "dc.title", "dcterms.title", "twitter:title")
_AUTHORS = ("citation_author", "author", "article:author", "dc.creator", "dcterms.creator", "parsely-author", "byl")
_DATES = (
    *("article:published_time", "citation_publication_date", "citation_date", "citation_online_date"),
    *("datepublished", "dc.date.issued", "dcterms.issued", "dc.date", "dcterms.created", "dcterms.date"),
    *("date", "pubdate", "publish_date", "publish-date", "parsely-pub-date", "sailthru.date"),
)
_JSON_ARTICLES = frozenset(
    {"Article", "NewsArticle", "BlogPosting", "TechArticle", "ScholarlyArticle", "Report", "WebPage"}
)
_SITE_SUFFIX = re.compile(r"\s+[|–—·»-]\s+")
MAX_AUTHORS = 20


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What the head of a page states; each None if it does not."""

    title: str | None
    author: str | None
    published: str | None
    address: str | None


def metadata_of(root: HtmlElement) -> PageMetadata:
    """Return what the page states of itself, from its head, its JSON-LD and its first dated `time`."""
    stated: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        content = one_line(meta.get("content"), 500)
        if name and content:
            stated.setdefault(name, []).append(content)
    linked = next(_linked_articles(root), {})
    return PageMetadata(
        title=_title(root, stated),
        author=_author(stated, linked),
        published=_published(root, stated, linked),
        address=_address(root, stated),
    )


def _title(root: HtmlElement, stated: dict[str, list[str]]) -> str | None:
    for name in _TITLES:
        if name in stated:
            return stated[name][0]
    element = next(root.iter("title"), None)
    return one_line(element.text_content()) if element is not None else None


def without_site_name(title: str | None, heading: str | None) -> str | None:
    """Return the title of a page without its site's name: the first heading if the title holds it.

    "numpy.sort — NumPy v2.1 Manual" with the heading "numpy.sort" gives "numpy.sort".
    """
    if not title or not heading:
        return title or heading
    if heading.casefold() in title.casefold():
        return heading
    parts = _SITE_SUFFIX.split(title)
    return parts[0] if len(parts) > 1 and parts[0].casefold() in heading.casefold() and len(parts[0]) > 3 else title


def _author(stated: dict[str, list[str]], linked: dict[str, Any]) -> str | None:
    for name in _AUTHORS:
        people = [person for person in stated.get(name, []) if "://" not in person]
        if people:
            return ", ".join(dict.fromkeys(people[:MAX_AUTHORS]))
    author = linked.get("author")
    names = [
        person.get("name") if isinstance(person, dict) else person
        for person in (author if isinstance(author, list) else [author])
    ]
    return ", ".join(name for name in names[:MAX_AUTHORS] if isinstance(name, str)) or None


def _published(root: HtmlElement, stated: dict[str, list[str]], linked: dict[str, Any]) -> str | None:
    for name in _DATES:
        for text in stated.get(name, []):
            if date := iso_date(text):
                return date
    if isinstance(linked.get("datePublished"), str) and (date := iso_date(linked["datePublished"])):
        return date
    for time in root.iter("time"):
        if time.get("pubdate") is not None or time.get("itemprop") == "datePublished" or _in_header(time):
            return iso_date(time.get("datetime"))
    return None


def _in_header(element: HtmlElement) -> bool:
    return any(ancestor.getparent() is not None and ancestor.getparent().tag in {"article", "main"}
               for ancestor in element.iterancestors("header"))  # fmt: skip


def _address(root: HtmlElement, stated: dict[str, list[str]]) -> str | None:
    base = next(root.iter("base"), None)
    canonical = [
        link.get("href") for link in root.iter("link") if "canonical" in (link.get("rel") or "").lower().split()
    ]
    for address in [base.get("href") if base is not None else None, *canonical, *stated.get("og:url", [])]:
        if address and re.match(r"https?://[^\s/]", address):
            return str(address)
    return None


def _linked_articles(root: HtmlElement) -> Iterator[dict[str, Any]]:
    """Yield the article objects in the page's JSON-LD; malformed blocks are common and are passed over."""
    for script in root.iter("script"):
        if (script.get("type") or "").lower() != "application/ld+json" or not script.text:
            continue
        try:
            block = json.loads(script.text[:500_000])
        except (ValueError, RecursionError):
            continue
        objects = block if isinstance(block, list) else [block]
        objects += [
            item for o in objects if isinstance(o, dict) and isinstance(o.get("@graph"), list) for item in o["@graph"]
        ]
        for item in objects:
            kinds = item.get("@type") if isinstance(item, dict) else None
            if any(
                kind in _JSON_ARTICLES
                for kind in (kinds if isinstance(kinds, list) else [kinds])
                if isinstance(kind, str)
            ):
                yield item
