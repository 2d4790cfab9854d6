"""The links of a page with the characters that they are written in, and the same page with other targets there."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.base.markdown import markdown_events
from nightdesk.wiki.vault.extract import parse_target, read_record
from nightdesk.wiki.vault.front import read_front
from nightdesk.wiki.vault.records import Link

_WIKI = re.compile(r"!?\[\[(?P<target>[^\[\]\n|]*)(?:\|(?P<label>[^\n]*?))?\]\]")
_DESTINATION = re.compile(
    r"\]\([ \t\n]*(?P<target><[^<>\n]*>|(?:\\.|[^\s()<>\\]|\([^\s()]*\))*)"
    r"(?:[ \t\n]+(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)))?[ \t\n]*\)$"
)
_DEFINITION = re.compile(
    r"^ {0,3}\[(?P<id>(?:\\.|[^\[\]\\])+)\]:[ \t]*\n?[ \t]*(?P<target><[^<>\n]*>|\S+)", re.MULTILINE
)
_SRC = re.compile(r"""<img\b[^>]*?\bsrc\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)')""", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Written:
    """One link: what it names, and where in the text its target stands (the path with what follows it, no label)."""

    link: Link
    start: int  # of the target, in characters
    end: int
    form: str  # "wiki", "markdown", "angle" (within < >), "html"
    label: str | None  # of a wikilink: what follows the "|"; None where nothing does
    in_table: bool = False
    quote: str = ""  # in frontmatter: the quotation mark around it

    @property
    def can_have_label(self) -> bool:
        """Whether a label could say what a reader saw before."""
        return self.form == "wiki" and not self.link.embed


def written_links(text: str) -> list[Written]:
    """Return the links that count on a page, in the order of their targets; those whose place is not sure are left out.

    `text` is the file as it is, frontmatter and line ends included.
    """
    record = read_record(text.encode("utf-8"))
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    wanted: dict[int, list[Link]] = {}
    for link in record.links:
        at = starts[link.line - 1] + link.column - 1 if link.line <= len(starts) else 0
        wanted.setdefault(at, []).append(link)
    end = read_front(text).end
    found = list(_in_front(text[:end], wanted))
    found += _in_body(text, end, wanted)
    return sorted({one.start: one for one in found}.values(), key=lambda one: one.start)


def missing_links(text: str, found: Sequence[Written]) -> list[Link]:
    """Return the links that count on a page and that are not among those `found`."""
    known = [one.link for one in found]
    return [link for link in read_record(text.encode("utf-8")).links if link not in known]


def _in_front(front: str, wanted: dict[int, list[Link]]) -> Iterator[Written]:
    links = [(at, link) for at, found in wanted.items() for link in found if link.style == "property"]
    if not links:
        return
    slices = {match.start(): match for match in _WIKI.finditer(front)}
    for at, link in sorted(links):
        # one that is written with an escape has no place in the record: the next of its words that is not taken yet
        for start in (at, *slices):
            if match := slices.get(start):
                quote = before if (before := front[start - 1 : start]) in ("'", '"') else ""
                found = [*_checked(link, match.span("target"), match["target"], "wiki", match["label"], quote=quote)]
                if found:
                    del slices[start]
                    yield from found
                    break


def _checked(
    link: Link,
    span: tuple[int, int],
    target: str,
    style: str,
    label: str | None,
    *,
    table: bool = False,
    quote: str = "",
) -> Iterator[Written]:
    """Yield the link if the slice names what the parser says that it names."""
    start, end = span
    if target.endswith("\\"):
        target, end = target[:-1], end - 1  # [[a\|b]] in a table
    parsed = parse_target(target.replace("''", "'") if quote == "'" else target, style, embed=link.embed)
    if parsed is not None and (parsed.path, parsed.fragment) == (link.path, link.fragment):
        yield Written(link, start, end, "wiki", label, table, quote)


