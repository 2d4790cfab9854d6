"""The blocks of a PDF's pages as one Markdown text: running heads and contents dropped, headings and tables mended."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from nightdesk.sources.formats.converted import escape_tags, fence
from nightdesk.sources.formats.pdf_blocks import Block, Page
from nightdesk.sources.formats.pdf_joining import TERMINAL, WORD, Placed, footnotes_first, goes_on, joined
from nightdesk.sources.formats.tables import markdown_table

MARGIN_SHARE = 0.11  # of a page's height, at the top and at the bottom: where running heads and page numbers stand
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,7}|[A-Z]-?\d{1,3})(?:\s*(?:/|of)\s*\d{1,4})?[\W_]*$", re.IGNORECASE
)
_DOT_LEADER = re.compile(r"(?:\s?[.·…]){4,}+\s*+(?:\d{1,4}|[ivxlc]{1,6}\b)?")
_NUMBERED = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){1,4})\.?\s+\S")
_CONTENTS = re.compile(r"^(?:table of )?contents$", re.IGNORECASE)
_FRONT_END = re.compile(r"^(?:\d+\.?\s+)?(?:abstract|introduction|summary|contents|table of contents)\b", re.IGNORECASE)
_LINE_START = re.compile(r"^(?=(?:[-+]|\d{1,9}[.)])\s|#{1,6}\s|>|={3,}$|-{3,}$)")
_NO_TITLES = frozenset({"abstract", "contents", "table of contents", "introduction", "summary", "preface"})


def markdown_of(pages: list[Page]) -> str:
    """Return the Markdown of the whole document, each page's text after its mark."""
    title = title_of(pages)
    running = _running_lines(pages)
    body_size = _body_size(pages)
    placed = _without_contents(
        Placed(block, page.number)
        for page in pages
        for block in _mended(page, running, title, body_size=body_size, first=page is pages[0])
    )
    parts: list[str] = []
    if title and not any(p.block.kind == "heading" and p.block.text == title for p in placed[:40]):
        parts.append(f"# {title}")
    started = dict.fromkeys((page.number for page in pages), False)
    previous: Block | None = None
    placed = footnotes_first(placed, body_size)
    words = Counter(word for item in placed for word in WORD.findall(item.block.text))
    for item in joined(placed, words):
        if not started[item.page]:
            parts += [f"<!-- page {n} -->" for n in started if n <= item.page and not started[n]]
            started |= {n: True for n in started if n <= item.page}
        if (
            previous is not None
            and previous.kind == item.block.kind == "list_item"
            and not parts[-1].startswith("<!--")
        ):
            parts[-1] += "\n" + _markdown(item.block)
        else:
            parts.append(_markdown(item.block))
        previous = item.block
        for number in item.marks:
            parts.append(f"<!-- page {number} -->")
            started[number] = True
    parts += [f"<!-- page {number} -->" for number, done in started.items() if not done]
    return "\n\n".join(part for part in parts if part)


def title_of(pages: list[Page]) -> str | None:
    """Return the title: what stands in the largest letters on the first page, else its first heading."""
    for page in pages[:2]:
        largest = next((b.text for b in page.blocks if b.kind == "heading" and page.largest in b.text), page.largest)
        if 4 <= len(largest) <= 250 and largest.lower() not in _NO_TITLES and not _NUMBERED.match(largest):
            return largest
        for block in sorted((b for b in page.blocks if b.kind == "heading"), key=lambda b: (b.level, b.y)):
            if block.text.lower() not in _NO_TITLES and not _NUMBERED.match(block.text) and len(block.text) < 250:
                return block.text
    return None


