"""Stems of words, so that "needs" and "needed" meet."""

import threading
from functools import lru_cache
from typing import Any

import snowballstemmer

_LANGUAGES = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese", "nl": "dutch",
    "sv": "swedish", "da": "danish", "no": "norwegian", "fi": "finnish", "ru": "russian", "pl": "polish", "cs": "czech",
}  # fmt: skip
_lock = threading.Lock()  # a stemmer keeps the word it works on in itself


@lru_cache(maxsize=65536)
def stem(word: str, language: str = "en") -> str:
    """Return the stem of a lower-case `word`; the word itself for a language without a stemmer."""
    stemmer = _stemmer(language)
    if stemmer is None or not word.isalpha():
        return word
    with _lock:
        return str(stemmer.stemWord(word))


@lru_cache(maxsize=32)
def _stemmer(language: str) -> Any:
    name = _LANGUAGES.get(language)
    return snowballstemmer.stemmer(name) if name else None
