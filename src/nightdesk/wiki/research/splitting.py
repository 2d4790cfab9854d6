"""A question taken apart by code: its own parts, and what one would like to know of the things that it names."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from nightdesk.base.names import name_key
from nightdesk.wiki.answering.question import Question, keys_of, leans
from nightdesk.wiki.answering.spoken import question_language

MAX_PARTS = 8  # sub-questions of one question
MAX_NAMES = 3  # things that it names of which more is asked
_MAX_NAME_WORDS = 6
_PLAIN = 0.5  # of the weight of the rarest name: one that is told less is too plain to be asked about
_WORD = re.compile(r"[^\W_]+(?:[-./+'’][^\W_]+)*\+*")
_SENTENCE = re.compile(r"(?<=[?？;。])\s*|(?<=[.!])\s+(?=[^\W\d_])")
_JOINED = re.compile(
    r",?\s+(?:and|und|et)\s+(?=(?:what|why|how|when|where|who|whom|which|is|are|was|were|do|does|did|can"
    r"|was|warum|wie|wann|wo|wer|welche\w*|quand|comment|pourquoi)\b)",
    re.I,
)
_LEAST = 3  # words of a part that stands for itself


@dataclass(frozen=True, slots=True)
class Part:
    """A sub-question."""

    title: str  # as the report heads it
    text: str  # as it is asked
    before: str = ""  # the question that it leans on: "and when?"
    whole: bool = False  # it is the whole question
    own: bool = False  # it stands in the question itself


def split_question(question: Question, names: Mapping[str, str]) -> tuple[Part, ...]:
    """Return the whole question and then its parts, at most MAX_PARTS in all.

    `names` are the things that the desk has a page on: the base name of each by its name key.
    """
    found = [Part(question.text, question.text, whole=True)]
    pieces = _pieces(question.text)
    for n, piece in enumerate(pieces):
        found.append(Part(_titled(piece), piece, before=pieces[0] if n and leans(piece) else "", own=True))
    if question_language(question.text) == "en":
        found += _aspects(named_in(question, names))
    distinct: dict[str, Part] = {}
    for part in found:
        distinct.setdefault(" ".join(part.text.casefold().rstrip("?？ ").split()), part)
    return tuple(distinct.values())[:MAX_PARTS]


def _pieces(text: str) -> list[str]:
    """Return the questions that a text holds: by sentences, and where "and" is followed by another question word."""
    pieces = [piece.strip(" ,;") for sentence in _SENTENCE.split(text) for piece in _JOINED.split(sentence)]
    return [piece for piece in pieces if len(piece.split()) >= _LEAST or (len(piece) > 5 and not piece.isascii())]


def _titled(piece: str) -> str:
    return piece[:1].upper() + piece[1:] + ("" if piece[-1] in "?？.!。" else "?")


def named_in(question: Question, names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the things with a page that a question names, at most MAX_NAMES, in its order and spelling.

    Of names that overlap the longest counts. Plain ones ("model" on a desk about models) are left out.
    """
    words = list(_WORD.finditer(question.text))
    weights = {term.key: term.weight for term in question.terms}
    found: dict[str, tuple[str, float]] = {}  # page -> how the question calls it, and what that weighs
    at = 0
    while at < len(words):
        for length in range(min(_MAX_NAME_WORDS, len(words) - at), 0, -1):
            name = question.text[words[at].start() : words[at + length - 1].end()]
            page = names.get(name_key(name)) or (names.get(name_key(name[:-1])) if name[-1] in "sS" else None)
            if page is not None:
                found.setdefault(page, (name, sum(weights.get(key, 0.0) for key in keys_of(name))))
                at += length - 1
                break
        at += 1
    rarest = max((weight for _, weight in found.values()), default=0.0)
    told = [name for name, weight in found.values() if weight >= _PLAIN * rarest and weight > 0]
    return tuple(told[:MAX_NAMES])


def _aspects(named: Sequence[str]) -> Iterator[Part]:
    """Yield what is asked of named things: what each is, what is said of two of them together, numbers, reasons."""
    for name in named:
        yield Part(f"What is {name}?", f"What is {name}?")
    for one, other in combinations(named, 2):
        yield Part(f"What is said of {one} and {other} together?", f"{one} and {other}")
    for name in named:
        yield Part(f"Which numbers are told of {name}?", f"How large is {name}?")
    for name in named:
        yield Part(f"What reasons are told of {name}?", f"Why {name}?")
