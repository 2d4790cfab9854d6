"""The briefs of the task "write a page": a new page, one that changes, and a long one in sections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief
from nightdesk.wiki.claims import find_citations, render_citation
from nightdesk.wiki.escaping import escape_line, escape_markdown
from nightdesk.wiki.writing import Evidence, WriteMaterial

TYPES = ("concept", "entity", "theme", "comparison", "overview")
MAX_NEIGHBOURS = 12  # pages told with one line each
MAX_LINKS = 80  # pages offered to link to
MAX_SENTENCES = 120  # of one hand-in: with citations about 45 tokens each
_MAX_LINE = 200  # characters of a neighbour's line

Key = tuple[str, str]  # source page, claim id


@dataclass(frozen=True, slots=True)
class Change:
    """How the claims of a page that exists differ from those that it was written from."""

    body: str  # the page's present text, without what code puts around it
    new: frozenset[Key]  # supplied now, not known to the present page
    withdrawn: tuple[Key, ...]  # cited by the present page, not supplied any more


def change_of(body: str, material: WriteMaterial, *, known: Iterable[Key] | None = None) -> Change:
    """Return what has changed for the page whose text is `body`.

    `known` are the claims that it was written from; where nobody remembers them, those that it cites.
    """
    cited = tuple(dict.fromkeys((citation.page, citation.id) for citation in find_citations(body)))
    supplied = {(evidence.page, evidence.id) for evidence in material.evidence}
    seen = set(cited if known is None else known)
    return Change(body, frozenset(supplied - seen), tuple(key for key in cited if key not in supplied))


def write_brief(material: WriteMaterial, briefs: Briefs, *, change: Change | None = None) -> Brief:
    """Return the brief for writing a page, or for bringing it up to date where `change` tells of a present one."""
    if change is None:
        return _brief("write", material, briefs, {"the claims": _claims(material, material.evidence)})
    new = [e for e in material.evidence if (e.page, e.id) in change.new]
    rest = [e for e in material.evidence if (e.page, e.id) not in change.new]
    pieces = {
        "the page as it is": change.body.strip(),
        "new claims": _claims(material, new),
        "withdrawn claims": "\n".join(f"- [[{page}#^{identity}]]" for page, identity in change.withdrawn),
        "the other claims": _claims(material, rest, short=True),
    }
    return _brief("write_change", material, briefs, {name: text or "(none)" for name, text in pieces.items()})


def section_brief(material: WriteMaterial, briefs: Briefs, *, heading: str, others: Sequence[str]) -> Brief:
    """Return the brief for one section of a page with too many claims for one task; `others` are the other headings."""
    outline = "\n".join((f"this section: {_line(heading)}", *(f"another section: {_line(other)}" for other in others)))
    return _brief(
        "write_section", material, briefs, {"the sections": outline, "the claims": _claims(material, material.evidence)}
    )


def lead_brief(material: WriteMaterial, briefs: Briefs, *, sections: Sequence[tuple[str, str]]) -> Brief:
    """Return the brief for what stands above the sections, each given as its heading and its first sentences."""
    told = "\n\n".join(f"## {_line(heading)}\n\n{text.strip()}" for heading, text in sections)
    return _brief(
        "write_lead", material, briefs, {"the sections": told, "the claims": _claims(material, material.evidence)}
    )


def sentences_asked(material: WriteMaterial) -> int:
    """Return about how many sentences a page has room for: fewer than claims, the more so the more there are."""
    claims = len(material.evidence)
    return min(max(2, claims if claims <= 4 else 4 + round((claims - 4) * 0.7)), MAX_SENTENCES)


def _brief(template: str, material: WriteMaterial, briefs: Briefs, pieces: Mapping[str, str]) -> Brief:
    page_type = material.type if material.type in TYPES else "concept"
    return briefs.render(
        template,
        {"language": _language(material.language), "sentences": str(sentences_asked(material))},
        inserts={"page_type": page_type, "page_rules": "page_rules"},
        material=mark_data({"the page": _page(material), **pieces}),
        form="markdown",
    )


def _language(code: str) -> str:
    return code if code.isascii() and code.replace("-", "").isalpha() and len(code) <= 10 else "en"


def _page(material: WriteMaterial) -> str:
    """Return what a writer must know of the page: its names, where links may lead, and what its neighbours are."""
    lines = [f"title: {_line(material.title)}"]
    if material.aliases:
        lines.append(f"also called: {' | '.join(map(_line, material.aliases))}")
    if material.category:
        lines.append(f"category: {_line(material.category)}")
    if material.parts:
        lines.append(f"leads to: {' | '.join(material.parts)}")
    told = dict(islice(material.neighbours, MAX_NEIGHBOURS))
    links = [name for name in dict.fromkeys((*material.parts, *told, *material.names)) if name in material.names]
    lines.append(f"pages to link to: {' | '.join(links[:MAX_LINKS]) or '(none)'}")
    lines += [f"- {name}: {_line(line)}" for name, line in told.items() if line]
    lines += [f"contradict each other: ^{one} and ^{other}" for one, other in material.disputed[:MAX_NEIGHBOURS]]
    dates = dict.fromkeys((e.page, e.published) for e in material.evidence if e.published)
    lines += [f"published {published}: {page}" for page, published in dates]
    return "\n".join(lines)


def _claims(material: WriteMaterial, evidence: Sequence[Evidence], *, short: bool = False) -> str:
    """Return claims as lines whose citations can be copied as they stand; a source has one number on the whole page."""
    numbers = {page: n for n, page in enumerate(dict.fromkeys(e.page for e in material.evidence), 1)}
    return "\n".join(line for e in evidence for line in _claim(e, numbers[e.page], short=short))


def _claim(evidence: Evidence, number: int, *, short: bool) -> Sequence[str]:
    citation = render_citation(evidence.page, evidence.id, str(number))
    line = f"- {citation} {escape_line(evidence.statement)}"
    if short or _same_words(evidence.statement, evidence.quote):
        return (line,)
    return (line, f'  > "{escape_markdown(evidence.quote)}"')


def _same_words(statement: str, quote: str) -> bool:
    return statement.split() == quote.split()


def _line(text: str) -> str:
    return " ".join(text.split())[:_MAX_LINE]
