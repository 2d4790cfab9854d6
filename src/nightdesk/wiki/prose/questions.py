"""The sentences by which a source itself states that something is open."""

import re
from collections.abc import Sequence

from nightdesk.wiki.prose.claimable import claimable, is_addressed_to_models
from nightdesk.wiki.prose.language import has_spaces
from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.prose.wording import phrases, words_of

_MAX_QUESTIONS = 5
_KINDS = frozenset({"paragraph", "item", "quote"})
_OPEN_TITLE = re.compile(
    r"open (?:question|problem|issue)|future|limitation|discussion|outlook|offene fragen|ausblick|perspectives|futuro"
    r"|展望|今後",
    re.IGNORECASE,
)
_ASKS = re.compile(  # "What is X?" is the title of an explanation
    r"(?:(?:but|and|so|or|also|then|however|still),? )?(?:(?:to|in|by|from|for|at|under|on) )?"
    r"(?:what(?! (?:is|are) [^ ]+(?: [^ ]+)?\?)|why|how(?! to\b)|which|when|where|who|can|could|do|does|did|is|are|will"
    r"|would|should|may|might|whether)\b",
    re.IGNORECASE,
)
_ASKS_ELSEWHERE = re.compile(
    r"^¿|^(?:\w+ )?(?:was|warum|wieso|wie|wann|wo|woher|welche[rsmn]?|ob|inwieweit|kann|können|ist|sind|gibt|pourquoi"
    r"|comment|quel(?:le)?s?|quand|où|que|peut|est|perché|come|quale|quali|quando|dove|può|por que|porque|como|qual"
    r"|quais|onde|pode|wat|waarom|hoe|wanneer|waar|welke|kan|is)\b|什么|什麼|为何|為何|如何|是否|哪|吗|嗎|呢|か[?？]$",
    re.IGNORECASE,
)
_ASKS_READER = re.compile(r"\b(?:you|your|we|us|our|i|my)\b|^(?:so what|what if|guess)\b", re.IGNORECASE)
_POINTING = frozenset({"this", "these", "those", "such", "it", "they", "them", "he", "she"})


def open_questions(sentences: Sequence[Sentence], *, language: str) -> tuple[int, ...]:
    """Return the indexes of at most five sentences by which the source itself states something open, in text order.

    A question counts if it is the last word of its block, or stands under a title such as "Limitations".
    """
    found: list[int] = []
    for index, sentence in enumerate(sentences):
        if sentence.kind not in _KINDS:
            continue
        words = words_of(sentence.text)
        if sentence.text.endswith(("?", "？")):
            is_last = index + 1 == len(sentences) or sentences[index + 1].block != sentence.block
            stays_open = is_last or any(_OPEN_TITLE.search(heading) for heading in sentence.headings)
            wanted = stays_open and _is_genuine(sentence.text, words, language)
        else:
            stated = phrases("open", language).occurs(sentence.text, words)
            wanted = stated and claimable(sentence, language=language)
        if wanted and not is_addressed_to_models(sentence.text, words):
            found.append(index)
            if len(found) == _MAX_QUESTIONS:
                break
    return tuple(found)


def _is_genuine(text: str, words: list[str], language: str) -> bool:
    """Return whether a question is about the subject, not put to the reader, and understood alone."""
    if has_spaces(language):
        if not 5 <= len(words) <= 40:
            return False
    elif not 8 <= len(text) <= 150:
        return False
    if _ASKS_READER.search(text):
        return False
    if language == "en":
        return bool(_ASKS.match(text)) and _POINTING.isdisjoint(words) and "that" not in words[:4]
    return bool(_ASKS_ELSEWHERE.search(text)) and not phrases("openers", language).opens(text, words)
