"""The language of a text, its function words, and whether it puts spaces between words."""

import re
from functools import cache
from typing import Any

_SAMPLE = 4000  # characters looked at in each of three places
_NOT_PROSE = re.compile(
    r"^(?:```|~~~).*?^(?:```|~~~)|^(?: {4}|\t)[^\n]*$|`[^`\n]*`|<[^<>\n]{0,200}>|\]\([^()\n]{0,400}\)|\w+://\S+|[\d|#*_=~{}\\$-]+",
    re.DOTALL | re.MULTILINE,
)
_MIN_LETTERS = 24  # of an alphabet that languages share; fewer say little
_OLD_CODES = {"iw": "he", "fil": "tl", "jv": "jv", "nb": "no", "nn": "no"}
_WITHOUT_SPACES = frozenset({"zh", "ja", "th", "lo", "km", "my", "bo", "dz"})
_WORD = re.compile(r"[^\W\d_]+")


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, which may be Markdown; "en" when unsure."""
    sample = _prose_sample(text)
    letters = "".join(_WORD.findall(sample))
    if not letters:
        return "en"
    found = _detector().FindLanguage(text=sample)
    language = str(found.language)
    if "-" in language or not found.is_reliable:  # "zh-Latn" and the like are mostly code and lists
        return "en"
    if letters.isascii() and len(letters) < _MIN_LETTERS and found.probability < 0.95:
        return "en"
    return _OLD_CODES.get(language, language)


def has_spaces(language: str) -> bool:
    """Return whether `language` is written with spaces between its words."""
    return language not in _WITHOUT_SPACES


@cache
def stopwords(language: str) -> frozenset[str]:
    """Return the function words of a language in lower case; an empty set for one that is not known."""
    # imported here: it reads a file of 57 languages, which costs 60 ms
    import stopwordsiso  # noqa: PLC0415

    return frozenset(stopwordsiso.stopwords(language)) if stopwordsiso.has_lang(language) else frozenset()


@cache
def _detector() -> Any:
    # imported here: only a compile needs it
    import gcld3  # noqa: PLC0415

    return gcld3.NNetLanguageIdentifier(min_num_bytes=0, max_num_bytes=3 * _SAMPLE)


def _prose_sample(text: str) -> str:
    """Return up to three pieces of `text` without code, addresses and numbers, from its start, middle and end."""
    if len(text) > 3 * _SAMPLE:
        middle = len(text) // 2
        pieces = [text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]]
    else:
        pieces = [text]
    clean = " ".join(_NOT_PROSE.sub(" ", piece) for piece in pieces)
    # the detector takes neither lone surrogates nor control characters well
    return " ".join(clean.encode("utf-8", "replace").decode().replace("\0", " ").split())
