"""Pages by a few typed letters, as people expect of Ctrl-K: beginnings, then word beginnings, then letters in order.

All names stand in one long text, one a line, the shortest first, so that the search for each kind of fit is one search
of that text which can stop as soon as there are enough.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, islice
from operator import itemgetter
from typing import NamedTuple

from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.search.tokens import fold

MAX_TYPED = 100  # characters that are looked at
_MAX_LETTERS = 24  # that are looked for one by one
_MAX_CANDIDATES = 3_000  # names of one kind that are looked at, the shortest
_MAX_APART = 2_000  # names that came or went before all are put in order again
_MAX_SCANNED = 1_000_000  # characters of names, the shortest, in which letters are looked for that begin no word
_MARKS = "-_/.,:;()[]{}'\"’‘“”–—·|~"  # count as blanks
_BLANKS = re.compile(rf"[ {re.escape(_MARKS)}]{{2,}}|[{re.escape(_MARKS)}]")
_Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Match:
    """One page that fits, and which characters of its name do."""

    entry: Entry
    spans: tuple[tuple[int, int], ...]  # start and end in the title, or in `alias` where that is given
    alias: str = ""  # the other name that fits, "" where it is the title


class _Line(NamedTuple):
    """One name of a page."""

    length: int
    text: str  # folded
    other: bool  # an alias or a base name, no title
    path: str
    name: str  # as it is shown


class Palette:
    """The names of pages; it never changes."""

    def __init__(self, old: "_Part", added: Iterable[_Line] = (), hidden: frozenset[str] = frozenset()) -> None:
        """Take names, those that came since, and the pages of the first that are to be left out."""
        self._parts = old, _Part(added)
        self._hidden = hidden

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Palette":
        """Return the palette of these pages."""
        return cls(_Part(_lines_of(entries)))

    def changed(self, gone: Sequence[Entry], new: Sequence[Entry]) -> "Palette":
        """Return the palette without the names of pages that are gone and with those of new ones."""
        less, more = _lines_of(gone), _lines_of(new)
        if set(less) == set(more):
            return self
        paths = {line.path for line in less}
        (old, recent), hidden = self._parts, self._hidden | paths
        added = [*(line for line in recent.lines if line.path not in paths), *more]
        if len(added) + len(hidden) > _MAX_APART:
            return Palette(_Part([*(line for line in old.lines if line.path not in hidden), *added]))
        return Palette(old, added, hidden)  # to put all names in order takes too long for each change

    def look_up(self, typed: str, entries: Mapping[str, Entry], *, limit: int) -> tuple[Match, ...]:
        """Return at most `limit` pages that fit, each once; case, accents and punctuation do not count.

        The beginning of a name comes first, then the beginnings of its words, all typed words in any order, the first
        letters of its words, any part of it, and last all letters in their order. Among equals the shorter name comes
        first, then a title before another name, then the page that changed last.
        """
        wanted = _folded(" ".join(typed[:MAX_TYPED].split()))
        found: dict[str, Match] = {}
        for way in _ways(wanted) if wanted else ():
            need = limit - len(found)
            if need <= 0:
                break
            old, added = self._parts
            best = [*_best(old, way.lines(old), found.keys() | self._hidden, need)]
            best += _best(added, way.lines(added), found.keys(), need)
            best.sort(key=lambda line: (line.length, line.other, -entries[line.path].changed, line.path))
            for line in best:
                if line.path not in found and len(found) < limit:
                    spans = _shown_spans(line.name, line.text, way.places(line.text))
                    found[line.path] = Match(entries[line.path], spans, line.name if line.other else "")
        return tuple(found.values())


class _Way(NamedTuple):
    """One kind of fit: which lines have it, by their numbers, and where in a line it is."""

    lines: Callable[["_Part"], Iterator[int]]
    places: Callable[[str], _Spans]


def _ways(wanted: str) -> Iterator[_Way]:
    """Yield the kinds of fit, the closest first."""
    words, letters = wanted.split(), wanted.replace(" ", "")
    yield _Way(lambda part: part.names.finding("\n" + wanted), lambda text: _words_in(text, [wanted]))
    yield _Way(lambda part: part.names.finding(" " + wanted), lambda text: _words_in(text, [wanted]))
    if len(words) > 1:
        yield _Way(lambda part: part.having(words), lambda text: _words_in(text, words))
    if 1 < len(letters) <= _MAX_LETTERS:
        yield _Way(lambda part: part.initials.finding(letters), lambda text: _initials_in(text, letters))
    yield _Way(lambda part: part.names.finding(wanted), lambda text: _part_in(text, wanted))
    if 1 < len(letters) <= _MAX_LETTERS:
        for before in ("\n", " ", ""):
            lines = partial(_Part.matching, before=before, letters=letters)
            yield _Way(lines, lambda text: _letters_in(text, letters))


def _best(part: "_Part", numbers: Iterator[int], known: Container[str], need: int) -> Iterable[_Line]:
    """Return the first `need` lines, each of another page that is not known yet, and all as short as the last."""
    best: dict[str, _Line] = {}
    last = 0
    for n in islice(numbers, _MAX_CANDIDATES):
        line = part.lines[n]
        if len(best) >= need and line.length > last:
            break
        if line.path not in known:
            best.setdefault(line.path, line)
            last = line.length
    return best.values()


class _Part:
    """Names, ready to be looked through."""

    def __init__(self, lines: Iterable[_Line]) -> None:
        self.lines = sorted(lines, key=itemgetter(0))
        self.names = _Searched([line.text for line in self.lines])
        self.initials = _Searched(["".join(word[0] for word in line.text.split()) for line in self.lines])

    def having(self, words: Sequence[str]) -> Iterator[int]:
        """Yield the numbers of the lines that have words beginning with all of these."""
        longest = max(words, key=len)
        for n in islice(self.names.finding(longest), _MAX_CANDIDATES):
            text = " " + self.lines[n].text
            if all(" " + word in text for word in words):
                yield n

    def matching(self, *, before: str, letters: str) -> Iterator[int]:
        """Yield the numbers of the lines that have all letters in their order, the first one after `before`."""
        return self.names.matching(before, letters)


class _Searched:
    """Texts, searched all at once."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._text = "\n".join(("", *texts, ""))
        self._starts = list(accumulate((len(text) + 1 for text in texts), initial=0))  # of the \n before each

    def finding(self, part: str) -> Iterator[int]:
        """Yield the numbers of the texts that have `part`, in their order; "\n" in it is the beginning of a text."""
        text, starts = self._text, self._starts
        at = text.find(part)
        while 0 <= at < starts[-1]:
            n = bisect_right(starts, at) - 1
            yield n
            at = text.find(part, starts[n + 1])

    def matching(self, before: str, letters: str) -> Iterator[int]:
        """Yield the numbers of the texts that have all letters in their order, the first one after `before`."""
        # possessive, and each run ends at the letter that comes next: a text is gone through once
        runs = [f"[^{re.escape(letter)}\n]*+{re.escape(letter)}" for letter in letters]
        if before:  # a literal beginning is found ten times as fast
            runs[0] = re.escape(before + letters[0])
        pattern = re.compile(("" if before else "\n") + "".join(runs))
        for match in pattern.finditer(self._text, 0, len(self._text) if before else _MAX_SCANNED):
            yield bisect_right(self._starts, match.start()) - 1


