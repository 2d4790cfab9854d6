"""Whether a statement says something of its own, without the sentences that stood around it."""

import re

from nightdesk.wiki.prose.english import leans
from nightdesk.wiki.prose.language import has_spaces
from nightdesk.wiki.prose.wording import phrases, words_of

_NO_WORDS = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://\S+|\bwww\.\S+|\S+@\S+\.\w+|</?[a-z!][^<>]*>|[^\w\s]|\d", re.IGNORECASE
)
_EXPLETIVE = re.compile(  # "it" that stands for the clause after it
    r"it (?:is|was|has been|can be|turns out|remains|seems|appears|takes|took) (?:\w+ ){0,3}?"
    r"(?:that|to|whether|how|why)\b"
)
_REPORTS = re.compile(
    r"(?:in )?(?:(?:this|the present|our|the) (?:paper|article|study|report|document|text|source|section|page|author"
    r"|book|post|talk|chapter)s?|we|the authors?)\b(?= (?:shows?|explains?|describes?|discuss(?:es)?|presents?|is|are"
    r"|mentions?|introduces?|says?|covers?|gives?|states?|provides?)\b)",
    re.IGNORECASE,
)
_SHORT = 6  # words: a report as short as this tells nothing ("The paper shows this.")

_PRONOUNS = ("it", "its", "it's", "they", "their", "them", "he", "she", "his", "her", "him")
_POINTING = frozenset((*_PRONOUNS, "this", "these", "those", "such", "that", "that's"))
_BELOW = re.compile(r"\b(?:above|below)\b")


def says_nothing(statement: str) -> bool:
    """Return whether a statement has no words of its own: none at all, or only addresses and markup."""
    return not any(c.isalpha() for c in _NO_WORDS.sub("", statement))


def what_it_leans_on(statement: str, *, language: str) -> str | None:
    """Return the words by which a statement points at what stands elsewhere, None where it can stand alone.

    Only what is sure counts: a pronoun or "this" that opens it, a report without content, "see below".
    """
    words = words_of(statement)
    opening = phrases("openers", language).opens(statement, words)
    if language != "en":
        return (" ".join(words[:opening]) if has_spaces(language) else statement[:opening]) or None
    if (report := _REPORTS.match(statement)) and len(words) < _SHORT:
        return report[0]
    if not _POINTING.isdisjoint(words[:opening]) and not _EXPLETIVE.match(" ".join(words[:10])):
        return " ".join(words[:opening])
    below = _BELOW.search(statement)
    return below[0] if below and leans(statement) else None
