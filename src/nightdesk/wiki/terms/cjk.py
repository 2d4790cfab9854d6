"""Candidate terms of Chinese and Japanese text, which puts no blanks between words."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from nightdesk.wiki.prose.language import stopwords

MAX_CHARACTERS = 8  # of a Chinese term
MAX_JAPANESE = 14  # ニューラルネットワーク has 11

_HAN_RUN = re.compile(r"[㐀-鿿豈-﫿々]{2,}")
_JAPANESE_RUN = re.compile(r"(?:[㐀-鿿豈-﫿々]|[ァ-ヺー])+")
_SCRIPT = re.compile(r"[㐀-鿿豈-﫿々]+|[ァ-ヺー]+")
_MAX_SENTENCE = 4000


@cache
def _function_characters() -> frozenset[str]:
    """Return the Chinese characters that end a term wherever they stand."""
    text = files("nightdesk.wiki").joinpath("words", "zh-functions.txt").read_text(encoding="utf-8")
    return frozenset(
        c for line in text.splitlines() if not line.startswith(("#", "word ")) for c in line if not c.isspace()
    )


@cache
def _plain_words() -> frozenset[str]:
    """Return the Chinese and Japanese words that are no terms and neither open nor close one."""
    text = files("nightdesk.wiki").joinpath("words", "zh-functions.txt").read_text(encoding="utf-8")
    own = {word for line in text.splitlines() if line.startswith("word ") for word in line.split()[1:]}
    return frozenset(own | {w for w in stopwords("zh") | stopwords("ja") if len(w) > 1})


@cache
def _splitter() -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(c) for c in sorted(_function_characters())) + "]+")


def character_terms(texts: Sequence[str], *, language: str) -> list[list[tuple[int, int]]]:
    """Return for each text the places (start, end) of its candidates, which may overlap, in order, longer first."""
    if language == "ja":
        return [_japanese(text[:_MAX_SENTENCE]) for text in texts]
    return _chinese([text[:_MAX_SENTENCE] for text in texts])


def _japanese(text: str) -> list[tuple[int, int]]:
    """Return compounds of kanji and katakana, and their parts of one script."""
    found: list[tuple[int, int]] = []
    for match in _JAPANESE_RUN.finditer(text):
        parts = [(m.start() + match.start(), m.end() + match.start()) for m in _SCRIPT.finditer(match.group())]
        spans = {match.span(), *parts}
        found += [
            (start, end)
            for start, end in spans
            if 2 <= end - start <= MAX_JAPANESE
            and text[start:end] not in _plain_words()
            and not (end - start == 2 and text[start] in "ァィゥェォッャュョー")
        ]
    return sorted(found, key=lambda span: (span[0], -span[1]))


def _chinese(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Return whole stretches between function characters, and the parts of them that the source repeats."""
    stretches: list[list[tuple[int, int]]] = [[*_stretches(text)] for text in texts]
    counts: Counter[str] = Counter()
    for text, spans in zip(texts, stretches, strict=True):
        for start, end in spans:
            for size in range(2, min(MAX_CHARACTERS, end - start) + 1):
                for at in range(start, end - size + 1):
                    counts[text[at : at + size]] += 1
    kept = _maximal(counts)
    places: list[list[tuple[int, int]]] = []
    for text, spans in zip(texts, stretches, strict=True):
        found: list[tuple[int, int]] = []
        for start, end in spans:
            for at in range(start, end - 1):
                for size in range(min(MAX_CHARACTERS, end - at), 1, -1):
                    gram = text[at : at + size]
                    whole = at == start and at + size == end and size <= 6
                    if (whole or gram in kept) and not _plain(gram):
                        found.append((at, at + size))
        places.append(found)
    return places


def _stretches(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for run in _HAN_RUN.finditer(text):
        at = run.start()
        for stop in [*_splitter().finditer(text, run.start(), run.end()), None]:
            end = stop.start() if stop else run.end()
            if end - at >= 2:
                spans.append((at, end))
            at = stop.end() if stop else end
    return spans


def _maximal(counts: Counter[str]) -> frozenset[str]:
    """Return the grams that come at least twice and are not always part of the same longer one."""
    repeated = {gram: count for gram, count in counts.items() if count >= 2}
    swallowed: set[str] = set()
    for gram, count in repeated.items():
        if len(gram) > 2:
            swallowed.update(part for part in (gram[:-1], gram[1:]) if repeated.get(part) == count)
    return frozenset(repeated.keys() - swallowed)


def _plain(gram: str) -> bool:
    words = _plain_words()
    if gram in words:
        return True
    return len(gram) > 3 and (gram[:2] in words or gram[-2:] in words)
