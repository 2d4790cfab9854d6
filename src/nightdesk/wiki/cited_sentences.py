"""The sentences of a page, each with the claims that it cites, what it is part of, and its place."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from nightdesk.base.markdown import Block, blocks
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.proof.folding import OffsetMap
from nightdesk.wiki.prose.sentences import Sentence, split_sentences
from nightdesk.wiki.tables import Row, column_at, table_rows

OPEN_QUESTIONS = "open questions"  # the heading under which a page may ask
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # stand for citations while sentences are found; Unicode keeps them out of texts
# Its "\\_" is a "_" in running text and stays "\\_" in code and formulas, where a citation would be no link.
_MARKER = re.compile(f"{_OPEN}_(\\d+){_CLOSE}")
_SPACED_MARKER = re.compile(rf"\s*{_OPEN}\\?_\d+{_CLOSE}")
_BRACKETED = re.compile(rf"\s*[(\[](?:\s*[,;]?\s*{_OPEN}_\d+{_CLOSE})+\s*[)\]]")
_LISTED = re.compile(rf"({_OPEN}\\?_\d+{_CLOSE})\s*[,;](?=\s*{_OPEN})")
_DEAD_MARKER = f"{_OPEN}\\"
_TRAILING = re.compile(
    r"([.!?…。！？．｡।॥؟۔](?:[ \u00a0\u202f][»›])?[\"'”’»›」』）】)\]*_`]*)"
    rf"((?:[ \t]*(?:\n[ \t]*)?[(\[]?{_OPEN}\\_\d+{_CLOSE}(?:[)\]]|[,;](?=[ \t]*{_OPEN}))?)+)"
)
_LEAD_IN = re.compile(
    r"^([ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)*)(\*\*|__)([^\s*_]+(?: [^\s*_]+){0,3}[.:])\2[ \t]+(?=\S)", re.MULTILINE
)
_CALLOUT = re.compile(
    r"^(?P<before>[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)*)>[ \t]*(?P<mark>\[!(?P<kind>[^\]\n]*)\](?P<fold>[+-]?))"
    r"[ \t]*(?P<title>[^\n]*)",
    re.MULTILINE,
)
_QUOTED_LINE = re.compile(r" {0,3}>")
_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")

Key = tuple[str, str]  # source page, claim id


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence, a heading or a cell of a page, without Markdown and citations."""

    text: str
    cited: tuple[Key, ...]  # of a cell that cites nothing: what its row cites
    kind: str  # "prose", "heading", "question" (of "Open questions"), "cell", "head" (of a table)
    start: int  # its place in the body, citations included
    end: int
    block: int
    callout: int | None  # index into `callouts`
    row: Row | None
    column: int


@dataclass(frozen=True, slots=True)
class Callout:
    """A block quote that opens with `[!kind]`."""

    kind: str
    title: str
    is_plain: bool  # not within a list or another quotation, not folded
    start: int
    end: int


