"""Fixed: the words of a run, made from its seed. The run and the judge both make them, each for itself."""

import random

DICTIONARY_SIZE = 1_200  # words
QUERIES = 100  # misspelt words
_STARTS = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "w",
)
_VOWELS = ("a", "e", "i", "o", "u", "ea", "ou")
_ENDS = ("", "n", "r", "s", "t", "l", "nd", "st", "ck", "ng")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_words(seed: int) -> tuple[list[str], list[str]]:
    """Return the dictionary, sorted, and the misspelt words to look up in it."""
    chance = random.Random(seed)
    dictionary: set[str] = set()
    while len(dictionary) < DICTIONARY_SIZE:
        syllables = chance.choice((1, 2, 2, 3, 3, 4))
        parts = (chance.choice(_STARTS) + chance.choice(_VOWELS) + chance.choice(_ENDS) for _ in range(syllables))
        dictionary.add("".join(parts))
    words = sorted(dictionary)
    return words, [misspelt(chance.choice(words), chance) for _ in range(QUERIES)]


def misspelt(word: str, chance: random.Random) -> str:
    """Return `word` with one to three slips of the keyboard."""
    for _ in range(chance.choice((1, 1, 2, 3))):
        place = chance.randrange(len(word) + 1)
        slip = chance.choice(("insert", "delete", "replace"))
        if slip == "insert":
            word = word[:place] + chance.choice(_LETTERS) + word[place:]
        elif len(word) > 1:
            instead = chance.choice(_LETTERS) if slip == "replace" else ""
            word = word[:place] + instead + word[place + 1 :]
    return word
