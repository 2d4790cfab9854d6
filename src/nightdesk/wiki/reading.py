"""The task "read a source": the form of its hand-in and the verifier that proves each quote."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nightdesk.agents.tasks import Task, Verified
from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.claims import Claim, claim_id
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.proof.support import unsupported
from nightdesk.wiki.survey import Survey

FORM = "1"  # changes when the same hand-in gives another reading
MAX_CLAIMS = 400
MAX_SUMMARY = 10  # claims
MAX_CONCEPTS = 50  # of one claim
MAX_STATEMENT = 600  # characters
MAX_QUOTE = 5_000  # characters; links and markup in it count
MAX_HAND_IN = 8_000_000  # characters


@dataclass(frozen=True, slots=True)
class ReadMaterial:
    """What a reader may use: one source's text, what code found in it, and the names that concepts have."""

    title: str
    text: str
    survey: Survey
    mentions: tuple[tuple[str, ...], ...]  # for each candidate of the survey, the concepts that it names
    names: tuple[str, ...]  # canonical concept names that occur in the text
    known_names: tuple[str, ...]  # names that a statement may use although its quote lacks them: title, aliases


@dataclass(frozen=True, slots=True)
class Reading:
    """An accepted reading: what its source page is made of."""

    claims: tuple[Claim, ...]
    summary: tuple[int, ...]  # indexes of the claims that say what the source is about
    questions: tuple[Claim, ...]  # what the source leaves open, in its own words

    def to_json(self) -> str:
        """Return the reading as JSON text."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def reading_from_json(text: str) -> Reading:
    """Return the reading that `to_json` wrote."""
    stored = json.loads(text)
    return Reading(
        claims=tuple(_claim_from(entry) for entry in stored["claims"]),
        summary=tuple(stored["summary"]),
        questions=tuple(_claim_from(entry) for entry in stored["questions"]),
    )


def _claim_from(entry: Mapping[str, Any]) -> Claim:
    return Claim(entry["id"], entry["statement"], entry["quote"], entry["place"], tuple(entry["concepts"]))


def verify_reading(task: Task[ReadMaterial], hand_in: str) -> Verified[Reading]:
    """Prove a reading: every quote stands in the text, every statement agrees with its quote, names are canonical.

    The hand-in is a JSON object:
    `claims`: list of {`statement`, `quote`, `concepts`: list of names}; `summary`: list of indexes into `claims`;
    `questions`: list of {`statement`, `quote`}.
    """
    try:
        entries, questions, summary = _parse(hand_in)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Verified(None, (f"the hand-in has not the form asked for: {type(error).__name__}: {str(error)[:200]}",))
    reasons: list[str] = []
    for what, number, most in (
        ("claims", len(entries), MAX_CLAIMS),
        ("questions", len(questions), MAX_CLAIMS),
        ("claims in the summary", len(summary), MAX_SUMMARY),
    ):
        if number > most:
            return Verified(None, (f"{number} {what} are too many; at most {most}",))
    reasons += [f"summary: there is no claim {index}" for index in summary if not 0 <= index < len(entries)]
    places = TextPlaces(task.material.text)
    names = _Names(task.material.names)
    claims = [
        _prove(entry, f"{kind} {n}", task.material, places, names, reasons)
        for kind, listed in (("claim", entries), ("question", questions))
        for n, entry in enumerate(listed)
    ]
    identities = [claim.id for claim in claims]
    labels = [*(f"claim {n}" for n in range(len(entries))), *(f"question {n}" for n in range(len(questions)))]
    reasons += [
        f"{labels[n]}: says the same as {labels[identities.index(identity)]}"
        for n, identity in enumerate(identities)
        if identities.index(identity) < n
    ]
    if reasons:
        return Verified(None, tuple(reasons))
    summary = list(dict.fromkeys(summary))
    return Verified(Reading(tuple(claims[: len(entries)]), tuple(summary), tuple(claims[len(entries) :])), ())


def _parse(hand_in: str) -> tuple[list["_Entry"], list["_Entry"], list[int]]:
    if len(hand_in) > MAX_HAND_IN:
        raise ValueError(f"longer than {MAX_HAND_IN} characters")
    given = json.loads(hand_in)
    claims, questions, summary = given["claims"], given.get("questions", []), given.get("summary", [])
    for what, value in (("claims", claims), ("questions", questions), ("summary", summary)):
        if not isinstance(value, list):
            raise TypeError(f"{what} must be a list")
    if not all(type(index) is int for index in summary):  # not isinstance: true is no index
        raise TypeError("summary must hold whole numbers")
    return [_entry(entry) for entry in claims], [_entry(entry) for entry in questions], summary


@dataclass(frozen=True, slots=True)
class _Entry:
    statement: str
    quote: str
    concepts: tuple[str, ...]


def _entry(entry: Mapping[str, Any]) -> _Entry:
    statement, quote = entry["statement"], entry["quote"]
    concepts = entry.get("concepts", [])
    if not (isinstance(statement, str) and isinstance(quote, str) and isinstance(concepts, list)):
        raise TypeError("statement and quote must be texts, concepts a list")
    if not all(isinstance(name, str) for name in concepts):
        raise TypeError("concepts must be texts")
    for text in (statement, quote, *concepts):
        text.encode("utf-8")  # half a character ("\\ud800") can stand in JSON, but in no file: a ValueError
    return _Entry(" ".join(statement.split()), " ".join(quote.split()), tuple(concepts))


class _Names:
    """The canonical concept names, by what two names must not share."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._canonical = {name_key(name): name for name in names}

    def objection(self, name: str) -> str | None:
        canonical = self._canonical.get(name_key(name))
        if canonical is not None and canonical != name:
            return f'the concept "{name}" is called "{canonical}" here'
        if safe_name(name) != name:
            return f'"{name}" cannot be a page name; write "{safe_name(name)}"'
        return None


def _prove(
    entry: _Entry, label: str, material: ReadMaterial, places: TextPlaces, names: _Names, reasons: list[str]
) -> Claim:
    """Return the claim of an entry, adding to `reasons` what speaks against it."""
    place = places.find(entry.quote)
    if place is None:
        reasons.append(f"{label}: the quote does not stand in the text: {entry.quote[:120]!r}")
    if not any(letter.isalpha() for letter in entry.statement):
        reasons.append(f"{label}: the statement is empty")
    if len(entry.statement) > MAX_STATEMENT:
        reasons.append(f"{label}: the statement is longer than {MAX_STATEMENT} characters")
    if len(entry.quote) > MAX_QUOTE:
        reasons.append(f"{label}: the quote is longer than {MAX_QUOTE} characters; give the words that the claim needs")
    if len(entry.concepts) > MAX_CONCEPTS:
        reasons.append(f"{label}: more than {MAX_CONCEPTS} concepts")
    plain = places.plain(entry.quote)
    for reason in unsupported(
        entry.statement, (plain,), known_names=material.known_names, language=material.survey.language
    ):
        reasons.append(f"{label}: {reason.detail}")
    reasons += [f"{label}: {objection}" for name in entry.concepts if (objection := names.objection(name))]
    identity = claim_id(entry.statement, entry.quote)
    return Claim(identity, entry.statement, entry.quote, place or "", tuple(dict.fromkeys(entry.concepts)))
