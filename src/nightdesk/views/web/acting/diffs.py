"""Two versions of a text as a person reads them: paragraph by paragraph, word by word, without what only code needs."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import MARK, parse_page, split_frontmatter
from nightdesk.views.web.acting.aligning import Budget, aligned

Kind = Literal["same", "changed", "gone", "new", "moved"]
MAX_BYTES = 1_000_000  # of one version; larger ones are not compared
MAX_ROWS = 1_000  # that are shown
_CONTEXT = 1  # paragraphs that are shown on each side of a change
_FOLDED = 60  # paragraphs that a fold still holds
_MAX_LINE = 20_000  # characters of a line that is compared by words
_ALIKE = 0.3  # of their words: one line is the other, changed
_WINDOW = 8  # lines among which the changed one is looked for
_MOST_PAIRED = 2_000  # lines in place of others among which changed ones are looked for
_HASHES = re.compile(r"\s*(?:- )?(?:text_)?sha256:")
_CITATION = re.compile(r"\[\[([^\[\]|#]*#\^[A-Za-z0-9-]+)(?:\|([^\[\]]*))?\]\]")
_LINK = re.compile(r"\[\[([^\[\]|\n]+)(?:\|([^\[\]\n]*))?\]\]")
_WORDS = re.compile(r"\[\[[^\[\]\n]{1,300}\]\]|\d+(?:[.,:]\d+)+|[^\W_]+(?:['’][^\W_]+)?|\s+|.", re.DOTALL)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # scripts without blanks: by character


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stayed, went or came."""

    kind: Literal["same", "gone", "new"]
    text: str
    target: str = ""  # of a link or citation: what it leads to; `text` is what it shows

    @property
    def is_citation(self) -> bool:
        """Whether it leads to a claim."""
        return "#^" in self.target


@dataclass(frozen=True, slots=True)
class Row:
    """One paragraph, heading or list item (a line of the file), before and after."""

    kind: Kind
    old: tuple[Piece, ...] = ()
    new: tuple[Piece, ...] = ()
    both: tuple[Piece, ...] = ()  # of a changed one: what went stands before what came in its place

    @property
    def merged(self) -> list[Piece]:
        """Both versions in one."""
        return _cited(self.both or self.new or self.old, whole=self.kind == "changed")

    @property
    def left(self) -> list[Piece]:
        """The line as it was; what is the same in both is told as it is now."""
        return _cited(self.new if self.kind in ("same", "moved") else self.old, whole=self.kind == "changed")

    @property
    def right(self) -> list[Piece]:
        """The line as it is."""
        return _cited(self.new, whole=self.kind == "changed")

    @property
    def form(self) -> str:
        """What kind of line it is: "heading", "item", "quote", or ""."""
        line = (self.new or self.old or (Piece("same", ""),))[0].text.lstrip()
        return {"#": "heading", "-": "item", ">": "quote"}.get(line[:1], "")


@dataclass(frozen=True, slots=True)
class Fold:
    """Paragraphs that are the same in both, out of sight; `rows` is empty where they are too many to be there."""

    count: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two versions."""

    body: tuple[Row | Fold, ...]
    properties: tuple[Row, ...] = ()  # lines of the frontmatter that differ, but hashes
    marks: tuple[Row, ...] = ()  # hashes and marks that differ
    added: int = 0  # words
    removed: int = 0
    cut: int = 0  # rows that are not shown

    @property
    def is_nothing(self) -> bool:
        """Whether the two say the same."""
        return not (self.properties or self.marks or any(isinstance(r, Row) and r.kind != "same" for r in self.body))


def text_of(content: bytes | None) -> str | None:
    """Return a version as text; None for what is none, or too large. A file that is not there is an empty text."""
    if content is None:
        return ""
    if len(content) > MAX_BYTES or b"\0" in content:
        return None
    return content.decode("utf-8", "replace")


def diff_of(before: str, after: str) -> Diff:
    """Return what differs between two versions of a page, or of any text."""
    (old_front, old_marks, old_body), (new_front, new_marks, new_body) = _parts(before), _parts(after)
    budget = Budget()
    rows = _rows(_lines(old_body), _lines(new_body), budget)
    added = sum(_words(row.new, "new") for row in rows if row.kind != "moved")
    removed = sum(_words(row.old, "gone") for row in rows if row.kind != "moved")
    folded = list(_folded(rows))
    properties, marks = (
        tuple(row for row in _rows(a, b, budget) if row.kind != "same")[:MAX_ROWS]
        for a, b in ((old_front, new_front), (old_marks, new_marks))
    )
    cut = max(0, len(folded) - MAX_ROWS)
    return Diff(tuple(folded[:MAX_ROWS]), properties, marks, added, removed, cut)


def _parts(text: str) -> tuple[list[str], list[str], str]:
    """Return the lines of the frontmatter that a person reads, those of hashes and marks, and the body."""
    front, body = split_frontmatter(text)
    try:
        segments = parse_page(text).front if front else {}
        lines = [(key, line) for key, part in segments.items() for line in part.splitlines()]
    except DeskError:
        lines = [("", line) for line in front.splitlines()]
    marks = [line for key, line in lines if key == MARK or _HASHES.match(line)]
    return [line for key, line in lines if key != MARK and not _HASHES.match(line)], marks, body


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def _key(line: str) -> str:
    """Return a line as it is compared: the number that a citation shows is no part of what it says."""
    return _CITATION.sub(r"[[\1]]", line)


def _rows(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[Row]:
    found: list[Row] = []
    for is_same, (a1, a2, b1, b2) in aligned([_key(line) for line in old], [_key(line) for line in new], budget):
        if is_same:
            found += [Row("same", new=(Piece("same", line),)) for line in new[b1:b2]]
        else:
            found += _replaced(old[a1:a2], new[b1:b2], budget)
    return _with_moves(found)


def _replaced(old: Sequence[str], new: Sequence[str], budget: Budget) -> Iterator[Row]:
    """Yield lines in place of others; those that are alike are one line that was changed."""
    at = 0
    bags = [_bag(line) for line in old] if len(old) + len(new) <= _MOST_PAIRED else []
    came: list[Row] = []  # after what went before the next pair
    for line in new:
        bag = _bag(line) if bags else frozenset()
        alike, near = max(((_alike(bags[n], bag), -n) for n in range(at, min(at + _WINDOW, len(bags)))), default=(0, 0))
        if alike >= _ALIKE:
            yield from (Row("gone", old=(Piece("gone", gone),)) for gone in old[at:-near])
            yield from came
            yield Row("changed", *_by_words(old[-near], line, budget))
            at, came = 1 - near, []
        else:
            came.append(Row("new", new=(Piece("new", line),)))
    yield from (Row("gone", old=(Piece("gone", gone),)) for gone in old[at:])
    yield from came


def _bag(line: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _tokens(_key(line)[:_MAX_LINE]) if word[0].isalnum())


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _by_words(old: str, new: str, budget: Budget) -> tuple[tuple[Piece, ...], ...]:
    """Return both lines as pieces, and the two in one. Blanks between changed words go with them: runs read as one."""
    if max(len(old), len(new)) > _MAX_LINE:
        return (Piece("gone", old),), (Piece("new", new),), (Piece("gone", old), Piece("new", new))
    before, after = list(_tokens(old)), list(_tokens(new))
    left: list[Piece] = []
    right: list[Piece] = []
    both: list[Piece] = []
    parts = aligned([_key(token) for token in before], [_key(token) for token in after], budget)
    for number, (is_same, (a1, a2, b1, b2)) in enumerate(parts):
        went, came = "".join(before[a1:a2]), "".join(after[b1:b2])
        if is_same and (came.strip() or number in (0, len(parts) - 1)):
            left.append(Piece("same", went))
            right.append(Piece("same", came))
            both.append(Piece("same", came))
        else:
            left.append(Piece("gone", went))
            right.append(Piece("new", came))
            both += [Piece("gone", went), Piece("new", came)]
    return tuple(_joined(left)), tuple(_joined(right)), tuple(_joined(_gathered(both)))


def differing(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two statements with the words in which they differ as pieces that went, and that came."""
    left, right, _ = _by_words(one, other, Budget())
    return left, right


