"""The form of a reading's hand-in: JSON, also where a model wrapped it in prose or was cut off in the middle."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_HAND_IN = 8_000_000  # characters
_MAX_TRIES = 20  # places where the object may begin
_FENCED = re.compile(r"^[ \t]*(`{3,8}|~{3,8})[^\n]*\n(.*?)^[ \t]*\1", re.DOTALL | re.MULTILINE)
_OBJECT = re.compile(r"(?:^|(?<=[\s:]))\{")
_CLAIMS = re.compile(r'"claims"\s*:\s*\[')  # within a string the quotation marks would have backslashes
_NEXT = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder(strict=False)  # weak models leave line ends in strings bare


@dataclass(frozen=True, slots=True)
class Entry:
    """A claim or a question as it was handed in, white space collapsed; `number` is its place in the hand-in."""

    number: int
    statement: str
    quote: str
    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoteEntry:
    """A note on a concept, or a page that is suggested, as it was handed in."""

    number: int
    name: str
    type: str
    names: tuple[str, ...]  # aliases of a concept, subjects of a page
    remark: str  # category of a concept, why there should be a page


@dataclass(frozen=True, slots=True)
class Given:
    """What could be read of a hand-in, and what was wrong with the rest."""

    claims: tuple[Entry, ...]
    claims_given: int
    questions: tuple[Entry, ...]
    questions_given: int
    summary: tuple[int, ...]
    concepts: tuple[NoteEntry, ...]
    pages: tuple[NoteEntry, ...]
    faults: tuple[str, ...]


def parse_reading(hand_in: str) -> Given:
    """Return what a hand-in gives. An entry of another form is a fault and left out.

    Raises ValueError where there is no object with a list of claims at all.
    """
    if len(hand_in) > MAX_HAND_IN:
        raise ValueError(f"longer than {MAX_HAND_IN} characters")
    faults: list[str] = []
    given = _object_in(hand_in)
    if given is None:
        given = {"claims": _whole_claims(hand_in, faults)}
    if not isinstance(given.get("claims"), list):
        raise ValueError('there must be a list called "claims"')
    lists = {key: _list(given, key, faults) for key in ("claims", "questions", "summary", "concepts", "pages")}
    claims = [_entry(n, entry, "claim", faults) for n, entry in enumerate(lists["claims"])]
    questions = [_entry(n, entry, "question", faults) for n, entry in enumerate(lists["questions"])]
    notes = [_note(n, entry, "concept", ("aliases", "category"), faults) for n, entry in enumerate(lists["concepts"])]
    pages = [_note(n, entry, "page", ("of", "why"), faults) for n, entry in enumerate(lists["pages"])]
    wrong = [index for index in lists["summary"] if type(index) is not int]  # not isinstance: true is no index
    faults += [f"summary: must hold numbers of claims, not {_shown(index)}" for index in wrong[:1]]
    return Given(
        claims=tuple(entry for entry in claims if entry),
        claims_given=len(claims),
        questions=tuple(entry for entry in questions if entry),
        questions_given=len(questions),
        summary=tuple(index for index in lists["summary"] if type(index) is int),
        concepts=tuple(note for note in notes if note),
        pages=tuple(page for page in pages if page),
        faults=tuple(faults),
    )


def _object_in(hand_in: str) -> Mapping[str, Any] | None:
    """Return the one JSON object with claims in a hand-in, None where none is whole. Raises ValueError for several."""
    text = hand_in.strip().removeprefix("\ufeff")
    try:
        whole = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError:
        found = _objects_within(text)
        if len(found) > 1:
            raise ValueError(f"{len(found)} objects with claims; hand in one") from None
        return found[0] if found else None
    if not isinstance(whole, dict):
        raise ValueError(f"must be a JSON object, not {_shown(whole)}")
    return whole


def _objects_within(text: str) -> list[Mapping[str, Any]]:
    """Return the different objects with claims in a text: those in fenced blocks if there are any, else in prose."""
    found: list[Mapping[str, Any]] = []
    for match in list(_FENCED.finditer(text))[:_MAX_TRIES]:
        _keep_object(match[2].strip(), 0, found)
    if found:
        return found
    done = 0  # end of the last object: what stands in it is no object of its own
    for number, match in enumerate(_OBJECT.finditer(text)):
        if number == _MAX_TRIES:
            break
        if match.start() >= done:
            done = _keep_object(text, match.start(), found)
    return found


def _keep_object(text: str, start: int, found: list[Mapping[str, Any]]) -> int:
    """Add the object that begins at `start` to `found` if it has claims and is new; return where it ends."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return start
    if isinstance(value, dict) and "claims" in value and value not in found:
        found.append(value)
    return end


