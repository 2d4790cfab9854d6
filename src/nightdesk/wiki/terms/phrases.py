"""Candidate terms of one source: what may name a concept, how often, in which spelling, and where."""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from sys import intern
from typing import Any
from zlib import crc32

from nightdesk.wiki.prose.language import has_spaces
from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.terms.cjk import character_terms
from nightdesk.wiki.terms.lexicon import BREAK, GENERIC, WEAK
from nightdesk.wiki.terms.nounphrases import MAX_WORDS, Run, noun_runs
from nightdesk.wiki.terms.tokens import Token

MAX_SENTENCES = 20000  # of one source; a book has about 8,000


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate at its place in a sentence's text."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SourcePhrases:
    """The candidates of one source. A key is a term's normal form: case, hyphens and plural folded.

    `counts`, `alone` and `nouns` stand beside `keys`: how often the term comes, how often as a whole noun phrase (not
    inside a longer one), and how often where only a noun can stand. `forms` holds, by index of the key, the spellings
    that differ from the key, with counts; one that starts with "^" stood at the start of a sentence or in a heading,
    where a capital says nothing. `titled` are the indexes of the keys that stand in a heading.
    """

    keys: tuple[str, ...]  # sorted
    counts: "array[int]"
    alone: "array[int]"
    nouns: "array[int]"
    forms: Mapping[int, Mapping[str, int]]
    titled: tuple[int, ...]
    bounds: "array[int]"  # matches of sentence i: places[3 * bounds[i] : 3 * bounds[i + 1]]
    places: "array[int]"  # key index, start, end, and so on; by start, longer first
    marks: "array[int]"  # of each sentence: equal for equal sentences, so that what many sources repeat is known

    def matches(self, sentence_index: int) -> tuple[Match, ...]:
        """Return the candidates in a sentence by start, longer first; none for an index that the source lacks."""
        if not 0 <= sentence_index < len(self.bounds) - 1:
            return ()
        places = self.places
        first, last = self.bounds[sentence_index], self.bounds[sentence_index + 1]
        return tuple(
            Match(self.keys[places[at]], places[at + 1], places[at + 2]) for at in range(3 * first, 3 * last, 3)
        )

    def within(self, marks: Set[int]) -> dict[int, int]:
        """Return by key index how often each candidate stands in a sentence with one of `marks`."""
        found: dict[int, int] = {}
        if not marks:
            return found
        for sentence, mark in enumerate(self.marks):
            if mark in marks:
                for at in self.places[3 * self.bounds[sentence] : 3 * self.bounds[sentence + 1] : 3]:
                    found[at] = found.get(at, 0) + 1
        return found

    def count(self, key: str) -> int:
        """Return how often the source has `key`."""
        at = bisect_left(self.keys, key)
        return self.counts[at] if at < len(self.keys) and self.keys[at] == key else 0

    def to_json(self) -> dict[str, Any]:
        """Return the record as values that JSON can hold."""
        return {
            "keys": list(self.keys),
            "counts": list(self.counts),
            "alone": list(self.alone),
            "nouns": list(self.nouns),
            "forms": {str(at): dict(forms) for at, forms in self.forms.items()},
            "titled": list(self.titled),
            "bounds": list(self.bounds),
            "places": list(self.places),
            "marks": list(self.marks),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "SourcePhrases":
        """Return the record that `to_json` wrote. Raises KeyError, TypeError or ValueError for any other."""
        return cls(
            keys=tuple(map(intern, record["keys"])),  # sources share most keys: one string for all of them
            counts=array("I", record["counts"]),
            alone=array("I", record["alone"]),
            nouns=array("I", record["nouns"]),
            forms={int(at): forms for at, forms in record["forms"].items()},
            titled=tuple(record["titled"]),
            bounds=array("I", record["bounds"]),
            places=array("I", record["places"]),
            marks=array("I", record["marks"]),
        )


@dataclass(frozen=True, slots=True)
class _Found:
    key: str
    start: int
    end: int
    alone: bool
    noun: bool
    form: str  # "" if it is the key itself


def survey_phrases(sentences: Sequence[Sentence], *, language: str) -> SourcePhrases:
    """Return the candidate terms of one source; reference lists, code and what is too long to be prose give none."""
    found: list[list[_Found]] = []
    titled: set[str] = set()
    if has_spaces(language):
        for sentence in sentences[:MAX_SENTENCES]:
            hits = [] if is_reference(sentence) else _find(sentence, language)
            found.append(hits)
            if sentence.kind == "heading":
                titled.update(hit.key for hit in hits)
    else:
        found = _find_characters(sentences[:MAX_SENTENCES], language)
        for sentence, hits in zip(sentences, found, strict=False):
            if sentence.kind == "heading":
                titled.update(hit.key for hit in hits)
    marks = array("I", (crc32(sentence.text.casefold().encode("utf-8", "replace")) for sentence in sentences))
    return _record(found, titled, marks)


def term_key(phrase: str, *, language: str) -> str | None:
    """Return the key of a phrase that is a noun phrase as a whole ("Learning rates" -> "learning rate"), else None."""
    phrase = phrase.strip()
    if not phrase or len(phrase) > 120:
        return None
    if not has_spaces(language):
        if phrase.isascii():
            return term_key(phrase, language="en")
        return "".join(phrase.split()) if 2 <= len(phrase) <= 14 and phrase.isalnum() else None
    runs = noun_runs(phrase, language=language)
    if len(runs) == 1 and runs[0].tokens[0].start == 0 and runs[0].tokens[-1].end == len(phrase):
        key = _key(runs[0].tokens)
        return key if key.count(" ") <= MAX_WORDS else None
    for hit in _joined(phrase, runs):
        if hit.start == 0 and hit.end == len(phrase):
            return hit.key
    return None


def title_keys(title: str, *, language: str) -> tuple[str, ...]:
    """Return the keys of the candidates in a title, sorted."""
    if not has_spaces(language):
        return tuple(sorted({title[start:end] for start, end in character_terms([title], language=language)[0]}))
    runs = noun_runs(title[:300], language=language, heading=True)
    return tuple(sorted({hit.key for run in runs for hit in _grams(title, run, titled=True)}))


_REFERENCES = {  # headings of lists of literature
    *("references", "bibliography", "literature", "acknowledgements", "acknowledgments"),
    *("literatur", "literaturverzeichnis", "références", "bibliographie"),
    *("referencias", "bibliografía", "bibliografia", "riferimenti", "参考文献", "文献"),
}
_INITIALS = re.compile(r"\b[A-Z]\. ?(?=[A-Z])")
_CITED = re.compile(r"^\[\d+\]|\b(?:19|20)\d\d\b|\bet al\b|\barXiv\b|\bdoi\b")


def is_reference(sentence: Sentence) -> bool:
    """Return whether a sentence is an entry of a list of references, or stands under such a heading."""
    if sentence.headings and sentence.headings[-1].strip(" :.").casefold() in _REFERENCES:
        return True
    text = sentence.text[:1000]
    return ". " in text and len(_INITIALS.findall(text)) >= 2 and _CITED.search(text) is not None


_CODE = re.compile(r"`([^`\s]{1,60})`")


def _find(sentence: Sentence, language: str) -> list[_Found]:
    heading = sentence.kind == "heading"
    code: frozenset[str] = frozenset()
    if "`" in sentence.quote:
        # a lower-case word set as code is a name in a program; `AdamW` may be a concept all the same
        code = frozenset(c for c in _CODE.findall(sentence.quote) if not c[0].isupper())
    text = sentence.text
    runs = noun_runs(text, language=language, heading=heading, code=code)
    hits: list[_Found] = []
    for run in runs:
        hits += _grams(text, run, titled=heading)
    if language == "en":
        hits += _joined(text, runs)
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    return hits


def _key(tokens: Sequence[Token]) -> str:
    words = [token.word for token in tokens if token.word is not None]
    return " ".join([*(word.key for word in words[:-1]), words[-1].last])


def _grams(text: str, run: Run, *, titled: bool) -> Iterator[_Found]:
    """Yield the candidates inside a noun phrase: every part that ends in a noun and does not open too vaguely."""
    tokens = run.tokens
    size = len(tokens)
    for last in range(size):
        if not run.heads[last]:
            continue
        for first in range(last, max(-1, last - MAX_WORDS), -1):
            opening = tokens[first].word
            if opening is None or not (run.heads[first] or _opens(opening.flags, whole=first == 0)):
                continue
            part = tokens[first : last + 1]
            if first == last and opening.flags & GENERIC and not opening.name:
                continue
            key = _key(part)
            if key.count(" ") > MAX_WORDS or len(key) < 2:
                continue
            alone = first == 0 and last == size - 1
            start, end = part[0].start, part[-1].end
            yield _Found(
                key, start, end, alone, run.noun and last == size - 1, _form(text, start, end, key, titled=titled)
            )


def _opens(flags: int, *, whole: bool) -> bool:
    """Return whether a modifier may be a term's first word: a vague one only where the whole phrase opens with it."""
    return not flags & BREAK and (whole or not flags & WEAK)


def _form(text: str, start: int, end: int, key: str, *, titled: bool) -> str:
    """Return the spelling at a place: "" if it is the key, with "^" before it where a capital says nothing."""
    form = text[start:end]
    if form == key:
        return ""
    if form[0].isupper() and (titled or _opens_sentence(text, start)):
        return "^" + form
    return form


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" \"'“‘«(*-–—•[") if start < 8 else text[max(0, start - 8) : start].rstrip(" \"'“‘«(*")
    return not before or before[-1] in ".!?:;|" or before in ("The", "A", "An")


