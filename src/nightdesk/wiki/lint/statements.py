"""What a claim says of what, in a form that can be compared without reading: conservative, so that little is wrong."""

import re

from nightdesk.wiki.proof.polarity import read_polarity
from nightdesk.wiki.proof.quantities import Quantity, quantities
from nightdesk.wiki.proof.stems import stem

MAX_CHARS = 300  # of a statement: longer ones say several things
MIN_WORDS = 2  # content words that two claims share before they speak of the same
_VALUES = ("number", "percent", "fraction", "multiple", "money", "date")
_VERB = re.compile(
    r"\b(?:is|are|was|were|equals?|has|have|had|takes?|took|uses?|used|needs?|needed|runs?|ran|contains?|contained"
    r"|comprises?|reaches|reached|measures?|measured|weighs?|weighed|costs?|lasts?|lasted|scores?|scored|holds?|held)\b"
)
# words before a value that do not change what it is a value of
_HEDGE = re.compile(
    r"(?:\s+(?:usually|typically|often|normally|generally|commonly|about|around|roughly|approximately|nearly|almost"
    r"|exactly|only|just|set|fixed|at|to|a|an|the|by|default|equal))*\s*"
)
# words behind it, or before the verb, that say when it is so: two such values may both be right
_CONDITION = re.compile(
    r"\b(?:if|when|while|whenever|unless|until|except|otherwise|depending|between|from|sometimes|may|might|can|could"
    r"|first|second|third|last|before|after|during|another|other|some|up to|at least|at most|more than"
    r"|less than|over|under|example|e\.g\.)\b",
    re.IGNORECASE,
)
_COMMON = frozenset(map(stem, ("common", "usual", "typical", "standard", "default", "recommended", "normal", "value")))

Key = tuple[str, str, str]


def keys_of(statement: str, language: str) -> tuple[Key, ...]:
    """Return what a statement says, as (kind, what of, what): claims with one kind and "of" must agree in the "what".

    "value": a value right behind the verb, of the words before it. "number": the values in a sentence, of all its
    other words. "polarity": affirmed or denied, of all its words. English only.
    """
    if language != "en" or len(statement) > MAX_CHARS or "?" in statement:
        return ()
    values = [q for q in quantities(statement) if q.kind in _VALUES]
    found: list[Key] = []
    if values:
        found += _value_after_verb(statement, values[0])
        rest = _without(statement, values)
        if (about := _about(rest)) and len(values) == 1 and not _CONDITION.search(statement):
            found.append(("number", f"{about} {_unit(values[0])}", _value(values[0])))
    reading = read_polarity(statement)
    words = sorted(reading.content - _COMMON)
    if len(words) > MIN_WORDS and not reading.soft:
        found.append(("polarity", " ".join(words), "denied" if reading.cues % 2 else "affirmed"))
    return tuple(found)


def _value_after_verb(statement: str, value: Quantity) -> list[Key]:
    verb = next((v for v in _VERB.finditer(statement) if _HEDGE.fullmatch(statement, v.end(), value.start)), None)
    if verb is None or _CONDITION.search(statement[: verb.start()]) or _CONDITION.search(statement[value.end :]):
        return []
    behind = statement[value.end :].strip(" .!;")
    counted = behind.split(",")[0].split(" and ")[0].split(" in ")[0].split(" on ")[0].split(" for ")[0]
    about = _about(statement[: verb.start()])
    what = " ".join(sorted(stem(word) for word in re.findall(r"[^\W\d_]+", counted.lower())[:3]))
    return [("value", f"{about} | {what} {_unit(value)}", _value(value))] if about else []


def _about(text: str) -> str:
    """Return the content words of a text in one order, "" where there are too few or it denies something."""
    reading = read_polarity(text)
    words = sorted(reading.content - _COMMON)
    return " ".join(words) if len(words) >= MIN_WORDS and not reading.cues else ""


def _unit(value: Quantity) -> str:
    return f"{value.kind if value.kind in ('date', 'ordinal') else ''}{value.base[1] or ''}"


def _value(value: Quantity) -> str:
    return format(value.base[0].normalize(), "f")


def _without(statement: str, values: list[Quantity]) -> str:
    pieces, at = [], 0
    for value in values:
        pieces.append(statement[at : value.start])
        at = value.end
    return " ".join([*pieces, statement[at:]])
