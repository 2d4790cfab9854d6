"""Words of a sentence, and the lists of phrases (words/salience-*.txt) that are looked for in them."""

import re
from functools import cache
from importlib.resources import files

from nightdesk.wiki.prose.language import has_spaces

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, apostrophes straight; "e.g." is two, "bit-wise" too."""
    return _WORD.findall(text.lower().replace("’", "'"))


class PhraseList:
    """Phrases of one language, found in a sentence's words (or, without spaces, in its characters)."""

    def __init__(self, phrases: tuple[str, ...], *, spaces: bool) -> None:
        self._spaces = spaces
        self._whole = phrases
        self._singles: set[str] = set()
        self._longer: dict[tuple[str, str], list[list[str]]] = {}  # by their first two words
        for words in map(words_of, phrases if spaces else ()):
            if len(words) == 1:
                self._singles.add(words[0])
            else:
                self._longer.setdefault((words[0], words[1]), []).append(words)
        for same_start in self._longer.values():
            same_start.sort(key=len, reverse=True)
        self._firsts = frozenset(self._singles | {first for first, _ in self._longer})

    def opens(self, text: str, words: list[str]) -> int:
        """Return how many words (or characters) of the longest phrase open the sentence; 0 if none does."""
        if self._spaces:
            return self._length_at(words, 0) if words else 0
        return max((len(phrase) for phrase in self._whole if text.startswith(phrase)), default=0)

    def occurs(self, text: str, words: list[str]) -> bool:
        """Return whether a phrase stands anywhere in the sentence."""
        if not self._spaces:
            return any(phrase in text for phrase in self._whole)
        if self._firsts.isdisjoint(words):
            return False
        return any(self._length_at(words, at) for at, word in enumerate(words) if word in self._firsts)

    def count(self, text: str, words: list[str]) -> int:
        """Return how many places of the sentence hold a phrase."""
        if not self._spaces:
            return sum(1 for phrase in self._whole if phrase in text)
        return sum(1 for at, word in enumerate(words) if word in self._firsts and self._length_at(words, at))

    def _length_at(self, words: list[str], at: int) -> int:
        if at + 1 < len(words):
            for phrase in self._longer.get((words[at], words[at + 1]), ()):
                if words[at : at + len(phrase)] == phrase:
                    return len(phrase)
        return 1 if words[at] in self._singles else 0


@cache
def phrases(name: str, language: str) -> PhraseList:
    """Return the phrases of words/salience-NAME.txt for a language; the list is empty for one that the file lacks."""
    return PhraseList(listed(name, language), spaces=has_spaces(language))


@cache
def listed(name: str, language: str) -> tuple[str, ...]:
    """Return the entries of words/salience-NAME.txt for a language as they stand, in lower case."""
    return _by_language(name).get(language, ())


@cache
def phrases_of_all_languages(name: str) -> tuple[PhraseList, PhraseList]:
    """Return the phrases of every language: those written with spaces, those without."""
    found = _by_language(name)
    spaced = tuple(phrase for language, listed_ones in found.items() if has_spaces(language) for phrase in listed_ones)
    unspaced = tuple(
        phrase for language, listed_ones in found.items() if not has_spaces(language) for phrase in listed_ones
    )
    return PhraseList(spaced, spaces=True), PhraseList(unspaced, spaces=False)


@cache
def _by_language(name: str) -> dict[str, tuple[str, ...]]:
    text = files("nightdesk.wiki").joinpath("words", f"salience-{name}.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    language = "en"
    for line in text.splitlines():
        if line.startswith("["):
            language = line.strip("[] ")
        elif line and not line.startswith("#"):
            found.setdefault(language, []).extend(part.strip().lower() for part in line.split(",") if part.strip())
    return {language: tuple(entries) for language, entries in found.items()}
