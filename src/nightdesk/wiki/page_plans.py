"""Plans of pages: what a writer is given for each concept, overview, comparison and theme page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nightdesk.wiki.concept_page import PagePlan
from nightdesk.wiki.named import Suggested
from nightdesk.wiki.plans import Category, SourceMarks, Stand
from nightdesk.wiki.stages import EvidenceDrawer
from nightdesk.wiki.writing import Evidence, WriteMaterial

CLAIMS_PER_MEMBER = 12  # that a comparison or theme page is given of each of its concepts
Lead = Sequence[str]  # the summary of a page, and the source page and id of the claim that it rests on


def concept_plan(
    stand: Stand, drawer: EvidenceDrawer, *, kind: str = "concept", neighbours: Sequence[tuple[str, str]] = ()
) -> PagePlan:
    """Return the plan of a concept's page; `kind` is "concept" or "entity"."""
    topic = stand.topic
    evidence = tuple(drawer.evidence(n, k, about=topic.name) for n, k in stand.claims)
    return PagePlan(
        name=topic.name,
        material=replace(
            _material(
                kind, topic.name, evidence, (topic.concept.title, topic.concept.language), aliases=topic.concept.aliases
            ),
            neighbours=tuple(neighbours),
            category=topic.category,
        ),
        category=topic.category,
        related=topic.related,
        left_out=stand.left_out,
    )


def overview_plan(
    category: Category, parts: Sequence[str], leads: Mapping[str, Lead], drawer: EvidenceDrawer, *, language: str
) -> PagePlan:
    """Return the plan of a category's page: its parts, each with the claim that its own summary rests on."""
    evidence = tuple(drawer.claim(leads[part][1], leads[part][2], about=part) for part in parts)
    material = _material("overview", category.name, evidence, (category.name, language), parts=tuple(parts))
    return PagePlan(category.name, material, None, ())


def suggested_plan(
    idea: Suggested, name: str, sources: Sequence[SourceMarks], drawer: EvidenceDrawer, *, language: str
) -> PagePlan:
    """Return the plan of a comparison or theme page: claims that name several of its concepts first, then of each."""
    members = set(idea.of)
    places = [
        (-len(members & set(claim.names)), n, k)
        for n, source in enumerate(sources)
        for k, claim in enumerate(source.claims)
        if members & set(claim.names)
    ]
    used = dict.fromkeys(idea.of, 0)
    kept = []
    for _, n, k in sorted(places):
        named = members & set(sources[n].claims[k].names)
        if any(used[member] < CLAIMS_PER_MEMBER for member in named):
            kept.append((n, k))
            for member in named:
                used[member] += 1
    evidence = tuple(drawer.evidence(n, k, about=None) for n, k in sorted(kept))
    material = _material(idea.type, name, evidence, (idea.title, language), parts=idea.of)
    return PagePlan(name, material, None, idea.of)


def _material(
    kind: str,
    name: str,
    evidence: tuple[Evidence, ...],
    title_and_language: tuple[str, str],
    *,
    aliases: tuple[str, ...] = (),
    parts: tuple[str, ...] = (),
) -> WriteMaterial:
    title, language = title_and_language
    names = {concept for e in evidence for concept in e.concepts} | set(parts)
    return WriteMaterial(
        type=kind,
        name=name,
        title=title,
        aliases=aliases,
        language=language,
        evidence=evidence,
        parts=parts,
        names=tuple(sorted(names - {name})),
        known_names=(title, *aliases, *parts, *sorted({e.page for e in evidence})),
    )