def _running_lines(pages: list[Page]) -> frozenset[str]:
    """Return the lines, digits as #, that stand in the margin of three pages (of two, if the document is short)."""
    seen: Counter[str] = Counter()
    shifts: Counter[int] = Counter()
    for page in pages:
        texts = {block.text for block in page.blocks if _in_margin(block, page)}
        seen.update({_pattern(text) for text in texts})
        shifts.update({number - page.number for text in texts for number in _edge_numbers(text)})
    enough = 3 if len(pages) > 12 else 2
    found = {pattern for pattern, count in seen.items() if count >= enough}
    # "Chapter 4: Example 14" stands on one page only, but with the page's number, as all running heads here do.
    shift, count = max(shifts.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
    if count >= 3:
        found |= {
            _pattern(block.text)
            for page in pages
            for block in page.blocks
            if _in_margin(block, page) and page.number + shift in _edge_numbers(block.text)
        }
    return frozenset(found)


def _edge_numbers(text: str) -> list[int]:
    """Return the numbers that a line starts and ends with."""
    words = text.split()
    return [int(word) for word in (words[:1] + words[-1:]) if word.isdecimal() and len(word) < 5]


def _pattern(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _in_margin(block: Block, page: Page) -> bool:
    margin = page.height * MARGIN_SHARE
    one_line = 0 < len(block.text) < 150 and block.height < 1.8 * block.size
    return one_line and (block.y < margin or block.y > page.height - margin)


def _mended(
    page: Page, running: frozenset[str], title: str | None, *, body_size: float, first: bool
) -> Iterator[Block]:
    """Yield the page's blocks without running lines, with headings that are none and tables that are text put right."""
    front = first and any(_FRONT_END.match(block.text) for block in page.blocks)
    previous: Block | None = None
    for block in page.blocks:
        in_margin = _in_margin(block, page)
        if in_margin and (
            _PAGE_NUMBER.match(block.text) or (_pattern(block.text) in running and not (first and block.text == title))
        ):
            continue
        front = front and not _FRONT_END.match(block.text)
        for mended in _mended_block(block, previous, front=front, title=title, body_size=body_size):
            yield mended
            previous = mended


def _mended_block(
    block: Block, previous: Block | None, *, front: bool, title: str | None, body_size: float
) -> Iterator[Block]:
    if block.kind == "table":
        yield from _table_or_text(block)
    elif block.kind == "heading" and block.text == title:
        yield replace(block, level=1)
    elif block.kind == "heading" and (front or _is_no_heading(block.text)):
        yield replace(block, kind="paragraph")  # authors and addresses, a lone number, a sentence in bold
    elif block.kind == "heading" and title:
        yield replace(block, level=_level(block.text, block.level))
    elif block.kind in {"paragraph", "list_item"} and not front and _is_heading(block, body_size):
        text = f"{block.marker} {block.text}".strip() if block.marker not in {"•", "-"} else block.text
        yield replace(block, kind="heading", text=text, level=_level(text, 2 if block.size > body_size * 1.3 else 3))
    elif block.kind == "code" and len(block.rows) <= 2 and previous is not None and goes_on(previous, block):
        yield replace(block, kind="paragraph", text=" ".join(" ".join(row[0] for row in block.rows).split()))
    else:
        yield block


def _is_no_heading(text: str) -> bool:
    words = text.split()
    sentence = text.endswith((".", ",")) and len(text) > 40
    within = text[:1].islower() and len(words) > 4  # a line of a sentence that begins with a word in bold
    return sentence or within or len(words) > 14 or not any(character.isalpha() for character in text)


def _level(text: str, level: int) -> int:
    """Return the level of a heading below the title: by its number if it has one, since letter sizes mislead."""
    if _NUMBERED.match(text):
        return min(2 + text.split(maxsplit=1)[0].rstrip(".").count("."), 6)
    return min(max(level, 2), 6)


def _body_size(pages: list[Page]) -> float:
    """Return the size of the letters that most of the text is in."""
    sizes: Counter[float] = Counter()
    for block in (block for page in pages for block in page.blocks if block.kind == "paragraph"):
        sizes[round(block.size, 1)] += len(block.text)
    return max(sorted(sizes), key=sizes.__getitem__, default=10.0)


def _is_heading(block: Block, body_size: float) -> bool:
    """Return whether a short line is a heading: in larger letters, or numbered and bold."""
    text = f"{block.marker} {block.text}".strip()
    if (
        len(text) > 90
        or TERMINAL.search(text)
        or text.endswith((",", "-"))
        or sum(character.isalpha() for character in text) < 3
    ):
        return False
    if _NUMBERED.match(text):
        return block.bold or block.size > body_size * 1.1
    return block.kind == "paragraph" and block.size > body_size * 1.15 and text[0].isupper() and "@" not in text


def _table_or_text(block: Block) -> Iterator[Block]:
    """Yield a table, or what its cells say in order where liteparse took running text for one."""
    rows = [tuple(cell for cell in row if cell.strip()) for row in block.rows]
    pairs = list(itertools.pairwise(rows))
    # Text goes on from one row's end into the next row's start, which a table's cells do not.
    flowing = sum(
        bool(a and b) and b[0][:1].islower() and not TERMINAL.search(a[-1]) and len(" ".join(a)) > 45 for a, b in pairs
    )
    numbered = sum(len(row) == 2 and bool(re.fullmatch(r"\d{1,2}(?:\.\d{1,2})*\.?", row[0])) for row in rows)
    if pairs and (flowing >= 0.3 * len(pairs) or (numbered and flowing)) and max(map(len, rows)) <= 3:
        paragraph: list[str] = []
        for row in rows:
            text = " ".join(row)
            if _NUMBERED.match(text) and len(text) < 90 and re.fullmatch(r"[\d.]+", row[0]):
                if paragraph:
                    yield replace(block, kind="paragraph", text=" ".join(paragraph), rows=())
                paragraph = []
                yield replace(block, kind="heading", text=text, rows=(), level=_level(text, 2))
            else:
                paragraph.append(text)
        if paragraph:
            yield replace(block, kind="paragraph", text=" ".join(paragraph), rows=())
        return
    if sum(bool(_DOT_LEADER.search(cell)) for row in rows for cell in row) * 2 > len(rows):
        return  # a table of contents
    yield block


def _without_contents(placed: Iterable[Placed]) -> list[Placed]:
    """Return blocks without the table of contents: lines with leaders, and the numbered lines under its heading."""
    in_contents = False
    kept = []
    for item in placed:
        block = item.block
        if block.kind == "heading":
            in_contents = bool(_CONTENTS.match(block.text))
            if in_contents:
                continue
        elif _has_leaders(block.text) or (in_contents and _like_contents(block.text)):
            continue
        kept.append(item)
    return kept


def _has_leaders(text: str) -> bool:
    return len(_DOT_LEADER.findall(text)) * 120 > len(_DOT_LEADER.sub("", text))


def _like_contents(text: str) -> bool:
    words = text.split()
    numbers = sum(word.rstrip(".").replace(".", "").isdecimal() for word in words)
    return bool(_NUMBERED.match(text)) or numbers * 4 > len(words)


def _markdown(block: Block) -> str:
    if block.kind == "table":
        return markdown_table(block.rows)
    if block.kind == "code":
        return fence("\n".join(row[0] for row in block.rows))
    if block.kind == "image":
        return block.text
    text = escape_tags(block.text)
    if block.kind == "heading":
        return f"{'#' * min(max(block.level, 1), 6)} {text}"
    if block.kind == "list_item":
        marker = block.marker if re.fullmatch(r"\d{1,9}[.)]", block.marker) else "-"
        shown = "" if marker == block.marker or not re.search(r"\w", block.marker) else f"{block.marker} "
        return f"{'  ' * min(block.level, 6)}{marker} {shown}{text}"
    return _LINE_START.sub(r"\\", text) if _LINE_START.match(text) else text
