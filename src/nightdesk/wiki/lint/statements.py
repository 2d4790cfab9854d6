"""What a claim says of what, in a form that can be compared without reading: conservative, so that little is wrong."""

import re
from decimal import Decimal

from nightdesk.wiki.contradictions.finding import Key
from nightdesk.wiki.lint.comparisons import order_of
from nightdesk.wiki.proof.polarity import read_clauses, read_polarity
from nightdesk.wiki.proof.quantities import Quantity, quantities
from nightdesk.wiki.proof.stems import stem

FORM = 3  # changes when the same statement gives other keys
MAX_CHARS = 300  # of a statement: longer ones say several things
MIN_WORDS = 2  # content words that two claims share before they speak of the same
HEDGED = Decimal("0.2")  # of the value: how wide "about" is, both ways together
LANGUAGES = ("en", "de", "fr")
_VALUES = ("number", "percent", "fraction", "multiple", "money", "date")
_VERB = re.compile(
    r"\b(?:is|are|was|were|equals?|has|have|had|takes?|took|uses?|used|needs?|needed|runs?|ran|contains?|contained"
    r"|comprises?|reaches|reached|measures?|measured|weighs?|weighed|costs?|lasts?|lasted|scores?|scored|holds?|held"
    r"|requires?|required|totals?|spans?)\b"
)
# words before a value that do not change what it is a value of
_HEDGE = re.compile(
    r"(?:\s+(?:usually|typically|often|normally|generally|commonly|about|around|roughly|approximately|nearly|almost"
    r"|exactly|only|just|set|fixed|at|to|a|an|the|by|default|equal))*\s*"
)
_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|approx\.|nearly|almost|circa|some|etwa|rund|ca\.|ungefähr|environ)"
    r"|[~≈])\s*$",
    re.IGNORECASE,
)
# words behind it, or before the verb, that say when it is so: two such values may both be right
_CONDITION = re.compile(
    r"\b(?:if|when|while|whenever|unless|until|except|otherwise|depending|between|from|sometimes|may|might|can|could"
    r"|first|second|third|last|before|after|during|another|other|some|up to|at least|at most|more than|varies|vary"
    r"|less than|over|under|above|below|fewer than|exceeds?|example|e\.g\.|initially|originally|formerly|previously"
    r"|later|next|each time|or more|or less|or fewer|maximum|minimum"
    r"|wenn|falls|während|sofern|sonst|zwischen|von|manchmal|kann|können|könnte|mindestens|höchstens|bis zu|mehr als"
    r"|weniger als|über|unter|vor|nach|zuerst|später|früher|erste[nrs]?|zweite[nrs]?|andere[nrs]?|beispiel|z\.\s?b\."
    r"|si|quand|lorsque|sinon|entre|parfois|peut|peuvent|pourrait|au moins|au plus|jusqu|plus de|moins de|avant"
    r"|après|premi(?:er|ère)|deuxième|autres?|exemple)\b",
    re.IGNORECASE,
)
# words by which the same may be affirmed and denied at once
_BOTH_TRUE = re.compile(
    r"\b(?:if|when|whenever|unless|until|till|except|only|even|may|might|can|could|sometimes|often|some|most|many|few"
    r"|not (?:all|every|always|each|necessarily)|but|while|whereas|although|though|however|either|whether|before|after"
    r"|originally|formerly|previously|once"
    r"|wenn|falls|nur|manche|einige|oft|manchmal|kann|können|aber|während|obwohl|nicht (?:alle|immer|jede\w?)|bevor"
    r"|nachdem"
    r"|si|seulement|certain\w*|souvent|parfois|peut|peuvent|mais|tandis|pas (?:tou\w+|toujours)|avant|après)\b",
    re.IGNORECASE,
)
# a subject that is another thing on every page
_GENERIC = re.compile(
    r"(?:by default,?\s+|note that\s+|here,?\s+|in (?:this|that) (?:case|example),?\s+)?"
    r"(?:it|they|he|she|you|we|i|these|those|this|that"
    r"|(?:the|this|that|these|those|each|every|its|their|our|your|a|an)\s+"
    r"(?:(?:default|returned|resulting|following|given|second|same|new|current|whole|entire)\s+)?"
    r"(?:functions?|methods?|class|classes|options?|parameters?|arguments?|modules?|packages?|commands?|values?|objects?"
    r"|components?|propert(?:y|ies)|fields?|endpoints?|librar(?:y|ies)|plug-?ins?|pages?|sections?|tables?|figures?"
    r"|examples?|tests?|scripts?|apps?|applications?|papers?|articles?|authors?|results?|chapters?|books?|tools?"
    r"|projects?|documents?|stud(?:y|ies)|reports?|versions?|releases?|elements?|attributes?|types?|keys?|strings?"
    r"|arrays?|responses?|requests?|steps?|tasks?|users?|teams?|products?))\s+(?:\w+ly\s+)?"
    r"(?:is|are|was|were|has|have|had|does|do|did|will|must|should|[a-z]+s)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(r"[^\s:]{1,40}:\s")  # "arrays: five of them": what it labels stands elsewhere
_TAIL_END = re.compile(r"[,;:]\s+(?:which|and|but|while|so|where|whereas)\b|\s+(?:and|while)\s+(?=\d)|;")
_RANGE = re.compile(r"\s*(?:[-–—−]|to|bis|à)\s*", re.IGNORECASE)
_COMMON = frozenset(
    stem(word)
    for word in (
        *("common", "usual", "typical", "standard", "default", "recommended", "normal", "value"),
        *("therefore", "thus", "hence", "also"),
    )
)
_DIGITS = re.compile(r"\d[\d,]*(?:\.(\d+))?")


def keys_of(statement: str, language: str) -> tuple[Key, ...]:
    """Return what a statement says, as (kind, what of, what), to be held against others by contradictions.finding.

    "value": the first value right behind a verb, of the words before it and behind. "number": the one value in a
    sentence, of all its other words. "polarity": affirmed or denied, of all its words. "order": which is more.
    """
    if (
        language not in LANGUAGES
        or len(statement) > MAX_CHARS
        or "?" in statement
        or _GENERIC.match(statement)
        or _LABEL.match(statement)
    ):
        return ()
    values = _values(statement, language)
    if language != "en":
        return tuple(_in_other_words(statement, values, language))
    found: list[Key] = []
    if values:
        found += next(filter(None, (_value_after_verb(statement, value) for value in values)), [])
        rest = _without(statement, values)
        if (about := _about(rest)) and len(values) == 1 and not _CONDITION.search(statement):
            found.append(("number", f"{_first(rest)} {about} {_unit(values[0][0])}", _what(statement, values[0])))
    found += [("order", *order)] if (order := order_of(statement)) and not _BOTH_TRUE.search(statement) else []
    reading = read_polarity(statement)
    words = sorted(reading.content - _COMMON)
    if len(words) > MIN_WORDS and not reading.soft and not _BOTH_TRUE.search(statement):
        said = "denied" if reading.cues % 2 else "affirmed"
        found.append(("polarity", f"{_first(statement)} {' '.join(words)}", said))
    return tuple(found)


Value = tuple[Quantity, Quantity]  # the same twice, or the ends of a range


def _values(statement: str, language: str) -> list[Value]:
    """Return the values of a statement, a range as one."""
    found = [q for q in quantities(statement, language=language) if q.kind in _VALUES]
    values: list[Value] = []
    for quantity in found:
        last = values[-1] if values else None
        if last and last[0] is last[1] and _is_range(statement, last[0], quantity):
            values[-1] = last[0], quantity
        else:
            values.append((quantity, quantity))
    return values


def _is_range(statement: str, low: Quantity, high: Quantity) -> bool:
    between = statement[low.end : high.start]
    return (
        _RANGE.fullmatch(between) is not None
        and (low.kind, low.base[1]) == (high.kind, high.base[1])
        and low.base[0] < high.base[0]
        and low.kind != "date"
    )


def _value_after_verb(statement: str, value: Value) -> list[Key]:
    start, end = value[0].start, value[1].end
    verb = next((v for v in _VERB.finditer(statement) if _HEDGE.fullmatch(statement, v.end(), start)), None)
    if verb is None or _CONDITION.search(statement[: verb.start()]) or _CONDITION.search(statement[end:]):
        return []
    cut = _TAIL_END.search(statement, end)
    behind = statement[end : cut.start() if cut else len(statement)]
    about = _about(statement[: verb.start()])
    tail = read_polarity(behind)
    if not about or tail.cues:
        return []
    return [("value", f"{about} | {' '.join(sorted(tail.content))} {_unit(value[0])}", _what(statement, value))]


def _in_other_words(statement: str, values: list[Value], language: str) -> list[Key]:
    """Return the keys of a statement in a language of which only denials and function words are known."""
    clauses = read_clauses(statement, language)
    if len(clauses) != 1:
        return []
    found: list[Key] = []
    if len(values) == 1 and not _CONDITION.search(statement):
        rest = read_clauses(_without(statement, values), language)
        if len(rest) == 1 and len(rest[0].words) >= MIN_WORDS and not rest[0].denies:
            found.append(
                ("number", f"{' '.join(sorted(rest[0].words))} {_unit(values[0][0])}", _what(statement, values[0]))
            )
    if not values and len(clauses[0].words) > MIN_WORDS and not _BOTH_TRUE.search(statement):
        said = "denied" if clauses[0].denies else "affirmed"
        found.append(("polarity", " ".join(sorted(clauses[0].words)), said))
    return found


def _about(text: str) -> str:
    """Return the content words of a text in one order, "" where there are too few or it denies something."""
    reading = read_polarity(text)
    words = sorted(reading.content - _COMMON)
    return " ".join(words) if len(words) >= MIN_WORDS and not reading.cues else ""


def _first(text: str) -> str:
    """Return the first word that says something: "A beats B" is not about what "B does not beat A" is about."""
    content = read_polarity(text).content
    words = (stem(word) for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text.lower()))
    return next((word for word in words if word in content and word not in _COMMON), "")


