"""A reading by an AI as its source page keeps it, in frontmatter and claims, and how the page gives it back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nightdesk.base.names import name_key
from nightdesk.base.pages import Page, short_hash
from nightdesk.wiki.claims import Claim, find_citations, parse_claims
from nightdesk.wiki.concept_notes import ConceptNote, PageIdea
from nightdesk.wiki.reading import Reading


def in_order(accepted: Reading) -> Reading:
    """Return a reading with the names of each claim, and the notes, in the order in which claims first name them."""
    order = {name: n for n, name in enumerate(dict.fromkeys(name for c in accepted.claims for name in c.concepts))}
    claims = tuple(replace(c, concepts=tuple(sorted(c.concepts, key=order.__getitem__))) for c in accepted.claims)
    noted = {name_key(note.name): note for note in accepted.notes}
    notes = tuple(replace(noted[name_key(name)], name=name) for name in order if name_key(name) in noted)
    return replace(accepted, claims=claims, notes=notes)


def reading_digest(accepted: Reading) -> str:
    """Return what changes when a reading does; the same for one that its page gave back."""
    claims = [(claim.id, claim.concepts) for claim in accepted.claims]
    questions = [question.id for question in accepted.questions]
    return short_hash(repr((claims, accepted.summary, questions, accepted.notes, accepted.pages)))


def reading_from_page(page: Page) -> Reading:
    """Return the reading that a source page was made from by an AI's hand-in."""
    lead, _, rest = page.body.partition("\n## Claims\n")
    below, _, asked = rest.partition("\n## Open questions\n")
    named: dict[str, list[str]] = {}
    notes = []
    for entry in _entries(page.value("names")):
        name = str(entry.get("name", ""))
        for identity in _texts(entry.get("claims")):
            named.setdefault(identity, []).append(name)
        if "type" in entry:
            category = entry.get("category")
            aliases = _texts(entry.get("aliases"))
            notes.append(ConceptNote(name, str(entry["type"]), aliases, str(category) if category else None))
    claims = tuple(replace(claim, concepts=tuple(named.get(claim.id, ()))) for claim in parse_claims(below + "\n"))
    identities = [claim.id for claim in claims]
    summary = tuple(identities.index(cited.id) for cited in find_citations(lead) if cited.id in identities)
    ideas = tuple(
        PageIdea(
            str(entry.get("name", "")),
            str(entry.get("type", "")),
            _texts(entry.get("of")),
            str(entry.get("why") or ""),
        )
        for entry in _entries(page.value("suggests"))
    )
    return Reading(claims, summary, parse_claims(asked + "\n"), tuple(notes), ideas)


def _entries(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def names_kept(accepted: Reading) -> list[dict[str, Any]]:
    """Return what the frontmatter keeps of the names in a reading: with its claims' ids, and what was noted of it."""
    claims: dict[str, list[str]] = {}
    for claim in accepted.claims:
        for name in claim.concepts:
            claims.setdefault(name, []).append(claim.id)
    noted = {name_key(note.name): note for note in accepted.notes}
    kept = []
    for name, identities in claims.items():
        note = noted.pop(name_key(name), None)
        entry: dict[str, Any] = {"name": name}
        if note is not None:
            entry |= {"type": note.type} | ({"aliases": list(note.aliases)} if note.aliases else {})
            entry |= {"category": note.category} if note.category else {}
        kept.append(entry | {"claims": identities})
    return kept


def with_page_names(accepted: Reading, names: Sequence[Sequence[str]]) -> Reading:
    """Return a reading whose claims name pages: `names` of each claim."""
    claims: tuple[Claim, ...] = tuple(
        replace(claim, concepts=tuple(listed)) for claim, listed in zip(accepted.claims, names, strict=True)
    )
    return replace(accepted, claims=claims)


def ideas_kept(accepted: Reading) -> list[dict[str, Any]]:
    """Return what the frontmatter keeps of the pages that a reading suggests."""
    return [
        {"name": idea.name, "type": idea.type, "of": list(idea.of)} | ({"why": idea.why} if idea.why else {})
        for idea in accepted.pages
    ]
