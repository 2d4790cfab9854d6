"""The task "write a page": what a writer is given, and the verifier that holds each sentence to its claims."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.names import name_key
from nightdesk.wiki.claims import find_citations, find_links
from nightdesk.wiki.sentences import split_sentences
from nightdesk.wiki.support import unsupported

MAX_BODY = 400_000  # characters of one page
_OPEN, _CLOSE = "\ue000", "\ue001"  # private-use characters stand for citations while sentences are found
_MARKER = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_TRAILING = re.compile(rf"([.!?…。！？][\"'”’)\]*_]*)((?:\s*{_OPEN}\d+{_CLOSE})+)")
_OUTSIDE = re.compile(
    r"!\[|!\[\[|\]\(\s*<?\s*[a-z][a-z0-9+.-]*:|<[a-z/!?][^>]*>?|^\s*\[[^\]]+\]:", re.IGNORECASE | re.MULTILINE
)
_BARE_URL = re.compile(r"\b(?:https?|ftp|file|data|javascript):\S", re.IGNORECASE)
_LINKS = re.compile(r"\[\[[^\[\]|#^]+(?:#\^[A-Za-z0-9-]+)?(?:\|[^\[\]]*)?\]\]")
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
    reasons = list(_objections(material, hand_in))
    supplied = {(name_key(e.page), e.id): e for e in material.evidence}
    everything = [text for e in material.evidence for text in (e.statement, e.quote)]
    first: str | None = None
    cited: dict[tuple[str, str], None] = {}
    for sentence in _sentences(hand_in, material.language):
        if sentence.heading:
            reasons += _against(sentence.text, everything, material)
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
    return Verified(Written(hand_in, first, tuple(cited)), ())


def _objections(material: WriteMaterial, body: str) -> Iterator[str]:
    if len(body) > MAX_BODY:
        yield f"the page is longer than {MAX_BODY} characters"
    if _OPEN in body or _CLOSE in body:
        yield "the page holds private-use characters"
    unescaped = _ESCAPED.sub("  ", body)
    for found in (_OUTSIDE.search(unescaped), _BARE_URL.search(unescaped)):
        if found:
            yield f"images, HTML and links to the outside are not allowed: {found.group().strip()!r}"
    if re.search(r"^# ", body, re.MULTILINE):
        yield "headings start at level 2 (##)"
    if re.match(r"---\s*$", body.split("\n", 1)[0]):
        yield "the page has frontmatter; hand in the body alone"
    if "[[" in _LINKS.sub("", unescaped):
        yield "a [[ is neither a citation [[Source page#^id|1]] nor a link [[Page]] or [[Page|words]]"
    known = {name_key(name) for name in material.names}
    for link in find_links(unescaped):
        if name_key(link) not in known:
            yield f"the link [[{link}]] leads nowhere"


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
    for sentence in split_sentences(marked, language=language):
        numbers = [int(number) for number in _MARKER.findall(sentence.text)]
        text = " ".join(_MARKER.sub("", sentence.text).split())
        text = re.sub(r"\s+([.,;:!?…])", r"\1", text)
        if not any(c.isalnum() for c in text):
            continue
        yield _Cited(text, tuple(keys[n] for n in numbers), sentence.kind == "heading")


def _mark_citations(body: str) -> tuple[str, Mapping[int, tuple[str, str]]]:
    keys: dict[int, tuple[str, str]] = {}
    pieces, done = [], 0
    for number, citation in enumerate(find_citations(body)):
        keys[number] = (citation.page, citation.id)
        pieces += [body[done : citation.start], f"{_OPEN}{number}{_CLOSE}"]
        done = citation.end
    marked = "".join([*pieces, body[done:]])
    return _TRAILING.sub(r"\2\1", marked), keys


def page_sentences(body: str, *, language: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the sentences of a page's body, each with the (source page, claim id) pairs it cites; no headings."""
    return tuple((s.text, s.cited) for s in _sentences(body, language) if not s.heading)
