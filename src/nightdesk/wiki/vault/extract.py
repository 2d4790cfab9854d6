"""One page's text taken apart into its record, by the events of the one Markdown parser."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote

from nightdesk.base.markdown import markdown_events
from nightdesk.wiki.vault.front import Front, read_front
from nightdesk.wiki.vault.records import Heading, Link, Record
from nightdesk.wiki.vault.wording import sketch, words

FORM = 2  # changes when the same bytes give another record
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:|//|@|\$")  # out of the vault
_SLOTS = ("{{", "{%", "<%", "${")  # of templates
# [[Back]](../README.md): a link with brackets in its text, though what comes before its target could be a wikilink
_BRACKETED = re.compile(rb"\((?=[^()\s]*[/#.])([^()\s]{1,1000})\)")
_BLOCK_ID = re.compile(rb"\^([A-Za-z0-9-]+)[ \t]*\r?$", re.MULTILINE)  # after a blank, or alone in its line
_BEFORE_ID = (b"", b" ", b"\t", b"\n")
_HTML_ID = re.compile(r"""\b(?:id|name)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_HTML_IMAGE = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_ATTRIBUTE_ID = re.compile(r"\{[^{}]*#([\w:.-]+)[^{}]*\}\s*$")  # ## Heading {#id}
_LABEL = re.compile(rb"^\(([\w:. -]+)\)=[ \t]*\r?$", re.MULTILINE)  # MyST: (label)= above a heading
_MARKER = re.compile(rb"^(<{7} |={7}\r?$|>{7} )", re.MULTILINE)
# addresses, but for their scheme: two patterns, since each of them begins with letters that are quickly found
_ADDRESSES = {start: re.compile(re.escape(start) + rb"[^\s<>]+") for start in (b"://", b"www.")}
_CLOSING_MARKS = re.compile(r"[ \t]+#+$")
_HIDING = ("CodeBlock", "HtmlBlock", "MetadataBlock")
_WIKI = "WikiLink"


def read_record(content: bytes) -> Record:
    """Return what a page's bytes say. Nothing is raised: what is wrong with a page is part of its record."""
    try:
        text, is_utf8 = content.decode("utf-8"), True
    except UnicodeDecodeError:
        text, is_utf8 = content.decode("utf-8", "replace"), False
    front = read_front(text)
    body = text[front.end :].replace("\0", "\ufffd")
    return _Reader(text, body, front).record(is_utf8=is_utf8)


