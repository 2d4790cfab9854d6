"""What code finds in one source before anybody reads it: language, claimable sentences, terms. Cached by the text."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nightdesk.agents.boundary import visible
from nightdesk.base.markdown import title_of
from nightdesk.base.pages import split_frontmatter
from nightdesk.sources.generated import FINDINGS
from nightdesk.wiki.cover import NO_COVER, Cover
from nightdesk.wiki.places import place_in_words
from nightdesk.wiki.prose.language import detect_language, has_spaces
from nightdesk.wiki.prose.salience import (
    choose_claims,
    claimable,
    most_claims,
    open_questions,
    summary,
    weigh_sentences,
)
from nightdesk.wiki.prose.sentences import Sentence, split_sentences
from nightdesk.wiki.speakers import own_words
from nightdesk.wiki.standing_alone import can_stand_alone, is_idle, is_whole
from nightdesk.wiki.terms.vocabulary import SourceTerms, survey_terms

FORM = "2"  # changes when the same text gives another survey
MAX_DEFINING = 100  # sentences taken because they define a term
MAX_TITLE = 90  # characters of a plain text's first line


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may become a claim as it stands."""

    index: int  # of the sentence in the whole source, by which its terms are found
    text: str
    quote: str
    place: str
    heading: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What code found in one source."""

    title: str | None
    language: str
    words: int
    candidates: tuple[Candidate, ...]  # in text order
    summary: int | None  # index into `candidates`
    questions: tuple[Candidate, ...]
    terms: SourceTerms | None  # None where a reader gets the survey, who has no use for it

    def to_json(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return two records: what every compile needs of every source, and the rest."""
        light = {
            "title": self.title,
            "language": self.language,
            "words": self.words,
            "indexes": [candidate.index for candidate in self.candidates],
            "terms": self.terms.to_json() if self.terms else None,
        }
        rest = {
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "summary": self.summary,
            "questions": [asdict(question) for question in self.questions],
        }
        return light, rest


def survey_for_reader(light: Mapping[str, Any], rest: Mapping[str, Any]) -> Survey:
    """Return the survey that `to_json` took apart, without its terms: they are large, and sent between processes."""
    return Survey(
        title=light["title"],
        language=light["language"],
        words=light["words"],
        candidates=tuple(Candidate(**entry) for entry in rest["candidates"]),
        summary=rest["summary"],
        questions=tuple(Candidate(**entry) for entry in rest["questions"]),
        terms=None,
    )


def survey_text(text: str, *, fallback_title: str, kind: str = "markdown", cover: Cover = NO_COVER) -> Survey:
    """Return what code finds in a source's text; in plain text indented lines are no code, an image claims nothing.

    It depends on nothing but the text and what is asked of its reading, so that one source never moves another.
    """
    if kind == "image":
        text = ""
    if kind == "text":
        text = "\n".join(line.lstrip() for line in text.splitlines())  # quotes and line numbers stay the same
    language = detect_language(text)
    sentences = own_words(split_sentences(text, language=language), kind)
    title = (_first_line_title(text) if kind in ("text", "pdf") else None) or title_of(text)
    weighed = weigh_sentences(sentences, language=language)
    asked = _asked_for(sentences, cover, language)
    if kind == FINDINGS:  # each sentence is one measurement: code picks none of them over another
        asked |= {n for n, sentence in enumerate(sentences) if is_whole(sentence, language=language)}
    chosen = set(choose_claims(sentences, language=language, weighed=weighed, depth=cover.depth, missed=asked))
    chosen |= asked
    chosen |= _second_choice(sentences, chosen, asked, cover, language)
    terms = survey_terms(sentences, language=language, title=title or fallback_title)
    chosen |= set(_defining(sentences, terms, language))
    distinct = _distinct(sentences, sorted(chosen))
    best = summary(sentences, distinct, language=language, weighed=weighed)
    questions = open_questions(sentences, language=language)
    return Survey(
        title=visible(title) if title else None,
        language=language,
        words=_count_words(sentences, language),
        candidates=tuple(_candidate(sentences[n], n) for n in distinct),
        summary=distinct.index(best) if best in distinct else None,
        questions=tuple(_candidate(sentences[n], n) for n in questions if n not in chosen),
        terms=terms,
    )


