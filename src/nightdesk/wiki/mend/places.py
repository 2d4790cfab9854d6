"""Links rewritten where they stand: only the target changes, and the words that a reader sees stay."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from posixpath import dirname, relpath
from urllib.parse import quote

from nightdesk.wiki.vault.extract import parse_target, read_record
from nightdesk.wiki.vault.records import Link

_WIKILINK = re.compile(r"!?\[\[([^\[\]|\n]*?)(\\?\|[^\[\]\n]*)?\]\]")
_DESTINATION = re.compile(r"\]\([ \t]*(<[^<>\n]*>|(?:[^\s()<>]|\([^\s()]*\))+)")
_MAX_TEXT = 2_000  # characters between the beginning of a Markdown link and its address
_NOT_IN_LINK = re.compile(r"[#^\[\]|\n]|%%")


@dataclass(frozen=True, slots=True)
class Place:
    """Characters of a page, and what is to stand there."""

    start: int
    end: int
    new: str


def offset_of(text: str, line: int, column: int) -> int:
    """Return the index of a place, 1-based in lines and columns, in the text of a file."""
    at = 0
    for _ in range(line - 1):
        at = text.find("\n", at) + 1
        if at == 0:
            return len(text)
    return at + column - 1


def with_places(text: str, places: Iterable[Place]) -> str:
    """Return the text with all places changed at once; of two that meet the first counts."""
    pieces, at = [], 0
    for place in sorted(places, key=lambda one: (one.start, one.end)):
        if place.start >= at:
            pieces += [text[at : place.start], place.new]
            at = place.end
    return "".join([*pieces, text[at:]])


def retargeted(
    text: str, page: str, link: Link, name: str, path: str, *, fragment: str, keep_words: bool
) -> Place | None:
    """Return the place that lets a link on `page` lead to another file, None where the link cannot be told there.

    `name` is what a wikilink calls the file, `path` the file; with `keep_words` a wikilink shows what it showed before.
    """
    at = offset_of(text, link.line, link.column)
    if link.style == "markdown":
        return _markdown(text, page, link, path, fragment, at)
    match = _WIKILINK.match(text, at)
    if match is None or _parsed(match[1], link) is None or (name and _NOT_IN_LINK.search(name)):
        return None
    target = name + (f"#{fragment}" if fragment else "")
    shows = keep_words and link.style == "wiki" and not link.embed and match[2] is None and link.path
    words = f"{bar_at(text, at)}{link.path}" if shows and not _NOT_IN_LINK.search(link.path) else match[2] or ""
    return Place(match.start(1), match.end(2) if match[2] else match.end(1), target + words)


def bar_at(text: str, at: int) -> str:
    """Return the bar between a wikilink's target and its words: in a table it is escaped."""
    return "\\|" if text[text.rfind("\n", 0, at) + 1 : at].lstrip().startswith("|") else "|"


def _parsed(target: str, link: Link) -> Link | None:
    """Return the link that a target makes where that is the one looked for."""
    style = "markdown" if link.style == "markdown" else "wiki"
    parsed = parse_target(target.removesuffix("\\"), style, embed=link.embed)
    return parsed if parsed and (parsed.path, parsed.fragment) == (link.path, link.fragment) else None


def _markdown(text: str, page: str, link: Link, path: str, fragment: str, at: int) -> Place | None:
    for match in _DESTINATION.finditer(text, at, at + _MAX_TEXT):
        bare = match[1][1:-1] if match[1].startswith("<") else match[1]
        if _parsed(bare, link) is None:
            continue
        new = (quote(relpath(path, dirname(page) or ".")) if path else "") + (f"#{quote(fragment)}" if fragment else "")
        return Place(match.start(1), match.end(1), new)
    return None


def changes_only(before: str, after: str, links: Iterable[Link]) -> bool:
    """Say whether two texts of a page have the same links but for those given, and all else alike."""
    was, now = read_record(before.encode("utf-8")), read_record(after.encode("utf-8"))
    changed = {(link.style, link.path, link.fragment) for link in links}
    if len(was.links) != len(now.links) or was.headings != now.headings or was.blocks != now.blocks:
        return False
    return all(
        (old.style, old.embed, old.path, old.fragment) == (new.style, new.embed, new.path, new.fragment)
        or ((old.style, old.path, old.fragment) in changed and old.embed == new.embed)
        for old, new in zip(was.links, now.links, strict=True)
    )
