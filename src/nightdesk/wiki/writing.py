"""The task "write a page": what a writer is given, and the verifier that holds each sentence to its claims."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.markdown import blocks, frontmatter_end
from nightdesk.base.names import name_key
from nightdesk.wiki.claims import find_citations, find_links
from nightdesk.wiki.escaping import unescape_markdown
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.prose.sentences import split_sentences

MAX_BODY = 400_000  # characters of one page
MAX_HEADING = 100  # characters; a heading needs no citation, so it must not be a sentence
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # stand for citations while sentences are found; Unicode keeps them out of texts
# Its "\\_" is a "_" in running text and stays "\\_" in code and formulas, where a citation would be no link.
_MARKER = re.compile(f"{_OPEN}_(\\d+){_CLOSE}")
_SPACED_MARKER = re.compile(rf"\s*{_OPEN}\\?_\d+{_CLOSE}")
_DEAD_MARKER = f"{_OPEN}\\"
_TRAILING = re.compile(
    r"([.!?…。！？．｡।॥؟۔](?:[ \u00a0\u202f][»›])?[\"'”’»›」』）】)\]*_`]*)"
    rf"((?:[ \t]*(?:\n[ \t]*)?{_OPEN}\\_\d+{_CLOSE})+)"
)
_LEAD_IN = re.compile(
    r"^([ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]+)*)(\*\*|__)([^\s*_]+(?: [^\s*_]+){0,3}[.:])\2[ \t]+(?=\S)", re.MULTILINE
)
_OUTSIDE = re.compile(r"!\[|\]\(|\[[^\[\]\n]*\]:|<[a-z/!?][^>]*>?", re.IGNORECASE)
_HIDING = re.compile(r"~~|%%|`\s*\$?=")  # struck out, a comment, a query that Obsidian's plug-ins run
_URL = re.compile(r"\b(?:[a-z][a-z0-9+.-]{0,20}://|(?:mailto|javascript|data|file):)[^\s<>\[\]\"]+", re.IGNORECASE)
_LABELLED = re.compile(r"#\^[A-Za-z0-9-]+\|")
_UNWRITABLE = re.compile(f"[\\x00-\\x08\\x0b-\\x1f\\x7f\\ud800-\\udfff{_OPEN}{_CLOSE}]")
_LINKS = re.compile(r"\[\[(?P<page>[^\[\]|#^]+)(?:#\^[A-Za-z0-9-]+)?(?:\|[^\[\]]*)?\]\]")
_ESCAPED = re.compile(r"\\[!-/:-@\[-`{-~]")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A claim as it is supplied for a page."""

    page: str  # base name of its source page
    id: str
    statement: str
    quote: str  # the words of the quote, without Markdown
    concepts: tuple[str, ...]  # page names that it speaks of
    spans: tuple[tuple[str, int, int], ...]  # where in the statement each concept is named
    defines: bool  # whether it says what the page's concept is
    published: str | None  # ISO date, or year and month, or year


@dataclass(frozen=True, slots=True)
class WriteMaterial:
    """What a writer may use for one page."""

    type: str  # "concept" or "overview"
    name: str  # base name of the page
    title: str
    aliases: tuple[str, ...]
    language: str
    evidence: tuple[Evidence, ...]
    parts: tuple[str, ...]  # of an overview: the pages it leads to, in their order
    names: tuple[str, ...]  # pages that a link may lead to
    known_names: tuple[str, ...]  # names that a sentence may use although its claims lack them


@dataclass(frozen=True, slots=True)
class Written:
    """An accepted page: its body, the one line that stands for it, and the claims it cites."""

    body: str
    summary: str
    cited: tuple[tuple[str, str], ...]  # (source page, claim id), in the order of their first mention