def _asked_for(sentences: Sequence[Sentence], cover: Cover, language: str) -> frozenset[int]:
    """Return the sentences that a reading must cover, as far as the text has them and they can be claims."""
    if not cover.quotes:
        return frozenset()
    quotes = frozenset(cover.quotes)
    return frozenset(
        index
        for index, sentence in enumerate(sentences)
        if sentence.quote in quotes
        and is_whole(sentence, language=language)
        and can_stand_alone(sentence, language=language)
    )


def _second_choice(
    sentences: Sequence[Sentence], chosen: set[int], missed: frozenset[int], cover: Cover, language: str
) -> set[int]:
    """Return what else a denser reading takes where good claims are used up: steps of a tutorial, entries of a list.

    First those whose section holds a sentence that was missed. Code would not choose them by itself.
    """
    room = most_claims(sentences, language=language, depth=cover.depth) - len(chosen) if cover.depth > 1 else 0
    if room <= 0:
        return set()
    sections = {sentences[index].headings[:3] for index in missed}
    others = [
        index
        for index, sentence in enumerate(sentences)
        if index not in chosen
        and is_whole(sentence, language=language)
        and can_stand_alone(sentence, language=language)
        and not is_idle(sentence, language)
    ]
    return set(sorted(others, key=lambda index: (sentences[index].headings[:3] not in sections, index))[:room])


def _first_line_title(text: str) -> str | None:
    """Return the first line of plain text where it stands like a title: short, no sentence, not running on."""
    lines = [line.strip() for line in split_frontmatter(text)[1].splitlines()[:40] if not line.startswith("<!--")]
    start = next((n for n, line in enumerate(lines) if line), None)
    if start is None:
        return None
    line, after = lines[start].strip("=-*# "), lines[start + 1 : start + 2]
    runs_on = bool(after and after[0]) and (len(line) > 60 or after[0][0].islower())
    if runs_on or len(line) > MAX_TITLE or line.endswith((".", ",", ";", ":")) or not any(c.isalpha() for c in line):
        return None
    return line.capitalize() if line.isupper() and " " in line else line


def _defining(sentences: Sequence[Sentence], terms: SourceTerms, language: str) -> tuple[int, ...]:
    """Return the claimable sentence that defines each term best, for the terms that the source defines first."""
    best: dict[str, tuple[int, int]] = {}
    for definition in terms.definitions:
        rank = (-definition.strength, definition.sentence)
        if rank < best.get(definition.key, (1, 0)) and claimable(sentences[definition.sentence], language=language):
            best[definition.key] = rank
    return tuple(sorted({sentence for _, sentence in best.values()})[:MAX_DEFINING])


def _distinct(sentences: Sequence[Sentence], indexes: Sequence[int]) -> tuple[int, ...]:
    """Return the indexes without later sentences that say the same words: they would be one claim."""
    first: dict[str, int] = {}
    for index in indexes:
        first.setdefault(sentences[index].text, index)
    return tuple(sorted(first.values()))


def _candidate(sentence: Sentence, index: int) -> Candidate:
    heading = sentence.headings[-1] if sentence.headings else ""
    page = "" if sentence.page is None else str(sentence.page)
    return Candidate(index, sentence.text, sentence.quote, place_in_words(heading, page, sentence.line), heading)


def _count_words(sentences: Sequence[Sentence], language: str) -> int:
    if has_spaces(language):
        return sum(sentence.text.count(" ") + 1 for sentence in sentences)
    return sum(len(sentence.text) for sentence in sentences)
