"""A source's text as HTML with its quotes marked: each block's characters know their place, so the marks are exact."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from nightdesk.base.markdown import Block, blocks
from nightdesk.wiki.tables import column_at

PART = 60_000  # characters of a text that are shown at once, or somewhat more: parts begin at a heading or a paragraph
_LONGEST_PART = 120_000
_FENCE = re.compile(r" {0,3}(```|~~~)")
_GOOD_START = re.compile(r"#{1,6} |<!-- page ")
_IMAGE = re.compile(
    r"!\[(?P<alt>[^\]\n]{0,1000})\]\((?P<target>[^()\s]{1,1000})[^()\n]{0,300}\)|!\[\[(?P<wiki>[^\]\n|]{1,500})"
)
_MARKER = re.compile(r"(?P<indent>[ \t]*)(?P<mark>[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?$")
_MATH = "math"
_STYLES = (("**", "strong"), ("__", "strong"), ("*", "em"), ("_", "em"), ("`", "code"), ("$", _MATH))
_DEEPEST = 5
_COLUMNS = 200
_MOST_CLAIMS = 20  # that one mark names

Image = Callable[[str], str | None]  # a reference as the text writes it -> its address, None: it is not there


@dataclass(frozen=True, slots=True)
class Quote:
    """A claim's words in the text."""

    claim: str
    start: int
    end: int


def parts_of(text: str) -> tuple[tuple[int, int], ...]:
    """Cut a text into parts of about PART characters: before a heading, a page or a paragraph, never within code."""
    if len(text) <= _LONGEST_PART:
        return ((0, len(text)),)
    starts, at, fence, blank = [0], 0, "", False
    for line in _lines(text):
        if found := _FENCE.match(line):
            fence = "" if fence == found[1] else fence or found[1]
        size = at - starts[-1]
        may_start = not fence and (_GOOD_START.match(line) or (blank and size > PART * 1.5 and not line[0].isspace()))
        if (size >= PART and may_start) or size > _LONGEST_PART:
            starts.append(at)
        at += len(line)
        blank = not line.strip()
    return tuple(zip(starts, [*starts[1:], len(text)], strict=True))


def _lines(text: str) -> Iterator[str]:
    """Yield the lines with their ends; a line as long as a part in pieces."""
    for line in text.splitlines(keepends=True):
        if len(line) <= PART:
            yield line
        else:
            yield from (line[at : at + PART] for at in range(0, len(line), PART))


def marked_html(
    text: str, part: tuple[int, int], quotes: Sequence[Quote], *, asked: str = "", image: Image = lambda target: None
) -> str:
    """Return one part of a text as HTML, quotes as `<mark data-claims>`; a claim's first mark has the id `q-…`.

    Everything that the text says is escaped: of its Markdown only the form of blocks, emphasis and code is shown.
    """
    start, end = part
    return _Writer(text[start:end], start, quotes, asked, image).html()


