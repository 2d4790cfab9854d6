"""Claims and citations: their form on a page, and the ids that tie them together."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from nightdesk.base.names import name_key
from nightdesk.base.pages import short_hash
from nightdesk.wiki.escaping import escape_line, escape_markdown, unescape_markdown
from nightdesk.wiki.proof.quotes import parse_quote, render_quote

_ID_DIGITS = 10  # 40 bits: in a desk of 150,000 claims, two with one id are expected 0.01 times
_ITEM_END = re.compile(r" \^(c[0-9a-f]{10,64})$")
_LAST_LINK = re.compile(r",? ?\[\[([^\[\]|#^]+)(?:\|[^\[\]]*)?\]\]$")
_QUOTE_LINE = re.compile(r'^  > "')
_CITATION = re.compile(r"\[\[(?P<page>[^\[\]|#^]*)#\^(?P<id>[A-Za-z0-9-]+)(?:\|(?P<label>[^\[\]]*))?\]\]")
_CONTRADICTION = re.compile(r"contradictions#k[0-9a-f]{10}")
WIKILINK = re.compile(r"\[\[(?P<page>[^\[\]|#^]+)(?:\|(?P<shown>[^\[\]]*))?\]\]")


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a source with the exact words that it rests on."""

    id: str
    statement: str  # plain text, no Markdown
    quote: str  # the source's words, white space collapsed
    place: str  # "Method, p. 4, line 120"
    concepts: tuple[str, ...]  # names of the concept pages that it speaks of


@dataclass(frozen=True, slots=True)
class Citation:
    """A block link to a claim, with where it stands in the text."""

    page: str  # base name of the source page, "" for the page itself
    id: str
    label: str
    start: int
    end: int


def claim_id(statement: str, quote: str) -> str:
    """Return the block id of a claim: made of its content, so that it never comes to mean another claim."""
    return "c" + short_hash(f"{' '.join(quote.split())}\n{' '.join(statement.split())}")[:_ID_DIGITS]


def render_claim(claim: Claim) -> str:
    """Return the two lines of a claim on its source page."""
    links = "".join(f" [[{name}]]" for name in claim.concepts)
    place = claim.place.replace('"', "'")  # the quote ends at the line's last double quote
    quote = f"  > {render_quote(claim.quote)}" + (f" ({escape_markdown(place)})" if place else "")
    return f"- {escape_line(claim.statement)}{links} ^{claim.id}\n{quote}\n"


def parse_claims(body: str) -> tuple[Claim, ...]:
    """Return the claims that stand on a source page, in their order; what has not their form is passed over."""
    lines = body.splitlines()
    found = []
    for number, line in enumerate(lines[:-1]):
        item = _ITEM_END.search(line[-80:]) if line.startswith("- ") else None
        if not item or not _QUOTE_LINE.match(lines[number + 1]):
            continue
        quote = parse_quote(lines[number + 1])
        if quote is None:
            continue
        statement, names = _without_links(line[2 : len(line) - len(item[0])])
        after = lines[number + 1].rpartition('"')[2].strip()
        place = unescape_markdown(after[1:-1]) if after.startswith("(") and after.endswith(")") else ""
        found.append(Claim(item[1], unescape_markdown(statement), quote, place, names))
    return tuple(found)


def _without_links(item: str) -> tuple[str, tuple[str, ...]]:
    """Return a claim's statement and the links behind it, looked for from the end: a line may be of any length."""
    names: list[str] = []
    end = len(item)
    while item.endswith("]]", 0, end):
        start = max(item.rfind("[[", 0, end) - 2, 0)
        link = _LAST_LINK.search(item[start:end])
        if not link:
            break
        names.append(link[1])
        end = start + link.start()
    return item[:end], tuple(reversed(names))


def render_citation(page: str, identity: str, label: str) -> str:
    """Return the block link to a claim on a source page."""
    return f"[[{page}#^{identity}|{label}]]"


def find_citations(text: str) -> Iterator[Citation]:
    """Yield the citations in `text` in their order; a link to an item of contradictions.md is none."""
    for match in _CITATION.finditer(text):
        if _CONTRADICTION.fullmatch(match["page"] + "#" + match["id"]):
            continue
        yield Citation(match["page"], match["id"], match["label"] or "", match.start(), match.end())


def find_links(text: str) -> tuple[str, ...]:
    """Return the pages that the wikilinks in `text` name (citations left out), in their order."""
    return tuple(match["page"].strip() for match in WIKILINK.finditer(text))


def unlink(text: str, known: Collection[str]) -> str:
    """Return `text` with each link to a page that is not among the name keys `known` as the words that it shows."""

    def words(match: re.Match[str]) -> str:
        page, _, shown = match.group()[2:-2].partition("|")
        return match.group() if name_key(page.strip()) in known else shown or page

    return WIKILINK.sub(words, text)
