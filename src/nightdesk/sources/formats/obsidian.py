"""A note of an Obsidian vault as plain Markdown: links as the words that they show, embeds as names, no comments."""

import re
from pathlib import Path
from typing import Any

from nightdesk.base.pages import load_yaml, split_frontmatter
from nightdesk.sources.formats.converted import Converted, iso_date, one_line
from nightdesk.sources.formats.notes import rewrite_prose
from nightdesk.sources.formats.text import decode

_LINK = re.compile(r"(!?)\[\[([^\[\]|\n]{0,500}?)(?:\\?\|([^\[\]\n]{0,500}))?\]\]")
_BLOCK_ID = re.compile(r"(?:^|[ \t])\^[A-Za-z0-9-]{1,100}[ \t]*$")
_HIGHLIGHT = re.compile(r"==(?=[^\s=])([^=\n]{1,1000}?)(?<=[^\s=])==")
_CALLOUT = re.compile(r"^((?:[ \t]*>)+[ \t]*)\[!([\w-]{1,40})(?:\|[^\]\n]{0,100})?\][+-]?[ \t]*(.*)$")
_SIZE = re.compile(r"\d{1,5}(?:x\d{1,5})?")
_DATES = ("published", "date", "created")


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the note at `path`; what its properties say of title, author and date counts."""
    front, body = split_frontmatter(decode(path.read_bytes()))
    values = load_yaml(front)
    published = next((values[key] for key in _DATES if values.get(key)), None)
    return Converted(
        _without_comments(rewrite_prose(body, _rewritten)),
        title=_words(values.get("title")),
        author=_words(values.get("author") or values.get("authors")),
        published=iso_date(str(published)) if published else None,
    )


def shown_words(target: str, label: str | None) -> str:
    """Return what Obsidian shows for a link: its label, else the note's name and the heading in it."""
    if label and label.strip():
        return label.strip()
    name, _, heading = target.strip().rstrip("\\").partition("#")
    heading = heading.removeprefix("^") if heading.startswith("^") else heading.replace("#", " > ")
    name = name.removesuffix(".md").strip()
    return f"{name} > {heading}" if name and heading else name or heading


def _rewritten(piece: str) -> str:
    piece = _BLOCK_ID.sub("", _HIGHLIGHT.sub(r"\1", _LINK.sub(_link_words, piece)))
    return _CALLOUT.sub(lambda found: f"{found[1]}**{found[3].strip() or found[2].capitalize()}**\n{found[1]}", piece)


def _link_words(found: re.Match[str]) -> str:
    label = None if found[1] and _SIZE.fullmatch((found[3] or "").strip()) else found[3]  # a picture's size in pixels
    return shown_words(found[2], label)


def _without_comments(body: str) -> str:
    """Return `body` without what stands between pairs of %%; one in code, or without its partner, hides nothing."""
    marks = 0

    def count(piece: str) -> str:
        nonlocal marks
        marks += piece.count("%%")
        return piece

    rewrite_prose(body, count)
    left = marks - marks % 2
    if not left:
        return body

    def visible(piece: str) -> str:
        nonlocal left
        shown: list[str] = []
        for n, part in enumerate(piece.split("%%")):
            if n and left:
                left -= 1
            elif n:
                shown.append("%%")
            if left % 2 == 0:
                shown.append(part)
        return "".join(shown)

    return rewrite_prose(body, visible)


def _words(value: Any) -> str | None:
    """Return a property as words: a list with commas, links as what they show."""
    if isinstance(value, list):
        value = ", ".join(str(item) for item in value)
    return one_line(_LINK.sub(_link_words, str(value))) if value else None