def _whole_claims(hand_in: str, faults: list[str]) -> list[Any]:
    """Return the claims before the place where a hand-in breaks off. Raises ValueError where not one is whole."""
    opening = _CLAIMS.search(hand_in)
    if opening is None:
        raise ValueError('no JSON object with "claims"')
    found: list[Any] = []
    at = opening.end()
    try:
        while hand_in[at : at + 1] != "]":
            value, at = _DECODER.raw_decode(hand_in, _after(hand_in, at))
            found.append(value)
            at = _after(hand_in, at)
    except (ValueError, RecursionError):
        pass
    if not found:
        raise ValueError('no whole JSON object: it breaks off in its first claim, or its "claims" hold none')
    where = f"after claim {len(found) - 1}, at character {at:,} of {len(hand_in):,}"
    faults.append(f"the hand-in is no whole JSON: it is cut off or broken {where}; what comes after it is lost")
    return found


def _after(text: str, at: int) -> int:
    blank = _NEXT.match(text, at)
    return blank.end() if blank else at


def _list(given: Mapping[str, Any], key: str, faults: list[str]) -> Sequence[Any]:
    value = given.get(key, [])
    if isinstance(value, list):
        return value
    if value is not None:
        faults.append(f'"{key}" must be a list, not {_shown(value)}')
    return []


def _entry(number: int, given: Any, kind: str, faults: list[str]) -> Entry | None:
    label = f"{kind} {number}"
    if not isinstance(given, dict):
        faults.append(f"{label}: must be an object, not {_shown(given)}")
        return None
    statement, quote, concepts = given.get("statement"), given.get("quote"), given.get("concepts") or []
    if not (isinstance(statement, str) and isinstance(quote, str)):
        faults.append(f"{label}: statement and quote must be texts")
    elif not _are_texts(concepts):
        faults.append(f"{label}: concepts must be a list of texts")
    elif not _is_writable(statement, quote, *concepts):
        faults.append(f"{label}: holds half a character, which no file can hold")
    else:
        return Entry(number, _even(statement), _even(quote), tuple(map(_even, concepts)))
    return None


def _note(number: int, given: Any, kind: str, keys: tuple[str, str], faults: list[str]) -> NoteEntry | None:
    label = f"{kind} {number}"
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        faults.append(f"{label}: must be an object with a name")
        return None
    name, of_type, names, remark = given["name"], given.get("type"), given.get(keys[0]) or [], given.get(keys[1]) or ""
    if not (isinstance(of_type, str) and _are_texts(names) and isinstance(remark, str)):
        faults.append(f"{label}: type and {keys[1]} must be texts, {keys[0]} a list of texts")
    elif not _is_writable(name, of_type, remark, *names):
        faults.append(f"{label}: holds half a character, which no file can hold")
    else:
        return NoteEntry(number, _even(name), of_type.strip().lower(), tuple(map(_even, names)), _even(remark))
    return None


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_writable(*texts: str) -> bool:
    """Return whether no text holds half a character ("\\ud800"), which can stand in JSON but in no file."""
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _even(text: str) -> str:
    return " ".join(text.split())


def _shown(value: Any) -> str:
    return ascii(value)[:40] if not isinstance(value, (dict, list)) else type(value).__name__
