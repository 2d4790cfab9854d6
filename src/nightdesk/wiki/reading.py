"""The task "read a source": the form of its hand-in and the verifier that proves each quote."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from nightdesk.agents.boundary import visible
from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.claims import Claim, claim_id
from nightdesk.wiki.concept_notes import (
    IDEA_TYPES,
    NOTE_TYPES,
    ConceptNote,
    Names,
    PageIdea,
    SourceWords,
    check_ideas,
    check_notes,
    join_ideas,
    join_notes,
)
from nightdesk.wiki.hidden_text import hidden_in
from nightdesk.wiki.nearest import Passages
from nightdesk.wiki.overstatement import overstated
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.proof.folding import fold
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.reading_form import Entry, Given, parse_reading
from nightdesk.wiki.standing_alone import says_nothing, what_it_leans_on
from nightdesk.wiki.survey import Survey

FORM = "1"  # changes when the same hand-in gives another reading
MAX_CLAIMS = 400
MAX_SUMMARY = 10  # claims
MAX_CONCEPTS = 50  # of one claim
MAX_NOTES = 400
MAX_STATEMENT = 600  # characters
MAX_QUOTE = 5_000  # characters; links and markup in it count
MAX_HINTS = 100  # wrong quotes for which the nearest passage is looked for

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}


def _object(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    # every key required and none other allowed: providers that hold a model to a schema want it so
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list_of(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": _object(properties)}


# Claims come first, so that a hand-in that is cut off has lost the least.
SCHEMA: Mapping[str, Any] = _object(
    {
        "claims": _list_of({"statement": _TEXT, "quote": _TEXT, "concepts": _TEXTS}),
        "summary": {"type": "array", "items": {"type": "integer"}},
        "questions": _list_of({"statement": _TEXT, "quote": _TEXT}),
        "concepts": _list_of(
            {"name": _TEXT, "type": {"type": "string", "enum": list(NOTE_TYPES)}, "aliases": _TEXTS, "category": _TEXT}
        ),
        "pages": _list_of(
            {"name": _TEXT, "type": {"type": "string", "enum": list(IDEA_TYPES)}, "of": _TEXTS, "why": _TEXT}
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ReadMaterial:
    """What a reader may use: one source's text or a part of it, what code found in it, and the names of concepts."""

    title: str
    text: str
    survey: Survey
    mentions: tuple[tuple[str, ...], ...]  # for each candidate of the survey, the concepts that it names
    names: tuple[str, ...]  # canonical concept names that occur in the text
    known_names: tuple[str, ...]  # names that a statement may use although its quote lacks them: title, aliases
    raw: str = ""  # path of the raw file on the desk
    author: str | None = None
    published: str | None = None
    url: str | None = None
    images: tuple[Path, ...] = ()
    offered: tuple[str, ...] = ()  # names to prefer: canonical names and pages that occur in the text
    must_cover: tuple[str, ...] = ()  # sentences of the text that an earlier reading left out


