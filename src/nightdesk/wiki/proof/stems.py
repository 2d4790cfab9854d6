"""Stems of words, so that "needs" and "needed" meet."""

import re
import threading
from functools import lru_cache
from typing import Any

_LANGUAGES = {
    **{"en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese"},
    **{"nl": "dutch", "sv": "swedish", "da": "danish", "no": "norwegian", "fi": "finnish", "ru": "russian"},
    **{"pl": "polish", "cs": "czech"},
}
_IRREGULAR_VERBS = """
    become became; begin began begun; break broke broken; build built; choose chose chosen; come came; draw drew drawn
    drive drove driven; fall fell fallen; find found; freeze froze frozen; get got gotten; give gave given; go went gone
    grow grew grown; hold held; keep kept; know knew known; lead led; leave left; lose lost; make made; mean meant
    overcome overcame; rise rose risen; run ran; say said; see saw seen; show shown; shrink shrank shrunk; speed sped
    spend spent; take took taken; teach taught; think thought; win won; write wrote written
"""
_IRREGULAR = {past: forms[0] for forms in map(str.split, re.split(r"[;\n]", _IRREGULAR_VERBS)) for past in forms[1:]}
_lock = threading.Lock()  # a stemmer keeps the word it works on in itself


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list that is written as one text."""
    return frozenset(words.split())


@lru_cache(maxsize=65536)
def stem(word: str, language: str = "en") -> str:
    """Return the stem of a lower-case `word`; the word itself for a language without a stemmer."""
    stemmer = _stemmer(language)
    word = _IRREGULAR.get(word, word) if language == "en" else word
    if stemmer is None or not word.isalpha():
        return word
    with _lock:
        return str(stemmer.stemWord(word))


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    import snowballstemmer  # noqa: PLC0415  # loads the stemmers of thirty languages

    name = _LANGUAGES.get(language)
    return snowballstemmer.stemmer(name) if name else None
