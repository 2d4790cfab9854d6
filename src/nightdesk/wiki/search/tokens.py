"""Words as the index knows them: folded for case, accents and width; scripts without blanks as pairs of characters."""

import functools
import re
import unicodedata
from dataclasses import dataclass

# Thai, Lao, Myanmar, Khmer, kana, Han. Korean has blanks, but its particles hang on the words: 학습률은.
_WITHOUT_BLANKS = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ecf\u1000-\u1049\u1780-\u17d3\u3005-\u3007\u3041-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_PAIRED = f"{_WITHOUT_BLANKS}\uac00-\ud7a3"
# Vowel signs and the like, which Python's \w leaves out: a word does not end at them.
_MARKS = (
    "\u0483-\u0487\u0900-\u0963\u0966-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u0f18-\u0fbc"
    "\u102b-\u103e\u17b4-\u17d3\u3099\u309a\u200c\u200d"
)
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_HAS_LETTERS = re.compile("[øđłħŧıæœþð]")  # to look takes a tenth of the time of a translation that changes nothing
_PLUSES = re.compile(r"(?<=[a-z0-9])\+\+(?![\w+])")
_SHARP = re.compile(r"\b([a-z])#(?![\w#])")
_ASCII_WORD = re.compile("[a-z0-9]+")
_NO_LETTERS = bytes(byte if 97 <= byte <= 122 else 32 for byte in range(256))  # a to z stay, all else is a blank


class _Scripts:
    """Expressions for text that is not ASCII; they take a while to compile, so not before there is such text."""

    @functools.cached_property
    def stripped(self) -> re.Pattern[str]:
        return re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\xad]")

    @functools.cached_property
    def between(self) -> re.Pattern[str]:
        return re.compile(rf"[^\w{_MARKS}]|_")

    @functools.cached_property
    def run(self) -> re.Pattern[str]:
        return re.compile(f"[{_PAIRED}]+")

    @functools.cached_property
    def piece(self) -> re.Pattern[str]:
        return re.compile(f"[{_PAIRED}]+|[^{_PAIRED} ]+")

    @functools.cached_property
    def wrapped(self) -> re.Pattern[str]:
        return re.compile(f"(?<=[{_WITHOUT_BLANKS}])[ \t]*\n[ \t>]*(?=[{_WITHOUT_BLANKS}])")

    @functools.cached_property
    def word(self) -> re.Pattern[str]:
        return re.compile(r"[^\W\d_]+")


_scripts = _Scripts()


def letter(text: str) -> str:
    """Return the regular expression for one character of a word, for the script of a folded `text`."""
    return r"[^\W_]" if text.isascii() else rf"(?:[^\W_]|[{_MARKS}])"


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or a stretch of a script without blanks."""

    text: str  # folded
    paired: bool  # whether it stands in the index as pairs of characters


def fold(text: str) -> str:
    """Return `text` without differences of case, accent and width; it has the same lines."""
    if text.isascii():
        return text.lower()
    text = _scripts.stripped.sub("", unicodedata.normalize("NFKD", text).casefold())
    if _HAS_LETTERS.search(text):
        text = text.translate(_LETTERS)
    # composed again: a Hangul syllable is one character; casefold may have brought accents back
    return unicodedata.normalize("NFC", _scripts.stripped.sub("", text))


def _named_signs(folded: str) -> str:
    """Give the signs in C++ and C# letters, since they tell languages apart."""
    if "++" in folded:
        folded = _PLUSES.sub("plusplus", folded)
    return _SHARP.sub(r"\1sharp", folded) if "#" in folded else folded


def index_form(text: str) -> str:
    """Return `text` as SQLite's ascii tokenizer is to read it: what it takes for a separator separates words."""
    text = _named_signs(fold(text)).replace("\0", " ")
    if text.isascii():
        return text
    text = _scripts.between.sub(" ", _scripts.wrapped.sub("", text))
    return _scripts.run.sub(_pairs, text)


def _pairs(run: re.Match[str]) -> str:
    """Return each character of a run with the next one, and the last one alone."""
    text = run[0]
    return f" {' '.join(text[at : at + 2] for at in range(len(text)))} "


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the tokens of a query's text, in their order."""
    folded = _named_signs(fold(text))
    if folded.isascii():
        return tuple(Token(word, False) for word in _ASCII_WORD.findall(folded))
    plain = _scripts.between.sub(" ", folded.replace("\0", " "))
    return tuple(Token(piece, bool(_scripts.run.match(piece))) for piece in _scripts.piece.findall(plain))


def indexed(token: Token, *, last: bool) -> tuple[tuple[str, ...], bool]:
    """Return how a token stands in the index, and whether its last part is only the beginning of what stands there.

    A run of characters may go on where nothing of the phrase follows it.
    """
    text = token.text
    if not token.paired:
        return (text,), False
    if not last:
        return tuple(text[at : at + 2] for at in range(len(text))), False
    if len(text) == 1:
        return (text,), True
    return tuple(text[at : at + 2] for at in range(len(text) - 1)), False


def vocabulary(indexed_text: str) -> set[str]:
    """Return the words of an indexed text that are made of letters only."""
    if indexed_text.isascii():  # five times as fast as a regular expression
        words = set(indexed_text.encode().translate(_NO_LETTERS).split())
        return set(b" ".join(words).decode().split())
    return {word for word in set(_scripts.word.findall(indexed_text)) if not _scripts.run.search(word)}