class _Reader:
    """Gathers what the events of one body tell."""

    def __init__(self, text: str, body: str, front: Front) -> None:
        self._text, self._front = text, front
        self._data = body.encode("utf-8", "replace")
        self._is_ascii = len(body) == len(self._data)
        self._skipped = len(text[: front.end].encode("utf-8", "replace"))
        self._lines_before = text.count("\n", 0, front.end) + 1
        self._counted = self._line = 0  # lines before a place in the body
        self._links: list[tuple[int, Link]] = []  # with the place in the body
        self._headings: list[tuple[int, Heading]] = []
        self._anchors: list[str] = []
        self._hidden: list[tuple[int, int]] = []
        self._code: list[tuple[int, int]] = []
        self._comments: list[tuple[int, int]] = []
        self._heading: list[str] | None = None
        self._take_all(body if self._is_ascii else self._data.decode("utf-8"))

    def _take_all(self, body: str) -> None:
        # a page has hundreds of events, and most of them are texts and ends that tell nothing outside of headings
        for event, span in markdown_events(body):
            if event.__class__ is str:
                continue
            if "Text" in event:
                if self._heading is not None:
                    self._heading.append(event["Text"])
            elif "End" in event:
                if self._heading is not None and event["End"].__class__ is dict and "Heading" in event["End"]:
                    self._close_heading(event["End"]["Heading"], span["start"], span["end"])
            elif "Start" in event:
                value = event["Start"]
                if value.__class__ is dict:
                    self._open(value, span["start"], span["end"])
                elif value in _HIDING:
                    self._hide(span["start"], span["end"], code=True)
            else:
                ((name, value),) = event.items()
                self._take_span(name, value, span["start"], span["end"])

    def _take_span(self, name: str, value: Any, start: int, end: int) -> None:
        if name in ("Code", "InlineMath", "DisplayMath"):
            self._hide(start, end, code=True)
            if self._heading is not None:
                self._heading.append(value)
        elif name in ("Html", "InlineHtml"):
            self._take_html(value, start, end)

    def _open(self, value: dict[str, Any], start: int, end: int) -> None:
        ((tag, detail),) = value.items()
        if tag == "Link":
            self._hidden.append((start, end))
            self._take_link(detail, start, end, embed=False)
        elif tag == "Image":
            self._hidden.append((start, end))
            self._take_link(detail, start, end, embed=True)
        elif tag == "Heading":
            self._heading = []
            self._hidden.append((start, end))
        elif tag in _HIDING:
            self._hide(start, end, code=tag != "MetadataBlock")

    def _hide(self, start: int, end: int, *, code: bool) -> None:
        self._hidden.append((start, end))
        if code:
            self._code.append((start, end))

    def _close_heading(self, level: str, start: int, end: int) -> None:
        written = self._data[start:end].decode("utf-8", "replace").strip()
        if written.startswith("#"):
            written = written.lstrip("#").strip()
            if written.endswith("#"):
                written = _CLOSING_MARKS.sub("", written)
        else:
            written = written.rpartition("\n")[0]  # the line of === or --- below it
        if written.endswith("}") and (attribute := _ATTRIBUTE_ID.search(written)):
            self._anchors.append(attribute[1])
            written = written[: attribute.start()].rstrip()
        shown = " ".join("".join(self._heading or ()).split())
        line = self._place(start)[0]
        self._headings.append((start, Heading(int(level[1]), shown, "" if shown == written else written, line)))
        self._heading = None

    def _take_html(self, value: str, start: int, end: int) -> None:
        self._hidden.append((start, end))
        if value.startswith("<!--"):
            self._code.append((start, end))
        elif "=" in value:
            self._anchors += _HTML_ID.findall(value)
            for image in _HTML_IMAGE.finditer(value):
                self._add(image[1] or image[2] or "", start + len(value[: image.start()].encode()), "html", embed=True)

    def _take_link(self, detail: Any, start: int, end: int, *, embed: bool) -> None:
        kind, target = detail["link_type"], detail["dest_url"]
        if kind.__class__ is dict and _WIKI in kind:
            if self._data.startswith(b"(", end) and (bracketed := _BRACKETED.match(self._data, end)):
                self._add(bracketed[1].decode("utf-8", "replace"), start, "markdown", embed=embed)
            elif "\n" not in target and target.strip():
                self._add(target.removesuffix("\\").strip(), start, "wiki", embed=embed)
        elif kind != "Autolink" and kind != "Email":  # noqa: PLR1714  # hashing them would take longer
            self._add(target, start, "markdown", embed=embed)

    def _add(self, target: str, start: int, style: str, *, embed: bool) -> None:
        parts = _parts(target, style)
        if parts is not None:
            line, column = self._place(start)
            self._links.append((start, Link(style, embed, parts[0], parts[1], line, column)))

    def _place(self, at: int) -> tuple[int, int]:
        """Return line and column, in the file, of a byte of the body."""
        if at < self._counted:
            self._counted = self._line = 0
        self._line += self._data.count(b"\n", self._counted, at)  # links come in their order: each line is counted once
        self._counted = at
        begins = self._data.rfind(b"\n", 0, at) + 1
        before = at - begins if self._is_ascii else len(self._data[begins:at].decode("utf-8", "replace"))
        return self._lines_before + self._line, before + 1

    def record(self, *, is_utf8: bool) -> Record:
        """Return all that was gathered; what stands in a comment is left out."""
        data, front = self._data, self._front
        if b"%%" in data:
            self._comments = comment_spans(data, sorted(self._code))
        seen = _Spans(self._comments)
        links = [link for at, link in self._links if not self._comments or not seen.holds(at)]
        headings = [heading for at, heading in self._headings if not self._comments or not seen.holds(at)]
        blocks: list[str] = []
        if b"^" in data:
            dead = _Spans([*self._code, *self._comments])
            found_ids = [m for m in _BLOCK_ID.finditer(data) if data[m.start() - 1 : m.start()] in _BEFORE_ID]
            blocks = [m[1].decode().lower() for m in found_ids if not dead.holds(m.start(1))]
        if b")=" in data:
            self._anchors += [match[1].decode("utf-8", "replace") for match in _LABEL.finditer(data)]
        found = words(data)
        folded = b" ".join(found)
        addresses = [m.span() for start, one in _ADDRESSES.items() if start in data for m in one.finditer(data)]
        hidden = _joined([*self._hidden, *self._comments, *addresses])
        at = self._skipped
        return Record(
            front=front.state,
            front_line=front.line,
            values=front.values,
            aliases=front.aliases,
            headings=tuple(headings),
            blocks=tuple(dict.fromkeys(blocks)),
            anchors=tuple(dict.fromkeys(anchor.lower() for anchor in self._anchors)),
            links=(*front_links(front), *links),
            hidden=(*((0, at) if at else ()), *(at + place for span in hidden for place in span)),
            words=len(found),
            chars=len(self._text),
            digest=hashlib.sha256(folded).hexdigest()[:32] if found else "",
            sketch=sketch(folded),
            markers=self._markers(),
            is_utf8=is_utf8,
        )

    def _markers(self) -> tuple[int, ...]:
        """Return the lines of `<<<<<<<` where `=======` and `>>>>>>>` follow, in code too: git does not know code."""
        if b"\n>>>>>>> " not in self._data:
            return ()
        found = [(match.start(), match[1][:1]) for match in _MARKER.finditer(self._data)]
        return tuple(
            self._place(one[0])[0]
            for one, two, three in zip(found, found[1:], found[2:], strict=False)
            if (one[1], two[1], three[1]) == (b"<", b"=", b">")
        )


