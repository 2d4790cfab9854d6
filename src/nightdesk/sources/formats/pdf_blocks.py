"""One page of a PDF as blocks in reading order: the layout that liteparse finds, its lines looked at again."""

import itertools
import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightdesk.sources.formats.converted import clean_text
from nightdesk.sources.formats.pdf_lines import Line, code_rows, lines_of

_EMPHASIS = re.compile(
    r"(?<!\\)\*+"
)  # liteparse marks whole lines for a word in bold or italics; its own stars it escapes
_MATH = re.compile(r"\$[^$\n]{1,2000}\$")
_INNER_UNDERSCORE = re.compile(r"(?<=\w)\\_(?=[\w\s])")
_BROKEN_WORD = re.compile(r"\b([^\W\d_]{2,})- (?!(?:and|or|to|und|oder|et|ou|bis|y|e|as|nor)\b)([a-z\xdf-\xff]{2,})")
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
    line_height: float = 11.0  # from line to line
    size: float = 10.0  # of its letters, as tall as their boxes
    hyphen_at_end: bool = False  # the page shows a hyphen there, which liteparse takes off


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its number (from 1), its size in points, its blocks, and the text in its largest letters."""

    number: int
    width: float
    height: float
    blocks: tuple[Block, ...]
    largest: str = ""


def page_of(parsed: Any) -> Page:
    """Return the page that liteparse has `parsed`, with blocks that hold several paragraphs taken apart."""
    lines = lines_of(parsed.text_items)
    blocks: list[Block] = []
    for raw in parsed.blocks or ():
        block = _block(raw)
        if block is not None:
            within = [line for line in lines if _inside(line, block)] if block.height else []
            within.sort(key=lambda line: (round(line.y), line.x))
            blocks += _taken_apart(_code_or_text(block, within), within)
    ordered = _by_columns(blocks, parsed.width)
    return Page(parsed.page_num, parsed.width, parsed.height, tuple(_code_joined(ordered)), _largest(parsed.text_items))


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
    return _BROKEN_WORD.sub(r"\1\2", " ".join(_INNER_UNDERSCORE.sub("_", text).split()))


def _inside(line: Line, block: Block) -> bool:
    middle = line.y + line.height / 2
    return (
        block.y - 2 <= middle <= block.y + block.height + 2
        and line.x >= block.x - 3
        and line.right <= block.x + block.width + 6
    )


def _code_or_text(block: Block, lines: list[Line]) -> Block:
    """Return a block as code if all its lines are, and as a paragraph if it was taken for code and none is."""
    code = [line.is_code for line in lines]
    if lines and all(code) and (block.kind in {"paragraph", "code"} or (block.kind == "heading" and len(lines) > 1)):
        return replace(block, kind="code", text="", rows=code_rows(lines), line_height=lines[0].height * 1.2)
    if block.kind == "code" and lines and not any(code):
        return replace(block, kind="paragraph", text=" ".join(row[0].strip() for row in block.rows), rows=())
    return block


def _code_joined(blocks: list[Block]) -> Iterator[Block]:
    """Yield `blocks` with code that stands close below code as one block, indented as on the page."""
    held: Block | None = None
    for block in blocks:
        gap = block.y - (held.y + held.height) if held else 0.0
        if held and held.kind == block.kind == "code" and -2 < gap < 3 * held.line_height:
            indent = " " * round(abs(block.x - held.x) / (held.line_height * 0.5))
            deeper, shallower = (block.rows, held.rows) if block.x >= held.x else (held.rows, block.rows)
            moved = tuple((indent + row[0],) for row in deeper)
            first, second = (shallower, moved) if block.x >= held.x else (moved, shallower)
            blank = (("",),) if gap > held.line_height * 0.9 else ()
            held = replace(
                held,
                rows=(*first, *blank, *second),
                x=min(held.x, block.x),
                height=block.y + block.height - held.y,
            )
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def _by_columns(blocks: list[Block], page_width: float) -> list[Block]:
    """Return the blocks of a page of two columns with each column from its top, others as they are.

    What spans both columns divides the page: the columns above it are read before it.
    """
    middle = page_width / 2
    left = [block for block in blocks if block.height and block.x + block.width <= middle + 5]
    right = [block for block in blocks if block.height and block.x >= middle - 5]
    height = sum(block.height for block in blocks) or 1.0
    columns = (sum(block.height for block in left), sum(block.height for block in right))
    # Both columns hold much of the page, in lines that fill them: two lists of names are no columns of text.
    wide = all(any(block.width > page_width * 0.33 for block in side) for side in (left, right))
    if min(len(left), len(right)) < 2 or min(columns) < 0.15 * height or sum(columns) < 0.6 * height or not wide:
        return blocks
    ordered: list[Block] = []
    held: tuple[list[Block], list[Block]] = ([], [])
    for block in sorted(blocks, key=lambda block: block.y):
        if block in left or block in right:
            held[block.x >= middle - 5].append(block)
        else:
            ordered += [*held[0], *held[1], block]
            held = ([], [])
    return [*ordered, *held[0], *held[1]]


def _taken_apart(block: Block, lines: list[Line]) -> Iterator[Block]:
    """Yield `block`, or the paragraphs that it holds: lines further apart, indented or hanging back start one."""
    hyphen = bool(lines) and lines[-1].text.rstrip().endswith(("-", "\u2010")) and block.text[-1:].isalnum()
    heights = [line.height for line in lines]
    pitch = _pitch(lines)
    if heights:
        size = statistics.median(heights)
        block = replace(block, hyphen_at_end=hyphen, line_height=pitch or size, size=size)
    if block.kind not in {"paragraph", "list_item"} or len(lines) < 2:
        yield block
        return
    breaks = _breaks(block, lines, pitch)
    starts = _starts(block.text, [lines[i].text for i in breaks])
    cuts = [
        (0, block.y, block.y),
        *((at, lines[i].y, _bottom(lines[:i])) for at, i in zip(starts, breaks, strict=True) if at),
    ]
    for number, (at, y, _) in enumerate(cuts):
        last = number + 1 == len(cuts)
        end, bottom = (len(block.text), block.y + block.height) if last else (cuts[number + 1][0], cuts[number + 1][2])
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
            hyphen_at_end=hyphen and last,
        )


def _bottom(lines: list[Line]) -> float:
    return max(line.y + line.height for line in lines)


def _pitch(lines: list[Line]) -> float:
    gaps = [below.y - above.y for above, below in itertools.pairwise(lines) if below.y - above.y > 3]
    return statistics.median_low(gaps) if gaps else 0.0


def _breaks(block: Block, lines: list[Line], pitch: float) -> list[int]:
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
    for size in sorted({size for size, _ in sized}, reverse=True)[:5]:
        if size < body * 1.15:
            return ""
        text = clean_text(" ".join(item.text.strip() for s, item in sized if s > size * 0.93))
        words = text.split()
        # A drop cap, a logo or a report's number is no title.
        if sum(character.isalpha() for character in text) >= 4 and (len(words) > 1 or words[0].isalpha()):
            return " ".join(words)
    return ""
