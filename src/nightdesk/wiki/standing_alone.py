"""Whether a statement says something of its own, without the sentences that stood around it."""

import re

from nightdesk.wiki.prose.claimable import is_addressed_to_models
from nightdesk.wiki.prose.english import leans
from nightdesk.wiki.prose.language import has_spaces
from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.prose.wording import listed, phrases, words_of

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
_PROSE = frozenset({"paragraph", "item", "quote"})
_LONGEST = 500  # characters
_CODE = re.compile(r">>>|[{}]|\$ \w+ -|</")  # pieces of it that stand in running text
_STOPS = (".", "。", "．", "।")
_FEWEST = 5  # words
_POINTING = frozenset((*_PRONOUNS, "this", "these", "those", "such", "that", "that's"))
_BELOW = re.compile(r"\b(?:above|below)\b")


def can_stand_alone(sentence: Sentence, *, language: str) -> bool:
    """Return whether a sentence of running text can be a claim at all, if it need not be a good one.

    Wider than what code chooses claims from by itself: only what is certain speaks against it.
    """
    text = sentence.text
    if sentence.kind not in _PROSE or len(text) > _LONGEST or says_nothing(text) or _CODE.search(text):
        return False
    return not is_addressed_to_models(text, words_of(text)) and what_it_leans_on(text, language=language) is None


def is_whole(sentence: Sentence, *, language: str) -> bool:
    """Return whether a sentence begins and ends as one, and has words enough to say something."""
    text = sentence.text
    if not text.endswith(_STOPS) or text.endswith("..") or not text[0].isalnum():
        return False
    return not has_spaces(language) or len(words_of(text)) >= _FEWEST


def is_idle(sentence: Sentence, language: str) -> bool:
    """Return whether a sentence is what many texts say alike: boilerplate, or part of a list of references."""
    if phrases("boilerplate", language).occurs(sentence.text, words_of(sentence.text)):
        return True
    titles = {" ".join(heading.lower().strip(" .:0123456789").split()) for heading in sentence.headings}
    return not titles.isdisjoint(listed("sections", language)) or not titles.isdisjoint(listed("sections", "en"))


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
