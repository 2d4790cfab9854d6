"""Pages looked up by words: what an agent asks in its own words, some of which may stand nowhere, best first."""

from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.base.pages import split_frontmatter
from nightdesk.wiki.search.asked import Filter, Query, terms_of
from nightdesk.wiki.search.collection import desk_collection
from nightdesk.wiki.search.frontmatter import front_texts
from nightdesk.wiki.search.hits import Hit
from nightdesk.wiki.search.query import plain_query
from nightdesk.wiki.search.search import search

MAX_QUERY = 300  # characters
MAX_WORDS = 12  # of a query that are looked for
_FRONT_CHARS = 100_000  # what of a page is read to see its summary


@dataclass(frozen=True, slots=True)
class Found:
    """One page that fits a query."""

    path: str  # relative to the desk
    name: str  # base name, by which links call it
    title: str
    kind: str  # its `type`: "concept", "source", …
    summary: str
    excerpt: str  # the line of the body with most of the words; its first where only title or aliases have them
    score: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a look-up found, best first, and whether it looked at all pages."""

    pages: tuple[Found, ...]
    words: tuple[str, ...]  # what was looked for
    whole: bool  # False: another process is still reading the pages for the first time


def find_pages(desk: Desk, query: str, *, limit: int = 10) -> Lookup:
    """Return at most `limit` pages that have words of `query`, those with the rarest and the most of them first.

    Nothing in the query has a meaning of its own. Raises DeskError for a query without words.
    """
    plain = _plain(query)
    wanted = Query(plain.wanted, (), (Filter("in", ("wiki",), False),))
    results = search(desk_collection(desk), query, limit=limit, query=wanted)
    pages = tuple(_found(desk, hit) for hit in results.hits)
    return Lookup(pages, query_words(query), results.complete)


def query_words(query: str) -> tuple[str, ...]:
    """Return what is looked for: each word folded for case and accents; of scripts without blanks each pair."""
    return tuple(term.tokens[0].text for term in terms_of(_plain(query).wanted))


def _plain(query: str) -> Query:
    return plain_query(query[:MAX_QUERY], most=MAX_WORDS)


def _found(desk: Desk, hit: Hit) -> Found:
    try:
        with (desk.root / hit.path).open(encoding="utf-8", errors="replace") as file:
            front = front_texts(split_frontmatter(file.read(_FRONT_CHARS))[0])
    except OSError:
        front = {}
    name = hit.path.rpartition("/")[2].removesuffix(".md")
    summary = front.get("summary", ("",))[0]
    return Found(hit.path, name, hit.title, hit.type, summary, hit.snippet, hit.score)
