"""What a page says where it links to another one: the words around the link, as plain text."""

import re
from posixpath import basename
from urllib.parse import unquote

from nightdesk.base.markdown import frontmatter_end, plain_text
from nightdesk.base.names import name_key
from nightdesk.wiki.catalogue.entries import Entry

_MOST_READ = 300_000  # characters of a page that are looked through
_MOST_SHOWN = 160  # characters
_LONG = 3_000  # characters of a line, of which the part around the link is taken
_LINK = re.compile(
    r"\[\[(?P<page>[^\[\]|#\n]{1,400})(?:#[^\[\]|\n]{0,400})?(?:\|[^\[\]\n]{0,400})?\]\]"
    r"|\]\((?P<target>[^()\s#]{1,400})(?:#[^()\s]{0,400})?\)"
)
_CITATION = re.compile(r"[ ]?\[\[[^\[\]|#\n]{0,400}#\^[A-Za-z0-9-]{1,80}(?:\|[^\[\]\n]{0,80})?\]\]")
_SHOWN = re.compile(r"!?\[\[([^\[\]|\n]{1,400})(?:\|([^\[\]\n]{0,400}))?\]\]")
_BLOCK_ID = re.compile(r"\s\^[A-Za-z0-9-]{1,80}\s*$")
_LIST_MARK = re.compile(r"^\s*(?:>\s?)*(?:[-*+]|\d{1,9}[.)])\s+")
_WORDS_THAT_TELL = 4  # fewer than these around a link are a mere list of links


def mention(text: str, target: Entry) -> str:
    """Return the line of a page's text that links to `target`, bounded; "" where it only stands in lists of links."""
    names = {name_key(name) for name in (target.name, target.title, *target.aliases)}
    start = frontmatter_end(text)
    seen = -1
    for link in _LINK.finditer(text, start, start + _MOST_READ):
        if link.start() < seen or name_key(_base(link)) not in names:
            continue
        first, last = text.rfind("\n", 0, link.start()) + 1, text.find("\n", link.end())
        last = last if last >= 0 else len(text)
        seen = last  # one look at each line
        first, last = max(first, link.start() - _LONG), min(last, link.end() + _LONG)
        told = plain_line(text[first:last])
        if len(told.split()) - len(target.title.split()) >= _WORDS_THAT_TELL:
            return clipped(told, around=target.title)
    return ""


def _base(link: re.Match[str]) -> str:
    name = link["page"] or unquote(link["target"])
    return basename(name.strip()).removesuffix(".md")


def plain_line(line: str) -> str:
    """Return one line of Markdown as a person reads it: links as their words, without citations and block ids."""
    line = _BLOCK_ID.sub("", _CITATION.sub("", line))
    line = _SHOWN.sub(lambda shown: shown[2] or shown[1].rpartition("/")[2], _LIST_MARK.sub("", line))
    return " ".join(plain_text(line).split())


def clipped(text: str, *, around: str = "", most: int = _MOST_SHOWN) -> str:
    """Return a text of at most `most` characters or so, cut at blanks, with `around` in it if it stands there."""
    if len(text) <= most:
        return text
    place = max(text.casefold().find(around.casefold()), 0) if around else 0
    first = max(0, min(place - most // 3, len(text) - most))
    if first and (blank := text.find(" ", first, first + 30)) >= 0:
        first = blank + 1
    last = min(len(text), first + most)
    if last < len(text) and (blank := text.rfind(" ", last - 30, last)) > first:
        last = blank
    return ("… " if first else "") + text[first:last] + (" …" if last < len(text) else "")