def verify_page(task: Task[WriteMaterial], hand_in: str) -> Verified[Written]:
    """Prove a page: every sentence cites supplied claims and agrees with them, and every link leads somewhere.

    The hand-in is Markdown without frontmatter and title: sentences, lists and headings from level 2, each sentence
    followed by its citations `[[Source page#^id|number]]`. Images, HTML and links to the outside are refused.
    """
    material = task.material
    hand_in = hand_in.replace("\r\n", "\n")
    if len(hand_in) > MAX_BODY:
        return Verified(None, (f"the page is longer than {MAX_BODY} characters",))
    if _UNWRITABLE.search(hand_in):
        return Verified(None, ("the page holds characters that are no text",))
    supplied = {(name_key(e.page), e.id): e for e in material.evidence}
    reasons = [*_objections(material, hand_in), *_against_citations(supplied, hand_in)]
    everything = [text for e in material.evidence for text in (e.statement, e.quote)]
    first: str | None = None
    cited: dict[tuple[str, str], None] = {}
    for sentence in _sentences(hand_in, material.language):
        if sentence.heading:
            reasons += _against_heading(sentence.text, everything, material)
            continue
        first = first or sentence.text
        keys = [(name_key(page), claim) for page, claim in sentence.cited]
        missing = [cited for cited, key in zip(sentence.cited, keys, strict=True) if key not in supplied]
        reasons += [f"cites {page}#^{claim}, which was not supplied for this page" for page, claim in missing]
        if not sentence.cited:
            reasons.append(f"has no citation: {sentence.text[:160]!r}")
        elif not missing:
            evidence = [text for key in keys for text in (supplied[key].statement, supplied[key].quote)]
            reasons += _against(sentence.text, evidence, material)
            cited.update({(supplied[key].page, supplied[key].id): None for key in keys})
    if first is None:
        reasons.append("the page says nothing")
    if reasons or first is None:
        return Verified(None, tuple(dict.fromkeys(reasons)))
    return Verified(Written(_with_canonical_names(material, hand_in), first, tuple(cited)), ())


def _objections(material: WriteMaterial, body: str) -> Iterator[str]:
    unescaped = _unescaped(body)
    if found := _OUTSIDE.search(unescaped):
        yield f"images, HTML and links to the outside are not allowed: {found.group().strip()[:80]!r}"
    if found := _HIDING.search(unescaped):
        yield f"text that Obsidian hides or runs is not allowed: {found.group()!r}"
    words = [text for e in material.evidence for text in (e.statement, e.quote)]
    for url in _URL.findall(unescape_markdown(body)):
        if not any(url.rstrip(".,;:!?)'*_`") in text for text in words):
            yield f"an address that no claim gives: {url[:80]!r}"
    if frontmatter_end(body):
        yield "the page has frontmatter; hand in the body alone"
    yield from _against_blocks(body)
    if "[[" in _LINKS.sub("", unescaped):
        yield "a [[ is neither a citation [[Source page#^id|1]] nor a link [[Page]] or [[Page|words]]"
    known = {name_key(name) for name in material.names}
    for link in find_links(unescaped):
        if name_key(link) not in known:
            yield f"the link [[{link}]] leads nowhere"


def _unescaped(body: str) -> str:
    """Return `body` with blanks for its escaped characters, each at its place: what is left acts as markup."""
    return _ESCAPED.sub("  ", body)


def _against_heading(heading: str, everything: Sequence[str], material: WriteMaterial) -> list[str]:
    """Object to a number or name in a heading that no supplied claim has; a heading denies and compares nothing."""
    if heading in material.names or not re.search(r"\d|(?<!^)[A-Z]", heading):
        return []
    found = unsupported(heading, everything, known_names=material.known_names, language=material.language)
    return [f"{r.detail}, in {heading!r}" for r in found if r.kind in ("number", "unit", "date", "name")]


