"""The blocks of a PDF's pages as one Markdown text: running heads dropped, paragraphs joined over columns and pages."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nightdesk.sources.formats.converted import escape_tags, fence
from nightdesk.sources.formats.pdf_blocks import Block, Page
from nightdesk.sources.formats.tables import markdown_table

MARGIN_SHARE = 0.09  # of a page's height, at the top and at the bottom: where running heads and page numbers stand
_PAGE_NUMBER = re.compile(
    r"^[\W_]*(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,7}|[A-Z]-?\d{1,3})(?:\s*(?:/|of)\s*\d{1,4})?[\W_]*$", re.IGNORECASE
)
_DOT_LEADER = re.compile(r"(?:\s?[.·…]){4,}+\s*+(?:\d{1,4}|[ivxlc]{1,6}\b)?")
_NUMBERED = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,4}|[A-Z](?:\.\d{1,2}){1,4})\.?\s+\S")
_CONTENTS = re.compile(r"^(?:table of )?contents$", re.IGNORECASE)
_FRONT_END = re.compile(r"^(?:\d+\.?\s+)?(?:abstract|introduction|summary|contents|table of contents)\b", re.IGNORECASE)
_TERMINAL = re.compile(r"[.!?。！？:;][\"'”’)\]]*$")
_LINE_START = re.compile(r"^(?=(?:[-+]|\d{1,9}[.)])\s|#{1,6}\s|>|={3,}$|-{3,}$)")
_NO_TITLES = frozenset({"abstract", "contents", "table of contents", "introduction", "summary", "preface"})


@dataclass(frozen=True, slots=True)
class _Placed:
    block: Block
    page: int
    marks: tuple[int, ...] = ()  # pages that begin within this block, since a sentence goes on over their start


def markdown_of(pages: list[Page]) -> str:
    """Return the Markdown of the whole document, each page's text after its mark."""
    title = title_of(pages)
    running = _running_lines(pages)
    placed = _without_contents(
        _Placed(block, page.number) for page in pages for block in _mended(page, running, title, first=page is pages[0])
    )
    parts: list[str] = []
    if title and not any(p.block.kind == "heading" and p.block.text == title for p in placed[:40]):
        parts.append(f"# {title}")
    started = dict.fromkeys((page.number for page in pages), False)
    previous: Block | None = None
    for item in _joined(placed):
        if not started[item.page]:
            parts += [f"<!-- page {n} -->" for n in started if n <= item.page and not started[n]]
            started |= {n: True for n in started if n <= item.page}
        if previous is not None and previous.kind == item.block.kind == "list_item" and not parts[-1].startswith("<!--"):
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
        largest = page.largest
        if 4 <= len(largest) <= 250 and largest.lower() not in _NO_TITLES and not _NUMBERED.match(largest):
            return largest
        for block in sorted((b for b in page.blocks if b.kind == "heading"), key=lambda b: (b.level, b.y)):
            if block.text.lower() not in _NO_TITLES and not _NUMBERED.match(block.text) and len(block.text) < 250:
                return block.text
    return None


def _running_lines(pages: list[Page]) -> frozenset[str]:
    """Return the lines, digits as #, that stand in the margin of at least three pages."""
    seen: Counter[str] = Counter()
    for page in pages:
        seen.update({_pattern(block.text) for block in page.blocks if _in_margin(block, page)})
    return frozenset(pattern for pattern, count in seen.items() if count >= 3)


def _pattern(text: str) -> str:
    return re.sub(r"\d+", "#", text.casefold())


def _in_margin(block: Block, page: Page) -> bool:
    margin = page.height * MARGIN_SHARE
    return (
        0 < len(block.text) < 150
        and block.height < 40
        and (block.y + block.height < margin or block.y > page.height - margin)
    )


def _mended(page: Page, running: frozenset[str], title: str | None, *, first: bool) -> Iterator[Block]:
    """Yield the page's blocks without running lines, with headings that are none and tables that are text put right."""
    front = first and any(_FRONT_END.match(block.text) for block in page.blocks)
    body_size = _body_size(page)
    previous: Block | None = None
    for block in page.blocks:
        in_margin = _in_margin(block, page)
        if in_margin and (_PAGE_NUMBER.match(block.text) or (_pattern(block.text) in running and block.text != title)):
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
    elif block.kind == "heading" and (front or not any(c.isalpha() for c in block.text) or len(block.text) > 200):
        yield replace(block, kind="paragraph")  # authors and addresses, a lone number, a sentence in bold
    elif block.kind == "heading" and title:
        yield replace(block, level=min(max(block.level, 1) + (1 if block.level == 1 else 0), 6))
    elif block.kind in {"paragraph", "list_item"} and _is_heading(block, body_size):
        text = f"{block.marker} {block.text}".strip() if block.marker not in {"•", "-"} else block.text
        yield replace(block, kind="heading", text=text, level=2 + text.split()[0].rstrip(".").count("."))
    elif block.kind == "code" and len(block.rows) <= 2 and previous is not None and _goes_on(previous, block):
        yield replace(block, kind="paragraph", text=" ".join(" ".join(row[0] for row in block.rows).split()))
    else:
        yield block


