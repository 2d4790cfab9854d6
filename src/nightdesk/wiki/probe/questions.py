"""Questions made from a source's text by code: a sentence with a fact in it, and the fact left out."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

from nightdesk.wiki.crew import read_text
from nightdesk.wiki.probe.wording import content, holds
from nightdesk.wiki.proof.mentions import mentioned_names
from nightdesk.wiki.proof.quantities import quantities
from nightdesk.wiki.prose.language import detect_language, has_spaces, stopwords
from nightdesk.wiki.prose.sentences import Sentence, split_sentences
from nightdesk.wiki.prose.wording import words_of
from nightdesk.wiki.standing_alone import can_stand_alone, is_idle, is_whole

MAKER = "nightdesk/builtin"
BLANK = "___"
LEAST_WORDS, MOST_WORDS = 6, 60  # of a sentence that is asked about
_SMALL = 3  # numbers so small, in words, are seldom the fact: "the choice between two optimisers"
_LEAST_CONTENT = 3  # words of a question that are no function words
_SUBJECT = re.compile(
    r"(?:(?:An?|The) )?((?:[^\s,.;:()]+ ){0,3}[^\s,.;:()]+) ((?:is|are|was|were) (?:an?|the|one of) .{20,})[.]$"
)
_IN_MATH = re.compile(r"[$^_{}\\=]")
_FITS = 0.5  # share of the question's words, by rarity, that a passage must have

Kind = Literal["number", "date", "definition", "name", "written"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, what answers it, and the sentence of a source that says so."""

    text: str
    answers: tuple[str, ...]
    kind: Kind  # "written": by a model
    source: str  # raw path
    quote: str  # the sentence as it stands in the text, white space collapsed
    language: str
    words: tuple[tuple[str, float], ...]  # what it speaks of: stem and rarity in the source's text

    @property
    def held_out(self) -> bool:
        """Whether mending must never see it: settled by its sentence alone, so for good."""
        return hashlib.sha256(f"half\n{self.quote}".encode("utf-8", "replace")).digest()[0] % 2 == 1

    def fits(self, passage: str) -> bool:
        """Return whether a passage speaks of what is asked, so that a number in it is no chance."""
        said = content(passage, self.language)
        whole = sum(weight for _, weight in self.words)
        return sum(weight for word, weight in self.words if word in said) >= _FITS * whole > 0

    def answered_by(self, passage: str) -> bool:
        """Return whether a passage holds an answer and speaks of what is asked."""
        return any(holds(passage, answer, language=self.language) for answer in self.answers) and self.fits(passage)


@dataclass(frozen=True, slots=True)
class QuestionJob:
    """A source to make questions from."""

    path: str  # of its text, absolute
    source: str  # raw path
    kind: str  # of the raw file
    count: int
    seed: int


def questions_of(job: QuestionJob) -> tuple[Question, ...]:
    """Return the questions on one source; a function of the job alone, to be run in a process of its own."""
    return make_questions(read_text(job.path), source=job.source, kind=job.kind, count=job.count, seed=job.seed)


def make_questions(text: str, *, source: str, kind: str = "markdown", count: int, seed: int) -> tuple[Question, ...]:
    """Return at most `count` questions spread evenly over a text, the same ones for the same `seed`.

    They are made of sentences with a number, date, name or definition, whether or not code would choose them as claims:
    all that the sentence needs is to be understood alone.
    """
    sentences = asked_sentences(text, kind=kind)
    language = detect_language(text)
    eligible = [n for n, sentence in enumerate(sentences) if _worth_asking(sentence, language)]
    rarity = Rarity(sentences, language)
    found: list[Question] = []
    for stratum in _strata(eligible, count):
        for n in sorted(stratum, key=lambda n: _draw(seed, sentences[n].quote)):
            question = _question(sentences[n], source, language, rarity)
            if question is not None and all(question.text != other.text for other in found):
                found.append(question)
                break
    return tuple(found)


def asked_sentences(text: str, *, kind: str) -> tuple[Sentence, ...]:
    """Return the sentences of a source's text, cut as a compile cuts them."""
    if kind == "image":
        return ()
    if kind == "text":  # as in wiki/survey.py: indented lines of plain text are no code
        text = "\n".join(line.lstrip() for line in text.splitlines())
    return split_sentences(text, language=detect_language(text))


class Rarity:
    """How rare words are in one text: the logarithm of how many sentences there are for one that has the word."""

    def __init__(self, sentences: Sequence[Sentence], language: str) -> None:
        self._language = language
        self._counts = Counter(word for sentence in sentences for word in content(sentence.text, language))
        self._size = len(sentences)

    def weigh(self, question: str) -> tuple[tuple[str, float], ...]:
        """Return what a question speaks of, each word with its weight, in one order."""
        words = sorted(content(question.replace(BLANK, " "), self._language))
        return tuple((word, round(log(1 + self._size / max(1, self._counts[word])), 4)) for word in words)


def _strata(eligible: Sequence[int], count: int) -> Iterator[Sequence[int]]:
    """Yield `count` runs of nearly equal length that follow each other: each part of the text is asked about."""
    parts = min(count, len(eligible))
    for part in range(parts):
        yield eligible[part * len(eligible) // parts : (part + 1) * len(eligible) // parts]


def _draw(seed: int, quote: str) -> str:
    return hashlib.sha256(f"{seed}\n{quote}".encode("utf-8", "replace")).hexdigest()


def _worth_asking(sentence: Sentence, language: str) -> bool:
    text = sentence.text
    if not is_whole(sentence, language=language) or not can_stand_alone(sentence, language=language) or "?" in text:
        return False
    if has_spaces(language) and not LEAST_WORDS <= len(words_of(text)) <= MOST_WORDS:
        return False
    return not is_idle(sentence, language)


def _question(sentence: Sentence, source: str, language: str, rarity: Rarity) -> Question | None:
    """Return a question on a sentence: of its facts the first that leaves a question, None where none does."""
    for kind, answer, asked in _facts(sentence.text, language):
        words = rarity.weigh(asked)
        if len(words) >= _LEAST_CONTENT and not holds(asked, answer, language=language):
            return Question(asked, (answer,), kind, source, sentence.quote, language, words)
    return None


def _facts(text: str, language: str) -> Iterator[tuple[Kind, str, str]]:
    """Yield the facts of a sentence, quantities first: what kind, the answer, and the question."""
    for quantity in quantities(text, language=language):
        if quantity.kind in ("ordinal", "vague") or (quantity.text[0].isalpha() and quantity.value <= _SMALL):
            continue
        if _is_in_formula(text, quantity.start, quantity.end):
            continue
        kind: Kind = "date" if quantity.kind == "date" else "number"
        yield kind, quantity.text, f"{text[: quantity.start]}{BLANK}{text[quantity.end :]}"
    match = _SUBJECT.match(text) if language == "en" else None
    if match and not stopwords("en").issuperset(words_of(match[1])):
        yield "definition", match[1], f"What {match[2]}?"
    for name in mentioned_names(text, language):
        at = text.find(name.text)
        if text.count(name.text) == 1 and len(name.text) > 1 and not _is_in_formula(text, at, at + len(name.text)):
            yield "name", name.text, text.replace(name.text, BLANK)


def _is_in_formula(text: str, start: int, end: int) -> bool:
    return _IN_MATH.search(text[max(0, start - 1) : start] + text[end : end + 1]) is not None
