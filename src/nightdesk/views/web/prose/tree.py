"""A Markdown text as a tree of nodes, made from the events of the one Markdown parser."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from nightdesk.base.markdown import markdown_events
from nightdesk.wiki.vault.extract import comment_spans

MAX_DEPTH = 32  # nested nodes: what lies deeper keeps its words and loses its structure
INLINE = frozenset(
    (
        *("Text", "Code", "InlineMath", "DisplayMath", "SoftBreak", "HardBreak", "InlineHtml", "FootnoteReference"),
        *("Emphasis", "Strong", "Strikethrough", "Link", "Image", "TaskListMarker"),
    )
)
_HIDING = ("CodeBlock", "HtmlBlock")
_NO_CHARS: frozenset[int] = frozenset()


class Node:
    """One element, or one run of text.

    `value` is the text of what is no container, else what the parser tells of the container. `fixed` holds the places
    of characters that were escaped or written as entities: they begin no markup.
    """

    __slots__ = ("fixed", "kids", "kind", "start", "value")

    def __init__(self, kind: str, value: Any, start: int) -> None:
        self.kind, self.value, self.start = kind, value, start
        self.kids: list[Node] = []
        self.fixed = _NO_CHARS


class Reference(NamedTuple):
    """What a link or an image refers to: the `value` of its node."""

    style: str  # "wiki", "markdown", or "auto" for an address that is its own label
    target: str
    title: str
    is_labelled: bool  # of a wikilink: whether it has words of its own


class Tree:
    """A text taken apart: its nodes, and its footnotes by their labels."""

    def __init__(self, text: str) -> None:
        # the parser takes no lone surrogates; NUL is what browsers drop or replace
        body = text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
        self.data = body.encode()
        if b"%%" in self.data:
            self.data = _without_comments(body, self.data)
            body = self.data.decode("utf-8", "replace")
        self.notes: dict[str, Node] = {}
        self._stack = [Node("Root", None, 0)]
        self._too_deep = 0
        self._run: list[str] = []  # of the text that is being read
        self._run_start = self._run_length = 0
        self._run_fixed: list[int] = []
        self._take_all(body)
        self.kids = self._stack[0].kids

    def _take_all(self, body: str) -> None:
        # thousands of events a page, most of them texts: their kinds are told apart here, without a call for each
        for event, span in markdown_events(body):
            if event.__class__ is str:
                self._add(event, None, span["start"])
            elif "Text" in event:
                self._take_text(event["Text"], span["start"], span["end"])
            elif "Start" in event:
                self._open(event["Start"], span["start"])
            elif "End" in event:
                self._close(event["End"])
            else:
                ((name, value),) = event.items()
                self._add(name, value, span["start"])

    def _take_text(self, shown: str, start: int, end: int) -> None:
        if not self._run:
            self._run_start = start
        marks = self.data[start - 1 : start + 1] if start else b"\n" + self.data[:1]
        if marks[:1] == b"\\":
            self._run_fixed.append(self._run_length)
        elif marks[1:] == b"&" and end - start != len(shown.encode()):  # an entity
            self._run_fixed.extend(range(self._run_length, self._run_length + len(shown)))
        self._run.append(shown)
        self._run_length += len(shown)

    def _end_run(self) -> None:
        node = Node("Text", "".join(self._run), self._run_start)
        if self._run_fixed:
            node.fixed = frozenset(self._run_fixed)
            self._run_fixed = []
        self._stack[-1].kids.append(node)
        self._run = []
        self._run_length = 0

    def _add(self, kind: str, value: Any, start: int) -> None:
        if self._run:
            self._end_run()
        self._stack[-1].kids.append(Node(kind, value, start))

    def _open(self, value: Any, start: int) -> None:
        if self._run:
            self._end_run()
        if self._too_deep or len(self._stack) > MAX_DEPTH:
            self._too_deep += 1
            return
        if value.__class__ is str:
            node = Node(value, None, start)
        else:
            ((kind, detail),) = value.items()
            node = Node(kind, _reference(detail) if kind in ("Link", "Image") else detail, start)
        if node.kind == "FootnoteDefinition":
            self.notes.setdefault(node.value, node)
        else:
            self._stack[-1].kids.append(node)
        self._stack.append(node)

    def _close(self, value: Any) -> None:
        if self._run:
            self._end_run()
        if self._too_deep:
            self._too_deep -= 1
            kids = self._stack[-1].kids
            if (
                kids
                and kids[-1].kind != "HardBreak"
                and (value if value.__class__ is str else next(iter(value))) not in INLINE
            ):
                kids.append(Node("HardBreak", None, 0))
        elif len(self._stack) > 1:
            self._stack.pop()


def _reference(detail: Any) -> Reference:
    kind, target = detail["link_type"], detail["dest_url"]
    if kind.__class__ is dict and "WikiLink" in kind:
        return Reference("wiki", target.removesuffix("\\").strip(), "", kind["WikiLink"]["has_pothole"])
    if kind in ("Autolink", "Email"):
        return Reference("auto", f"mailto:{target}" if kind == "Email" else target, "", False)
    return Reference("markdown", target, detail["title"], False)


def plain(kids: Sequence[Node]) -> str:
    """Return the words that inline nodes show."""
    return "".join(_plain(kids))


def _plain(kids: Sequence[Node]) -> Iterator[str]:
    for node in kids:
        if node.kind in ("Text", "Code", "InlineMath", "DisplayMath"):
            yield node.value
        elif node.kind in ("SoftBreak", "HardBreak"):
            yield " "
        else:
            yield from _plain(node.kids)


def _without_comments(body: str, data: bytes) -> bytes:
    """Return the text without what stands between two `%%`, as lint reads it; those in code are none."""
    code = []
    for event, span in markdown_events(body):
        if event.__class__ is str:
            continue
        ((name, value),) = event.items()
        if (
            name in ("Code", "InlineMath", "DisplayMath")
            or (name in ("Html", "InlineHtml") and value.startswith("<!--"))
            or (name == "Start" and (value if value.__class__ is str else next(iter(value))) in _HIDING)
        ):
            code.append((span["start"], span["end"]))
    kept, at = [], 0
    for start, end in comment_spans(data, code):
        kept.append(data[at:start])
        at = end
    return b"".join((*kept, data[at:]))
