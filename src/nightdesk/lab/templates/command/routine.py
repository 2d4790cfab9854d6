"""Editable: for each misspelt word, the nearest word of a dictionary. Make it faster; its answers must stay the same.

The nearest word has the smallest edit distance (insertions, deletions, replacements); of several the first in the
alphabet. The constants change how fast an answer is found, never which.
"""

from collections import Counter

FIRST_LIMIT = 6  # distance up to which words are searched first, from 1 to 12
LIMIT_STEP = 4  # by how much it grows while nothing is found, from 1 to 8
GRAM = 1  # letters of the pieces that two near words must share, 0: not looked at, from 0 to 3
SHRINK_LIMIT = False  # whether a word that was found makes the limit smaller at once
BY_LENGTH = False  # whether words of a fitting length are looked up, instead of looking at all
MEMORY = 0  # answers that are remembered, from 0 to 1000


def nearest_words(dictionary: list[str], queries: list[str]) -> list[str]:
    """Return the nearest word of `dictionary`, which is sorted, for each of `queries`."""
    pieces = {word: grams(word) for word in dictionary}
    lengths: dict[int, list[str]] = {}
    for word in dictionary:
        lengths.setdefault(len(word), []).append(word)
    known: dict[str, str] = {}
    answers = []
    for query in queries:
        if query not in known:
            if len(known) >= MEMORY:
                known.clear()
            known[query] = nearest(query, dictionary, lengths, pieces)
        answers.append(known[query])
    return answers


def nearest(query: str, dictionary: list[str], lengths: dict[int, list[str]], pieces: dict[str, Counter[str]]) -> str:
    """Return the nearest word. Every word within the limit is looked at, so that the first one found is the nearest."""
    own = grams(query)
    limit = FIRST_LIMIT
    while True:
        best = (limit + 1, "")
        for word in of_fitting_length(query, limit, dictionary, lengths):
            allowed = best[0] if SHRINK_LIMIT else limit
            if abs(len(word) - len(query)) > allowed or not share_enough(own, pieces[word], query, word, allowed):
                continue
            best = min(best, (distance(query, word, allowed), word))
        if best[0] <= limit:
            return best[1]
        limit += LIMIT_STEP


def of_fitting_length(query: str, limit: int, dictionary: list[str], lengths: dict[int, list[str]]) -> list[str]:
    """Return the words whose length alone does not put them beyond the limit; without BY_LENGTH all."""
    if not BY_LENGTH:
        return dictionary
    near = range(len(query) - limit, len(query) + limit + 1)
    return [word for length in near for word in lengths.get(length, ())]


def grams(word: str) -> Counter[str]:
    """Return the pieces of GRAM letters that a word has, and how often."""
    return Counter(word[i : i + GRAM] for i in range(len(word) - GRAM + 1)) if GRAM else Counter()


def share_enough(own: Counter[str], other: Counter[str], query: str, word: str, limit: int) -> bool:
    """Return whether two words may be within the limit: each slip spoils at most GRAM of the pieces that they share."""
    if not GRAM:
        return True
    needed = max(len(query), len(word)) - GRAM + 1 - GRAM * limit
    return needed <= 0 or (own & other).total() >= needed


def distance(a: str, b: str, limit: int) -> int:
    """Return the edit distance of two words, `limit + 1` where it is larger."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        left_above, row[0] = row[0], i
        for j, other in enumerate(b, start=1):
            above = row[j]
            row[j] = min(above + 1, row[j - 1] + 1, left_above + (letter != other))
            left_above = above
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
