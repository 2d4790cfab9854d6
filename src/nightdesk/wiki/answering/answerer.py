"""The built-in answer to a question: the statements of the desk that fit it best, or that it does not know."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.answering.answers import Answer, Answerer, Passage, Scope
from nightdesk.wiki.answering.confidence import BAR, confidence, features
from nightdesk.wiki.answering.fit import NOTHING, Fit, fit
from nightdesk.wiki.answering.lookup import look_up
from nightdesk.wiki.answering.question import Question, keys_of, parse_question
from nightdesk.wiki.answering.rarity import Rarity
from nightdesk.wiki.answering.statements import Statement, Statements, row_text
from nightdesk.wiki.search.collection import desk_collection
from nightdesk.wiki.search.search import search

MAX_STATEMENTS = 5  # of one answer
_CONSIDERED = 20
_CLAIMS, _PAGES, _TEXTS = 40, 6, 6  # hits of each kind that are looked at
_AS_GOOD = 0.82  # of the best score: what else is part of the answer
_SAME = 0.8  # of their words: two statements say the same
_WIDE = 4  # cells of a row that are shown as they are; of a wider one only those that fit

Similarity = Callable[[str, Sequence[str]], Sequence[float]]  # a question and statements -> from 0 to 1 for each


@dataclass(frozen=True, slots=True)
class Weighed:
    """A statement with what speaks for it."""

    statement: Statement
    fit: Fit
    score: float

    @property
    def passage(self) -> Passage:
        """The passage with its score."""
        return replace(self.statement.passage, score=round(self.score, 4))


@dataclass(frozen=True, slots=True)
class Looked:
    """All that was found for a question, before it is decided whether that is an answer."""

    question: Question
    weighed: tuple[Weighed, ...]  # best first, none twice
    read: tuple[str, ...]
    seen: int  # statements that were weighed

    @property
    def features(self) -> tuple[float, ...]:
        """What the confidence depends on; zeros where nothing was found."""
        if not self.weighed:
            return features(self.question, NOTHING, frozenset())
        best = self.weighed[0]
        words = frozenset(keys_of(f"{best.statement.passage.text} {best.statement.near}"))
        return features(self.question, best.fit, words)


class Desktop:
    """A desk that is asked many questions: its index stays open, and each file is read once."""

    def __init__(self, desk: Desk, scope: Scope, *, similarity: Similarity | None = None) -> None:
        self.statements = Statements(desk)
        self._collection = desk_collection(desk)
        self._scope = scope
        self._similarity = similarity
        with contextlib.suppress(DeskError):
            search(self._collection, "a", limit=1, jobs=0)  # brings the index in step before words are counted
        self._rarity = Rarity(self._collection)

    def close(self) -> None:
        """Close the index."""
        self._rarity.close()

    def look(self, text: str, *, before: str = "", keep: Callable[[Passage], bool] = lambda passage: True) -> Looked:
        """Return what the desk has that fits a question; `keep` says of a passage whether it counts.

        `before` is the question that was asked before it, whose words count where this one leans on them.
        """
        question = parse_question(text, self._rarity, before=before)
        found: list[Statement] = []
        read: dict[str, None] = {}
        if question.terms:
            for statement in self._candidates(question, read):
                if keep(statement.passage) and not question.keys.isdisjoint(keys_of(statement.passage.text)):
                    found.append(statement)
        weighed = [self._weigh(question, statement) for statement in found]
        if self._similarity is not None and weighed:
            weighed = self._resembling(question, weighed, self._similarity)
        weighed.sort(key=lambda one: (-one.score, one.statement.passage.path, one.statement.passage.line))
        return Looked(question, tuple(_distinct(weighed)), tuple(read), len(found))

    def answer(self, text: str) -> Answer:
        """Return the answer to a question."""
        return decide(self.look(text))

    def _candidates(self, question: Question, read: dict[str, None]) -> Iterator[Statement]:
        for hit in look_up(self._collection, question, "claims", _CLAIMS):
            read[hit.path] = None
            if hit.claim is not None and (claim := self.statements.claims_of(hit.path).get(hit.claim.id)):
                name = hit.path.rpartition("/")[2].removesuffix(".md")
                raw = self.statements.raw_of(hit.path)
                passage = Passage(
                    claim.statement, "claim", hit.path, hit.line, _heading(claim.place), name, claim.id, raw, 0.0
                )
                yield Statement(passage, f"{hit.title} {claim.place} {' '.join(claim.concepts)} {claim.quote}")
        for hit in look_up(self._collection, question, "wiki", _PAGES):
            read[hit.path] = None
            yield from self.statements.of_page(hit.path)
        if self._scope == "desk":
            words = {form for term in question.terms for form in term.forms}
            for hit in look_up(self._collection, question, "text", _TEXTS):
                read[hit.path] = None
                yield from self.statements.of_text(hit.path, words)

    def _weigh(self, question: Question, statement: Statement) -> Weighed:
        fits = fit(question, statement.passage.text, statement.near)
        return Weighed(statement, fits, fits.score)

    def _resembling(self, question: Question, weighed: Sequence[Weighed], similarity: Similarity) -> list[Weighed]:
        best = sorted(weighed, key=lambda one: -one.score)[:60]  # embedding is slow
        alike = similarity(question.text, [one.statement.passage.text for one in best])
        return [replace(one, score=one.score + 0.5 * like) for one, like in zip(best, alike, strict=True)]


def decide(looked: Looked, *, limit: int = MAX_STATEMENTS) -> Answer:
    """Return the answer that what was found makes: one to `limit` statements, none where confidence is too low."""
    question = looked.question
    sure = confidence(looked.features) if looked.weighed else 0.0
    considered = tuple(one.passage for one in looked.weighed[:_CONSIDERED])
    missing = tuple(term.shown for term in question.terms if not term.known)
    chosen: tuple[Passage, ...] = ()
    if sure >= BAR:
        bar = looked.weighed[0].score * _AS_GOOD
        rest = [one for one in looked.weighed[1:] if one.score >= bar and one.fit.typed >= looked.weighed[0].fit.typed]
        chosen = tuple(_shown(question, one) for one in (looked.weighed[0], *rest))[: max(1, limit)]
    return Answer(question.text, chosen, considered, round(sure, 3), missing, looked.read, looked.seen)


def _shown(question: Question, one: Weighed) -> Passage:
    """Return the passage; of a wide row only its name and the cells that fit."""
    cells = one.statement.cells
    if len(cells) <= _WIDE:
        return one.passage
    fitting = tuple(pair for pair in cells[1:] if set(keys_of(" ".join(pair))) & question.keys)
    return replace(one.passage, text=row_text((cells[0], *fitting))) if fitting else one.passage


def _distinct(weighed: Iterable[Weighed]) -> Iterator[Weighed]:
    """Yield statements that say something else than those before; of two that say the same a claim stays."""
    kept: list[tuple[frozenset[str], Weighed]] = []
    for one in weighed:
        words = frozenset(keys_of(one.statement.passage.text))
        same = next((n for n, (other, _) in enumerate(kept) if _alike(words, other)), None)
        if same is None:
            kept.append((words, one))
        elif one.statement.passage.kind == "claim" and kept[same][1].statement.passage.kind != "claim":
            kept[same] = (words, replace(one, score=kept[same][1].score))
        if len(kept) >= 3 * _CONSIDERED:
            break
    yield from (one for _, one in kept)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * max(1, len(one | other))


def _heading(place: str) -> str:
    """Return the heading that a claim's place begins with, "" for none."""
    head = place.partition(", line ")[0]
    return "" if head.startswith("line ") else head


@contextlib.contextmanager
def open_answerer(desk: Desk, scope: Scope = "desk", *, similarity: Similarity | None = None) -> Iterator[Answerer]:
    """Give the block what answers questions about a desk; index and files stay open in it."""
    opened = Desktop(desk, scope, similarity=similarity)
    try:
        yield opened.answer
    finally:
        opened.close()


def answer(
    desk: Desk,
    question: str,
    *,
    scope: Scope = "desk",
    limit: int = MAX_STATEMENTS,
    similarity: Similarity | None = None,
) -> Answer:
    """Return the built-in answer to one question: at most `limit` statements, none where the desk does not know."""
    opened = Desktop(desk, scope, similarity=similarity)
    try:
        return decide(opened.look(question), limit=limit)
    finally:
        opened.close()
