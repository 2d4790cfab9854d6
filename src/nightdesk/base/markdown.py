"""Markdown as blocks of readable text, each character of which knows its place in the source.

The only module that imports pyromark. It gives UTF-8 byte ranges; everything here is in characters.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Any

_CONTAINERS = {"Item": "item", "BlockQuote": "quote", "DefinitionListDefinition": "item"}
_LEAVES = {"Heading", "Paragraph", "TableCell", "CodeBlock", "HtmlBlock", "DefinitionListTitle"}
_INLINE = {"Emphasis", "Strong", "Strikethrough", "Link", "Image", "Superscript", "Subscript"}
_MAX_HEADING = 200  # characters; longer ones are paragraphs with a stray line of dashes below them

_FRONTMATTER = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n")
_PAGE = re.compile(r"<!--\s*page\s+(\d{1,6})\s*-->")
_TAG = re.compile(r"<[^<>]*>?")
_UNREAD_HTML = re.compile(r"\s*<(?:!|\?|script\b|style\b)", re.IGNORECASE)
_TARGET = re.compile(r"\([^()\s]{1,500}\)")
_LEAD_BYTE = bytes(0 if 0x80 <= byte < 0xC0 else 1 for byte in range(256))


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a Markdown text: a paragraph, a list item, a table cell …

    `plain` is what a person reads: links are their text, images and footnote marks nothing, inline math keeps its `$`.
    A soft line break is a space (nothing between two CJK characters), a hard one a line feed.
    """

    kind: str  # "heading", "paragraph", "item", "quote", "cell", "code", "math", "html"
    level: int  # of a heading, 1 to 6; 0 for all else
    plain: str
    offsets: Sequence[int]  # offsets[i] is the place of plain[i] in the source, in characters
    start: int  # the block's slice of the source
    end: int
    headings: tuple[str, ...]  # the headings above it, outermost first
    page: int | None  # from the last `<!-- page N -->` before it
    marks: tuple[tuple[int, int, int, int], ...]  # inline markup: source start and end, plain start and end

    def source_span(self, first: int, last: int) -> tuple[int, int]:
        """Return the source slice of `plain[first:last]`, with the markup that lies wholly in it.

        `**Fast** code` gives its stars along; of `**One. Two.**`, "One." is given without any.
        """
        if first >= last:
            return self.start, self.start
        start, end = self.offsets[first], self.offsets[last - 1] + 1
        for mark in self.marks[bisect_left(self.marks, first, key=_plain_start) :]:
            if mark[2] >= last:
                break
            if mark[3] <= last:
                start, end = min(start, mark[0]), max(end, mark[1])
        return start, end


def _plain_start(mark: tuple[int, int, int, int]) -> int:
    return mark[2]


def blocks(text: str) -> tuple[Block, ...]:
    """Return the blocks of a Markdown text in reading order; frontmatter and blocks that show no text are left out."""
    skipped = frontmatter_end(text)
    # pyromark takes no lone surrogates and changes NUL; both stand-ins keep every character's place
    body = text[skipped:].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    reader = _Reader(body, skipped)
    for event, span in markdown_events(body):
        reader.take(event, span["start"], span["end"])
    return tuple(reader.done)


def plain_text(markdown: str) -> str:
    """Return the text that a person reads in a short piece of Markdown, white space collapsed."""
    return " ".join(" ".join(block.plain for block in blocks(markdown)).split())


def title_of(text: str) -> str | None:
    """Return a Markdown text's title, or None.

    The frontmatter's `title`, else the first heading of level 1, else a heading that comes before any other block.
    """
    if title := _frontmatter_title(text[: frontmatter_end(text)]):
        return title
    all_blocks = blocks(text)
    for block in all_blocks:
        if block.kind == "heading" and block.level == 1:
            return " ".join(block.plain.split())
    if all_blocks and all_blocks[0].kind == "heading":
        return " ".join(all_blocks[0].plain.split())
    return None