def _against_blocks(body: str) -> Iterator[str]:
    """Object to what holds no sentences, so that nothing uncited hides there, and to headings that say too much."""
    marked, _ = _mark_citations(body)
    for block in blocks(marked):
        if block.kind in ("code", "math", "html"):
            yield f"a block of {block.kind} is not allowed; only sentences can be cited"
        if _DEAD_MARKER in block.plain:
            yield "a citation stands in code or a formula, where it is no link"
        if block.kind == "heading":
            if block.level == 1:
                yield "headings start at level 2 (##)"
            if block.plain.strip() in ("Related", "Sources"):
                yield f'the heading "{block.plain.strip()}" is kept for what code adds'
            if len(_SPACED_MARKER.sub("", block.plain)) > MAX_HEADING:
                yield f"a heading is longer than {MAX_HEADING} characters: {block.plain[:80]!r}"
        if block.kind == "cell" and _OPEN in block.plain and _LABELLED.search(body):
            yield "in a table write citations without a label, [[Source page#^id]]: a | ends the cell"


def _against_citations(supplied: Mapping[tuple[str, str], Evidence], body: str) -> Iterator[str]:
    """Object to each citation, wherever it stands, of what was not supplied, and to words hidden in its label."""
    for citation in find_citations(_unescaped(body)):
        if (name_key(citation.page), citation.id) not in supplied:
            yield f"cites {citation.page}#^{citation.id}, which was not supplied for this page"
        if not (citation.label.isdecimal() or citation.label == ""):
            yield f"the label of a citation is its number, not {citation.label[:80]!r}"


def _with_canonical_names(material: WriteMaterial, body: str) -> str:
    """Return `body` with each page called by its own name where the hand-in has another case or Unicode form."""
    canonical = {name_key(name): name for name in (*material.names, *(e.page for e in material.evidence))}
    pieces, done = [], 0
    for link in _LINKS.finditer(_unescaped(body)):
        start, end = link.span("page")
        name = body[start:end]
        pieces += [body[done:start], canonical.get(name_key(name.strip()), name)]
        done = end
    return "".join([*pieces, body[done:]])


def _against(sentence: str, evidence: Sequence[str], material: WriteMaterial) -> list[str]:
    found = unsupported(sentence, evidence, known_names=material.known_names, language=material.language)
    return [f"{reason.detail}, in {sentence[:160]!r}" for reason in found]


@dataclass(frozen=True, slots=True)
class _Cited:
    text: str
    cited: tuple[tuple[str, str], ...]
    heading: bool


def _sentences(body: str, language: str) -> Iterator[_Cited]:
    """Yield the sentences of a page with the claims that each cites; a citation belongs to the sentence before it."""
    marked, keys = _mark_citations(body)
    for lead_in in _LEAD_IN.finditer(marked):  # "**Use.** Muon …" names a part as a heading does
        yield _Cited(lead_in[3], (), heading=True)
    marked = _LEAD_IN.sub(r"\1", marked)
    for sentence in split_sentences(marked, language=language):
        numbers = [int(number) for number in _MARKER.findall(sentence.text)]
        text = " ".join(_SPACED_MARKER.sub("", sentence.text).split())
        if not any(c.isalnum() for c in text):
            continue
        yield _Cited(text, tuple(keys[n] for n in numbers), sentence.kind == "heading")


def _mark_citations(body: str) -> tuple[str, Mapping[int, tuple[str, str]]]:
    keys: dict[int, tuple[str, str]] = {}
    pieces, done = [], 0
    for number, citation in enumerate(find_citations(_unescaped(body))):
        keys[number] = (citation.page, citation.id)
        pieces += [body[done : citation.start], f"{_OPEN}\\_{number}{_CLOSE}"]
        done = citation.end
    marked = "".join([*pieces, body[done:]])
    return _TRAILING.sub(r"\2\1", marked), keys


def page_sentences(body: str, *, language: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the sentences of a page's body, each with the (source page, claim id) pairs it cites; no headings."""
    return tuple((s.text, s.cited) for s in _sentences(body, language) if not s.heading)