def parse_target(target: str, style: str, *, embed: bool) -> Link | None:
    """Return what a link's target names, None where it leads out of the vault or nowhere (an empty one)."""
    parts = _parts(target, style)
    return Link(style, embed, *parts, 0, 0) if parts else None


def _parts(target: str, style: str) -> tuple[str, str] | None:
    target = target.strip()
    if not target:
        return None
    if style != "wiki" and (_SCHEME.match(target) or any(slot in target for slot in _SLOTS)):
        return None
    path, _, fragment = target.partition("#")
    if style != "wiki":
        return _decoded(path), _decoded(fragment)
    path, fragment = path.strip(), fragment.strip()
    return (path, fragment) if path or fragment else None


def front_links(front: Front) -> Iterable[Link]:
    """Yield the links in frontmatter that Obsidian counts: values that are one link and nothing else."""
    for text, line, column in front.links:
        if text.startswith("[["):
            link = parse_target(text[2:-2].partition("|")[0], "wiki", embed=False)
        else:
            link = parse_target(text.rpartition("](")[2][:-1].strip("<>"), "markdown", embed=False)
        if link is not None:
            yield link._replace(style="property", line=line, column=column)


def _decoded(text: str) -> str:
    return unquote(text) if "%" in text else text


def comment_spans(data: bytes, code: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges between two `%%`; one that stands alone at a line's start and has no end hides the rest."""
    dead = _Spans(code)
    marks = [match.start() for match in re.finditer(rb"%%", data) if not dead.holds(match.start())]
    found = [(one, two + 2) for one, two in zip(marks[::2], marks[1::2], strict=False)]
    if len(marks) % 2 and (marks[-1] == 0 or data[marks[-1] - 1 : marks[-1]] == b"\n"):
        found.append((marks[-1], len(data)))
    return found


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


class _Spans:
    """Ranges of a text, and whether a place lies in one."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans = _joined(list(spans))
        self._starts = [start for start, _ in self._spans]

    def holds(self, at: int) -> bool:
        """Say whether a range holds the place."""
        n = bisect_right(self._starts, at) - 1
        return n >= 0 and at < self._spans[n][1]
