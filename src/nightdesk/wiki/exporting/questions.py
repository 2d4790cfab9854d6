"""Questions made from claims by form alone: what something is, what a source says of it, a figure that is left out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nightdesk.wiki.claims import Claim
from nightdesk.wiki.exporting.collected import Entry

_DEFINES = re.compile(r"\s+(?:is|are|was|were) (?:an?|the|one of|any|called|defined|known)\b")
_FIGURE = re.compile(r"(?<![\w.,/-])\d[\d.,]*(?:\s?(?:%|percent|million|billion|thousand))?(?![\w/-])")
_MAX_STATEMENTS = 8  # of one answer
_GAP = "____"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer and the claims that the answer rests on."""

    form: str  # "definition", "about" or "figure"
    question: str
    answer: str
    claims: tuple[Claim, ...]


def questions_of(entry: Entry) -> Iterator[Asked]:
    """Yield the questions that a source page's claims answer, no question twice."""
    asked: set[str] = set()
    for one in (*_definitions(entry), *_figures(entry), *_about(entry)):
        if one.question not in asked:
            asked.add(one.question)
            yield one


def _definitions(entry: Entry) -> Iterator[Asked]:
    for claim in entry.claims:
        for concept in claim.concepts:
            name = re.sub(r" \((?:concept|entity)\)$", "", concept)
            opening = re.match(rf"(?:An? |The )?{re.escape(name)}(?= |s )s?", claim.statement, re.IGNORECASE)
            if opening and _DEFINES.match(claim.statement, opening.end()):
                yield Asked("definition", f"What is {name}, according to “{entry.title}”?", claim.statement, (claim,))
                break


def _figures(entry: Entry) -> Iterator[Asked]:
    """Yield statements with their one number left out; with several it would not be clear which is asked for."""
    for claim in entry.claims:
        found = list(_FIGURE.finditer(claim.statement))
        if len(found) == 1:
            figure = found[0][0].rstrip(".,")
            gapped = claim.statement[: found[0].start()] + _GAP + claim.statement[found[0].start() + len(figure) :]
            yield Asked("figure", f"Which figure does “{entry.title}” give? {gapped}", figure, (claim,))


def _about(entry: Entry) -> Iterator[Asked]:
    by_concept: dict[str, list[Claim]] = {}
    for claim in entry.claims:
        for concept in claim.concepts:
            by_concept.setdefault(concept, []).append(claim)
    for concept, claims in sorted(by_concept.items()):
        chosen = tuple(claims[:_MAX_STATEMENTS])
        statements = [claim.statement for claim in chosen]
        answer = statements[0] if len(statements) == 1 else "\n".join(f"- {one}" for one in statements)
        yield Asked("about", f"What does “{entry.title}” say about {concept}?", answer, chosen)
