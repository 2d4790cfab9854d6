"""Word pieces: a text as the numbers of BERT's uncased vocabulary, the way the model was trained to read it."""

import unicodedata
from collections.abc import Iterator, Sequence
from importlib import resources

MAX_TOKENS = 256  # of a text, its marks at both ends included: what the model was trained on
_MAX_CHARS = 8_000  # of a text that are looked at: more than MAX_TOKENS pieces of any language
_MAX_WORD = 100  # characters of a word that is cut into pieces; a longer one is unknown
_IDEOGRAPHS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class WordPieces:
    """A vocabulary of pieces; one that goes on a word begins with ##."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._numbers = {piece: number for number, piece in enumerate(pieces)}
        self._unknown, self._first, self._last = (self._numbers[mark] for mark in ("[UNK]", "[CLS]", "[SEP]"))

    def numbers(self, text: str, *, most: int = MAX_TOKENS) -> list[int]:
        """Return the numbers of a text's pieces between the marks of its beginning and end, `most` in all."""
        found = [self._first]
        for word in _words(text[:_MAX_CHARS]):
            found += self._pieces(word)
            if len(found) >= most - 1:
                break
        return [*found[: most - 1], self._last]

    def _pieces(self, word: str) -> list[int]:
        """Return the numbers of the longest pieces that a word can be cut into, from its beginning on."""
        if len(word) > _MAX_WORD:
            return [self._unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            lead = "##" if start else ""
            for end in range(len(word), start, -1):
                number = self._numbers.get(lead + word[start:end])
                if number is not None:
                    break
            else:
                return [self._unknown]
            found.append(number)
            start = end
        return found


def load_pieces() -> WordPieces:
    """Return BERT's uncased vocabulary, which ships with nightdesk."""
    text = resources.files(__package__).joinpath("vocab.txt").read_text(encoding="utf-8")
    return WordPieces(text.split("\n"))


def _words(text: str) -> Iterator[str]:
    """Yield words and single signs of a text in lower case without accents; each ideograph is a word."""
    # letter by letter: the reference knows no Σ that is written otherwise at the end of a word
    plain = text.lower() if text.isascii() else "".join(map(str.lower, _without_accents(_spaced(text))))
    for word in "".join(map(_kept, plain)).split(" "):
        start = 0
        for at, char in enumerate(word):
            if _is_punctuation(char):
                if at > start:
                    yield word[start:at]
                yield char
                start = at + 1
        if start < len(word):
            yield word[start:]


def _kept(char: str) -> str:
    """Return a character, a blank for any white space, nothing for what cannot be seen."""
    if char.isalnum():
        return char
    if char in "\t\n\r" or unicodedata.category(char) in ("Zs", "Zl", "Zp"):
        return " "
    return "" if char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cf", "Co") else char


def _spaced(text: str) -> str:
    return "".join(f" {char} " if _is_ideograph(ord(char)) else char for char in text)


def _is_ideograph(code: int) -> bool:
    return code >= 0x3400 and any(low <= code <= high for low, high in _IDEOGRAPHS)


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")


def _is_punctuation(char: str) -> bool:
    return (not char.isalnum() and 33 <= ord(char) <= 126) or unicodedata.category(char)[0] == "P"
