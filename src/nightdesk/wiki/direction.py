"""Direction: whether a sentence turns round what its evidence says goes up or down, comes first, or beats what."""

import re
from functools import lru_cache
from typing import NamedTuple

from nightdesk.wiki.polarity import content_stopwords, read_polarity
from nightdesk.wiki.stems import stem

_PAIRS = (
    "increase:decrease rise:fall raise:lower grow:shrink more:less more:fewer higher:lower high:low before:after faster:slower"
    " fast:slow larger:smaller bigger:smaller large:small better:worse above:below longer:shorter older:newer earlier:later"
    " cheaper:dearer stronger:weaker strong:weak most:least best:worst maximum:minimum maximise:minimise maximize:minimize"
    " improve:worsen improve:degrade enable:disable include:exclude accept:reject reduce:increase upper:lower deeper:shallower"
    " wider:narrower always:never cheap:expensive increase:drop rise:drop increase:reduce gain:lose succeed:fail easy:hard easier:harder"
    " outperform:underperform up:down overestimate:underestimate converge:diverge top:bottom simpler:complexer"
)
_COMPARES = re.compile(
    r"\b(more|less|fewer|better|worse|higher|lower|faster|slower|larger|smaller|bigger|longer|shorter|older|newer|earlier|later|stronger"
    r"|weaker|cheaper|deeper|wider|rather|easier|harder|simpler|\w{3,}er)\b[^,;.]{0,60}?\bthan\b"
    r"|\b(outperform\w*|beats?|exceed\w*|surpass\w*|precede\w*|follow(?:s|ed)|before|after|replac(?:es|ed)(?! by))\b"
)
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
    """Return a word of `sentence` of which `evidence` has only the opposite, if neither is denied and no sides are swapped."""
    said = read_polarity(sentence)
    read = [read_polarity(text) for text in evidence]
    stems = {word for reading in read for word in (*reading.affirmed, *reading.mentioned)} | _function_stems(evidence)
    own = {**said.affirmed, **{w: w for w in _function_stems((sentence,))}}
    if said.denials or any(reading.denials for reading in read):
        return None  # "does not decrease" and "increases" may agree: that is for `polarity` to judge
    for word in sorted(own.keys() & _opposites().keys()):
        if word in stems or _opposites()[word] & own.keys():
            continue
        against = sorted(_opposites()[word] & stems)
        if against and not any(_is_swapped(sentence, text) for text in evidence):
            return Turned(own[word], _as_written(against[0], evidence))
    return None


def _function_stems(texts: tuple[str, ...]) -> set[str]:
    """Return the stems of directional words that `polarity` takes for function words ("more", "least")."""
    words = {w for text in texts for w in re.findall(r"[a-z]+", text.lower())}
    at = {w for text in texts for w in re.findall(r"\bat (most|least)\b", text.lower())}
    return {stem(w) for w in words & {"more", "less", "fewer", "most", "least"} - at} | {
        stem(w) for w in words & {"before", "after", "above", "below", "up", "down", "never", "always", "over"}
    }


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
    for text in evidence:
        two = _sides(text)
        if two and one[0] == two[0] and _is_swapped(sentence, text):
            if not any(
                _sides(t) and not _is_swapped(sentence, t) and one[0] == (_sides(t) or ("",))[0] for t in evidence
            ):
                return Turned(sentence, text)
    return None
