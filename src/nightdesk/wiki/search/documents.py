"""What of a file is looked through: a page, each of its claims, or the text of a source."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from nightdesk.base.names import name_key
from nightdesk.base.pages import split_frontmatter
from nightdesk.wiki.claims import parse_claims
from nightdesk.wiki.search.frontmatter import front_texts
from nightdesk.wiki.search.schema import CLAIMS, MAX_CHARS, TEXT, WIKI, Document, FoundClaim
from nightdesk.wiki.search.tokens import index_form

_HEADING = re.compile(r"^#{1,6}[ \t]+(.+)$", re.MULTILINE)
_CITATION = re.compile(r"\[\[[^\[\]|#^\n]*#\^[A-Za-z0-9-]+(?:\|[^\[\]\n]*)?\]\]")
_LINK = re.compile(r"\[\[[^\[\]|\n]+\|([^\[\]\n]+)\]\]")  # only the words that it shows
_BLOCK_ID = re.compile(r" \^[A-Za-z0-9-]+$", re.MULTILINE)
_TAG = re.compile(r"(?:^|(?<=\s))#([^\W\d][\w/-]*)")
_MAX_TAGS, _MAX_NAMES = 50, 50
_DAY_KEYS = ("published", "date", "updated", "created")


def documents_of(path: str, text: str, kind: int) -> tuple[Document, ...]:
    """Return what can be found in a file of the wiki or among the texts; a page's claims come after the page."""
    text = text[:MAX_CHARS]
    front, body = split_frontmatter(text)
    values = front_texts(front) if front else {}
    name = path.rpartition("/")[2].removesuffix(".md")
    title = _single(values, "title") or (_first_heading(body) if kind == TEXT else "") or name
    aliases = [line for key in ("aliases", "alias") for line in values.get(key, ())][:_MAX_NAMES]
    tags = _tags(values, body)
    day = next((found for key in _DAY_KEYS if (found := day_of(_single(values, key)))), "")
    type_ = _single(values, "type") or ("text" if kind == TEXT else "")
    readable = _readable(body)
    summary = _single(values, "summary")
    columns = (
        index_form(title if name_key(title) == name_key(name) else f"{title}\n{name}"),
        index_form("\n".join(aliases)),
        index_form("\n".join(_HEADING.findall(body))),
        index_form("\n".join(tags)),
        index_form(f"{readable}\n{summary}" if summary else readable),
    )
    names = tuple(dict.fromkeys(name_key(one) for one in (title, name, *aliases)))
    page = Document(kind, columns, title, type_, tags, day, names, None)
    return (page, *_claims(body, page)) if kind == WIKI and " ^c" in body else (page,)


def _claims(body: str, page: Document) -> Iterator[Document]:
    seen: set[str] = set()
    for claim in parse_claims(body):
        if claim.id in seen:
            continue
        seen.add(claim.id)
        same = claim.statement == claim.quote
        words = claim.statement if same else f"{claim.statement}\n{claim.quote}"
        columns = ("", "", "", index_form("\n".join(claim.concepts)), index_form(words))
        found = FoundClaim(claim.id, claim.statement, claim.quote, claim.place)
        yield Document(CLAIMS, columns, page.title, "claim", page.tags, page.day, (), found)


def _readable(body: str) -> str:
    """Return a body without what nobody reads: citations, block ids, the targets of links that show other words."""
    if "[[" in body:
        body = _LINK.sub(r"\1", _CITATION.sub("", body))
    return _BLOCK_ID.sub("", body) if " ^" in body else body


def _first_heading(body: str) -> str:
    found = _HEADING.search(body[:2_000])
    return " ".join(found[1].split()) if found else ""


def _tags(values: Mapping[str, Sequence[str]], body: str) -> tuple[str, ...]:
    """Return a page's tags: those of its frontmatter, then those in its text."""
    own = [part for key in ("tags", "tag") for tag in values.get(key, ()) for part in re.split(r"[,\s]+", tag)]
    inline = _TAG.findall(body) if "#" in body else []
    folded = (tag.strip().lstrip("#").rstrip("/").casefold() for tag in (*own, *inline))
    return tuple(dict.fromkeys(tag for tag in folded if tag))[:_MAX_TAGS]


def _single(values: Mapping[str, Sequence[str]], key: str) -> str:
    return values.get(key, ("",))[0]


def day_of(value: str) -> str:
    """Return the ISO date that a text begins with, the first day of a year or month, "" for none."""
    found = re.match(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?!\d)", value)
    if not found:
        return ""
    try:
        return date(int(found[1]), int(found[2] or 1), int(found[3] or 1)).isoformat()
    except ValueError:
        return ""
