"""Places of a desk that have words of a question, the best first, from the search index."""

import contextlib

from nightdesk.base.errors import DeskError
from nightdesk.wiki.answering.question import Question
from nightdesk.wiki.search.asked import Either, Filter, Query, Term
from nightdesk.wiki.search.collection import Collection
from nightdesk.wiki.search.hits import Hit
from nightdesk.wiki.search.query import plain_query
from nightdesk.wiki.search.search import search


def look_up(collection: Collection, question: Question, where: str, limit: int) -> tuple[Hit, ...]:
    """Return at most `limit` hits for any of the question's words that the desk has; `where` is a kind of document."""
    terms: list[Term] = []
    for term in question.terms:
        if term.known:
            with contextlib.suppress(DeskError):
                wanted = plain_query(term.shown, most=4).wanted
                terms += [wanted] if isinstance(wanted, Term) else []
    if not terms:
        return ()
    node = terms[0] if len(terms) == 1 else Either(tuple(dict.fromkeys(terms)))
    query = Query(node, (), (Filter("in", (where,), False),))
    return search(collection, question.text, limit=limit, query=query).hits
