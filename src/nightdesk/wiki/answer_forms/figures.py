"""Figures: the values that claims and rows of tables state, each of a thing and of what it is a value of."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from nightdesk.wiki.answer_forms.stated import one_line
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.statements import Statement
from nightdesk.wiki.proof.quantities import Quantity, quantities
from nightdesk.wiki.proof.units import COUNTED

MAX_TEXT = 400  # characters of a statement: a longer one says several things
MAX_CELL = 40  # characters of a cell that is a number
VALUES = ("number", "percent", "fraction", "multiple", "money")
_CLAUSE = re.compile(r"[,;:]\s+(?:which|and|but|while|whereas|where|so)\b|;|\s(?:while|whereas|but)\s", re.IGNORECASE)
_NUMBER_CELL = re.compile(r"[~≈<>≤≥]?\s?[-−+]?\d[\d.,  ]*(?:[eE][-+]?\d+)?(?:\s?[^\W\d]{1,12}|\s?[%‰°$€£µ][\w/]{0,4})?")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_HEDGED = re.compile(
    r"\b(?:not|never|no|than|from|between|least|most|over|under|above|below|up to|except|without)\s+(?:\w+\s+){0,2}$",
    re.I,
)


_IS_BEFORE = re.compile(
    r"\b(?:is|are|was|were|equals?|lies at|stands at|ist|sind|beträgt)\s+(?:(?:usually|typically|often|commonly|about"
    r"|around|roughly|approximately|nearly|only|just|set to|set at|meist|etwa|rund)\s+)*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|nearly|almost|some|circa|ca\.|etwa|rund|ungefähr)\s+|[~≈]\s?)$",
    re.IGNORECASE,
)
_RATE = re.compile(r"[^,;:.()]{0,40}?\b(?:per|each|every|pro|je)\b", re.IGNORECASE)
_OF = re.compile(r"\s*(?:of|from|at|=|:|von)?\s*(?:(?:about|around|roughly|only|etwa)\s+)?", re.IGNORECASE)
_YEARLY = frozenset({"year", "date", "published", "released", "jahr", "datum"})
_GENERIC = re.compile(
    r"(?:(?:the|usual|typical|common|default|recommended|suggested|our|its)\s+)*"
    r"(?:values?|amounts?|numbers?|defaults?|results?|settings?|figures?|quantity|wert|zahl|no\.?|#)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Thing:
    """What may be compared: a page, by all its names."""

    name: str  # base name of its page
    pattern: re.Pattern[str]  # matches any of its names


@dataclass(frozen=True, slots=True)
class Figure:
    """One value that a source states."""

    label: str  # of what: "Muon", "SmolLM2-135M", "2019"
    what: str  # which value of it: "learning rate", "Parameters (millions)"
    value: Decimal
    unit: str  # canonical, "" for a plain number
    shown: str  # the words that state it: "4,000 steps"
    passage: Passage
    over: str = ""  # what the label is, where a table says: "Model"

    @property
    def series(self) -> tuple[str, str]:
        """What figures must have in common to stand in one chart."""
        return self.what.casefold(), self.unit


def thing_of(name: str, names: Collection[str]) -> Thing:
    """Return a thing by its page's name and all names that it goes by; a plural "s" counts as the same name."""
    words = sorted({one_line(n) for n in names if len(n) > 1}, key=len, reverse=True) or [name]
    return Thing(name, re.compile("(?<![\\w-])(?:" + "|".join(map(_flexible, words)) + ")(?:'?s)?(?![\\w-])", re.I))


def _flexible(name: str) -> str:
    return r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", name)))


def row_figures(statement: Statement) -> Iterator[Figure]:
    """Yield the numbers in a row of a source's table: its first cell says of what, the heads say which."""
    cells = statement.cells
    if len(cells) < 2:
        return
    label = one_line(cells[0][1])
    for head, cell in cells[1:]:
        text = one_line(cell)
        # a column of "values" holds values of different things, and years are no amounts
        if not head or head.strip().casefold() in _YEARLY or _GENERIC.fullmatch(one_line(head)):
            continue
        if (found := number_of(text)) is not None:
            yield Figure(label, one_line(head), found[0], found[1], text, statement.passage, one_line(cells[0][0]))


def number_of(text: str) -> tuple[Decimal, str] | None:
    """Return the number that a cell holds, with its unit, None for words, ranges and dates."""
    if len(text) > MAX_CELL or not _NUMBER_CELL.fullmatch(text):
        return None
    found = [q for q in quantities(text) if q.kind in VALUES]
    if len(found) == 1 and (found[0].unit or found[0].kind != "number"):
        value, unit = found[0].base
        return value, unit or ""
    try:
        value = Decimal(text.replace(",", "").replace(" ", "").replace("−", "-"))
    except InvalidOperation:
        return (found[0].value, "") if len(found) == 1 and not found[0].unit else None
    return (value, "") if value.is_finite() else None


