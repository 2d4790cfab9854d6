"""Quantities: the numbers, measures and dates that a text states, as values that can be compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from nightdesk.wiki.proof import units
from nightdesk.wiki.proof.dates import date_pattern, read_date
from nightdesk.wiki.proof.identifiers import BEGINS, IDENTIFIER, is_name_before
from nightdesk.wiki.proof.numerals import number_pattern, read_number

MAX_DIGITS = 60  # a longer run of digits is a key or a hash, not a quantity


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that stands at text[start:end].

    `kind` is "number", "percent", "fraction", "multiple" (twice, 10x), "money", "ordinal", "vague" (thousands of) or
    "date". The value of a date is its digits, YYYYMMDD as far as they are given, and its unit says how far: "day",
    "month", "year", "decade" (of which the value is the first year), "day of year" (MMDD) or "month of year" (MM).
    """

    value: Decimal
    unit: str | None
    start: int
    end: int
    text: str
    kind: str

    @property
    def base(self) -> tuple[Decimal, str | None]:
        """The value in the base unit: 2 kB and 2000 bytes are one, and so are 50 %, 0.5 and half."""
        if self.unit is None or self.kind == "date":
            return self.value, self.unit
        value, units_read = self.value, []
        for i, unit in enumerate(self.unit.split("/", 1)):
            base, factor = units.BASES.get(unit, (unit, Decimal(1)))
            value = value / factor if i else value * factor
            units_read.append(base)
        return value, None if units_read == ["%"] else "/".join(units_read)


def quantities(text: str, *, language: str = "en") -> tuple[Quantity, ...]:
    """Return the quantities of `text` in order; those inside names (GPT-2, Figure 2, [12]) are none.

    Words for numbers, months and decimal signs are those of `language`; digits and signs are understood in all.
    """
    return _quantities(text, language)


@lru_cache(maxsize=8192)
def _quantities(text: str, language: str) -> tuple[Quantity, ...]:
    return tuple(_shared(text, list(_scan(text, language))))


@lru_cache(maxsize=16)
def _pattern(language: str) -> re.Pattern[str]:
    """Dates first, then names, then numbers: what comes first takes the digits."""
    date, number = date_pattern(language), number_pattern(language)
    return re.compile(rf"{BEGINS}(?:(?P<date>{date})|(?P<name>{IDENTIFIER})|(?P<number>{number}))", re.IGNORECASE)


_NO_NUMBER = re.compile(r"[\w.,]*")  # matches anywhere: the rest of a token whose first digits make no number


def _scan(text: str, language: str) -> Iterator[Quantity]:
    pattern, place = _pattern(language), 0
    while match := pattern.search(text, place):
        start, place = match.span()
        if match["date"]:
            if found := read_date(match[0], language):
                yield Quantity(Decimal(found[0]), found[1], start, place, match[0], "date")
        elif match["number"] and len(match[0]) <= MAX_DIGITS:
            number = read_number(text, match, language)
            if number is None:
                rest = _NO_NUMBER.match(text, place)
                place = rest.end() if rest else place
                continue
            place = max(place, number.end)
            if number.kind == "number" and is_name_before(text, number.start, number.end, number.unit):
                continue
            shown = text[number.start : number.end]
            yield Quantity(number.value, number.unit, number.start, number.end, shown, number.kind)


_BETWEEN = re.compile(
    r"\s*(?:[-–—−/]|(?:,\s*)?(?:to|and|or|through|bis|bis zu|und|oder|à|et|ou|y|o|e|a|en|of|tot))\s*", re.IGNORECASE
)
_RANGE = re.compile(r"\s*(?:[-–—−]|to|bis|à|a|tot)\s*", re.IGNORECASE)


def _shared(text: str, found: list[Quantity]) -> list[Quantity]:
    """Give the first of "2 to 3 million bytes" and "256, 512 or 1024 tokens" the measure that stands at the last."""
    listed = False  # the later one had its unit from its neighbour: a bare comma goes on with the list
    for i in range(len(found) - 2, -1, -1):
        one, two = found[i], found[i + 1]
        between = text[one.end : two.start]
        joined = _BETWEEN.fullmatch(between) or (listed and between.strip() == ",")
        if one.unit or one.kind not in ("number", "fraction") or two.kind in ("date", "ordinal") or not joined:
            listed = False
            continue
        shift = _scale(two.text, two.value) if _RANGE.fullmatch(between) else Decimal(1)
        value = one.value * shift if abs(one.value) < abs(two.value / shift) else one.value
        unit, kind = (two.unit, two.kind) if two.unit and two.kind != "money" else (None, one.kind)
        found[i], listed = replace(one, unit=unit, kind=kind, value=value), unit is not None
    return found


def _scale(text: str, value: Decimal) -> Decimal:
    """Return the magnitude in a text such as "3 million" or "5k": what its digits alone were multiplied with."""
    digits = re.match(r"\d+(?:[.,]\d+)?", text)
    plain = Decimal(digits[0].replace(",", ".")) if digits else Decimal(0)
    scale = value / plain if plain else Decimal(1)
    return scale if scale in (10**3, 10**6, 10**9, 10**12) and "," not in text[:5] else Decimal(1)
