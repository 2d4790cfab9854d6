"""Numbers in digits, signs and words, with their magnitude and unit, read at one place of a text."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from nightdesk.wiki.proof import units
from nightdesk.wiki.proof.dates import is_year
from nightdesk.wiki.proof.stems import word_set

NEAR = 80  # characters looked at before and after a number for the words that belong to it

_GAP = "[\u00a0\u202f\u2009 ]"
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_COMMA_DECIMAL = {"de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "nb", "fi", "pl", "cs", "ru", "uk", "tr"}
_CJK_NUMERAL = "[〇零一二两兩三四五六七八九十百千万萬亿億]"
_CJK_COUNTER = "(?=倍|个|個|层|層|次|年|月|日|天|种|種|人|台|块|つ|回|秒|小时|時間|参数|%|％|分之)"


class Number(NamedTuple):
    """A number with its unit, at start:end of its text."""

    value: Decimal
    unit: str | None
    start: int
    end: int
    kind: str


@lru_cache(maxsize=16)
def number_pattern(language: str) -> str:
    """Return a regular expression (ignoring case) for where a number of `language` begins; named groups tell
    the form."""
    words = [
        *units.small_numbers(language),
        *units.magnitudes(language),
        *units.multiples(language),
        *units.parts(language),
    ]
    words += [*units.ORDINALS, "once", "dozens"] if language == "en" else []
    alternatives = "|".join(sorted(words, key=len, reverse=True))
    return (
        r"(?P<digits>(?<![\w.])(?:(?<![\w.)\]%°,])[-−+])?(?:\d|\.\d))"
        r"|(?P<cjkdigits>(?<=[\u3000-\u9fff])\d)"
        rf"|(?P<sign>[{''.join(units.FRACTIONS)}])"
        rf"|(?P<cjk>(?<!第){_CJK_NUMERAL}{{1,12}}{_CJK_COUNTER})"
        rf"|(?<![\w-])(?P<words>(?:{alternatives})(?:fold)?s?)(?!\w)"
    )


def read_number(text: str, match: re.Match[str], language: str) -> Number | None:
    """Return the number that begins at `match` of number_pattern, as far as it reaches, or None if it is none."""
    if match["words"]:
        return _read_words(text, match.start("words"), language)
    if match["cjk"]:
        value = _cjk_value(match["cjk"])
        return None if value == 1 else _measured(text, value, match.start(), match.end(), "number", language)
    if match["sign"]:
        return _measured(text, units.ratio(match[0]), match.start(), match.end(), "fraction", language)
    return _read_digits(text, match.start(), language)


# One numeral with its separators, in each reading of "," and "."; digits only up to what follows.
_GROUPED = rf"\d{{1,3}}(?:{_GAP}\d{{3}})+(?![\d])|\d{{1,3}}(?:['’_]\d{{3}})+(?!\d)"
_POINT = re.compile(
    rf"(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?!\d))(?:\.\d+)?"
    rf"|(?:{_GROUPED}|\d+)(?:\.\d+|,\d+(?![,\d]))?|\.\d+"
)
_COMMA = re.compile(rf"\d{{1,3}}(?:\.\d{{3}})+(?!\d)(?:,\d+)?|(?:{_GROUPED}|\d+)(?:,\d+|\.\d+(?![.\d]))?|\.\d+")
_EXPONENT = re.compile(
    r"[eE](?P<e>[-−+]?\d{1,3})(?!\w)"
    r"|\s?(?:[×x*·]|\\times|\\cdot)\s?10(?:(?:\^|\*\*)\{?(?P<caret>[-−+]?\d{1,3})\}?|(?P<raised>[⁻⁺]?[⁰¹²³⁴-⁹]{1,3}))"
)
_POWER = re.compile(r"(?:\^|\*\*)\{?(?P<caret>[-−+]?\d{1,3})\}?(?![\d.])|(?P<raised>[⁻⁺]?[⁰¹²³⁴-⁹]{1,3})")
_FRACTION = re.compile(r"[/⁄](\d{1,4})(?![\d/]|[.,]\d)")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)(?!\w)")


def _read_digits(text: str, start: int, language: str) -> Number | None:
    place = start + (text[start] in "-−+")
    match = (_COMMA if language in _COMMA_DECIMAL else _POINT).match(text, place)
    if match is None or match.end() - place > 60:
        return None
    value, end = _decimal(match[0], language), match.end()
    kind = "number"
    if text[start] in "-−":
        value = -value
    if _ORDINAL.match(text, end):
        return Number(value, None, start, end + 2, "ordinal")
    if exponent := _EXPONENT.match(text, end):
        value, end = value.scaleb(_exponent(exponent)), exponent.end()
    elif power := _POWER.match(text, end):
        if power["raised"] is None or value in (2, 10):  # any other raised digit is a footnote mark
            value = _power(value, _exponent(power))
        end = power.end()
    elif (fraction := _FRACTION.match(text, end)) and int(fraction[1]) and match[0].isdigit():
        value, end, kind = value / int(fraction[1]), fraction.end(), "fraction"
    elif end < len(text) and text[end] in units.FRACTIONS:
        value, end = value + units.ratio(text[end]), end + 1
    elif is_year(text, place, end):
        return Number(value, "year", start, end, "date")
    return _measured(text, value, start, end, kind, language)


def _decimal(text: str, language: str) -> Decimal:
    text = re.sub(rf"{_GAP}|['’_]", "", text)
    last_comma, last_point = text.rfind(","), text.rfind(".")
    if language in _COMMA_DECIMAL:
        groups = re.match(r"\d{1,3}(?:\.\d{3})+(?!\d)", text)
        text = (text.replace(".", "") if groups else text).replace(",", ".")
    elif last_comma > last_point and not re.fullmatch(r"\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}", text):
        text = text.replace(",", ".")
    else:
        text = text.replace(",", "")
    return Decimal(text)


def _exponent(match: re.Match[str]) -> int:
    said = next(group for group in match.groups() if group is not None)
    return int(said.translate(_SUPERSCRIPT).replace("−", "-"))


def _power(value: Decimal, exponent: int) -> Decimal:
    return value**exponent if value else Decimal(0)


_MAGNITUDE_SIGN = re.compile(r"(?:(k|K|M|B|b|bn|Bn|T)|[ \u00a0]?(bn|Bn|mn|tn|Mio|Mrd)\.?|[ \u00a0](M|B|k))(?![\w/])")
_CJK_MAGNITUDE = re.compile(rf"[{''.join(units.CJK_MAGNITUDES)}]{{1,2}}")
_MONEY_BEFORE = re.compile(r"(US\$|[$€£¥])\s?$")


def _measured(text: str, value: Decimal, start: int, end: int, kind: str, language: str) -> Number | None:
    """Add the magnitude, the unit and the currency sign that stand at the number to it."""
    money = _MONEY_BEFORE.search(text, max(0, start - 4), start)
    if sign := _MAGNITUDE_SIGN.match(text, end):
        value, end = value * units.SUFFIXES[next(filter(None, sign.groups()))], sign.end()
    elif magnitude := _CJK_MAGNITUDE.match(text, end):
        for char in magnitude[0]:
            value *= units.CJK_MAGNITUDES[char]
        end = magnitude.end()
    else:
        value, end = _magnitude_words(text, value, end, language)
    unit, after = _unit_at(text, end)
    if sign and sign[1] in ("M", "B", "T") and unit == "model":
        unit, after = "parameter", end  # a 7B model
    if unit is None and re.match(r"[A-Za-zÀ-ɏ_]", text[end : end + 1]):
        return None  # letters that are no unit: 3D, 4o
    if unit == "USD" and text[after - 1] == "$" and "$" in text[max(0, start - NEAR) : start]:
        unit, after, money = None, end, None  # the dollar signs of a formula
    if money and text[end : end + 1] not in ("$", "\\", "^", "}"):  # those: the sign opens a formula
        currency = units.SIGNS[money[1]]
        per = unit if unit and unit.startswith("/") else ""
        return Number(value, currency + per, money.start(), after if per else end, "money")
    if unit and unit.startswith("/"):
        unit, after = None, end
    kind = {"%": "percent", "times": "multiple"}.get(
        unit or "", "money" if unit in ("USD", "EUR", "GBP", "JPY", "CHF") else kind
    )
    return Number(value, unit, start, after, kind)


def _magnitude_words(text: str, value: Decimal, end: int, language: str) -> tuple[Decimal, int]:
    words = units.magnitudes(language)
    while found := re.compile(r"[\s\u00a0-]([^\W\d_]{1,40})").match(text, end):
        word = found[1].lower()
        if word not in words or (word.endswith("s") and language == "en"):
            break
        value, end = value * words[word], found.end()
    return value, end


_SIGN = re.compile(
    r"[ \u00a0\u202f-]?(°[CF](?!\w)|[%％‰°$€£¥×倍年天秒分]|[℃µμ]?[A-Za-zµμ]{1,5}(?:/[hs])?|个月|日間|小时|時間|分钟)"
)
_WORD = re.compile(r"[\s\u00a0-]?((?:[^\W\d_]{1,40})(?:[ -]([^\W\d_]{1,40}))?)")
_PER = re.compile(r"\s?/\s?|\s+(?:per|pro|par|por|an?)\s+")
_AMBIGUOUS = word_set("x X m A V W J K N g l d h a b T in")  # a unit only where it cannot be a word


def _unit_at(text: str, end: int) -> tuple[str | None, int]:
    """Return the unit that stands at `end` (with a second one after "per": "token/s") and where it ends."""
    unit, after = _simple_unit(text, end)
    per = _PER.match(text, after)
    if per:
        below, below_end = _simple_unit(text, per.end(), bare=True)
        if below and (unit or per[0].strip() != "/"):
            return f"{unit or ''}/{below}", below_end
    return unit, after


def _simple_unit(text: str, end: int, *, bare: bool = False) -> tuple[str | None, int]:
    word = _WORD.match(text, end)
    if word:
        both, one = word[1].lower().replace("-", " "), re.split("[ -]", word[1])[0].lower()
        for said, length in ((both, len(word[1])), (one, len(one))):
            if said in units.WORDS:
                return units.WORDS[said], word.start(1) + length
            counted = said[:-1] if said.endswith("s") else said
            if counted in units.COUNTED:
                return counted, word.start(1) + length
    sign = _SIGN.match(text, end)
    if sign is None or sign[1] not in units.SIGNS:
        return None, end
    after, spaced = text[sign.end() : sign.end() + 1], sign.start(1) > end
    if sign[1][-1].isascii() and sign[1][-1].isalpha() and (after.isalnum() or after == "_"):
        return None, end
    if sign[1] in ("x", "X", "×") and re.match(r"\s?\d", text[sign.end() : sign.end() + 2]):
        return None, end  # 3 x 4 is a size
    if spaced and not bare and sign[1] in _AMBIGUOUS and (sign[1] in "xXAT" or text[end] == "-"):
        return None, end
    return units.SIGNS[sign[1]], sign.end()


_NEXT_WORD = re.compile(r"[\s-]+(?:(?:and|et|y|e|und|en)[\s-]+)?([^\W\d_]{1,40})")
_NOT_DOUBLE = re.compile(
    r"[\s-](?:precision|descent|quot\w+|dash\w*|check\w*|blind|click\w*|bond|helix|integral|negation"
    r"|buffer\w*|q|dqn|life|open|duplex)\b",
    re.IGNORECASE,
)
_COUNTS_ONE = re.compile(r"(?:exactly|only|just|at least|at most|by|least|most|every)\s+$", re.IGNORECASE)


def _read_words(text: str, start: int, language: str) -> Number | None:
    found = re.compile(r"[^\W\d_]{1,40}").match(text, start)
    if found is None:
        return None
    word, end = found[0].lower(), found.end()
    if special := _read_special(text, word, start, end, language):
        return special
    small, large = units.small_numbers(language), units.magnitudes(language)
    if word.endswith("fold") and word[:-4] in small | large:
        return Number((small | large)[word[:-4]], "times", start, end, "multiple")
    if language == "en" and word.removesuffix("s") in large and word.endswith("s"):
        return Number(large[word.removesuffix("s")], None, start, end, "vague")
    if word not in small and word not in large:
        return None
    value, end, count = _spell(text, word, end, small, large)
    if part := _part_after(text, end, value, language):
        return Number(value * part[0], None, start, part[1], "fraction")
    number = _measured(text, value, start, end, "number", language)
    if (
        word == "one"
        and count == 1
        and number
        and not number.unit
        and not _COUNTS_ONE.search(text[max(0, start - NEAR) : start])
    ):
        return None  # the pronoun
    if number and count == 1 and word in large and number.unit is None and not _article_before(text, start):
        return None if language != "en" else number
    return number


def _spell(
    text: str, word: str, end: int, small: dict[str, Decimal], large: dict[str, Decimal]
) -> tuple[Decimal, int, int]:
    """Return the value of the number words from `word` (which ends at `end`) on, where they end, and how
    many they are."""
    total, current, count = Decimal(0), Decimal(0), 0
    while True:
        if word in large:
            factor = large[word]
            if factor < 1000:
                current = (current or 1) * factor
            else:
                total, current = total + (current or 1) * factor, Decimal(0)
        else:
            current += small[word]
        count += 1
        following = _NEXT_WORD.match(text, end)
        if following is None:
            break
        nearest = following[1].lower()
        joined = following[0].strip().count(" ") == 0 and following[0].strip(" -\n\t") == following[1]
        ten = current % 100
        composes = nearest in small and (
            (current == 0 and total > 0)
            or (ten == 0 and current > 0)
            or (ten >= 20 and ten % 10 == 0 and 0 < small[nearest] < 10 and joined)
        )
        if not (composes or (nearest in large and joined)):
            break
        word, end = nearest, following.end()
    return total + current, end, count


def _article_before(text: str, start: int) -> bool:
    return (
        re.search(r"\b(?:an?|ein\w*|une?|un\w?|um\w?|een)\s+$", text[max(0, start - NEAR) : start], re.IGNORECASE)
        is not None
    )


def _part_after(text: str, end: int, value: Decimal, language: str) -> tuple[Decimal, int] | None:
    found = re.compile(r"[\s-]([^\W\d_]{1,40})").match(text, end)
    if found is None or not 0 < value < 20:
        return None
    word, words = found[1].lower(), units.parts(language)
    part = words.get(word) or words.get(word.removesuffix("s"))
    if part is None or (value == 1 and _is_ordinal_use(text, found.end())):
        return None
    return part, found.end()


def _is_ordinal_use(text: str, end: int) -> bool:
    """Say whether the "third" that ends at `end` counts ("a third model") and is no part ("a third of the"
    " models")."""
    return (
        re.match(r"\s+(?!of\b|as\b|more\b|less\b|fewer\b|the\b|to\b|in\b|and\b)[a-z]", text[end : end + NEAR])
        is not None
    )


def _read_special(text: str, word: str, start: int, end: int, language: str) -> Number | None:
    """Read multiples ("twice"), parts ("half") and ordinals ("third")."""
    double = units.multiples(language).get(word)
    if double is not None:
        return None if _NOT_DOUBLE.match(text, end) else Number(double, "times", start, end, "multiple")
    if word == "once" and language == "en":
        counts = re.match(r"\s+(?:an?|per|every|each)\b", text[end : end + NEAR])
        return Number(Decimal(1), "times", start, end, "multiple") if counts else None
    part = units.parts(language).get(word)
    if part is not None:
        counted = part == Decimal("0.5") or (_article_before(text, start) and not _is_ordinal_use(text, end))
        if counted and not _NOT_DOUBLE.match(text, end):
            return Number(part, None, start, end, "fraction")
    if language == "en" and word in units.ORDINALS:
        return Number(Decimal(units.ORDINALS[word]), None, start, end, "ordinal")
    return None


def _cjk_value(text: str) -> Decimal:
    total, section, digit = Decimal(0), Decimal(0), Decimal(0)
    for char in text:
        if char in units.CJK_DIGITS:
            digit = Decimal(units.CJK_DIGITS[char])
            continue
        factor = units.CJK_MAGNITUDES[char]
        if factor < 10000:
            section, digit = section + (digit or 1) * factor, Decimal(0)
        else:
            total, section, digit = (total + section + digit) * factor, Decimal(0), Decimal(0)
    return total + section + digit
