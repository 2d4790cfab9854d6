"""What of a desk may go into a pack: statements of pages, claims and words of texts that fit a question."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.fit import fit
from nightdesk.wiki.answering.lookup import look_up
from nightdesk.wiki.answering.question import Question, keys_of, parse_question
from nightdesk.wiki.answering.rarity import Rarity
from nightdesk.wiki.answering.statements import Statement, Statements
from nightdesk.wiki.packing.budget import same_words
from nightdesk.wiki.search.collection import Collection, desk_collection
from nightdesk.wiki.search.search import search

_TOKENS_A_CLAIM, _TOKENS_A_FILE = 40, 800  # of the budget: so many claims, pages and texts are looked at
_LEAST_SHARE = 0.3  # of the best score: what fits less is no part of a pack
_SUMMARY_BONUS = 0.35  # a page's summary tells most in the fewest words
_LIKE_PAGE = 0.5  # of the fit of its best statement, what a page's summary counts by itself
_NAMED = 0.9  # of the best fit, what the summary of a page counts that the question names
_MAX_NAME = 6  # words of a page's name that are looked for in the question
_TEXT_SHARE = 0.9  # of its fit, what a statement counts that no claim holds
_SAME = 0.85  # of their words: two statements say the same
_MAX_NEAR = 12  # statements with a rare word in common that are compared


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement that may go into a pack."""

    passage: Passage
    value: float  # how useful it is; more is better
    is_summary: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """What fits a question, best first, none twice."""

    pieces: tuple[Piece, ...]
    missing: tuple[str, ...]  # words of the question that stand nowhere on the desk
    seen: int  # statements that were weighed


def gather(desk: Desk, text: str, statements: Statements, *, budget: int) -> Gathered:
    """Return what fits a question; the larger the budget, the more is looked at."""
    collection = desk_collection(desk)
    with contextlib.suppress(DeskError):
        search(collection, "a", limit=1, jobs=0)  # brings the index in step before words are counted
    rarity = Rarity(collection)
    try:
        question = parse_question(text, rarity)
        found = list(_candidates(collection, question, statements, budget)) if question.terms else []
    finally:
        rarity.close()
    pieces = [_piece(question, statement) for statement in found]
    pieces = [piece for piece in pieces if piece.value > 0]
    best = max((piece.value for piece in pieces), default=0.0)
    fitting = [piece for piece in pieces if piece.value >= _LEAST_SHARE * best]
    fitting += _summaries(fitting, question, statements, best)
    fitting.sort(key=lambda p: (-p.value, not p.is_summary, p.passage.path, p.passage.line, p.passage.text))
    missing = tuple(term.shown for term in question.terms if not term.known)
    return Gathered(tuple(_distinct(fitting)), missing, len(found))


def _candidates(collection: Collection, question: Question, statements: Statements, budget: int) -> Iterator[Statement]:
    files = max(6, min(40, budget // _TOKENS_A_FILE))
    for hit in look_up(collection, question, "claims", max(40, min(400, budget // _TOKENS_A_CLAIM))):
        if hit.claim is not None and (claim := statements.claims_of(hit.path).get(hit.claim.id)):
            name = hit.path.rpartition("/")[2].removesuffix(".md")
            raw = statements.raw_of(hit.path)
            passage = Passage(claim.statement, "claim", hit.path, hit.line, "", name, claim.id, raw, 0.0)
            yield Statement(passage, f"{hit.title} {claim.place} {' '.join(claim.concepts)} {claim.quote}")
    for hit in look_up(collection, question, "wiki", files):
        yield from statements.of_page(hit.path)
    words = {form for term in question.terms for form in term.forms}
    for hit in look_up(collection, question, "text", files):
        yield from statements.of_text(hit.path, words)


def _piece(question: Question, statement: Statement) -> Piece:
    shared = not question.keys.isdisjoint(keys_of(statement.passage.text))
    score = fit(question, statement.passage.text, statement.near).score if shared else 0.0
    return Piece(statement.passage, score * (_TEXT_SHARE if statement.passage.kind == "text" else 1.0))


def _summaries(fitting: Sequence[Piece], question: Question, statements: Statements, best: float) -> Iterator[Piece]:
    """Yield the first statement of each page that the question names or a fitting one stands on: it tells most."""
    worth = dict.fromkeys(_named(question, statements), _NAMED * best) if best else {}
    for piece in fitting:
        if piece.passage.kind == "page":
            value = (_LIKE_PAGE + _SUMMARY_BONUS) * piece.value
            worth[piece.passage.path] = max(worth.get(piece.passage.path, 0.0), value)
    for path, value in worth.items():
        told = statements.of_page(path)
        first = next((one for one in told if not one.passage.heading), next(iter(told), None))
        if first is not None:
            own = _piece(question, first).value + _SUMMARY_BONUS * best
            yield Piece(first.passage, max(value, min(own, 2 * value)), is_summary=True)


def _named(question: Question, statements: Statements) -> Iterator[str]:
    """Yield the paths of the pages whose names stand in the question."""
    words = re.findall(r"\w[^\s?!,;:()\"]*", question.text)[:200]
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MAX_NAME, len(words)) + 1):
            if path := statements.path_of(" ".join(words[start:end])):
                yield path


def _distinct(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield pieces that say something else than those before; a text's words that a claim quotes are left out.

    Of a claim and the sentence of a page that cites it in the same words the sentence stays: it brings the claim along.
    """
    on_pages: dict[str, Piece] = {}
    for piece in pieces:
        if piece.passage.kind == "page":
            on_pages.setdefault(same_words(piece.passage.text), piece)
    taken: set[str] = set()
    near: dict[str, list[frozenset[str]]] = {}
    for one in pieces:
        key = same_words(one.passage.text)
        twin = on_pages.get(key) if one.passage.kind != "page" else None
        stands = twin is not None and (one.passage.kind == "text" or _cites(twin, one))
        piece = replace(twin, value=max(one.value, twin.value)) if twin is not None and stands else one
        words = frozenset(keys_of(piece.passage.text))
        if key in taken or _is_near(words, near):
            continue
        taken.add(key)
        for word in sorted(words, key=lambda word: (-len(word), word))[:3]:
            near.setdefault(word, []).append(words)
        yield piece


def _cites(page: Piece, claim: Piece) -> bool:
    return any(identity == claim.passage.claim for _, identity in page.passage.cites)


def _is_near(words: frozenset[str], near: dict[str, list[frozenset[str]]]) -> bool:
    """Say whether one of those that share a long word says the same; numbers that differ make a difference."""
    for word in sorted(words, key=lambda word: (-len(word), word))[:3]:
        for other in near.get(word, [])[-_MAX_NEAR:]:
            differing = words ^ other
            if len(words & other) >= _SAME * len(words | other) and not any(c.isdigit() for w in differing for c in w):
                return True
    return False
