"""Dates in running text: days, months, years and decades, read as digits that can be compared."""

import re
from functools import lru_cache

from nightdesk.wiki.proof import units

_YEAR = r"(?:1[0-9]|20|21)\d\d"
_YEAR_BEFORE = (
    r"(?:in|since|from|by|until|till|during|before|after|of|around|about|circa|early|late|mid|year|years|seit"
    r"|im Jahr|Jahr|en|depuis|desde|nel|dal"
    r"|em|sinds|sind|ab|bis|vor|nach|avant|après)"
)


@lru_cache(maxsize=16)
def date_pattern(language: str) -> str:
    """Return a regular expression (ignoring case, without named groups) for the dates of `language`."""
    month = "(?:" + "|".join(sorted(units.months(language), key=len, reverse=True)) + r")\b\.?"
    day = r"(?<![\d.,])(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|er|\.|º)?"
    year = rf"{_YEAR}(?![\d,.]*\d)"
    of = r"(?:of |de |del |di |do )?"
    return "|".join(
        [
            rf"(?<![\w.-]){_YEAR}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?(?:T\d\d:\d\d(?::\d\d)?Z?)?(?![\w-])",
            rf"(?<![\w.-]){_YEAR}/(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])(?![\w/])",
            rf"(?<![\w./])(?:\d{{1,2}}\.\d{{1,2}}\.|\d{{1,2}}/\d{{1,2}}/){_YEAR}(?![\w/])",
            r"(?<!\d)\d{4}年(?:\d{1,2}月(?:\d{1,2}日)?)?",
            rf"{day}\s+{of}{month},?(?:\s+{of}{year})?(?!\w)",
            rf"\b{month}\s+(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?:,?\s+{year}|(?![\w%]|[.,]\d|\s*%))",
            rf"\b{month},?\s+{of}{year}(?!\w)",
            rf"(?<=\bin ){month}(?!\w)",
            r"(?<![\w.,-])(?:1[5-9]|20)\d0['’]?s\b",
            r"(?<=\()(?:1[5-9]|20)\d\d(?=[),;])",
        ]
    )


def read_date(text: str, language: str) -> tuple[int, str] | None:
    """Return the value and the precision of a date that `date_pattern` found (see Quantity), or None for no date."""
    words = re.findall(r"\d+|[^\W\d_]+", text)
    if re.fullmatch(r"\d{4}['’]?s", text, re.IGNORECASE):
        return int(words[0]), "decade"
    names = units.months(language)
    month = next((names[w.lower()] for w in words if w.lower() in names), None)
    numbers = [int(w) for w in words if w.isdigit()]
    if month is None:
        return _numeric(text, numbers, language)
    year = next((n for n in numbers if n > 31), None)
    day = next((n for n in numbers if n <= 31), None)
    if year and day:
        return year * 10000 + month * 100 + day, "day"
    if year:
        return year * 100 + month, "month"
    return (month * 100 + day, "day of year") if day else (month, "month of year")


def _numeric(text: str, numbers: list[int], language: str) -> tuple[int, str] | None:
    if len(numbers) == 1:
        return numbers[0], "year"
    if len(numbers) == 2:
        return numbers[0] * 100 + numbers[1], "month"
    one, two, three = numbers[:3]
    if one > 31:
        return one * 10000 + two * 100 + three, "day"
    american = "/" in text and language == "en" and one <= 12  # the month first; 22/11/2026 can only be the day
    month, day = (one, two) if (american or two > 12) else (two, one)
    return (three * 10000 + month * 100 + day, "day") if month <= 12 and day <= 31 else None


def is_year(text: str, start: int, end: int) -> bool:
    """Say whether the four digits at text[start:end] are a year by the word before them, or by their look alone."""
    before = text[max(0, start - 16) : start]
    if not re.fullmatch(_YEAR, text[start:end]) or before.endswith("-"):
        return False
    return re.search(rf"(?:^|\W){_YEAR_BEFORE}\s+$", before, re.IGNORECASE) is not None
