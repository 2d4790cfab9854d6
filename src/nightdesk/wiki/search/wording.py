"""The words that a query looks for in place of its own, and the query as the full-text table takes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nightdesk.wiki.search.asked import Both, Either, Node, Query, Term, terms_of
from nightdesk.wiki.search.inflections import inflections
from nightdesk.wiki.search.store import Store
from nightdesk.wiki.search.tokens import indexed
from nightdesk.wiki.search.typos import nearest_word

_MAX_FORMS = 8  # of one word


@dataclass(frozen=True, slots=True)
class Wording:
    """The words that are looked for in place of those of a query."""

    forms: Mapping[str, tuple[str, ...]]  # a word -> itself or its correction, then other endings that stand somewhere
    corrected: Mapping[str, str]
    missing: tuple[str, ...]  # words that stand nowhere, and nothing near them
    spread: Mapping[str, int]  # a word -> how many documents have one of its forms, at most


def simple_word(term: Term) -> str | None:
    """Return the one word of a term that may have other endings, None for any other term."""
    if term.exact or term.prefix or len(term.tokens) > 1 or term.tokens[0].paired:
        return None
    return term.tokens[0].text if term.tokens[0].text.isalpha() else None


def word_query(store: Store, query: Query) -> Wording:
    """Return the forms of each plain word of a query that stand in the texts; a word that has none is corrected."""
    forms: dict[str, tuple[str, ...]] = {}
    corrected: dict[str, str] = {}
    missing: list[str] = []
    spread: dict[str, int] = {}
    for node in (query.wanted, *query.excluded):
        for word in filter(None, map(simple_word, terms_of(node))):
            if word in forms:
                continue
            found = _known_forms(store, word)
            if not found and len(word) > 2:
                near = nearest_word(word, store.lookup, store.words_from)
                if near:
                    corrected[word] = near
                    found = _known_forms(store, near)
                else:
                    missing.append(word)
            forms[word] = tuple(found) or (word,)
            spread[word] = sum(found.values())
    return Wording(forms, corrected, tuple(missing), spread)


def _known_forms(store: Store, word: str) -> dict[str, int]:
    """Return those forms of a word that stand somewhere, in how many documents; itself first, then the commonest."""
    counts = store.lookup((word, *inflections(word)))
    others = sorted(counts.keys() - {word}, key=lambda form: (-counts[form], form))
    own = [word] if word in counts else []
    return {form: counts[form] for form in (*own, *others[: _MAX_FORMS - 1])}


def expression(node: Node, wording: Wording, *, exclude: bool = True, nearness: bool = True) -> str:
    """Return a node as FTS5's query language has it; every word stands in quotes, so none of it can be syntax.

    With `nearness`, plain words count once more where they stand side by side; without `exclude`, exclusions are left
    out.
    """
    if isinstance(node, Term):
        return _term(node, wording)
    if isinstance(node, Either):
        return " OR ".join(f"({expression(part, wording, exclude=exclude, nearness=nearness)})" for part in node.parts)
    parts = tuple(dict.fromkeys(node.wanted))
    wanted = " AND ".join(f"({expression(part, wording, exclude=exclude, nearness=nearness)})" for part in parts)
    if nearness and (phrase := side_by_side(node, wording)):  # no other page fits by it
        wanted = f"({wanted}) OR {phrase}"
    if not node.excluded or not exclude:
        return wanted
    excluded = " OR ".join(f"({expression(part, wording)})" for part in node.excluded)
    return f"({wanted}) NOT ({excluded})"


def side_by_side(node: Node, wording: Wording) -> str | None:
    """Return the expression for the plain words of a node one after the other; None where it is not made of such."""
    if not isinstance(node, Both):
        return None
    parts = tuple(dict.fromkeys(node.wanted))
    words = [word for part in parts if isinstance(part, Term) and (word := simple_word(part))]
    if len(words) < 2 or len(words) < len(parts):
        return None
    return f'"{" ".join(wording.forms[word][0] for word in words)}"'


def without_words(node: Node, is_left_out: Callable[[str], bool]) -> Node | None:
    """Return a node without the plain words for which that holds, and without exclusions; None for nothing left."""
    if isinstance(node, Term):
        word = simple_word(node)
        return None if word and is_left_out(word) else node
    parts = node.wanted if isinstance(node, Both) else node.parts
    kept = tuple(left for part in parts if (left := without_words(part, is_left_out)))
    if len(kept) < 2:
        return kept[0] if kept else None
    return Both(kept) if isinstance(node, Both) else Either(kept)


def _term(term: Term, wording: Wording) -> str:
    if word := simple_word(term):
        return " OR ".join(f'"{form}"' for form in wording.forms.get(word, (word,)))
    parts: list[str] = []
    prefix = term.prefix
    for at, token in enumerate(term.tokens):
        last = at == len(term.tokens) - 1
        texts, open_ended = indexed(token, last=last)
        parts += texts
        prefix = prefix or open_ended
    return f'"{" ".join(parts)}"{"*" if prefix else ""}'