def _lines_of(entries: Iterable[Entry]) -> list[_Line]:
    names = [
        (entry.path, name, n > 0)
        for entry in entries
        for n, name in enumerate(dict.fromkeys((entry.title, *entry.aliases, entry.name)))
    ]
    # folded all at once, which takes a tenth of the time; only the name of a file can have a line end in it
    texts = _folded("\n".join(name.replace("\n", " ") for _, name, _ in names)).split("\n")
    return [_Line(len(text), text, other, path, name) for text, (path, name, other) in zip(texts, names, strict=False)]


def _folded(names: str) -> str:
    """Return names, one a line, as they are compared: no case, accents or punctuation, one blank between words."""
    text = _BLANKS.sub(" ", fold(names))
    return text.replace(" \n", "\n").replace("\n ", "\n").strip(" ")


def _words_in(text: str, words: Sequence[str]) -> _Spans:
    found = [(" " + text).find(" " + word) for word in words]
    return sorted((at, at + len(word)) for at, word in zip(found, words, strict=True) if at >= 0)


def _initials_in(text: str, letters: str) -> _Spans:
    starts = [n for n, letter in enumerate(text) if letter != " " and (n == 0 or text[n - 1] == " ")]
    first = "".join(text[n] for n in starts).find(letters)
    return [(n, n + 1) for n in starts[first : first + len(letters)]] if first >= 0 else []


def _part_in(text: str, part: str) -> _Spans:
    at = text.find(part)
    return [(at, at + len(part))]


def _letters_in(text: str, letters: str) -> _Spans:
    """Return where the letters stand, each after the one before, from a word's beginning if that can be."""
    starts = [n for n, letter in enumerate(text) if letter == letters[0]]
    for start in sorted(starts, key=lambda n: n > 0 and text[n - 1] != " "):
        spans = [(start, start + 1)]
        for letter in letters[1:]:
            at = text.find(letter, spans[-1][1])
            if at < 0:
                break
            if at == spans[-1][1]:
                spans[-1] = spans[-1][0], at + 1
            else:
                spans.append((at, at + 1))
        else:
            return spans
    return []


def _shown_spans(name: str, text: str, spans: _Spans) -> tuple[tuple[int, int], ...]:
    """Return where spans of the folded text stand in the name as it is shown; () where that cannot be told."""
    letters: list[str] = []
    origins: list[int] = []
    for n, sign in enumerate(name):
        for letter in fold(sign):
            blank = letter in _MARKS or letter == " "
            if not blank or (letters and letters[-1] != " "):
                letters.append(" " if blank else letter)
                origins.append(n)
    if "".join(letters).rstrip() != text:
        return ()  # letters that are written as several characters, and folded as one
    shown: list[tuple[int, int]] = []
    for start, end in spans:
        first, last = origins[start], _end_of(name, origins[end - 1] + 1)
        if shown and first <= shown[-1][1]:  # typed words that begin alike, or two letters that are shown as one
            shown[-1] = shown[-1][0], max(last, shown[-1][1])
        else:
            shown.append((first, last))
    return tuple(shown)


def _end_of(name: str, end: int) -> int:
    while end < len(name) and unicodedata.combining(name[end]):
        end += 1
    return end
