"""The task "compare": which of these pairs of claims contradict each other, and the verifier of what is said."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Brief, Task, Verified
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import COMPARE
from nightdesk.wiki.contradictions.candidates import Stated
from nightdesk.wiki.contradictions.items import item_id

FORM = 1  # changes when the same pairs are to be judged anew
KINDS = ("value", "polarity", "other")
MAX_REASON = 400  # characters
MAX_HAND_IN = 400_000
_QUOTED = re.compile(r'"([^"]{1,300})"|“([^”]{1,300})”|„([^“”]{1,300})[“”]|«([^»]{1,300})»')
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "contradictions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "one": {"type": "string"},
                    "other": {"type": "string"},
                    "kind": {"type": "string", "enum": list(KINDS)},
                    "reason": {"type": "string"},
                },
                "required": ["one", "other", "kind", "reason"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["contradictions"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class CompareMaterial:
    """Pairs of claims to be judged, and the claims by their ids."""

    pairs: tuple[tuple[str, str], ...]
    claims: Mapping[str, Stated]


@dataclass(frozen=True, slots=True)
class Found:
    """A contradiction as a worker found it."""

    one: str
    other: str
    kind: str  # one of KINDS
    reason: str


def compare_task(
    pairs: Sequence[tuple[str, str]], claims: Mapping[str, Stated], briefs: Briefs
) -> Task[CompareMaterial]:
    """Return the task of judging these pairs."""
    material = CompareMaterial(tuple(pairs), {i: claims[i] for pair in pairs for i in pair})
    subject = f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} from {item_id(*pairs[0])}"
    key = short_hash(repr((FORM, material.pairs)))
    return Task(COMPARE, subject, key, material, partial(compare_brief, material, briefs))


def compare_brief(material: CompareMaterial, briefs: Briefs) -> Brief:
    """Return what the worker is told: the rules, then each claim once, then the pairs."""
    lines = [line for identity, stated in material.claims.items() for line in _told(identity, stated)]
    pairs = [f"- {one} and {other}" for one, other in material.pairs]
    pieces = {"the claims": "\n".join(lines), "the pairs": "\n".join(pairs)}
    return briefs.render("compare", {}, material=mark_data(pieces), form="json", schema=SCHEMA)


def _told(identity: str, stated: Stated) -> Iterator[str]:
    when = f", {stated.side.published}" if stated.side.published else ""
    yield f"- {identity} ({stated.side.page}{when}): {stated.side.statement}"
    if stated.quote.split() != stated.side.statement.split():
        yield f'  > "{" ".join(stated.quote.split())}"'


def verify_compare(task: Task[CompareMaterial], hand_in: str) -> Verified[tuple[Found, ...]]:
    """Prove that what is handed in is about claims that were supplied, and that the reasons quote both of them.

    Of a hand-in with faults the result is what has none.
    """
    try:
        document: Any = json.loads(hand_in) if len(hand_in) <= MAX_HAND_IN else None
        entries = document["contradictions"]
        if not isinstance(entries, list):
            raise TypeError
    except (ValueError, TypeError, KeyError, RecursionError):
        return Verified(None, ('the hand-in must be JSON: {"contradictions": […]}',))
    good: dict[str, Found] = {}
    reasons = []
    for number, entry in enumerate(entries[: 2 * len(task.material.pairs)]):
        why = _against(entry, task.material)
        if why:
            reasons.append(f"contradiction {number}: {why}")
        else:
            found = Found(entry["one"], entry["other"], entry["kind"], " ".join(entry["reason"].split()))
            good.setdefault(item_id(found.one, found.other), found)
    return Verified(tuple(good.values()), tuple(reasons), worth=1 + len(good))


def _against(entry: object, material: CompareMaterial) -> str:
    """Return what speaks against an entry, "" where nothing does."""
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(k), str) for k in ("one", "other", "kind", "reason")
    ):
        return 'it must have the texts "one", "other", "kind" and "reason"'
    one, other, reason = entry["one"], entry["other"], entry["reason"]
    unknown = [identity for identity in (one, other) if identity not in material.claims]
    if unknown:
        return f"{unknown[0][:60]!r} is no claim that was supplied"
    if one == other:
        return f"it holds {one} against itself"
    if entry["kind"] not in KINDS:
        return f"the kind must be one of {', '.join(KINDS)}"
    if len(reason) > MAX_REASON:
        return f"the reason is longer than {MAX_REASON} characters"
    quoted = [_plain("".join(match)) for match in _QUOTED.findall(reason)]
    texts = [_plain(f"{material.claims[i].side.statement} {material.claims[i].quote}") for i in (one, other)]
    for identity, text in zip((one, other), texts, strict=True):
        if not any(words and words in text for words in quoted):
            return f"the reason must quote words of {identity}, exactly and in double quotes"
    stray = next((words for words in quoted if not any(words in text for text in texts)), None)
    return f'"{stray[:80]}" stands in neither claim' if stray else ""


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .,;:!?…")
