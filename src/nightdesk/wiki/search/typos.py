"""A word that stands nowhere, and the words of the vocabulary that were meant."""

import string
from collections.abc import Callable, Iterable, Mapping

MIN_LETTERS = 4  # of a word that is corrected: of shorter ones too many are near
TWO_EDITS = 7  # letters from which two slips are forgiven
MAX_LETTERS = 40

Lookup = Callable[[Iterable[str]], Mapping[str, int]]  # words -> those that are in the vocabulary, in how many texts
Range = Callable[[str, int, int], Iterable[tuple[str, int]]]  # first letters, least and most length -> words


def nearest_word(word: str, lookup: Lookup, words_from: Range) -> str | None:
    """Return the word of the vocabulary that `word` is a slip of, the commonest of the nearest, None for none.

    One letter too many, missing, wrong or swapped with its neighbour is one slip. `word` is folded, of letters only.
    """
    if not MIN_LETTERS <= len(word) <= MAX_LETTERS or not word.isalpha():
        return None
    if found := lookup(_one_edit(word)):
        return _commonest(found)
    if len(word) < TWO_EDITS:
        return None
    near: dict[str, int] = {}
    letters = set(word)
    # at most one slip in the first letters: of those that begin alike a vocabulary of a million words has thousands
    for beginning in dict.fromkeys((word[:2], word[1] + word[0], word[0] + word[2], word[1:3])):
        for other, count in words_from(beginning, len(word) - 2, len(word) + 2):
            if len(letters ^ set(other)) <= 4 and edits(word, other, most=2) <= 2:
                near[other] = count
    return _commonest(near) if near else None


def _commonest(counts: Mapping[str, int]) -> str:
    return min(counts, key=lambda word: (-counts[word], word))


def _one_edit(word: str) -> set[str]:
    """Return every word that is one slip away."""
    alphabet = string.ascii_lowercase if word.isascii() else _alphabet(word)
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    made = {a + b[1:] for a, b in cuts if b}
    made |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    made |= {a + letter + b[1:] for a, b in cuts if b for letter in alphabet}
    made |= {a + letter + b for a, b in cuts for letter in alphabet}
    return made - {word}


def _alphabet(word: str) -> str:
    """Return the letters of the alphabets that `word` is written in: their blocks of 64 characters."""
    blocks = sorted({ord(letter) // 64 for letter in word if ord(letter) >= 128})[:3]
    letters = [chr(block * 64 + at) for block in blocks for at in range(64)]
    return string.ascii_lowercase + "".join(letter for letter in letters if letter.islower() or letter.isalpha())


def edits(a: str, b: str, *, most: int) -> int:
    """Return how many slips lie between two words, `most + 1` for more."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for at, letter in enumerate(a, start=1):
        above, row_before = row, before
        row = [at]
        for to, other in enumerate(b, start=1):
            cost = min(above[to] + 1, row[to - 1] + 1, above[to - 1] + (letter != other))
            if at > 1 and to > 1 and letter == b[to - 2] and a[at - 2] == other:
                cost = min(cost, row_before[to - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before = above
    return min(row[-1], most + 1)
