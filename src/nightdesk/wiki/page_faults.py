"""What speaks against a page apart from what its sentences say: markup, links, blocks, callouts, rows of tables."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from nightdesk.base.markdown import frontmatter_end
from nightdesk.base.names import name_key
from nightdesk.wiki.cited_sentences import Key, PageText, is_dead, plain_sentence
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.escaping import unescape_markdown
from nightdesk.wiki.hidden_text import hidden_in
from nightdesk.wiki.tables import table_rows

MAX_HEADING = 100  # characters; a heading needs no citation, so it must not be a sentence
MAX_FAULTS = 200  # of one kind: enough to mend, and a hostile page costs no more
CALLOUT = "contradiction"  # the one that a page may have
_KEPT_HEADINGS = ("Related", "Sources", "Contradictions", "Superseded")
_OUTSIDE = re.compile(r"!\[|\]\(|\[[^\[\]\n]*\]:|<[a-z/!?][^>]*>?", re.IGNORECASE)
_HIDING = re.compile(r"~~|%%|<%|`\s*\$?=")  # struck out, a comment, a query that Obsidian's plug-ins run
_MARKS = r"^[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)"  # of items and quotations, at the start of a line
_ACTING = re.compile(
    r"\^\[|\[\^"  # footnotes
    r"|\\(?:href|url|includegraphics|html[a-zA-Z]*|class|style|cssId|require|def|newcommand|unicode)\b"
    rf"|{_MARKS}+\[[^\]\n]\](?=\s)"  # a task
    rf"|{_MARKS}*`{{3,}}"  # a fence, of which a page shows nothing where it holds no line
    r"|^ {0,3}#{1,6}[ \t][^\n]*\{[^}\n]*\}[ \t]*$",  # attributes of a heading
    re.MULTILINE,
)
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]{0,20}://|(?:mailto|javascript|data|file):)[^\s<>\[\]\"]+", re.IGNORECASE)
_LINK = re.compile(r"\[\[(?P<page>[^\[\]|#^]+)(?P<block>#\^[A-Za-z0-9-]+)?(?:\|[^\[\]]*)?\]\]")
_OPENING = re.compile(r"\[\[")
_LINE_WITH_HIDDEN = re.compile(r"[^\n]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that speaks against a page, and the slice of the body that it lies in."""

    reason: str
    start: int
    end: int


class Supplied:
    """The claims that a page may cite."""

    def __init__(self, claims: Iterable[Key]) -> None:
        self._pages = {(name_key(page), identity): page for page, identity in claims}
        self._objections: dict[Key, str] = {}

    def objection(self, page: str, identity: str) -> str | None:
        """Return what speaks against a citation, with the claims that it may have meant."""
        if (name_key(page), identity) in self._pages:
            return None
        known = self._objections.get((page, identity))
        if known is None:
            meant = self._meant(page, identity) if len(self._objections) < MAX_FAULTS else ""
            known = f"cites {page}#^{identity}, which was not supplied for this page{meant}"
            self._objections[page, identity] = known
        return known

    def _meant(self, page: str, identity: str) -> str:
        same = [f"[[{name}#^{id_}]]" for (_, id_), name in self._pages.items() if id_ == identity]
        if same:
            return f"; that claim is {same[0]}"
        here = [id_ for (key, id_) in self._pages if key == name_key(page)]
        if near := get_close_matches(identity[:70], here or [id_ for _, id_ in self._pages], n=3, cutoff=0.6):
            return "; is ^" + " or ^".join(near) + " meant?"
        return f"; claims of that page: {', '.join(f'^{id_}' for id_ in here[:8])}" if here else ""


def page_faults(
    page: PageText, *, linkable: Collection[str], supplied: Supplied, words: Sequence[str]
) -> Iterator[Fault]:
    """Yield what speaks against a page whatever its sentences say.

    `linkable` are the pages that a link may lead to; `words` are the statements and quotes of the claims, the only
    ones that may give an address.
    """
    yield from _against_markup(page, words)
    yield from _against_links(page, {name_key(name) for name in linkable})
    yield from _against_blocks(page)
    yield from _against_callouts(page)
    yield from _against_rows(page)
    yield from _against_citations(page, supplied)


def _against_markup(page: PageText, words: Sequence[str]) -> Iterator[Fault]:
    for pattern, what in (
        (_OUTSIDE, "images, HTML and links to the outside are not allowed"),
        (_ACTING, "footnotes, tasks, fences, attributes and commands in formulas are not allowed"),
        (_HIDING, "text that Obsidian hides or runs is not allowed"),
    ):
        for match, _ in zip(pattern.finditer(page.unescaped), range(MAX_FAULTS), strict=False):
            yield Fault(f"{what}: {match.group().strip()[:80]!r}", *match.span())
    for url in dict.fromkeys(_URL.findall(unescape_markdown(page.body))):
        if not any(url.rstrip(".,;:!?)'*_`") in text for text in words):
            start = page.body.find(url)
            yield Fault(f"an address that no claim gives: {url[:80]!r}", start, start + len(url))
    if end := frontmatter_end(page.body):
        yield Fault("the page has frontmatter; hand in the body alone", 0, end)
    if hidden_in(page.body.removeprefix("\ufeff")):
        for line in _LINE_WITH_HIDDEN.finditer(page.body):
            if hidden := hidden_in(line.group()):
                yield Fault(f"the hidden character {hidden} in {line.group()[:80]!a}", *line.span())


