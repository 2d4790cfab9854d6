"""Measures compared: whether a quantity of a sentence is one that its evidence states."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from nightdesk.wiki.proof import units
from nightdesk.wiki.proof.polarity import content_stopwords
from nightdesk.wiki.proof.quantities import Quantity, quantities
from nightdesk.wiki.proof.stems import stem

ROUNDING = Decimal("0.05")  # what "about", "nearly" and the like allow
_CLOSE = Decimal("1e-9")  # two thirds and 2/3 differ in their last digit

_ABOUT = re.compile(
    r"(?:\b(?:about|around|nearly|roughly|approximately|approx\.?|almost|some|circa|ca\.?|close to|just over"
    r"|just under|etwa|rund|ungefähr|fast|knapp"
    r"|environ|presque|près de|unos|unas|aproximadamente|alrededor de|casi|quasi|cerca de|quase|ongeveer"
    r"|bijna)\s+(?:an?\s+)?|[~≈约約]\s?|大约)$",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    r"\b(?:over|(?<!\bno )(?<!\bnot )more than|above|at least|exceed(?:s|ed|ing)?|beyond|minimum of"
    r"|no fewer than|no less than|not less than|mehr als|über|mindestens"
    r"|plus de|au moins|más de|al menos)\s+(?:an?\s+)?$|[>≥]\s?$",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"\b(?:under|(?<!\bno )(?<!\bnot )(?:less|fewer) than|below|at most|up to|maximum of|no more than"
    r"|not more than|nearly|almost|weniger als|unter|höchstens|bis zu"
    r"|moins de|au plus|menos de|como máximo)\s+(?:an?\s+)?$|[<≤]\s?$",
    re.IGNORECASE,
)
_EXACT_WORDS = re.compile(r"\b(?:nearly|almost)\s+(?:an?\s+)?$", re.IGNORECASE)
_SINGLE = re.compile(r"\b(?:one|single|an?|sole|only|1)\b", re.IGNORECASE)
_NONE = re.compile(r"\b(?:no|none|without|zero|not|kein\w*|ohne|sans|aucune?|sin|0)\b|[无無没]", re.IGNORECASE)


class Misfit(NamedTuple):
    """Why a quantity is not stated: `kind` as in support.Reason, `instead` what the evidence has, as written."""

    kind: str
    instead: tuple[str, ...]


class _Stated(NamedTuple):
    quantity: Quantity
    source: str


def misfit(sentence: str, quantity: Quantity, evidence: Sequence[str], language: str) -> Misfit | None:
    """Return why no text of `evidence` states `quantity` of `sentence`, or None if one does."""
    stated = [_Stated(q, text) for text in evidence for q in quantities(text, language=language)]
    if quantity.kind == "ordinal":
        return _ordinal_misfit(sentence, quantity, stated)
    if _said_otherwise(quantity, sentence, evidence):
        return None
    if quantity.kind == "vague":
        near = [s for s in stated if s.quantity.value >= quantity.value and s.quantity.value < quantity.value * 1000]
        return None if near else Misfit("number", _shown(quantity, stated))
    alike = [
        s
        for s in stated
        if s.quantity.kind not in ("ordinal", "vague") and _fits(sentence, quantity, s, evidence, language)
    ]
    if not alike:
        same = [s for s in stated if _same_digits(quantity, s.quantity)]
        kind = "date" if quantity.kind == "date" else "unit" if same else "number"
        return Misfit(kind, _shown(quantity, same or stated))
    if bound := _bound(sentence, quantity):
        others = {_bound(s.source, s.quantity) for s in alike}
        if others == {"at most" if bound == "at least" else "at least"}:
            return Misfit("direction", tuple(_with_bound(s) for s in alike[:1]))
    if not _counts_the_same(sentence, quantity, alike, stated):
        return Misfit("number", _shown(quantity, [s for s in stated if s not in alike]))
    return None


def _fits(sentence: str, asked: Quantity, stated: _Stated, evidence: Sequence[str], language: str) -> bool:
    found = stated.quantity
    if "date" in (asked.kind, found.kind):
        return _covers(found, asked)
    value, unit = asked.base
    other, other_unit = found.base
    if not _compatible(asked, unit, found, other_unit, evidence, language):
        return False
    if _close(value, other):
        return True
    before = sentence[max(0, asked.start - 60) : asked.start]
    low, high = other * (1 - ROUNDING), other * (1 + ROUNDING)
    within = min(low, high) <= value <= max(low, high)
    if not within or _digits(asked.value) >= _digits(found.value):
        return False
    about = _ABOUT.search(before) and not _EXACT_WORDS.search(before)
    return bool(about or (_AT_LEAST.search(before) and value <= other) or (_AT_MOST.search(before) and value >= other))


def _digits(value: Decimal) -> int:
    """Return how many digits of `value` count: a rounded number has fewer than the one it stands for."""
    return len(value.normalize().as_tuple().digits)


def _close(one: Decimal, two: Decimal) -> bool:
    return abs(one - two) <= _CLOSE * max(abs(one), abs(two))


def _compatible(
    asked: Quantity, unit: str | None, found: Quantity, other: str | None, evidence: Sequence[str], language: str
) -> bool:
    """Say whether two quantities may mean the same, by their base units.

    A unit that the sentence adds must be named somewhere in the evidence; one that it leaves out must be a thing
    counted.
    """
    if unit == other:
        return True
    if unit is None:
        return other in _COUNTABLE and asked.unit is None
    if other is None and found.unit is None:
        return unit not in ("times", "point") and unit in _named_units(tuple(evidence), language)
    return False


_COUNTABLE = frozenset(units.COUNTED) | {"token", "parameter", "pixel", "year"}


@lru_cache(maxsize=4096)
def _named_units(texts: tuple[str, ...], language: str) -> frozenset[str]:
    found: set[str] = set()
    for text in texts:
        for word in re.findall(r"[^\W\d_]+|[%‰€£¥$]", text):
            lower = word.lower()
            unit = units.WORDS.get(lower) or (word if len(word) > 1 or not word.isalpha() else "")
            unit = units.SIGNS.get(unit, unit)
            counted = lower[:-1] if lower.endswith("s") else lower
            found.add(counted if counted in units.COUNTED else units.BASES[unit][0] if unit in units.BASES else unit)
        for quantity in quantities(text, language=language):
            found.add(quantity.base[1] or "")
    return frozenset(found - {""})


def _covers(found: Quantity, asked: Quantity) -> bool:
    """Say whether the date `found` says the date `asked`: the same, or a more exact one; a bare number can
    be a year."""
    if asked.kind != "date":
        return (
            asked.unit is None and found.unit in ("day", "month", "year") and str(found.value)[:4] == str(asked.value)
        )
    if found.kind != "date":
        return asked.unit == "year" and found.unit is None and found.value == asked.value
    digits = str(int(found.value))
    said = {str(found.unit): digits}
    if found.unit in ("day", "month", "year"):
        said |= {"year": digits[:4], "decade": f"{digits[:3]}0"}
    if found.unit in ("day", "month"):
        said |= {"month": digits[:6], "month of year": str(int(digits[4:6]))}
    if found.unit == "day":
        said["day of year"] = str(int(digits[4:8]))
    if found.unit == "day of year":
        said["month of year"] = str(int(found.value) // 100)
    return said.get(str(asked.unit)) == str(int(asked.value))


def _same_digits(asked: Quantity, found: Quantity) -> bool:
    return _close(asked.value, found.value) or _close(asked.base[0], found.base[0])


def _said_otherwise(asked: Quantity, sentence: str, evidence: Sequence[str]) -> bool:
    """Say whether the evidence says it in a word that is no quantity there: "a single" for one, "no" for"
    " zero, or in a name."""
    if asked.value == 1 and asked.text[:3].lower() == "one" and asked.unit not in ("%", "times"):
        return any(_SINGLE.search(text) for text in evidence)
    if asked.value == 0 and asked.text[:4].lower() == "zero":
        return any(_NONE.search(text) for text in evidence)
    named = re.search(r"([A-ZÀ-Þ][\w-]*) $", sentence[: asked.start])
    digits = re.match(r"\d+(?:\.\d+)?", asked.text)
    if not named or not digits:
        return False
    name = re.compile(rf"(?<!\w){re.escape(named[1])} {re.escape(digits[0])}(?![\w]|[.,]\d)", re.IGNORECASE)
    return any(name.search(text) for text in evidence)