def _gathered(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield pieces with all that went between two that stayed before all that came there."""
    for is_same, run in groupby(pieces, key=lambda piece: piece.kind == "same"):
        group = list(run)
        yield from group if is_same else sorted(group, key=lambda piece: piece.kind)  # "gone" before "new"


def _tokens(line: str) -> Iterator[str]:
    for match in _WORDS.finditer(line):
        if _WIDE.search(match[0]) and not match[0].startswith("[["):
            yield from match[0]
        else:
            yield match[0]


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield pieces with runs of one kind as one."""
    for kind, run in groupby(pieces, key=lambda piece: piece.kind):
        if text := "".join(piece.text for piece in run):
            yield Piece(kind, text)


def _cited(pieces: Iterable[Piece], *, whole: bool) -> list[Piece]:
    """Return pieces with the links and citations among them as pieces of their own.

    `whole`: what came or went shows links as they are written: where they lead may be all that changed.
    """
    found: list[Piece] = []
    for piece in pieces:
        done = 0
        for link in _LINK.finditer(piece.text):
            if whole and piece.kind != "same" and "#^" not in link[1]:
                continue
            found += [Piece(piece.kind, piece.text[done : link.start()])] if link.start() > done else []
            found.append(Piece(piece.kind, link[2] or link[1], link[1]))
            done = link.end()
        found += [Piece(piece.kind, piece.text[done:])] if done < len(piece.text) else []
    return found


def _with_moves(rows: Sequence[Row]) -> list[Row]:
    """Return rows in which a line that went and came again elsewhere is one that moved."""
    gone = Counter(_key(row.old[0].text) for row in rows if row.kind == "gone")
    moved = gone & Counter(_key(row.new[0].text) for row in rows if row.kind == "new")
    left = moved.copy()
    found = []
    for row in rows:
        if row.kind == "gone" and left[key := _key(row.old[0].text)] > 0:
            left[key] -= 1
        elif row.kind == "new" and moved[key := _key(row.new[0].text)] > 0:
            moved[key] -= 1
            found.append(Row("moved", new=(Piece("same", row.new[0].text),)))
        else:
            found.append(row)
    return found


def _folded(rows: Sequence[Row]) -> Iterator[Row | Fold]:
    near = [False] * len(rows)
    for number, row in enumerate(rows):
        if row.kind != "same":
            for place in range(max(0, number - _CONTEXT), min(len(rows), number + _CONTEXT + 1)):
                near[place] = True
    for is_shown, places in groupby(range(len(rows)), key=near.__getitem__):
        run = tuple(rows[place] for place in places)
        if is_shown or len(run) == 1:
            yield from run
        else:
            yield Fold(len(run), run if len(run) <= _FOLDED else ())


def _words(pieces: Sequence[Piece], kind: str) -> int:
    return sum(len(_CITATION.sub("", piece.text).split()) for piece in pieces if piece.kind == kind)
