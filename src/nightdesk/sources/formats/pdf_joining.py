"""Paragraphs of a PDF joined where a sentence goes on: over lines, columns and pages."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nightdesk.sources.formats.pdf_blocks import Block

TERMINAL = re.compile(r"[.!?。！？:;][\"'”’)\]]*$")
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Placed:
    block: Block
    page: int
    marks: tuple[int, ...] = ()  # pages that begin within this block, since a sentence goes on over their start


def footnotes_first(placed: list[Placed], body_size: float) -> list[Placed]:
    """Return blocks with the footnotes of a page before its last paragraph, if that goes on on the next page."""
    ordered = list(placed)
    for i in range(1, len(ordered) - 1):
        page = ordered[i].page
        if ordered[i + 1].page != page + 1 or not ordered[i + 1].block.text[:1].islower():
            continue
        last = i
        while last > 0 and ordered[last].page == page and 0 < ordered[last].block.size < body_size * 0.93:
            last -= 1
        if last < i and ordered[last].page == page and not TERMINAL.search(ordered[last].block.text):
            ordered[last : i + 1] = [*ordered[last + 1 : i + 1], ordered[last]]
    return ordered


def joined(placed: list[Placed], words: Counter[str]) -> Iterator[Placed]:
    """Yield blocks with paragraphs joined where a sentence clearly goes on: over lines, columns and pages."""
    held: Placed | None = None
    for item in placed:
        if held is not None and _sentence_goes_on(held, item):
            marks = held.marks + tuple(range(max((held.page, *held.marks)) + 1, item.page + 1))
            block = replace(
                item.block,
                kind=held.block.kind,
                marker=held.block.marker,
                level=held.block.level,
                text=_join(held.block, item.block.text, words),
            )
            held = Placed(block, held.page, marks)
            continue
        if held is not None:
            yield held
        held = item
    if held is not None:
        yield held


def _sentence_goes_on(held: Placed, item: Placed) -> bool:
    first, second = held.block, item.block
    if second.kind != "paragraph" or first.kind not in {"paragraph", "list_item"} or not second.text or not first.text:
        return False
    if TERMINAL.search(first.text):
        return False
    lower = second.text[:1].islower()
    last_page = max((held.page, *held.marks))
    if item.page > last_page + 1 or len(first.text) < 25 or "@" in first.text[-40:]:
        return False
    if first.hyphen_at_end or lower:
        return item.page > last_page or len(first.text) > 40
    return item.page == last_page and goes_on(first, second)


def goes_on(first: Block, second: Block) -> bool:
    """Return whether `second` stands on the line right below `first`, which does not end a sentence."""
    gap = second.y - (first.y + first.height)
    return (
        first.kind in {"paragraph", "list_item"}
        and not TERMINAL.search(first.text)
        and -2 < gap < 0.55 * first.line_height
        and abs(second.x - first.x) < 25
        and first.width > 150
    )


def _join(first: Block, text: str, words: Counter[str]) -> str:
    if first.hyphen_at_end or (first.text.endswith("-") and not text.startswith(("and ", "or ", "to "))):
        word = first.text.rstrip("-\u2010")
        # "exam-" "ple" is one word; "32-" "bit", "X-" "ray" and "Dis-" "Claimed" keep the hyphen.
        glue = "" if word[-1:].islower() and text[:1].islower() else "-"
        return f"{word}{glue}{text}"
    last, next_ = WORD.findall(first.text)[-1:], WORD.match(text)
    if last and next_ and first.text.endswith(last[0]) and words[last[0]] == 1 and words[last[0] + next_[0]]:
        return (
            f"{first.text}{text}"  # its hyphen at the line's end is lost: no word by itself, but with the next one is
        )
    return f"{first.text} {text}"
