"""The page of a concept or an overview: the written body, and around it what code adds (sources, related pages)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nightdesk.base.names import name_key
from nightdesk.base.pages import Page, make_page
from nightdesk.wiki.cited_sentences import unescaped
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.disputes import (
    NO_DISPUTES,
    OPEN_HEADING,
    PAST_HEADING,
    Disputes,
    claims_told,
    disputes_shown,
    render_disputes,
)
from nightdesk.wiki.escaping import escape_markdown
from nightdesk.wiki.writing import WriteMaterial, Written

FORM = 2  # changes when the same body gives another page
FOLDER = "wiki/concepts"
_AROUND = re.compile(
    r"^(?:Also: .*|\d+ more claims? (?:is|are) on the source pages that link here\.|Part of \[\[[^\[\]]+\]\]"
    r"|\[\[[^\[\]|#^]+\]\])$",  # in an answer: the page that the statements below it stand on
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One concept or overview page to be: its name, what it is written from, and what stands around the body."""

    name: str  # base name of the file
    material: WriteMaterial
    category: str | None  # base name of the overview page that it belongs to
    related: tuple[str, ...]  # base names
    left_out: int = 0  # claims that the page has no room for
    disputes: Disputes = NO_DISPUTES
    answers: tuple[str, ...] = ()  # base names of promoted answers whose claims speak of it

    @property
    def path(self) -> str:
        """The page's path, relative to the desk."""
        return f"{FOLDER}/{self.name}.md"


def render_concept_page(
    plan: PagePlan, written: Written, *, generator: str, made_from: str, hand_in: str | None = None
) -> Page:
    """Return the page of a plan and its accepted body; `hand_in` is the hash of the task that an AI did."""
    material, written = plan.material, numbered(written)
    disputes = disputes_shown(plan.disputes, written.body)
    cited = tuple(dict.fromkeys([*written.cited, *claims_told(disputes)]))
    sources = tuple(dict.fromkeys(page for page, _ in cited))
    aliases = [material.title, *material.aliases] if material.title != plan.name else list(material.aliases)
    values: Mapping[str, Any] = {
        "type": material.type,
        "title": material.title,
        "aliases": aliases,
        "tags": [material.type],
        "category": f"[[{plan.category}]]" if plan.category else None,
        "language": material.language,
        "summary": written.summary,
        "source_count": len(sources),
        "claim_count": len(cited),
        "sources": [f"[[{name}]]" for name in sources],
        "generated": {"by": generator},
        "status": "verified",
    }
    parts = [f"# {escape_markdown(material.title)}\n"]
    if material.aliases:
        parts.append(f"Also: {', '.join(escape_markdown(alias) for alias in material.aliases)}\n")
    parts.append(written.body.strip() + "\n")
    if plan.left_out:
        more = "1 more claim is" if plan.left_out == 1 else f"{plan.left_out} more claims are"
        parts.append(f"{more} on the source pages that link here.\n")
    parts += render_disputes(disputes, {name: n for n, name in enumerate(sources, 1)})
    if plan.related or plan.answers:
        lines = [*(f"- [[{name}]]\n" for name in plan.related), *(f"- Answer: [[{name}]]\n" for name in plan.answers)]
        parts += ["## Related\n", "".join(lines)]
    if plan.category:
        parts.append(f"Part of [[{plan.category}]]\n")
    parts += ["## Sources\n", _numbered_sources(cited, sources)]
    return make_page(values, "\n".join(parts), made_from=made_from, hand_in=hand_in)


def numbered(written: Written) -> Written:
    """Return a text whose citations have the numbers of the page's list of sources, whichever the writer gave them."""
    sources = dict.fromkeys(name_key(page) for page, _ in written.cited)
    numbers = {source: str(n) for n, source in enumerate(sources, 1)}
    pieces, done = [], 0
    for citation in find_citations(unescaped(written.body)):
        number = numbers.get(name_key(citation.page))
        if citation.label and number:
            end = citation.end - len("]]")
            pieces += [written.body[done : end - len(citation.label)], number]
            done = end
    return replace(written, body="".join([*pieces, written.body[done:]]))


def written_part(body: str) -> str:
    """Return a page's body without the lines that code puts around what was written; a person's lines stay."""
    for heading in (OPEN_HEADING, PAST_HEADING, "Related", "Sources", "Words of the sources"):
        body = body.partition(f"\n## {heading}\n")[0]
    return _AROUND.sub("", body)


def _numbered_sources(cited: Sequence[tuple[str, str]], sources: Sequence[str]) -> str:
    counts = {name: sum(1 for page, _ in cited if page == name) for name in sources}
    return "".join(f"{n}. [[{name}]] ({_claims(counts[name])})\n" for n, name in enumerate(sources, 1))


def _claims(count: int) -> str:
    return "1 claim" if count == 1 else f"{count} claims"
