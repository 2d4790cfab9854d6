"""A query cut into pieces: words, phrases, filters, brackets and signs, each with its place."""

import re
from dataclasses import dataclass
from datetime import date

from nightdesk.wiki.search.asked import Filter, QueryError, Term
from nightdesk.wiki.search.schema import KINDS
from nightdesk.wiki.search.tokens import Token, tokens_of
from nightdesk.wiki.search.typos import edits

MAX_QUERY = 2_000  # characters
MAX_TERMS = 64
MAX_DEPTH = 10  # of brackets in brackets
MIN_PREFIX = 2  # letters before a star
FILTERS = ("type", "path", "tag", "after", "before", "in")

_SIGNS = str.maketrans(
    dict.fromkeys(map(chr, range(32)), " ") | dict.fromkeys("“”„‟«»", '"') | {"：": ":", "（": "(", "）": ")"}
)
_FILTER = re.compile(r"([A-Za-z]{2,10}):")
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """One lexical piece of a query."""

    kind: str  # "(" ")" "-" "or" "and" "term" "filter" "end"
    at: int
    term: Term | None = None
    filter: Filter | None = None


def plain_signs(text: str) -> str:
    """Return a query with the signs of the grammar as ASCII has them; every character keeps its place."""
    return text.translate(_SIGNS)


class Lexer:
    """Cuts a query into pieces."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def pieces(self) -> list[Piece]:
        """Return the pieces, an end mark last."""
        found: list[Piece] = []
        while True:
            while self._at < len(self._text) and self._text[self._at].isspace():
                self._at += 1
            if self._at >= len(self._text):
                return [*found, Piece("end", len(self._text) + 1)]
            piece = self._next()
            if piece is not None:
                found.append(piece)
            if sum(piece.kind == "term" for piece in found) > MAX_TERMS:
                raise QueryError(f"more than {MAX_TERMS} words", found[-1].at, fix="look for fewer words")

    def _next(self) -> Piece | None:
        text, start = self._text, self._at
        if text[start] == "(":
            self._at += 1
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise QueryError(f"more than {MAX_DEPTH} brackets in one another", start + 1)
            return Piece("(", start + 1)
        if text[start] == ")" and self._depth:
            self._at += 1
            self._depth -= 1
            return Piece(")", start + 1)
        if text[start] == "-" and self._negates(start):
            if found := self._filter(start + 1, negated=True):
                return found
            self._at += 1
            return Piece("-", start + 1)
        if text[start] == '"':
            return self._phrase()
        return self._filter(start, negated=False) or self._word()

    def _negates(self, at: int) -> bool:
        """Say whether a hyphen excludes what follows; "--force" and a dash between words do not."""
        following = self._text[at + 1 : at + 2]
        return bool(following) and not following.isspace() and following not in "-)"

    def _phrase(self) -> Piece | None:
        start = self._at
        end = self._text.find('"', start + 1)
        if end < 0:
            raise QueryError("this quotation mark is never closed", start + 1, fix='close it with "')
        self._at = end + 1
        star = self._text.startswith("*", self._at)
        self._at += star
        tokens = tokens_of(self._text[start + 1 : end])
        return self._term(tokens, star, start, exact=True)

    def _word(self) -> Piece | None:
        start, inner = self._at, 0
        while self._at < len(self._text):
            char = self._text[self._at]
            if char.isspace() or char == '"':
                break
            if char == ")":
                if not inner and self._depth:
                    break
                inner = max(0, inner - 1)
            inner += char == "("
            self._at += 1
        word = self._text[start : self._at]
        if word in ("OR", "AND"):
            return Piece(word.lower(), start + 1)
        if word == "NOT":
            return Piece("-", start + 1)
        return self._term(tokens_of(word), word.endswith("*") and not word.endswith("**"), start, exact=False)

    def _term(self, tokens: tuple[Token, ...], star: bool, start: int, *, exact: bool) -> Piece | None:
        if not tokens:
            return None  # "&" or "?" alone
        last = tokens[-1]
        if star and not last.paired and len(last.text) < MIN_PREFIX:
            raise QueryError(f"{last.text}* asks for too much", start + 1, fix="give two letters before the star")
        if len(tokens) > MAX_TERMS:
            raise QueryError(f"more than {MAX_TERMS} words", start + 1, fix="look for fewer words")
        return Piece("term", start + 1, Term(tokens, star, exact))

    def _filter(self, start: int, *, negated: bool) -> Piece | None:
        found = _FILTER.match(self._text, start)
        if found is None:
            return None
        name = found[1].lower()
        if name not in FILTERS:
            near = [own for own in FILTERS if len(own) > 2 and len(name) > 2 and edits(name, own, most=1) <= 1]
            if near:
                fix = f'is it {near[0]}: ? To look for the word, put it in quotes: "{name}"'
                raise QueryError(f"no filter is called {name}:", start + 1, fix=fix)
            return None
        self._at = found.end()
        at = self._at
        if self._text.startswith('"', at):
            end = self._text.find('"', at + 1)
            if end < 0:
                raise QueryError("this quotation mark is never closed", at + 1, fix='close it with "')
            value, self._at = self._text[at + 1 : end], end + 1
        else:
            value = re.match(r"[^\s\"()]*" if self._depth else r"[^\s\"]*", self._text[at:])[0]  # type: ignore[index]
            self._at += len(value)
        return Piece("filter", start + 1, filter=_make_filter(name, value, at + 1, negated=negated))


def _make_filter(name: str, value: str, at: int, *, negated: bool) -> Filter:
    values = tuple(part.strip().lstrip("#" if name == "tag" else "") for part in value.split(","))
    values = tuple(part for part in values if part)
    if not values:
        raise QueryError(f"{name}: says nothing", at, fix=f"give it a value without a blank, such as {_EXAMPLE[name]}")
    if name in ("after", "before"):
        return Filter(name, (_day(name, value, at),), negated)
    if name == "in" and (wrong := [part for part in values if part.lower() not in KINDS]):
        raise QueryError(f"{wrong[0][:40]!r} is nowhere to look in", at, fix="in: takes wiki, claims or text")
    return Filter(name, tuple(part.lower() for part in values) if name == "in" else values, negated)


_EXAMPLE = {
    **{"type": "type:concept", "path": "path:concepts/", "tag": "tag:ml", "in": "in:claims"},
    **{"after": "after:2025-03", "before": "before:2026"},
}


def _day(name: str, value: str, at: int) -> str:
    """Return the first day of a year, a month or a day as an ISO date."""
    found = _DAY.fullmatch(value)
    if found:
        try:
            return date(int(found[1]), int(found[2] or 1), int(found[3] or 1)).isoformat()
        except ValueError:
            pass
    raise QueryError(f"{value[:40]!r} is no date", at, fix=f"write {name}:2026, {name}:2026-03 or {name}:2026-03-15")
