"""The task "write a page": what a writer is given, and the verifier that holds each sentence to its claims."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.names import name_key
from nightdesk.wiki.cells import cell_evidence, empty_assertion
from nightdesk.wiki.cited_sentences import Cited, Key, PageText, unescaped
from nightdesk.wiki.claims import find_citations, render_citation
from nightdesk.wiki.overstatement import overstated
from nightdesk.wiki.page_faults import MAX_HEADING, Fault, Supplied, page_faults
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.pruning import without_faults
from nightdesk.wiki.tables import table_rows, unlabel_links

MAX_BODY = 400_000  # characters of one page
MAX_PRUNINGS = 3  # what is taken out may leave another sentence at fault
_UNWRITABLE = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f\\ud800-\\udfff\ufdd0\ufdd1]")
_LINKS = re.compile(r"\[\[(?P<page>[^\[\]|#^]+)(?:#\^[A-Za-z0-9-]+)?(?:\|[^\[\]]*)?\]\]")
_FENCED = re.compile(  # a whole page in a fence, with a few words of the model's around it
    r"(?:[^\[`~]{0,400}\n)?[ \t]*(`{3,8}|~{3,8})(?:markdown|md)?[ \t]*\n"
    r"(.*\[\[.*)\n[ \t]*\1[ \t]*(?:\n[^\[`~]{0,400})?",
    re.DOTALL | re.IGNORECASE,
)
_TITLE = re.compile(r"\s*#[ \t]+([^\n]+?)[ \t]*#*\n")


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

    type: str  # "concept", "entity", "theme", "comparison" or "overview"
    name: str  # base name of the page
    title: str
    aliases: tuple[str, ...]
    language: str
    evidence: tuple[Evidence, ...]
    parts: tuple[str, ...]  # of an overview: the pages it leads to, in their order
    names: tuple[str, ...]  # pages that a link may lead to
    known_names: tuple[str, ...]  # names that a sentence may use although its claims lack them
    neighbours: tuple[tuple[str, str], ...] = ()  # pages near it: name, one line on each
    category: str | None = None
    disputed: tuple[tuple[str, str], ...] = ()  # ids of claims that contradict each other, not decided yet
    first: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)  # page -> name without decisions


@dataclass(frozen=True, slots=True)
class Written:
    """An accepted page: its body, the one line that stands for it, and the claims it cites."""

    body: str
    summary: str
    cited: tuple[tuple[str, str], ...]  # (source page, claim id), in the order of their first mention


def verify_page(task: Task[WriteMaterial], hand_in: str) -> Verified[Written]:
    """Prove a page: every sentence cites supplied claims and agrees with them, and every link leads somewhere.

    The hand-in is Markdown without frontmatter and title: sentences, lists, tables and headings from level 2, each
    sentence followed by its citations `[[Source page#^id|number]]`; in a table one cell may cite for its row, without
    the number. The only callout is `> [!contradiction]`. Images, HTML and links to the outside are refused.

    With reasons against it the result is the page without what they are about, if half of its sentences are left.
    """
    material = task.material
    if len(hand_in) > MAX_BODY:
        return Verified(None, (f"the page is longer than {MAX_BODY} characters",))
    body = _unwrapped(hand_in.replace("\r\n", "\n"), material)
    if _UNWRITABLE.search(body):
        return Verified(None, ("the page holds characters that are no text",))
    inspected = _Inspected(body, material)
    if not inspected.reasons:
        return Verified(inspected.written(), (), worth=inspected.said)
    part = _good_part(inspected, material)
    if part is None:
        return Verified(None, inspected.reasons)
    return Verified(part.written(), inspected.reasons, worth=part.said)


def _unwrapped(body: str, material: WriteMaterial) -> str:
    """Return the page without what models put around it: a fence and words before it, the page's own title."""
    if body.count("```") + body.count("~~~") == 2 and (fenced := _FENCED.fullmatch(body)):
        body = fenced[2] + "\n"
    title = _TITLE.match(body)
    if title and name_key(title[1].strip()) in {name_key(material.title), name_key(material.name)}:
        body = body[title.end() :].lstrip("\n")
    return unlabel_links(body)


def _good_part(inspected: "_Inspected", material: WriteMaterial) -> "_Inspected | None":
    """Return the page without what is at fault, None where too little is left."""
    before = part = inspected
    for _ in range(MAX_PRUNINGS):
        body = without_faults(part.page, part.faults, language=material.language)
        if body is None:
            return None
        part = _Inspected(body, material)
        if 2 * part.said < before.said or not part.said:
            return None
        if not part.faults:
            return part
    return None