def frontmatter_end(text: str) -> int:
    """Return where the text after the frontmatter starts: 0 without one, 1 after a byte order mark."""
    opening = _FRONTMATTER.match(text)
    no_frontmatter = 1 if text.startswith("\ufeff") else 0
    if not opening:
        return no_frontmatter
    fence = opening[1]
    closing = re.compile(r"^(?:---|\.\.\.)[ \t]*$" if fence == "---" else r"^\+\+\+[ \t]*$", re.MULTILINE)
    found = closing.search(text.replace("\r", " ") if "\r" in text else text, opening.end())
    if not found:
        return no_frontmatter
    head = text[opening.end() : found.start()]
    # `---` may also be a thematic break: only a first line of `key: value` (or `key = value`) makes it frontmatter
    if head.strip() and not re.match(r"""\s*["']?[\w.-][\w .-]{0,60}["']?[ \t]*(?:=|:(?:\s|$))""", head):
        return no_frontmatter
    return found.end() + 1 if found.end() < len(text) else len(text)


def _frontmatter_title(head: str) -> str | None:
    """Return the `title` of a YAML or TOML frontmatter; folded over indented lines if it is."""
    found = re.search(r"^title[ \t]*[:=][ \t]*(.*(?:\r?\n[ \t]+.*)*)", head, re.MULTILINE)
    if not found:
        return None
    title = " ".join(found[1].split())
    title = re.sub(r"^[|>][-+]? ", "", title)
    if len(title) > 1 and title[0] == title[-1] == "'":
        title = title[1:-1].replace("''", "'")
    elif len(title) > 1 and title[0] == title[-1] == '"':
        title = title[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return title.strip() or None


def markdown_events(body: str) -> Any:
    """Return pyromark's iterator of (event, byte range) pairs."""
    # imported here: commands that read no Markdown start without loading it
    from pyromark import events_with_range  # noqa: PLC0415

    return events_with_range(body, options=_options())


@cache
def _options() -> Any:  # a whole number, which the parser reads faster than its own enumeration
    # imported here: as above. Made once: to unite flags takes as long as to parse a short page
    from pyromark import Options  # noqa: PLC0415

    return int(
        Options.ENABLE_TABLES
        | Options.ENABLE_FOOTNOTES
        | Options.ENABLE_STRIKETHROUGH
        | Options.ENABLE_TASKLISTS
        | Options.ENABLE_MATH
        | Options.ENABLE_GFM
        | Options.ENABLE_DEFINITION_LIST
        | Options.ENABLE_WIKILINKS
    )


def _char_offsets(body: str) -> Sequence[int]:
    """Return what maps a UTF-8 byte offset of `body` to a character offset."""
    if body.isascii():
        return range(len(body) + 1)
    return array("L", accumulate(body.encode().translate(_LEAD_BYTE), initial=0))


def _is_cjk(char: str) -> bool:
    """Return whether `char` is of a script that is written without spaces: Han, kana, their punctuation."""
    return "\u2e80" <= char <= "\u9fff" or "\uf900" <= char <= "\ufaff" or "\uff00" <= char <= "\uffef"


def _align(shown: str, body: str, start: int, end: int) -> list[int]:
    """Return the place in `body[start:end]` of each character of `shown`, which is not a plain slice of it."""
    if body[start : start + 1] == "&":
        return [start] * len(shown)  # an entity: `&amp;`
    places = []
    at, misses = start, 0
    while body.startswith("`", at) and at < end:  # the fence of a code span
        at += 1
    for char in shown:
        if char.isspace():  # a line break is shown as a space, and not at all at a code span's ends
            places.append(min(at, end - 1))
            if body[at : at + 1].isspace():
                at = min(at + (2 if body.startswith("\r\n", at) else 1), end)
            continue
        found = body.find(char, at, end) if misses < 8 else -1  # bounded: each miss costs a pass over the rest
        misses += found < 0
        at = found if found >= 0 else at
        places.append(max(start, min(at, end - 1)))
        at = min(at + 1, end)
    return places


@dataclass(slots=True)
class _Leaf:
    """A block while it is read."""

    kind: str
    level: int
    start: int
    end: int
    page: int | None
    plain: list[str] = field(default_factory=list)
    length: int = 0  # of plain
    offsets: "array[int]" = field(default_factory=lambda: array("L"))
    marks: list[list[int]] = field(default_factory=list)
    open_marks: list[int] = field(default_factory=list)
    pending: int = -1  # place of a soft line break that became no space yet
    math_only: bool = True

    def add(self, shown: str, places: Sequence[int]) -> None:
        if not shown:
            return
        if self.pending >= 0:
            if self.plain and not (_is_cjk(self.plain[-1][-1]) and _is_cjk(shown[0])):
                self.plain.append(" ")
                self.offsets.append(self.pending)
                self.length += 1
            self.pending = -1
        self.plain.append(shown)
        self.offsets.extend(places)
        self.length += len(shown)


class _Reader:
    """Turns pyromark's events into blocks."""

    def __init__(self, body: str, skipped: int) -> None:
        self.done: list[Block] = []
        self._body = body
        self._skipped = skipped
        self._chars = _char_offsets(body)
        self._containers: list[str] = []
        self._headings: list[tuple[int, str]] = []
        self._page: int | None = None
        self._leaf: _Leaf | None = None
        self._target_start = -1  # where the target of a link that looked like a wikilink begins
        self._hidden = 0  # depth of images and struck-out text

    def take(self, event: Any, first_byte: int, last_byte: int) -> None:
        start, end = self._chars[first_byte], self._chars[last_byte]
        if event.__class__ is str:
            self._take_break(event, start, end)
            return
        ((name, value),) = event.items()
        if name == "Text":
            self._take_text(value, start, end)
        elif name == "Start":
            tag, detail = (value, None) if value.__class__ is str else next(iter(value.items()))
            self._open(tag, detail, start, end)
        elif name == "End":
            self._close(value if value.__class__ is str else next(iter(value)), end)
        elif name in {"Html", "InlineHtml"}:
            self._take_html(name, value, start, end)
        elif name in {"Code", "InlineMath", "DisplayMath"}:
            self._take_span(name, value, start, end)

    def _need_leaf(self, start: int) -> _Leaf:
        """Return the open block, opening one for text that stands directly in a list item."""
        if self._leaf is None:
            kind = self._containers[-1] if self._containers else "paragraph"
            self._leaf = _Leaf(kind, 0, start, start, self._page)
        return self._leaf

    def _take_break(self, name: str, start: int, end: int) -> None:
        if name == "Rule":
            self._finish(end)
        elif self._leaf and not self._hidden:
            if name == "HardBreak":
                self._leaf.pending = -1
                self._leaf.add("\n", (start,))
            else:
                self._leaf.pending = start

    def _take_text(self, shown: str, start: int, end: int) -> None:
        if self._hidden:
            return
        if start == self._target_start and (target := _TARGET.match(shown)):
            shown, start = shown[target.end() :], start + target.end()
            if not shown:
                return
        leaf = self._need_leaf(start)
        leaf.math_only = False
        same = end - start == len(shown) and self._body.startswith(shown, start)
        if not same:
            places: Sequence[int] = _align(shown, self._body, start, end)
            if self._body[start : start + 1] == "&":  # so that a slice never ends within an entity
                leaf.marks.append([start, end, leaf.length, leaf.length + len(shown)])
        else:
            places = range(start, end)
        leaf.add(shown, places)
        leaf.end = end

    def _take_span(self, name: str, value: str, start: int, end: int) -> None:
        """Add inline code or math; math keeps its dollar signs."""
        if self._hidden:
            return
        leaf = self._need_leaf(start)
        shown = value if name == "Code" else f"${value}$" if name == "InlineMath" else f"$${value}$$"
        leaf.math_only = leaf.math_only and name == "DisplayMath"
        found = self._body.find(shown, start, end)
        places = range(found, found + len(shown)) if found >= 0 else _align(shown, self._body, start, end)
        first = leaf.length + (1 if leaf.pending >= 0 else 0)
        leaf.add(shown, places)
        leaf.marks.append([start, end, min(first, leaf.length), leaf.length])
        leaf.end = end

    def _take_html(self, name: str, value: str, start: int, end: int) -> None:
        if page := _PAGE.search(value):
            self._page = int(page[1])
        if name == "InlineHtml":
            if self._leaf and value[:3].lower() == "<br" and not self._hidden:
                self._leaf.pending = -1
                self._leaf.add("\n", (start,))
            elif self._leaf and value[:4].lower() == "<sup" and not self._hidden:
                self._leaf.add("^", (start,))  # 2<sup>31</sup> is not 231
        elif self._leaf and not _UNREAD_HTML.match(self._body[self._leaf.start : self._leaf.start + 20]):
            at = start
            for tag in _TAG.finditer(self._body, start, end):
                self._leaf.add(self._body[at : tag.start()], range(at, tag.start()))
                at = tag.end()
            self._leaf.add(self._body[at:end], range(at, end))

    def _open(self, tag: str, detail: Any, start: int, end: int) -> None:
        if tag in _INLINE:
            struck = tag == "Strikethrough" and self._body.startswith("~~", start)
            if tag == "Image" or struck or self._hidden:
                self._hidden += 1
                return
            leaf = self._need_leaf(start)
            if tag == "Link" and self._is_bracketed(detail, end):
                leaf.add("[", (start + 1,))
                self._target_start = end
            leaf.open_marks.append(len(leaf.marks))
            leaf.marks.append([start, end, leaf.length + (1 if leaf.pending >= 0 else 0), -1])
            return
        self._finish(start)
        if tag in _CONTAINERS:
            self._containers.append(_CONTAINERS[tag])
        elif tag in _LEAVES:
            kind = self._containers[-1] if self._containers else "paragraph"
            kind = {"Heading": "heading", "TableCell": "cell", "CodeBlock": "code", "HtmlBlock": "html"}.get(tag, kind)
            level = int(detail["level"][1]) if tag == "Heading" else 0
            self._leaf = _Leaf(kind, level, start, end, self._page)

    def _is_bracketed(self, detail: Any, end: int) -> bool:
        """Return whether what was read as a wikilink is a link with brackets in its text: `[[12]](#ref12)`."""
        is_wikilink = detail["link_type"].__class__ is dict
        return is_wikilink and self._body.startswith("(", end) and bool(_TARGET.match(self._body, end))

    def _close(self, tag: str, end: int) -> None:
        if tag in _INLINE:
            if self._hidden:
                self._hidden -= 1
            elif self._leaf and self._leaf.open_marks:
                if end == self._target_start:
                    self._leaf.add("]", (end - 2,))
                self._leaf.marks[self._leaf.open_marks.pop()][3] = self._leaf.length
                self._leaf.end = max(self._leaf.end, end)
            return
        if tag in _LEAVES or tag in _CONTAINERS:
            self._finish(end)
        if tag in _CONTAINERS and self._containers:
            self._containers.pop()

    def _finish(self, end: int) -> None:
        """Close the open block, if there is one, and keep it if it shows text."""
        leaf, self._leaf = self._leaf, None
        if leaf is None:
            return
        plain = "".join(leaf.plain)
        if not plain.strip():
            return
        leaf.end = max(leaf.end, min(end, len(self._body)) if leaf.kind != "item" else leaf.end)
        while leaf.end > leaf.start and self._body[leaf.end - 1].isspace():
            leaf.end -= 1
        if leaf.kind == "heading" and len(plain) > _MAX_HEADING:
            leaf.kind, leaf.level = "paragraph", 0
        if leaf.kind == "heading":
            while self._headings and self._headings[-1][0] >= leaf.level:
                self._headings.pop()
        elif leaf.math_only and plain.startswith("$$"):
            leaf.kind = "math"
        self.done.append(self._block(leaf, plain))
        if leaf.kind == "heading":
            self._headings.append((leaf.level, " ".join(plain.split())))

    def _block(self, leaf: _Leaf, plain: str) -> Block:
        skipped = self._skipped
        marks = [(m[0] + skipped, m[1] + skipped, m[2], m[3]) for m in leaf.marks if m[3] > m[2]]
        return Block(
            kind=leaf.kind,
            level=leaf.level,
            plain=plain,
            offsets=array("L", [place + skipped for place in leaf.offsets]) if skipped else leaf.offsets,
            start=leaf.start + skipped,
            end=leaf.end + skipped,
            headings=tuple(title for _, title in self._headings),
            page=leaf.page,
            marks=tuple(sorted(marks, key=_plain_start)),
        )
