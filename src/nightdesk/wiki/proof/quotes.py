"""Quotes: where the exact words of a claim stand in its source, and how a quote is written in a list item.

A quote on a source page stands between the first and the last double quote of its line:

    > "the update is replaced by its nearest semi-orthogonal matrix" (Method, p. 4)

White space in it is collapsed. A character that Markdown or Obsidian would take for markup has a backslash before it,
and only where it would be taken so: plain prose stays as it is, and double quotes inside stay bare. Reading it back,
a backslash before ASCII punctuation is dropped. So `parse_quote(render_quote(quote))` is the quote, white space
collapsed, for any quote.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from nightdesk.wiki.escaping import escape_markdown, unescape_markdown
from nightdesk.wiki.proof.cutting import cuts_meaning, drops_negation
from nightdesk.wiki.proof.folding import UNSPACED, Folded, OffsetMap, fold, render, same_hyphens

MAX_GAP = 600  # characters of the source that one "…" may stand for
MIN_WORDS = 3
MIN_LETTERS = 8  # of a script without spaces; 8 ideographs say about as much as 3 words
MIN_PIECE_LETTERS = 12  # a piece between two "…" has this many letters, or MIN_WORDS words, or MIN_PIECE_IDEOGRAPHS
MIN_PIECE_IDEOGRAPHS = 4
_MAX_TRIES = 2000  # places looked at for one quote: bounds the work on hostile texts

_OMISSION = re.compile(r"\s*(?:\[\s?\.{3,}\s?\]|\(\s?\.{3,}\s?\)|\.{3,})\s*")
_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands: character offsets into the source text, and the 1-based line of its start."""

    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class _Form:
    """A reading of the source: the text as it is, or the words that its Markdown shows."""

    source: str
    folded: Folded
    origin: OffsetMap | None  # from `source` back to the text, if they differ


class QuoteIndex:
    """One source text, made ready for finding quotes in it."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _raw(self) -> _Form:
        return _Form(self._text, fold(self._text), None)

    @cached_property
    def _rendered(self) -> _Form | None:
        words, origin = render(self._text)
        return None if words == self._text else _Form(words, fold(words), origin)

    def locate(self, quote: str) -> Place | None:
        """Return the first place where `quote` stands word for word, or None.

        Equal are: quotation marks, dashes, spaces and ligatures of any form, a word broken at a line's end and the
        whole word, and Markdown markup and the words that it shows. `…` or `...` in the quote stands for up to
        MAX_GAP left-out characters, if the source itself does not have it. Refused, even if the words are there:
        trivially short quotes, and quotes that cut a word or a number, or leave out a negation right before them.
        """
        if not _is_telling(quote):
            return None
        shown = render(quote)[0]
        return (
            _locate(self._text, self._raw, quote)
            or _locate(self._text, self._rendered, quote)
            or (_locate(self._text, self._rendered or self._raw, shown) if shown != quote else None)
        )


def _is_telling(quote: str) -> bool:
    ideographs = sum(c.isalnum() for c in _UNSPACED.findall(quote))
    words = sum(any(c.isalnum() for c in word) for word in _UNSPACED.sub(" ", quote).split())
    return words >= MIN_WORDS or ideographs >= MIN_LETTERS or (words > 0 and words + ideographs / 3 >= MIN_WORDS)


def _locate(text: str, form: _Form | None, quote: str) -> Place | None:
    if form is None:
        return None
    span = next(_occurrences(form, fold(quote.strip())), None) or _locate_pieces(form, quote)
    if span is None:
        return None
    start, end = span
    if form.origin:
        start, end = form.origin.start(start), form.origin.end(end)
    return Place(start, end, text.count("\n", 0, start) + 1)


def _occurrences(form: _Form, quote: Folded) -> Iterator[tuple[int, int]]:
    """Yield the spans of form.source where `quote` stands whole, in order."""
    words = quote.text
    place = form.folded.text.find(words) if words else -1
    for _ in range(_MAX_TRIES):
        if place < 0:
            return
        if same_hyphens(form.folded, quote, place):
            start, end = form.folded.offsets.start(place), form.folded.offsets.end(place + len(words))
            if not cuts_meaning(form.source, start, end):
                yield start, end
        place = form.folded.text.find(words, place + 1)


def _locate_pieces(form: _Form, quote: str) -> tuple[int, int] | None:
    """Return the span of the pieces of `quote` between its omission marks: in order, near each other, none trivial."""
    pieces = [piece for piece in _OMISSION.split(quote.replace("…", "...").replace(". . .", "...").strip()) if piece]
    if not pieces or not all(map(_is_piece, pieces)):
        return None
    reached: list[tuple[int, int]] = []  # (end of the latest piece, start of the first one), ascending
    for number, piece in enumerate(pieces):
        spans = list(_occurrences(form, fold(piece)))
        if number == 0:
            reached = [(end, start) for start, end in spans]
        else:
            firsts = ((end, _reached_from(form.source, reached, start)) for start, end in spans)
            reached = [(end, first) for end, first in firsts if first is not None]
    return (reached[0][1], reached[0][0]) if reached else None


def _is_piece(piece: str) -> bool:
    letters = sum(c.isalnum() for c in piece)
    ideographs = len(_UNSPACED.findall(piece))
    words = sum(any(c.isalnum() for c in word) for word in piece.split())
    return words >= MIN_WORDS or letters >= MIN_PIECE_LETTERS or ideographs >= MIN_PIECE_IDEOGRAPHS


def _reached_from(source: str, reached: list[tuple[int, int]], start: int) -> int | None:
    """Return the start of the first piece if a piece that ends shortly before `start` may go on there, or None."""
    for end, first in reached[bisect_left(reached, (start - MAX_GAP, 0)) :]:
        if end > start:
            return None
        if not drops_negation(source[max(0, end - 200) : end], source[end:start]):
            return first
    return None


def render_quote(quote: str) -> str:
    """Return `quote` in double quotes as it is written on a page: see the rule above."""
    return f'"{escape_markdown(quote)}"'


def parse_quote(line: str) -> str | None:
    """Return the quote between the first and the last double quote of `line`, or None if there are not two."""
    first, last = line.find('"'), line.rfind('"')
    return unescape_markdown(line[first + 1 : last]) if first < last else None