class PageText:
    """The body of a page, taken apart."""

    def __init__(self, body: str, *, language: str) -> None:
        self.body = body
        self._language = language
        self.unescaped = unescaped(body)

    @cached_property
    def callouts(self) -> tuple[Callout, ...]:
        """The callouts of any kind, in their order."""
        return tuple(self._callout(match) for match in _CALLOUT.finditer(self.unescaped))

    def _callout(self, match: re.Match[str]) -> Callout:
        end = match.end()
        while end < len(self.body) and _QUOTED_LINE.match(self.body, end + 1):
            stop = self.body.find("\n", end + 1)
            end = stop if stop >= 0 else len(self.body)
        title = self.body[match.start("title") : match.end("title")].strip()
        plain = not match["before"].strip() and not match["fold"]
        return Callout(match["kind"].strip().lower(), title, plain, match.start(), end)

    @cached_property
    def _marked(self) -> "Spliced":
        """The body with marks in place of citations, and no titles of callouts."""
        changes = [(c.start, c.end, f"{_OPEN}\\_{n}{_CLOSE}") for n, c in enumerate(find_citations(self.unescaped))]
        titles = [(match.start("mark"), match.end(), "") for match in _CALLOUT.finditer(self.unescaped)]
        changes = [change for change in changes if _index(titles, change[0]) is None]
        return Spliced(self.body, sorted([*changes, *titles]))

    @cached_property
    def _keys(self) -> Sequence[Key]:
        return [(citation.page, citation.id) for citation in find_citations(self.unescaped)]

    @cached_property
    def blocks(self) -> tuple[tuple[Block, int, int], ...]:
        """The blocks, each with its place in the body; citations in them are single marks."""
        marked = self._marked
        return tuple((block, *marked.back(block.start, block.end)) for block in blocks(marked.text))

    @cached_property
    def sentences(self) -> tuple[Cited, ...]:
        """The sentences; a citation belongs to the sentence before it, in a table to the cells of its row."""
        marked = _TRAILING.sub(r"\2\1", self._marked.text)  # as long as before: places at its ends stay
        lead_ins = list(_LEAD_IN.finditer(marked))
        bare = Spliced(marked, [(match.end(1), match.end(), "") for match in lead_ins])
        found = [  # "**Use.** Muon …" names a part as a heading does
            Cited(m[3], (), "heading", *self._marked.back(m.end(1), m.end()), -1, None, None, 0) for m in lead_ins
        ]
        rows = table_rows(bare.text)
        lines = bare.text.split("\n") if rows else []
        starts = _line_starts(lines)
        split = split_sentences(bare.text, language=self._language)
        of_rows = self._cited_by_rows(split, rows)
        callouts = [(callout.start, callout.end, "") for callout in self.callouts]
        for sentence in split:
            row = rows.get(sentence.line) if sentence.kind == "cell" else None
            text = plain_sentence(sentence.text)
            if (not any(c.isalnum() for c in text) and row is None) or not text:
                continue
            start, end = self._marked.back(*bare.back(sentence.start, sentence.end))
            column = column_at(lines[sentence.line - 1], sentence.start - starts[sentence.line - 1]) if row else 0
            cited = self._cited(sentence) or (of_rows.get(row.key, ()) if row else ())
            callout = _index(callouts, start)
            found.append(
                Cited(text, cited, _kind(sentence, row, text), start, end, sentence.block, callout, row, column)
            )
        return tuple(sorted(found, key=lambda cited: cited.start))

    def _cited(self, sentence: Sentence) -> tuple[Key, ...]:
        return tuple(self._keys[int(number)] for number in _MARKER.findall(sentence.text))

    def _cited_by_rows(
        self, split: Sequence[Sentence], rows: Mapping[int, Row]
    ) -> dict[tuple[int, int], tuple[Key, ...]]:
        found: dict[tuple[int, int], tuple[Key, ...]] = {}
        for sentence in split:
            if sentence.kind == "cell" and (row := rows.get(sentence.line)):
                found[row.key] = tuple(dict.fromkeys((*found.get(row.key, ()), *self._cited(sentence))))
        return found


def _index(spans: Sequence[tuple[int, int, str]], place: int) -> int | None:
    """Return which of the ascending spans holds a place, None where none does."""
    n = bisect_right(spans, place, key=_start) - 1
    return n if n >= 0 and place < spans[n][1] else None


def _start(span: tuple[int, int, str]) -> int:
    return span[0]


def _line_starts(lines: Sequence[str]) -> list[int]:
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    return starts


def _kind(sentence: Sentence, row: Row | None, text: str) -> str:
    if row is not None:
        return "cell" if row.number else "head"
    if sentence.kind == "heading":
        return "heading"
    asks = text.endswith(("?", "？", "؟")) and any(
        h.casefold().strip(" :.") == OPEN_QUESTIONS for h in sentence.headings
    )
    return "question" if asks else "prose"


def plain_sentence(text: str) -> str:
    """Return a sentence without the marks of its citations, and without brackets and commas that only hold them."""
    text = _LISTED.sub(r"\1", text)
    text = _SPACED_MARKER.sub("", _BRACKETED.sub("", text))
    return " ".join(text.split())


def is_dead(block: Block) -> bool:
    """Return whether a citation stands in code or a formula of the block, where it is no link."""
    return _DEAD_MARKER in block.plain


def unescaped(body: str) -> str:
    """Return `body` with blanks for its escaped characters, each at its place: what is left acts as markup."""
    return _ESCAPED.sub("  ", body)


class Spliced:
    """A text with some of its pieces replaced, and the way back."""

    def __init__(self, original: str, changes: Sequence[tuple[int, int, str]]) -> None:
        self._offsets = OffsetMap()
        pieces, done, length = [], 0, 0
        for start, end, new in changes:
            pieces += [original[done:start], new]
            length += start - done
            if new:
                self._add(length, start, end - start)
            length += len(new)
            self._add(length, end, -1)
            done = end
        self.text = "".join([*pieces, original[done:]])

    def _add(self, start: int, origin: int, length: int) -> None:
        self._offsets.starts.append(start)
        self._offsets.origins.append(origin)
        self._offsets.lengths.append(length)

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where a slice of the new text comes from; what it only touches is not of it."""
        first = self._offsets.start(start)
        return first, max(first, self._offsets.end(end) if end > 0 else 0)