@dataclass(frozen=True, slots=True)
class Reading:
    """An accepted reading: what its source page is made of."""

    claims: tuple[Claim, ...]
    summary: tuple[int, ...]  # indexes of the claims that say what the source is about
    questions: tuple[Claim, ...]  # what the source leaves open, in its own words
    notes: tuple[ConceptNote, ...] = ()  # on concepts that the claims name
    pages: tuple[PageIdea, ...] = ()  # that the reader suggests

    def to_json(self) -> str:
        """Return the reading as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def reading_from_json(text: str) -> Reading:
    """Return the reading that `to_json` wrote, also before there were notes and pages."""
    stored = json.loads(text)
    return Reading(
        claims=tuple(_claim_from(entry) for entry in stored["claims"]),
        summary=tuple(stored["summary"]),
        questions=tuple(_claim_from(entry) for entry in stored["questions"]),
        notes=tuple(ConceptNote.from_json(entry) for entry in stored.get("notes", ())),
        pages=tuple(PageIdea.from_json(entry) for entry in stored.get("pages", ())),
    )


def _claim_from(entry: Mapping[str, Any]) -> Claim:
    return Claim(entry["id"], entry["statement"], entry["quote"], entry["place"], tuple(entry["concepts"]))


def join_readings(parts: Sequence[Reading], *, text: str | None = None) -> Reading:
    """Return one reading of a source whose parts were read apart.

    Claims and questions stand in their order, each once. The summary is that of the first part, then the first claim
    of each further part's summary, at most MAX_SUMMARY. With the whole `text` places are those in it, and what does
    not stand in it (a quote that a part's edge cut to another meaning) is left out.
    """
    places = TextPlaces(text) if text is not None else None
    claims = {claim.id: claim for claim in _placed((c for part in parts for c in part.claims), places)}
    questions = {claim.id: claim for claim in _placed((q for part in parts for q in part.questions), places)}
    wanted = [
        part.claims[index].id
        for n, part in enumerate(parts)
        for index in (part.summary if n == 0 else part.summary[:1])
    ]
    order = list(claims)
    named = {name_key(name) for claim in claims.values() for name in claim.concepts}
    return Reading(
        claims=tuple(claims.values()),
        summary=tuple(order.index(identity) for identity in dict.fromkeys(wanted) if identity in claims)[:MAX_SUMMARY],
        questions=tuple(q for q in questions.values() if q.id not in claims),
        notes=join_notes(note for part in parts for note in part.notes if name_key(note.name) in named),
        pages=join_ideas(idea for part in parts for idea in part.pages),
    )


def _placed(claims: Iterable[Claim], places: TextPlaces | None) -> Iterator[Claim]:
    seen: set[str] = set()
    for claim in claims:
        place = claim.place if places is None else places.find(claim.quote)
        if claim.id not in seen and place is not None:
            seen.add(claim.id)
            yield replace(claim, place=place)


def verify_reading(task: Task[ReadMaterial], hand_in: str) -> Verified[Reading]:
    """Prove a reading: every quote stands in the text, every statement agrees with its quote, names are canonical.

    The hand-in is a JSON object (SCHEMA); all but `claims` may be left out. With reasons against it the result is
    the reading of those entries that are good, None where no claim is.
    """
    try:
        given = parse_reading(hand_in)
    except (ValueError, TypeError) as error:
        return Verified(None, (f"the hand-in has not the form asked for: {str(error)[:200]}",))
    reasons = list(given.faults)
    for what, number, most in (
        ("claims", given.claims_given, MAX_CLAIMS),
        ("questions", given.questions_given, MAX_CLAIMS),
        ("concepts", len(given.concepts), MAX_NOTES),
        ("claims in the summary", len(given.summary), MAX_SUMMARY),
    ):
        if number > most:
            reasons.append(f"{number} {what} are too many; at most {most}, the rest is left out")
    reading = _Prover(task.material, reasons).reading(given)
    if reasons and not reading.claims:
        return Verified(None, tuple(reasons))
    return Verified(reading, tuple(reasons), worth=len(reading.claims))


class _Prover:
    """Proves the entries of one hand-in, adding to `reasons` what speaks against them."""

    def __init__(self, material: ReadMaterial, reasons: list[str]) -> None:
        self._material = material
        self._reasons = reasons
        self._places = TextPlaces(material.text)
        self._names = Names((*material.names, *material.offered))
        self._hints = MAX_HINTS

    @cached_property
    def _passages(self) -> Passages:
        return Passages(self._material.text)

    @cached_property
    def _folded(self) -> str:
        return fold(self._material.text).text

    def reading(self, given: Given) -> Reading:
        """Return the reading of the good entries."""
        claims: dict[int, Claim] = {}
        labels: dict[str, str] = {}
        self._reasons += [
            f"summary: there is no claim {index}" for index in given.summary if not 0 <= index < given.claims_given
        ]
        for entry in given.claims[:MAX_CLAIMS]:
            if claim := self._proven(entry, f"claim {entry.number}", labels):
                claims[entry.number] = claim
        questions = [
            question
            for entry in given.questions[:MAX_CLAIMS]
            if (question := self._proven(entry, f"question {entry.number}", labels))
        ]
        place = {number: n for n, number in enumerate(claims)}
        named = {name_key(name): name for claim in claims.values() for name in claim.concepts}
        lost = frozenset(
            name_key(name) for e in given.claims if e.number not in claims for name in e.concepts
        ) - frozenset(named)
        return Reading(
            claims=tuple(claims.values()),
            summary=tuple(place[n] for n in dict.fromkeys(given.summary) if n in place)[:MAX_SUMMARY],
            questions=tuple(questions),
            notes=check_notes(
                given.concepts[:MAX_NOTES],
                names=self._names,
                named=named,
                lost=lost,
                words=SourceWords(self._material.text),
                reasons=self._reasons,
            ),
            pages=check_ideas(given.pages, names=self._names, named=named, lost=lost, reasons=self._reasons),
        )

    def _proven(self, entry: Entry, label: str, labels: dict[str, str]) -> Claim | None:
        """Return the claim of an entry if nothing but the names of its concepts speaks against it."""
        entry = self._visible(entry)
        place = self._places.find(entry.quote) if len(entry.quote) <= MAX_QUOTE else None
        faults = [*self._against_quote(entry.quote, place), *self._against_statement(entry)]
        identity = claim_id(entry.statement, entry.quote)
        if identity in labels:
            faults.append(f"says the same as {labels[identity]}")
        concepts, objections = self._concepts(entry.concepts)
        about = f' (it begins "{entry.statement[:60]}")' if entry.statement else ""
        self._reasons += [f"{label}: {fault}{about}" for fault in (*faults, *objections)]
        if faults or place is None:
            return None
        labels[identity] = label
        return Claim(identity, entry.statement, entry.quote, place, concepts)

    def _visible(self, entry: Entry) -> Entry:
        """Return an entry without what nobody sees in its quote, and without soft hyphens in its statement."""
        statement, quote = entry.statement.replace("\u00ad", ""), " ".join(visible(entry.quote).split())
        if quote != entry.quote and not hidden_in(entry.quote) and self._places.find(quote) is None:
            quote = entry.quote  # a letter of the text's own font, which stands for nothing else
        return replace(entry, statement=statement, quote=quote)

    def _against_quote(self, quote: str, place: str | None) -> Iterator[str]:
        if len(quote) > MAX_QUOTE:
            yield f"the quote is longer than {MAX_QUOTE} characters; give the words that the claim needs"
        elif place is None:
            yield f"the quote does not stand in the text: {quote[:120]!r}{self._hint(quote)}"

    def _hint(self, quote: str) -> str:
        """Return how a wrong quote could be mended, as far as that is clear."""
        if not quote.strip():
            return ""
        if len(quote.split()) < 3 and len(quote) < 12:
            return "; it is too short to prove anything"
        if self._hints <= 0:
            return ""
        self._hints -= 1
        if fold(quote.strip()).text in self._folded:
            return '; the words are there, but the quote cuts a word or number, leaves out a "not" before it, or more'
        nearest = self._passages.nearest(quote)
        return f'; the nearest passage is: "{nearest}"' if nearest else "; no passage is like it"

    def _against_statement(self, entry: Entry) -> Iterator[str]:
        statement = entry.statement
        if says_nothing(statement):
            yield "the statement is empty"
            return
        if len(statement) > MAX_STATEMENT:
            yield f"the statement is longer than {MAX_STATEMENT} characters"
        if hidden := hidden_in(statement):
            yield f"the statement holds the hidden character {hidden}"
        plain = self._places.plain(entry.quote[:MAX_QUOTE])
        language = self._material.survey.language
        known = self._material.known_names
        for reason in unsupported(statement, (plain,), known_names=known, language=language):
            yield reason.detail
        if statement in plain:
            return  # a sentence of the source as it stands was looked at before it was offered
        yield from overstated(statement, ((plain,),), language=language)
        if leaning := what_it_leans_on(statement, language=language):
            yield f'the statement leans on other sentences ("{leaning}"): say what it is about by its name'

    def _concepts(self, given: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
        """Return the concept names of an entry as the desk spells them, and what speaks against the others."""
        good: dict[str, str] = {}
        objections = [f"more than {MAX_CONCEPTS} concepts"] if len(given) > MAX_CONCEPTS else []
        for name in given[:MAX_CONCEPTS]:
            objection = self._names.objection(name)
            mended = safe_name(name) if objection else name
            objections += [objection] if objection else []
            if self._names.objection(mended) is None and any(c.isalpha() for c in name):
                good.setdefault(name_key(mended), self._names.canonical(mended))
        return tuple(good.values()), objections
