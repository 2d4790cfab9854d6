"""Plain BM25 passages as an answer: the best search hits for the words of a question; to be compared with."""

from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.wiki.answering.answers import Answer, Answerer, Passage, Scope
from nightdesk.wiki.search.asked import Filter, Query, QueryError
from nightdesk.wiki.search.collection import desk_collection
from nightdesk.wiki.search.hits import Hit
from nightdesk.wiki.search.query import plain_query
from nightdesk.wiki.search.search import search

CONSIDERED = 10  # hits
CHOSEN = 3  # of them given as the answer; a search never says that it does not know
_MAX_TERMS = 24
_IN: dict[Scope, tuple[str, ...]] = {"wiki": ("wiki", "claims"), "desk": ("wiki", "claims", "text")}


@dataclass(frozen=True, slots=True)
class Bm25:
    """Answers with search hits."""

    desk: Desk
    scope: Scope
    page_sources: dict[str, str]  # path of a source page -> raw path

    def __call__(self, question: str) -> Answer:
        """Return the first hits as passages; none where the question holds no word that is on the desk."""
        try:
            plain = plain_query(question, most=_MAX_TERMS)
        except QueryError:
            return Answer(question, (), (), 0.0)
        query = Query(plain.wanted, (), (Filter("in", _IN[self.scope], False),))
        results = search(desk_collection(self.desk), question, limit=CONSIDERED, query=query)
        found = tuple(self._passage(hit) for hit in results.hits)
        return Answer(question, found[:CHOSEN], found, 0.0, missing=results.missing)

    def _passage(self, hit: Hit) -> Passage:
        name = hit.path.rpartition("/")[2].removesuffix(".md") if hit.kind != "text" else ""
        return Passage(
            text=hit.claim.statement if hit.claim else hit.snippet,
            kind="claim" if hit.claim else "text" if hit.kind == "text" else "page",
            path=hit.path,
            line=hit.line,
            heading=hit.heading,
            page=name,
            claim=hit.claim.id if hit.claim else "",
            source=raw_of_text(hit.path) if hit.kind == "text" else self.page_sources.get(hit.path, ""),
            score=hit.score,
        )


def raw_of_text(path: str) -> str:
    """Return the raw file that a text was made from: itself, where it is its own text."""
    return f"raw/{path[5:-3]}" if path.startswith("text/") and path.endswith(".md") else path


def bm25_answerer(desk: Desk, scope: Scope, *, source_names: dict[str, str]) -> Answerer:
    """Return an answerer by search alone; `source_names` says the page of each raw file."""
    return Bm25(desk, scope, {f"wiki/sources/{name}.md": raw for raw, name in source_names.items()})