def _bound(text: str, quantity: Quantity) -> str:
    before = text[max(0, quantity.start - 60) : quantity.start]
    return "at least" if _AT_LEAST.search(before) else "at most" if _AT_MOST.search(before) else ""


def _with_bound(stated: _Stated) -> str:
    start = stated.quantity.start
    before = stated.source[max(0, start - 60) : start]
    match = _AT_LEAST.search(before) or _AT_MOST.search(before)
    return (match[0] if match else "") + stated.quantity.text


def _counted_words(text: str, quantity: Quantity) -> frozenset[str]:
    """Return the stems of the words that the quantity counts: those that follow it in its phrase."""
    rest = (
        re.split(r"[,;:.!?()]", text[quantity.start : quantity.start + 80], maxsplit=1)[0]
        if not quantity.unit
        else quantity.text
    )
    rest = text[quantity.end :] if not quantity.unit else quantity.text + text[quantity.end :]
    rest = re.split(r"[,;:.!?()\d]", re.sub(r"^[\d.,\s-]+", "", rest), maxsplit=1)[0]
    found: list[str] = []
    for word in re.findall(r"[^\W\d_]+", rest.lower())[:4]:
        if word in content_stopwords("en") and found:
            break
        found.append(stem(word))
    return frozenset(found[:3])


def _counts_the_same(sentence: str, asked: Quantity, alike: list[_Stated], stated: list[_Stated]) -> bool:
    """Say whether the number counts what it counts in the evidence: "12 heads and 8 layers" is not "8 heads"
    " and 12 layers"."""
    if asked.kind != "number" or asked.unit not in (None, *units.COUNTED):
        return True
    words = _counted_words(sentence, asked)
    theirs = [_counted_words(s.source, s.quantity) for s in alike]
    if not words or any(not w or words & w for w in theirs):
        return True
    others = [s for s in stated if s not in alike and s.quantity.kind == "number"]
    return not any(words & _counted_words(s.source, s.quantity) for s in others)


def _ordinal_misfit(sentence: str, asked: Quantity, stated: list[_Stated]) -> Misfit | None:
    """Compare ordinals only where the evidence has another one of the same thing: "second layer" for "first"
    " layer"."""
    ordinals = [s for s in stated if s.quantity.kind == "ordinal"]
    if any(s.quantity.value == asked.value for s in ordinals):
        return None
    words = _counted_words(sentence, asked)
    others = [s for s in ordinals if words & _counted_words(s.source, s.quantity)]
    return Misfit("number", _shown(asked, others)) if others else None


def _shown(asked: Quantity, stated: Sequence[_Stated]) -> tuple[str, ...]:
    """Return up to three quantities of the evidence as written, those of the same sort first."""
    ranked = sorted(stated, key=lambda s: (s.quantity.kind != asked.kind, s.quantity.base[1] != asked.base[1]))
    return tuple(dict.fromkeys(s.quantity.text for s in ranked))[:3]