_INNER = re.compile(r" (of|per|to) ")


def _joined(text: str, runs: Sequence[Run]) -> Iterator[_Found]:
    """Yield "bits per byte", "mean of means", "sequence to sequence": whether they are terms, the corpus decides."""
    for left, right in pairwise(runs):
        start, end = left.tokens[-1].end, right.tokens[0].start
        if end - start > 5:
            continue
        inner = _INNER.fullmatch(text, start, end)
        if inner is None or len(right.tokens) > 2:
            continue
        head, tail = left.tokens[-1], right.tokens
        if head.word is None or tail[0].word is None:
            continue
        if inner[1] == "to" and head.word.key != tail[0].word.key:
            continue
        # the plural is on the head of "mixtures of experts", on the end of "sequence to sequence models"
        opening = head.word.last if inner[1] == "of" else head.word.key
        closing = " ".join(t.word.key for t in tail if t.word) if inner[1] == "of" else _key(tail)
        key = f"{opening} {inner[1]} {closing}"
        first, last = head.start, tail[-1].end
        yield _Found(key, first, last, True, left.noun, _form(text, first, last, key, titled=False))


_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9-]+(?: [A-Z][A-Za-z0-9-]+)*")


def _find_characters(sentences: Sequence[Sentence], language: str) -> list[list[_Found]]:
    texts = ["" if is_reference(sentence) else sentence.text for sentence in sentences]
    found: list[list[_Found]] = []
    for text, spans in zip(texts, character_terms(texts, language=language), strict=True):
        hits: list[_Found] = []
        reach = -1
        for start, end in spans:
            alone = end > reach
            reach = max(reach, end)
            hits.append(_Found(text[start:end], start, end, alone, True, ""))
        for word in _LATIN.finditer(text):  # GPT, PyTorch and the like keep their own rules
            hits += [
                _Found(hit.key, hit.start + word.start(), hit.end + word.start(), hit.alone, True, hit.form)
                for run in noun_runs(word.group(), language="en")
                for hit in _grams(word.group(), run, titled=False)
                if word.group()[0].isupper()
            ]
        hits.sort(key=lambda hit: (hit.start, -hit.end))
        found.append(hits)
    return found


def _record(found: list[list[_Found]], titled: set[str], marks: "array[int]") -> SourcePhrases:
    counts = Counter(hit.key for hits in found for hit in hits)
    keys = tuple(intern(key) for key in sorted(counts))
    index = {key: at for at, key in enumerate(keys)}
    alone = array("I", bytes(4 * len(keys)))
    nouns = array("I", bytes(4 * len(keys)))
    forms: dict[int, Counter[str]] = {}
    bounds = array("I", [0])
    places = array("I")
    for hits in found:
        for hit in hits:
            at = index[hit.key]
            alone[at] += hit.alone
            nouns[at] += hit.noun
            if hit.form:
                forms.setdefault(at, Counter())[hit.form] += 1
            places.extend((at, hit.start, hit.end))
        bounds.append(len(places) // 3)
    bounds.extend([len(places) // 3] * (len(marks) - len(found)))
    return SourcePhrases(
        keys=keys,
        counts=array("I", (counts[key] for key in keys)),
        alone=alone,
        nouns=nouns,
        forms={at: dict(sorted(forms[at].items())) for at in sorted(forms)},
        titled=tuple(sorted(index[key] for key in titled if key in index)),
        bounds=bounds,
        places=places,
        marks=marks,
    )
