"""Direction: whether a sentence turns round what its evidence says goes up or down, comes first, or beats what."""

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from nightdesk.wiki.proof.polarity import content_stopwords, is_near_copy, read_polarity
from nightdesk.wiki.proof.quantities import Quantity, quantities
from nightdesk.wiki.proof.stems import stem

_PAIRS = (
    "increase:decrease rise:fall raise:lower grow:shrink more:less more:fewer higher:lower high:low"
    " before:after faster:slower"
    " fast:slow larger:smaller bigger:smaller large:small better:worse above:below longer:shorter older:newer"
    " earlier:later"
    " cheaper:dearer stronger:weaker strong:weak most:least best:worst maximum:minimum maximise:minimise"
    " maximize:minimize"
    " improve:worsen improve:degrade enable:disable include:exclude accept:reject reduce:increase upper:lower"
    " deeper:shallower"
    " wider:narrower always:never cheap:expensive increase:drop rise:drop increase:reduce gain:lose"
    " succeed:fail easy:hard easier:harder"
    " outperform:underperform up:down overestimate:underestimate converge:diverge top:bottom simpler:complexer"
)
_COMPARES = re.compile(
    r"\b(more|less|fewer|better|worse|higher|lower|faster|slower|larger|smaller|bigger|longer|shorter|older"
    r"|newer|earlier|later|stronger"
    r"|weaker|cheaper|deeper|wider|rather|easier|harder|simpler|\w{3,}er)\b[^,;.]{0,60}?\bthan\b"
    r"|\b(outperform\w*|beats?|exceed\w*|surpass\w*|precede\w*|follow(?:s|ed)|before|after|replac(?:es|ed)(?! by))\b"
)
_NO_DIRECTION = re.compile(r"\bat (?:most|least)\b|\bno (?:longer|more|less)\b|\bup to\b|\bbreak\w* down\b|\bset up\b")
_WORD = re.compile(r"[^\W_](?:[\w]|-(?=\w))*")


@lru_cache(maxsize=1)
def _opposites() -> dict[str, frozenset[str]]:
    """Return the stems that turn round each stem."""
    found: dict[str, set[str]] = {}
    for pair in _PAIRS.split():
        one, two = map(stem, pair.split(":"))
        found.setdefault(one, set()).add(two)
        found.setdefault(two, set()).add(one)
    return {word: frozenset(others) for word, others in found.items()}


class Turned(NamedTuple):
    """What the sentence says and what the evidence says instead, as written."""

    said: str
    instead: str


def turned_words(sentence: str, evidence: tuple[str, ...]) -> Turned | None:
    """Return a word of `sentence` of which `evidence` has only the opposite, unless the sides are exchanged too."""
    said = _directions(sentence)
    read = [_directions(text) for text in evidence]
    if not said or any(_is_swapped(sentence, text) for text in evidence):
        return None
    theirs = Counter[str]()
    for counted in read:
        theirs |= counted  # the most that one text has
    # "does not decrease" and "increases" may agree: what is denied is compared only with nearly the same words.
    polarity = read_polarity(sentence)
    others = [read_polarity(text) for text in evidence]
    denies = bool(polarity.denials) or any(other.denials for other in others)
    nearly = any(
        is_near_copy(polarity, o, apart_from=_opposites()) and (o.cues - polarity.cues) % 2 == 0 for o in others
    )
    for word in sorted(said):
        against = sorted(other for other in _opposites()[word] if theirs[other] > said[other])
        if theirs[word] >= said[word] or not against:
            continue
        if (not denies and not theirs[word] and not _opposites()[word] & said.keys()) or nearly:
            return Turned(_as_written(word, (sentence,)), _as_written(against[0], evidence))
    return None


@lru_cache(maxsize=8192)
def _directions(text: str) -> Counter[str]:
    """Count the stems of `text` that have an opposite; "at most", "no longer" and "no more" give no direction."""
    words = _WORD.findall(_NO_DIRECTION.sub(" ", text.lower()))
    return Counter(root for word in words if (root := stem(word)) in _opposites())


def _as_written(stem_: str, texts: tuple[str, ...]) -> str:
    return next((w for text in texts for w in re.findall(r"[a-z]+", text.lower()) if stem(w) == stem_), stem_)


@lru_cache(maxsize=8192)
def _sides(text: str) -> tuple[str, frozenset[str], frozenset[str]] | None:
    """Return the comparing word of `text` and the content stems on its two sides, or None if it compares nothing."""
    lower = text.lower()
    match = _COMPARES.search(lower)
    if match is None or match[1] == "rather":
        return None
    clause_end = re.compile(r"[;.](?=\s|$)|, (?:but|and|while|which|because)\b").search(lower, match.end())
    left, right = lower[: match.start()], lower[match.end() : clause_end.start() if clause_end else len(lower)]
    stop = content_stopwords("en")
    sides = [frozenset(stem(w) for w in _WORD.findall(part) if w not in stop) for part in (left, right)]
    return stem(match[1] or match[2]), sides[0] - sides[1], sides[1] - sides[0]


def _is_swapped(sentence: str, text: str) -> bool:
    """Say whether what stands left of the comparison in one stands right of it in the other."""
    one, two = _sides(sentence), _sides(text)
    if one is None or two is None:
        return False
    crossed = one[1] & two[2] and one[2] & two[1]
    straight = one[1] & two[1] and one[2] & two[2]
    return bool(crossed) and not straight


def swapped_sides(sentence: str, evidence: tuple[str, ...]) -> Turned | None:
    """Return the comparison of `sentence` if the evidence makes the same one with its two sides exchanged.

    "SGD is faster than Adam" turns round "Adam is faster than SGD".
    """
    one = _sides(sentence)
    if one is None:
        return None
    same = [text for text in evidence if (two := _sides(text)) and two[0] == one[0]]
    if same and all(_is_swapped(sentence, text) for text in same):
        return Turned(sentence, same[0])
    return None


def reversed_range(sentence: str, evidence: tuple[str, ...]) -> str | None:
    """Return "from A to B" as `sentence` writes it, if the evidence only has "from B to A"."""
    theirs = {(one.base, two.base) for text in evidence for one, two, _ in _from_to(text)}
    for one, two, shown in _from_to(sentence):
        if (two.base, one.base) in theirs and (one.base, two.base) not in theirs and one.base != two.base:
            return shown
    return None


def _from_to(text: str) -> list[tuple[Quantity, Quantity, str]]:
    found = quantities(text)
    return [
        (one, two, text[one.start : two.end])
        for one, two in pairwise(found)
        if text[one.end : two.start].strip() == "to" and re.search(r"\bfrom\s+$", text[: one.start])
    ]