class _Inspected:
    """A page with all that speaks against it."""

    def __init__(self, body: str, material: WriteMaterial) -> None:
        self.page = PageText(body, language=material.language)
        self._material = material
        self._supplied = {(name_key(e.page), e.id): e for e in material.evidence}
        self._everything = [text for e in material.evidence for text in (e.statement, e.quote)]
        self._citable = Supplied((e.page, e.id) for e in material.evidence)
        self.faults: list[Fault] = [
            *page_faults(self.page, linkable=material.names, supplied=self._citable, words=self._everything),
            *(Fault(why, c.start, c.end) for c in self.page.callouts for why in self._against_heading(c.title)),
            *(fault for sentence in self.page.sentences for fault in self._against(sentence)),
        ]
        if self._first() is None:
            self.faults.append(Fault("the page says nothing", -1, -1))

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fault.reason for fault in self.faults))

    @property
    def said(self) -> int:
        """How many sentences and rows of tables it has."""
        said = [s for s in self.page.sentences if s.kind in ("prose", "question", "cell")]
        return len({s.row.key if s.row else s.start for s in said})

    def written(self) -> Written:
        first = self._first()
        cited = {
            (self._supplied[key].page, self._supplied[key].id): None
            for sentence in self.page.sentences
            for key in _keys(sentence)
            if key in self._supplied and sentence.kind not in ("heading", "head")
        }
        body = _with_numbers(_with_canonical_names(self._material, self.page.body))
        return Written(body, first.text if first else "", tuple(cited))

    def _first(self) -> Cited | None:
        """Return the sentence that stands for the page: running text rather than a question, a cell or a callout."""
        said = [s for s in self.page.sentences if s.kind in ("prose", "question", "cell")]
        return min(said, key=lambda s: (s.kind == "cell", s.kind == "question", s.callout is not None), default=None)

    def _against(self, sentence: Cited) -> Iterator[Fault]:
        for reason in self._reasons_against(sentence):
            yield Fault(reason, sentence.start, sentence.end)

    def _reasons_against(self, sentence: Cited) -> Iterator[str]:
        if sentence.kind in ("heading", "head"):
            if len(sentence.text) > MAX_HEADING and sentence.kind == "head":
                yield f"the head of a column is longer than {MAX_HEADING} characters: {sentence.text[:80]!r}"
            yield from self._against_heading(sentence.text)
            return
        keys = _keys(sentence)
        missing = [objection for cited in sentence.cited if (objection := self._citable.objection(*cited))]
        yield from missing
        if not sentence.cited:
            yield f"has no citation: {sentence.text[:160]!r}"
        elif not missing:
            yield from self._against_words(sentence, [self._supplied[key] for key in dict.fromkeys(keys)])

    def _against_words(self, sentence: Cited, evidence: Sequence[Evidence]) -> Iterator[str]:
        if sentence.kind == "cell":
            if empty_assertion(sentence.text):
                yield f"a cell that says only this cannot be checked; write what the claim says, in {sentence.text!r}"
                return
            evidence = self._for_cell(sentence, evidence)
        claims = [(e.statement, e.quote) for e in evidence]
        texts = [text for claim in claims for text in claim]
        known, language = self._material.known_names, self._material.language
        found = unsupported(sentence.text, texts, known_names=known, language=language)
        if sentence.kind in ("question", "cell"):  # a question, or a few words, deny and compare nothing
            found = tuple(reason for reason in found if reason.kind in ("number", "unit", "date", "name"))
        details = [reason.detail for reason in found]
        if not details and sentence.kind == "prose":
            details += overstated(sentence.text, claims, language=language)
        for detail in details:
            yield f"{detail}, in {sentence.text[:160]!r}"

    def _for_cell(self, cell: Cited, evidence: Sequence[Evidence]) -> Sequence[Evidence]:
        """Return the claims of a row that its cell must agree with: those on what its column or row is about."""
        if cell.row is None:
            return evidence
        above, beside = (cell.row.table, 0, cell.column), (*cell.row.key, 0)
        heads = [self._cells[place] for place in (above, beside) if place in self._cells]
        subjects = (*self._material.names, *self._material.known_names)
        kept = cell_evidence([e.statement + "\n" + e.quote for e in evidence], heads, subjects)
        return [evidence[n] for n in kept]

    @cached_property
    def _cells(self) -> Mapping[tuple[int, int, int], str]:
        return {(*s.row.key, s.column): s.text for s in self.page.sentences if s.row}

    def _against_heading(self, heading: str) -> list[str]:
        """Object to a number or name in a heading that no supplied claim has; it denies and compares nothing."""
        material = self._material
        if heading in material.names or not re.search(r"\d|(?<!^)[A-Z]", heading):
            return []
        found = unsupported(heading, self._everything, known_names=material.known_names, language=material.language)
        return [f"{r.detail}, in {heading!r}" for r in found if r.kind in ("number", "unit", "date", "name")]


def _keys(sentence: Cited) -> list[Key]:
    return [(name_key(page), claim) for page, claim in sentence.cited]


def _with_canonical_names(material: WriteMaterial, body: str) -> str:
    """Return `body` with each page called by its own name where the hand-in has another case or Unicode form."""
    canonical = {name_key(name): name for name in (*material.names, *(e.page for e in material.evidence))}
    pieces, done = [], 0
    for link in _LINKS.finditer(unescaped(body)):
        start, end = link.span("page")
        name = body[start:end]
        pieces += [body[done:start], canonical.get(name_key(name.strip()), name)]
        done = end
    return "".join([*pieces, body[done:]])


def _with_numbers(body: str) -> str:
    """Return `body` with a number for each citation that has none, the same for all of one source; not in tables."""
    cited = list(find_citations(unescaped(body)))
    if all(citation.label for citation in cited):
        return body
    rows = table_rows(body)
    numbers = {name_key(citation.page): citation.label for citation in cited if citation.label}
    pieces, done, line = [], 0, 1
    for citation in cited:
        line += body.count("\n", done, citation.start)
        pieces.append(body[done : citation.start])
        done = citation.start
        if citation.label or line in rows:
            continue
        free = next(str(n) for n in range(1, len(cited) + 1) if str(n) not in numbers.values())
        number = numbers.setdefault(name_key(citation.page), free)
        pieces.append(render_citation(citation.page, citation.id, number))
        done = citation.end
    return "".join([*pieces, body[done:]])


def page_sentences(body: str, *, language: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the sentences of a page's body, each with the (source page, claim id) pairs it cites; no headings."""
    sentences = PageText(body, language=language).sentences
    return tuple((s.text, s.cited) for s in sentences if s.kind not in ("heading", "head"))
