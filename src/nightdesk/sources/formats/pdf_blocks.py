"""One page of a PDF as blocks in reading order: the layout that liteparse finds, its lines looked at again."""

import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightdesk.sources.formats.converted import clean_text

_EMPHASIS = re.compile(
    r"(?<!\\)\*+"
)  # liteparse marks whole lines for a word in bold or italics; its own stars it escapes
_MATH = re.compile(r"\$[^$\n]{1,2000}\$")
_INNER_UNDERSCORE = re.compile(r"(?<=\w)\\_(?=\w)")
_SENTENCE_END = re.compile(r"[.!?:;。！？][\"'”’)\]]*$")
_BULLET = re.compile(r"^\s*(?:[•◦▪‣●○■–—*-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s+")
_WORD = re.compile(r"\w")
MIN_NEEDLE = 8  # letters of a line's start by which it is found again in its block


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, code or table: where it stands (points, from the top left) and what it says.

    `text` of code and tables is empty; `rows` holds a table's cells or, one to a row, the lines of code.
    """

    kind: str  # "heading", "paragraph", "list_item", "code", "table", "image"
    text: str
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    level: int = 0
    bold: bool = False
    marker: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    line_height: float = 11.0
    hyphen_at_end: bool = False  # the page shows a hyphen there, which liteparse takes off


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its number (from 1), its size in points, its blocks, and the text in its largest letters."""

    number: int
    width: float
    height: float
    blocks: tuple[Block, ...]
    largest: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    x: float
    y: float
    right: float
    height: float


def page_of(parsed: Any) -> Page:
    """Return the page that liteparse has `parsed`, with blocks that hold several paragraphs taken apart."""
    lines = _lines(parsed.text_items)
    blocks: list[Block] = []
    for raw in parsed.blocks or ():
        block = _block(raw)
        if block is not None:
            within = [line for line in lines if _inside(line, block)] if block.height else []
            blocks += _taken_apart(block, within)
    return Page(parsed.page_num, parsed.width, parsed.height, tuple(blocks), _largest(parsed.text_items))


def _block(raw: Any) -> Block | None:
    box = raw.bbox
    place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height} if box else {}
    if raw.kind in {"heading", "paragraph", "list_item"}:
        return Block(
            raw.kind,
            _plain(raw.text or ""),
            level=raw.level or 0,
            bold=bool(raw.bold) or bool(re.fullmatch(r"\*\*[^*]+\*\*", raw.text or "")),
            marker=raw.marker or "",
            **place,
        )
    if raw.kind in {"code", "grid_fallback"}:
        return Block("code", "", rows=tuple((clean_text(line),) for line in raw.lines or ()), **place)
    if raw.kind == "table":
        cells = [*([raw.header] if raw.header else []), *(raw.rows or [])]
        return Block("table", "", rows=tuple(tuple(_plain(c.text or "") for c in row) for row in cells), **place)
    return None


def _plain(text: str) -> str:
    """Return liteparse's Markdown without its emphasis, which misses the words meant, and with formulas unescaped."""
    text = _EMPHASIS.sub("", clean_text(text))
    text = _MATH.sub(lambda formula: formula[0].replace("\\_", "_").replace("\\*", "*"), text)
    return " ".join(_INNER_UNDERSCORE.sub("_", text).split())


def _lines(items: Sequence[Any]) -> list[_Line]:
    """Return the page's text items joined to lines: those that stand side by side, from the left."""
    lines: list[_Line] = []
    for item in items:
        if abs(item.rotation or 0.0) > 1 or not item.text.strip():
            continue
        line = _Line(item.text, item.x, item.y, item.x + item.width, item.height)
        last = lines[-1] if lines else None
        if last and abs(last.y - line.y) < 2 and 0 <= line.x - last.right + 2 < 30:
            lines[-1] = replace(last, text=f"{last.text} {line.text}", right=line.right)
        else:
            lines.append(line)
    return lines


def _inside(line: _Line, block: Block) -> bool:
    middle = line.y + line.height / 2
    return (
        block.y - 2 <= middle <= block.y + block.height + 2
        and line.x >= block.x - 3
        and line.right <= block.x + block.width + 6
    )