def _against_links(page: PageText, linkable: Collection[str]) -> Iterator[Fault]:
    near: dict[str, str] = {}
    for link in _LINK.finditer(page.unescaped):
        name = link["page"].strip()
        if link["block"] or name_key(name) in linkable:
            continue
        if name not in near:
            near[name] = _instead(name, linkable) if len(near) < MAX_FAULTS else ""
        yield Fault(f"the link [[{name}]] leads nowhere{near[name]}", *link.span())
    for opening in _OPENING.finditer(_LINK.sub(lambda match: " " * len(match[0]), page.unescaped)):
        reason = "a [[ is neither a citation [[Source page#^id|1]] nor a link [[Page]] or [[Page|words]]"
        yield Fault(reason, *opening.span())
        return  # one such reason is enough, and a hostile page may have many


def _instead(name: str, linkable: Collection[str]) -> str:
    if len(name) > MAX_HEADING or len(linkable) > 5_000:
        return ""
    near = get_close_matches(name_key(name), sorted(linkable), n=1, cutoff=0.8)
    return f"; is [[{near[0]}]] meant?" if near else "; write the words without brackets"


def _against_blocks(page: PageText) -> Iterator[Fault]:
    """Object to what holds no sentences, so that nothing uncited hides there, and to headings that say too much."""
    for block, start, end in page.blocks:
        plain = plain_sentence(block.plain)
        if block.kind in ("code", "math", "html"):
            yield Fault(f"a block of {block.kind} is not allowed; only sentences can be cited", start, end)
        if is_dead(block):
            yield Fault("a citation stands in code or a formula, where it is no link", start, end)
        if block.kind == "heading":
            if block.level == 1:
                yield Fault("headings start at level 2 (##)", start, end)
            if plain in _KEPT_HEADINGS:
                yield Fault(f'the heading "{plain}" is kept for what code adds', start, end)
            if len(plain) > MAX_HEADING:
                yield Fault(f"a heading is longer than {MAX_HEADING} characters: {plain[:80]!r}", start, end)


def _against_callouts(page: PageText) -> Iterator[Fault]:
    cited: dict[int, set[tuple[str, str]]] = {}
    for sentence in page.sentences:
        if sentence.callout is not None:
            cited.setdefault(sentence.callout, set()).update((name_key(name), id_) for name, id_ in sentence.cited)
    for number, callout in enumerate(page.callouts):
        if callout.kind != CALLOUT:
            reason = f"the callout [!{callout.kind[:20]}] is not allowed, only [!{CALLOUT}]"
        elif not callout.is_plain:
            reason = f"a callout stands at the start of a line and is not folded: > [!{CALLOUT}]"
        elif len(callout.title) > MAX_HEADING:
            reason = f"the title of a callout is longer than {MAX_HEADING} characters: {callout.title[:80]!r}"
        elif len(cited.get(number, ())) < 2:
            reason = f"a callout [!{CALLOUT}] cites at least the two claims that contradict each other"
        else:
            continue
        yield Fault(reason, callout.start, callout.end)


def _against_rows(page: PageText) -> Iterator[Fault]:
    """Object to cells that are not shown, and so seen by nobody: more in a row than its table has columns.

    Where a table stands in a list or a quotation its rows are not looked at, so it is refused.
    """
    if "|" not in page.body:
        return
    rows = table_rows(page.body)
    columns = {row.table: row.cells for row in rows.values() if row.number == 0}
    starts, at = [], 0
    for number, line in enumerate(page.body.split("\n"), 1):
        starts.append(at)
        row = rows.get(number)
        if row and row.cells > columns[row.table]:
            yield Fault(f"a row has more cells than its table has columns: {line[:80]!r}", at, at + len(line))
        at += len(line) + 1
    for block, start, end in page.blocks:
        if block.kind == "cell" and bisect_right(starts, start) not in rows:
            yield Fault("a table in a list or a quotation is not allowed; put it between paragraphs", start, end)


def _against_citations(page: PageText, supplied: Supplied) -> Iterator[Fault]:
    """Object to each citation, wherever it stands, of what was not supplied, and to words hidden in its label."""
    for citation in find_citations(page.unescaped):
        if objection := supplied.objection(citation.page, citation.id):
            yield Fault(objection, citation.start, citation.end)
        if not (citation.label.isdecimal() or citation.label == ""):
            reason = f"the label of a citation is its number, not {citation.label[:80]!r}"
            yield Fault(reason, citation.start, citation.end)
