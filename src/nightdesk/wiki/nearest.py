"""The passage of a text that is most like a quote which does not stand in it, to tell a reader what it says there."""

import re
from collections import defaultdict
from collections.abc import Sequence
from difflib import Match, SequenceMatcher

MAX_SHOWN = 240  # characters of a passage
_LOOKED_AT = 60  # words of a quote
_RARE = 12  # words of a quote by which its place is looked for, the rarest ones
_MAX_PLACES = 300  # of one word: what stands more often tells no place
_STEP = 8  # words: how exactly a place is looked for at first
_MAX_GAP = 4  # words of the text between two pieces that a quote may have left out
_LEAST_ALIKE = 0.6  # of 1: below it no passage is clearly the one that was meant

_WORD = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_]+")


class Passages:
    """One text, made ready for finding what is nearest to a wrong quote. Its cost is that of the text's length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._spans: list[tuple[int, int]] = []
        self._words: list[str] = []
        self._places: dict[str, list[int]] = defaultdict(list)
        for match in _WORD.finditer(text):
            word = match[0].casefold()
            self._places[word].append(len(self._words))
            self._words.append(word)
            self._spans.append(match.span())

    def nearest(self, quote: str) -> str | None:
        """Return the words of the text that `quote` comes closest to, None where nothing is clearly close."""
        asked = [match[0].casefold() for match in _WORD.finditer(quote[: 20 * _LOOKED_AT])][:_LOOKED_AT]
        start = self._best_start(asked)
        if start is None:
            return None
        # two steps of `_best_start` wide, and half the quote more on both sides
        first, last = max(0, start - len(asked) // 2), start + len(asked) + len(asked) // 2 + 2 * _STEP
        matcher = SequenceMatcher(None, self._words[first:last], asked, autojunk=False)
        matched = _together([block for block in matcher.get_matching_blocks() if block.size])
        if sum(block.size for block in matched) < _LEAST_ALIKE * len(asked):
            return None
        return self._shown(first + matched[0].a, first + matched[-1].a + matched[-1].size - 1)

    def _best_start(self, asked: Sequence[str]) -> int | None:
        """Return where the quote starts if most of its rare words stand at their places, None for no such place."""
        rare = sorted({w for w in asked if 0 < len(self._places.get(w, ())) <= _MAX_PLACES}, key=self._rarity)[:_RARE]
        if len(rare) < 2:
            return None
        votes: dict[int, set[str]] = defaultdict(set)
        for word in rare:
            at = asked.index(word)
            for place in self._places[word]:
                votes[(place - at) // _STEP].add(word)  # left-out and added words shift the rest a little
        bucket, _ = max(
            ((bucket, len(found | votes.get(bucket + 1, set()))) for bucket, found in votes.items()),
            key=lambda entry: (entry[1], -entry[0]),
        )
        return max(0, bucket * _STEP)

    def _rarity(self, word: str) -> tuple[int, str]:
        return len(self._places[word]), word

    def _shown(self, first: int, last: int) -> str:
        start, end = self._spans[first][0], self._spans[last][1]
        end = min(end + 1 if self._text[end : end + 1] in ".!?。" else end, len(self._text))
        shown = " ".join(self._text[start:end].split())
        return shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN].rsplit(" ", 1)[0] + " …"


def _together(blocks: Sequence[Match]) -> list[Match]:
    """Return those matching blocks that lie near the largest one: a lone "the" far before it is no part of it."""
    if not blocks:
        return []
    first = last = max(range(len(blocks)), key=lambda n: blocks[n].size)
    while first > 0 and blocks[first].a - blocks[first - 1].a - blocks[first - 1].size <= _MAX_GAP:
        first -= 1
    while last + 1 < len(blocks) and blocks[last + 1].a - blocks[last].a - blocks[last].size <= _MAX_GAP:
        last += 1
    return list(blocks[first : last + 1])