def _taken_apart(block: Block, lines: list[_Line]) -> Iterator[Block]:
    """Yield `block`, or the paragraphs that it holds: lines further apart, indented or hanging back start one."""
    hyphen = bool(lines) and lines[-1].text.rstrip().endswith(("-", "\u2010"))
    heights = [line.height for line in lines]
    pitch = _pitch(lines)
    block = replace(
        block, hyphen_at_end=hyphen, line_height=pitch or (statistics.median(heights) if heights else block.line_height)
    )
    if block.kind not in {"paragraph", "list_item"} or len(lines) < 2:
        yield block
        return
    starts = _starts(block.text, [lines[i].text for i in _breaks(block, lines, pitch)])
    places = [lines[i].y for i in _breaks(block, lines, pitch)]
    cuts = [(0, block.y)] + [(at, y) for at, y in zip(starts, places, strict=True) if at]
    for number, (at, y) in enumerate(cuts):
        end, bottom = cuts[number + 1] if number + 1 < len(cuts) else (len(block.text), block.y + block.height)
        text = block.text[at:end].strip()
        if not text:
            continue
        bullet = _BULLET.match(text) if number else None
        yield replace(
            block,
            kind=block.kind if number == 0 else "list_item" if bullet else "paragraph",
            text=text[bullet.end() :] if bullet else text,
            marker=bullet[0].strip() if bullet else block.marker if number == 0 else "",
            y=y,
            height=max(bottom - y, 1.0),
            hyphen_at_end=hyphen and number == len(cuts) - 1,
        )


def _pitch(lines: list[_Line]) -> float:
    gaps = [below.y - above.y for above, below in itertools.pairwise(lines) if below.y - above.y > 3]
    return statistics.median_low(gaps) if gaps else 0.0


def _breaks(block: Block, lines: list[_Line], pitch: float) -> list[int]:
    """Return the indexes of the lines that start a new paragraph within `block`."""
    left = min(line.x for line in lines[1:])
    right = max(line.right for line in lines)
    found = []
    for i in range(1, len(lines)):
        above, line = lines[i - 1], lines[i]
        gap = line.y - above.y
        wide = pitch > 0 and gap > pitch * 1.35 and gap > line.height * 1.3
        below = lines[i + 1].x if i + 1 < len(lines) else left
        indented = 6 < line.x - left < 45 and above.x - left < 3 and below - left < 3 and gap > 3
        ended = bool(_SENTENCE_END.search(above.text.rstrip()))
        hangs_back = block.kind == "list_item" and line.x < lines[0].x - 5 and gap > 3
        bullet = bool(_BULLET.match(line.text)) and line.text.lstrip()[0] in "•◦▪‣●○■"
        short = ended and gap > 3 and above.right < right - 0.35 * (right - left) and len(lines) > 3
        if wide or (indented and ended) or hangs_back or bullet or (short and wide):
            found.append(i)
    return found


def _starts(text: str, line_starts: list[str]) -> list[int]:
    """Return where each of the lines starts in `text`, 0 for one that is not found (formulas are written anew)."""
    letters = [i for i, character in enumerate(text) if _WORD.match(character)]
    stripped = "".join(text[i] for i in letters)
    found = []
    search_from = 1
    for line in line_starts:
        needle = "".join(_WORD.findall(clean_text(line)))[:24]
        at = stripped.find(needle, search_from) if len(needle) >= MIN_NEEDLE else -1
        if at < 0:
            found.append(0)
            continue
        search_from = at + 1
        start = letters[at]
        while start > 0 and not text[start - 1].isspace():  # take the quotation mark before the word along
            start -= 1
        found.append(start)
    return found


def _largest(items: Sequence[Any]) -> str:
    """Return the text in the page's largest letters: the title, if this is the first page."""
    sized = [(round(item.height, 1), item) for item in items if abs(item.rotation or 0.0) < 1 and item.text.strip()]
    if not sized:
        return ""
    body = statistics.median(size for size, _ in sized)
    for size in sorted({size for size, _ in sized}, reverse=True)[:3]:
        if size < body * 1.15:
            return ""
        text = " ".join(item.text.strip() for s, item in sized if s > size * 0.93)
        if sum(character.isalpha() for character in text) >= 4:
            return " ".join(clean_text(text).split())
    return ""