def claim_figures(
    passage: Passage, things: Sequence[Thing], attributes: Sequence[Thing], *, language: str = "en"
) -> Iterator[Figure]:
    """Yield the values that a statement gives one of the things, each read within its own clause.

    A clause counts where it names exactly one of the things and has exactly one value, so that no thing gets another's
    number. What is neither the value of an attribute nor a count of something is no figure.
    """
    text = passage.text
    if len(text) > MAX_TEXT:
        return
    for clause in clauses(text):
        named = [thing for thing in things if thing.pattern.search(clause)]
        values = [q for q in quantities(clause, language=language) if q.kind in VALUES]
        if len(named) != 1 or len(values) != 1 or _HEDGED.search(clause[: values[0].start]):
            continue
        what = _attribute(clause, values[0], named[0], attributes)
        if what:
            value, unit = values[0].base
            yield Figure(named[0].name, what, value, unit or "", _shown(clause, values[0]), passage)


def _shown(clause: str, value: Quantity) -> str:
    """Return the words of a value with an "about" before it: without it they would say more."""
    about = _ABOUT.search(clause, 0, value.start)
    return one_line(clause[about.start() if about else value.start : value.end])


def clauses(text: str) -> tuple[str, ...]:
    """Return the clauses of a statement, roughly: where one ends, what is said of its subject ends too."""
    return tuple(part for part in _CLAUSE.split(text.strip()) if part.strip())


def _attribute(clause: str, value: Quantity, thing: Thing, attributes: Sequence[Thing]) -> str:
    """Return which value it is, "" where the clause does not say.

    That is an attribute in "the learning rate of Muon is 0.02" or "Muon has a learning rate of 0.02"; else the noun
    that is counted in "Muon runs five steps".
    """
    places = sorted(
        (found.start(), -found.end(), attribute.name)
        for attribute in attributes
        if attribute.name != thing.name and (found := attribute.pattern.search(clause, 0, value.start))
    )
    if _IS_BEFORE.search(clause, 0, value.start) and places:
        return places[0][2]
    for _, end, name in reversed(places):
        if _OF.fullmatch(clause, -end, value.start):
            return name
    if value.kind != "number" or _RATE.match(clause, value.end):
        return ""  # what is counted per something else is no count of it
    if value.unit:
        return value.unit.replace("/", " per ") if value.unit.partition("/")[0] in COUNTED else ""
    counted = re.match(r"[\s-]*([^\W\d_]{3,20}(?:-[^\W\d_]+)?(?: [^\W\d_]{3,20}s\b)?)", clause[value.end :])
    return counted[1] if counted and counted[1].endswith("s") else ""


def place_of(label: str) -> Decimal | None:
    """Return where a label that is a year or a plain number lies on an axis, None for any other."""
    if _YEAR.fullmatch(label):
        return Decimal(label)
    found = number_of(label)
    return found[0] if found and not found[1] else None


def year_figures(
    passage: Passage, things: Sequence[Thing], attributes: Sequence[Thing], *, language: str = "en"
) -> Iterator[Figure]:
    """Yield the values that a statement gives a year: one year and one value in it."""
    if len(passage.text) > MAX_TEXT:
        return
    found = quantities(passage.text, language=language)
    dates = [q for q in found if q.kind == "date" and q.unit == "year"]
    values = [q for q in found if q.kind in VALUES]
    if len(dates) != 1 or len(values) != 1 or len(found) != 2:
        return
    named = [thing.name for thing in (*attributes, *things) if thing.pattern.search(passage.text)]
    value, unit = values[0].base
    if named:
        yield Figure(str(int(dates[0].value)), named[0], value, unit or "", values[0].text, passage)


def by_series(figures: Sequence[Figure]) -> Mapping[tuple[str, str], tuple[Figure, ...]]:
    """Return the figures that may stand in one chart: the same value of different things, in the same unit.

    Of several figures for one label the first one stays; a label that has two different values has none: which one
    counts is not for code to say.
    """
    groups: dict[tuple[str, str], dict[str, list[Figure]]] = {}
    for figure in figures:
        groups.setdefault(figure.series, {}).setdefault(figure.label.casefold(), []).append(figure)
    return {
        series: tuple(same[0] for same in labels.values() if len({one.value for one in same}) == 1)
        for series, labels in groups.items()
    }
