"""The language of a question, which is often too short to tell, and of an answer, whichever it was to be in."""

import re

from nightdesk.wiki.prose.language import detect_language, has_spaces, stopwords

_WORD = re.compile(r"[^\W\d_]+")


def question_language(question: str, *, otherwise: str = "en") -> str:
    """Return the language of a question; `otherwise` where no word of it belongs to the one that it looks like.

    "Compare Muon and AdamW" looks Italian: its names do. Proved as Italian, no English number would be seen.
    """
    language = detect_language(question)
    words = _WORD.findall(question.casefold())
    if language == otherwise or not has_spaces(language) or not all(word.isascii() for word in words):
        return language
    return language if not stopwords(language).isdisjoint(words) else otherwise