def _unit(value: Quantity) -> str:
    if value.kind == "date":
        return "date" if value.unit in ("day", "month", "year", "decade") else f"date {value.unit}"
    return value.base[1] or ""


def _what(statement: str, value: Value) -> str:
    low, high = value
    if low.kind == "date":
        digits = format(low.value, "f")
        return f"d{digits[:3] if low.unit == 'decade' else digits}"
    step = max(_step(low), _step(high))
    if _ABOUT.search(statement[max(0, low.start - 16) : low.start]):
        step = max(step, abs(high.base[0]) * HEDGED)
    return "|".join(format(number.normalize(), "f") for number in (low.base[0], high.base[0], step))


def _step(value: Quantity) -> Decimal:
    """Return how far apart the values are that could be written in this way: 0.1 million for "1.2 million"."""
    digits = _DIGITS.search(value.text)
    mantissa = Decimal(digits[0].replace(",", "")) if digits else Decimal(0)
    if not digits or not mantissa:
        return Decimal(0)
    return abs(Decimal(1).scaleb(-len(digits[1] or "")) * value.base[0] / mantissa)


def _without(statement: str, values: list[Value]) -> str:
    pieces, at = [], 0
    for low, high in values:
        pieces.append(statement[at : low.start])
        at = high.end
    return " ".join([*pieces, statement[at:]])