def _body_size(page: Page) -> float:
    sizes = sorted(b.line_height for b in page.blocks if b.kind == "paragraph" and len(b.text) > 80)
    return sizes[len(sizes) // 2] if sizes else 12.0


def _is_heading(block: Block, body_size: float) -> bool:
    """Return whether a bold numbered line, or a list item in letters larger than the text, is a heading."""
    text = f"{block.marker} {block.text}".strip()
    if len(text) > 100 or _TERMINAL.search(text) or not _NUMBERED.match(text):
        return False
    return block.bold or (block.height > body_size * 1.25 and block.height < body_size * 2)


def _table_or_text(block: Block) -> Iterator[Block]:
    """Yield a table, or what its cells say in order where liteparse took running text for one."""
    rows = [tuple(cell for cell in row if cell.strip()) for row in block.rows]
    pairs = list(itertools.pairwise(rows))
    # Text goes on from one row's end into the next row's start, which a table's cells do not.
    flowing = sum(
        bool(a and b) and b[0][:1].islower() and not _TERMINAL.search(a[-1]) and len(" ".join(a)) > 45 for a, b in pairs
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
                yield replace(block, kind="heading", text=text, rows=(), level=2 + row[0].rstrip(".").count("."))
            else:
                paragraph.append(text)
        if paragraph:
            yield replace(block, kind="paragraph", text=" ".join(paragraph), rows=())
        return
    if sum(bool(_DOT_LEADER.search(cell)) for row in rows for cell in row) * 2 > len(rows):
        return  # a table of contents
    yield block


def _without_contents(placed: Iterable[_Placed]) -> list[_Placed]:
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


def _joined(placed: list[_Placed]) -> Iterator[_Placed]:
    """Yield blocks with paragraphs joined where a sentence clearly goes on: over lines, columns and pages."""
    held: _Placed | None = None
    for item in placed:
        if held is not None and _sentence_goes_on(held, item):
            marks = held.marks + tuple(range(max((held.page, *held.marks)) + 1, item.page + 1))
            block = replace(
                item.block,
                kind=held.block.kind,
                marker=held.block.marker,
                level=held.block.level,
                text=_join(held.block, item.block.text),
            )
            held = _Placed(block, held.page, marks)
            continue
        if held is not None:
            yield held
        held = item
    if held is not None:
        yield held


def _sentence_goes_on(held: _Placed, item: _Placed) -> bool:
    first, second = held.block, item.block
    if second.kind != "paragraph" or first.kind not in {"paragraph", "list_item"} or not second.text or not first.text:
        return False
    if _TERMINAL.search(first.text) and not first.hyphen_at_end:
        return False
    lower = second.text[:1].islower()
    last_page = max((held.page, *held.marks))
    if item.page > last_page + 1 or len(first.text) < 25:
        return False
    if first.hyphen_at_end or lower:
        return item.page > last_page or len(first.text) > 40
    return item.page == last_page and _goes_on(first, second)


def _goes_on(first: Block, second: Block) -> bool:
    """Return whether `second` stands on the line right below `first`, which does not end a sentence."""
    gap = second.y - (first.y + first.height)
    return (
        first.kind in {"paragraph", "list_item"}
        and not _TERMINAL.search(first.text)
        and -2 < gap < 0.55 * first.line_height
        and abs(second.x - first.x) < 25
        and first.width > 150
    )


def _join(first: Block, text: str) -> str:
    if first.hyphen_at_end:
        word = first.text.rstrip("-\u2010")
        # "exam-" "ple" is one word; "32-" "bit", "X-" "ray" and "Dis-" "Claimed" keep the hyphen.
        glue = "" if word[-1:].islower() and text[:1].islower() else "-"
        return f"{word}{glue}{text}"
    return f"{first.text} {text}"


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