def _in_body(text: str, begin: int, wanted: dict[int, list[Link]]) -> Iterator[Written]:
    body = text[begin:].replace("\0", "\ufffd")
    place = _CharPlaces(body)
    definitions = [*_DEFINITION.finditer(body)] if "]:" in body else []
    tables = 0
    for event, span in markdown_events(body):
        if event.__class__ is str:
            continue
        ((name, value),) = event.items()
        if name in ("Html", "InlineHtml") and "<img" in value.lower():
            yield from _images(text, begin + place.of(span["start"]), value, wanted)
        if name not in ("Start", "End"):
            continue
        tag, detail = (value, None) if value.__class__ is str else next(iter(value.items()))
        if tag == "Table":
            tables += 1 if name == "Start" else -1
        elif tag in ("Link", "Image") and name == "Start" and detail is not None:
            start, end = begin + place.of(span["start"]), begin + place.of(span["end"])
            for link in wanted.get(start, ()):
                if link.embed == (tag == "Image"):
                    yield from _one(text, begin, start, end, link, detail, definitions, table=tables > 0)


def _one(
    text: str, begin: int, start: int, end: int, link: Link, detail: Any, definitions: Any, *, table: bool
) -> Iterator[Written]:
    kind = detail["link_type"]
    if kind.__class__ is dict:  # a wikilink
        match = _WIKI.fullmatch(text, start, end)
        if match and link.style == "wiki":
            yield from _checked(link, match.span("target"), match["target"], "wiki", match["label"], table=table)
    elif link.style == "markdown" and kind == "Inline":
        at = text.rfind("](", start, end)
        while at >= start:
            match = _DESTINATION.match(text, at, end)
            if match and _plain(match["target"]) == detail["dest_url"]:
                yield _markdown(link, match.span("target"), match["target"])
                return
            at = text.rfind("](", start, at)
    elif link.style == "markdown":  # its address stands in a definition elsewhere
        for match in definitions:
            same = " ".join(match["id"].split()).casefold() == " ".join(detail["id"].split()).casefold()
            if same and _plain(match["target"]) == detail["dest_url"]:
                span = begin + match.start("target"), begin + match.end("target")
                yield _markdown(link, span, match["target"])
                return


def _markdown(link: Link, span: tuple[int, int], target: str) -> Written:
    if target.startswith("<"):
        return Written(link, span[0] + 1, span[1] - 1, "angle", None)
    return Written(link, *span, "markdown", None)


def _plain(target: str) -> str:
    target = target[1:-1] if target.startswith("<") else target
    return _ESCAPED.sub(r"\1", html.unescape(target))


def _images(text: str, start: int, value: str, wanted: dict[int, list[Link]]) -> Iterator[Written]:
    for match in _SRC.finditer(value):
        at = start + match.start()
        group = "a" if match["a"] is not None else "b"
        for link in wanted.get(at, ()):
            span = start + match.start(group), start + match.end(group)
            if link.style == "html" and text[span[0] : span[1]] == match[group]:
                yield Written(link, *span, "html", None)


def with_targets(text: str, changes: Sequence[tuple[Written, str]]) -> str:
    """Return a page with other targets in the places of these links; all other characters stay."""
    pieces, done = [], 0
    for written, target in sorted(changes, key=lambda change: change[0].start):
        pieces += [text[done : written.start], target]
        done = written.end
    return "".join([*pieces, text[done:]])


class _CharPlaces:
    """Where in a text a byte of it stands; asked in any order, quick where the order is that of the text."""

    def __init__(self, body: str) -> None:
        self._data = body.encode("utf-8")
        self._ascii = len(self._data) == len(body)
        self._at = self._chars = 0

    def of(self, byte: int) -> int:
        """Return the number of characters before a byte."""
        if self._ascii:
            return byte
        if byte >= self._at:
            self._chars += len(self._data[self._at : byte].decode("utf-8", "replace"))
        else:
            self._chars -= len(self._data[byte : self._at].decode("utf-8", "replace"))
        self._at = byte
        return self._chars