class _Writer:
    """Writes the blocks of one part."""

    def __init__(self, text: str, skipped: int, quotes: Sequence[Quote], asked: str, image: Image) -> None:
        self._text = text
        self._quotes = sorted(
            (
                Quote(q.claim, max(q.start - skipped, 0), q.end - skipped)
                for q in quotes
                if q.end > skipped and q.start < skipped + len(text)
            ),
            key=lambda quote: quote.start,
        )
        self._ends = _running_most([quote.end for quote in self._quotes])
        self._starts = [quote.start for quote in self._quotes]
        self._asked = asked
        self._image = image
        self._named: set[str] = set()  # claims whose mark has been written
        self._page: int | None = None

    def html(self) -> str:
        found = list(blocks(self._text)) if self._text.strip() else []
        images = [(match.start(), match) for match in _IMAGE.finditer(self._text)]
        out: list[str] = []
        shown = at = 0
        while at < len(found):
            block = found[at]
            while shown < len(images) and images[shown][0] < block.start:
                out.append(self._picture(images[shown][1]))
                shown += 1
            if block.page is not None and block.page != self._page:
                self._page = block.page
                out.append(f'<p class="page-mark" id="page-{block.page}">Page {block.page}</p>')
            last = at + 1
            while last < len(found) and _goes_with(block, found[last], images, shown):
                last += 1
            out.append(self._group(found[at:last]))
            at = last
        out.extend(self._picture(match) for _, match in images[shown:])
        return "\n".join(piece for piece in out if piece)

    def _group(self, group: Sequence[Block]) -> str:
        kind = group[0].kind
        if kind == "cell":
            return self._table(group)
        if kind == "item":
            return f'<ul class="source-list">{"".join(map(self._item, group))}</ul>'
        if kind == "quote":
            return f"<blockquote>{''.join(f'<p>{self._words(block)}</p>' for block in group)}</blockquote>"
        return "\n".join(map(self._single, group))

    def _single(self, block: Block) -> str:
        if block.kind == "heading":
            level = min(block.level + 2, 6)
            return f'<h{level} dir="auto">{self._words(block)}</h{level}>'
        if block.kind == "code":
            return f'<pre tabindex="0"><code>{self._words(block)}</code></pre>'
        if block.kind == "math":
            words = self._words(block)
            whole = words.startswith('<span class="nd-math') and words.count("<span") == 1
            return f"<div{words[5:-7]}</div>" if whole else f'<div class="source-math" tabindex="0">{words}</div>'
        return f'<p dir="auto">{self._words(block)}</p>'

    def _item(self, block: Block) -> str:
        line = self._text.rfind("\n", 0, block.start) + 1
        before = self._text[line : block.start] if block.start - line < 200 else ""
        marker = _MARKER.match(before)
        depth = min(len((marker["indent"] if marker else before).expandtabs(4)) // 2, _DEEPEST)
        sign = "" if marker is None else "•" if marker["mark"] in "-*+" else marker["mark"]
        shown = f'<span class="source-marker" aria-hidden="true">{sign}</span>'
        return f'<li data-depth="{depth}" dir="auto">{shown}<span>{self._words(block)}</span></li>'

    def _table(self, cells: Sequence[Block]) -> str:
        rows: list[tuple[int, dict[int, Block]]] = []
        for cell in cells:
            line = self._text.rfind("\n", 0, cell.start) + 1
            if not rows or rows[-1][0] != line:
                rows.append((line, {}))
            column = column_at(self._text[line : cell.start], cell.start - line)
            rows[-1][1].setdefault(min(column, _COLUMNS), cell)
        width = 1 + max(max(row) for _, row in rows)
        written = []
        for n, (_, row) in enumerate(rows):
            tag = "th" if n == 0 else "td"
            filled = (self._words(row[column]) if column in row else "" for column in range(width))
            written.append("<tr>" + "".join(f"<{tag}>{words}</{tag}>" for words in filled) + "</tr>")
        body = f"<thead>{written[0]}</thead><tbody>{''.join(written[1:])}</tbody>"
        return f'<div class="nd-table" tabindex="0"><table>{body}</table></div>'

    def _picture(self, match: re.Match[str]) -> str:
        address = self._image(match["wiki"] or match["target"])
        if address is None:
            return ""
        alt = escape(match["alt"] or "")
        caption = f"<figcaption>{alt}</figcaption>" if alt else ""
        return f'<figure><img src="{escape(address)}" alt="{alt}" loading="lazy">{caption}</figure>'

    def _words(self, block: Block) -> str:
        """Return a block's text with its emphasis and marks."""
        plain, offsets = block.plain, block.offsets
        marks: list[tuple[int, int, str]] = []
        for quote in self._touching(offsets[0], offsets[-1] + 1):
            first, last = bisect_left(offsets, quote.start), bisect_left(offsets, quote.end)
            if first < last:
                marks.append((first, last, quote.claim))
        styles = [(first, last, style) for first, last, style in self._styles(block) if first < last]
        cuts = sorted({0, len(plain), *(edge for mark in (*marks, *styles) for edge in mark[:2])})
        out: list[str] = []
        claims: tuple[str, ...] = ()
        for first, last, current, names in _segments(cuts, marks, styles):
            if current != claims:
                out.append("</mark>" if claims else "")
                out.append(self._open_mark(current) if current else "")
                claims = current
            out.append(_styled(plain[first:last], names))
        return "".join(out) + ("</mark>" if claims else "")

    def _open_mark(self, claims: tuple[str, ...]) -> str:
        new = [claim for claim in claims if claim not in self._named]
        self._named.update(new)
        others = "".join(f'<span id="q-{claim}"></span>' for claim in new[1:])
        named = f' id="q-{new[0]}"' if new else ""
        asked = ' class="asked"' if self._asked in claims else ""
        return f'<mark{named}{asked} data-claims="{" ".join(claims[:_MOST_CLAIMS])}">{others}'

    def _touching(self, start: int, end: int) -> Iterator[Quote]:
        first = bisect_right(self._ends, start)
        for quote in self._quotes[first : bisect_left(self._starts, end)]:
            if quote.end > start:
                yield quote

    def _styles(self, block: Block) -> Iterator[tuple[int, int, str]]:
        for start, _, first, last in block.marks:
            name = next((name for sign, name in _STYLES if self._text.startswith(sign, start)), None)
            if name and block.kind != "code":
                yield first, last, name


def _styled(words: str, names: Sequence[str]) -> str:
    """Return a stretch of text with its styles; a formula that a mark cuts stays as it is written."""
    html = escape(words, quote=False)
    for name in names:
        if name != _MATH:
            html = f"<{name}>{html}</{name}>"
        elif len(words) > 4 and words.startswith("$$") and words.endswith("$$"):
            html = f'<span class="nd-math nd-display">{html[2:-2]}</span>'
        elif len(words) > 2 and words.startswith("$") and words.endswith("$") and "$" not in words[1:-1]:
            html = f'<span class="nd-math">{html[1:-1]}</span>'
    return html


def _running_most(ends: Sequence[int]) -> list[int]:
    """Return for each place the greatest value until there: ascending, so that it can be searched."""
    most, found = 0, []
    for end in ends:
        most = max(most, end)
        found.append(most)
    return found


def _goes_with(first: Block, other: Block, images: Sequence[tuple[int, object]], shown: int) -> bool:
    """Say whether two blocks are one list, table or quotation: of one kind, with no image and no new page between."""
    if other.kind != first.kind or first.kind not in ("item", "cell", "quote") or other.page != first.page:
        return False
    between_images = shown < len(images) and images[shown][0] < other.start
    return not between_images and other.headings == first.headings


def _segments(
    cuts: Sequence[int], marks: Sequence[tuple[int, int, str]], styles: Sequence[tuple[int, int, str]]
) -> Iterator[tuple[int, int, tuple[str, ...], tuple[str, ...]]]:
    """Yield each stretch between two cuts with the claims and the styles that hold there."""
    events: dict[int, list[tuple[bool, bool, str]]] = {}
    for of_mark, spans in ((True, marks), (False, styles)):
        for first, last, name in spans:
            events.setdefault(first, []).append((True, of_mark, name))
            events.setdefault(last, []).append((False, of_mark, name))
    claims: list[str] = []
    names: list[str] = []
    for first, last in pairwise(cuts):
        for opens, of_mark, name in events.get(first, ()):
            held = claims if of_mark else names
            if opens:
                held.append(name)
            elif name in held:
                held.remove(name)
        yield first, last, tuple(dict.fromkeys(claims)), tuple(dict.fromkeys(names))
