"""Which sentences of a source become its claims, its one-line summary and its open questions.

A function of the source's own text only: nothing here looks at other sources, so that a new one never changes
another's claims.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt, log

from nightdesk.wiki.prose.claimable import claimable, is_claim
from nightdesk.wiki.prose.language import has_spaces, stopwords
from nightdesk.wiki.prose.questions import open_questions
from nightdesk.wiki.prose.sentences import Sentence
from nightdesk.wiki.prose.wording import phrases, words_of
from nightdesk.wiki.terms.lexicon import singular

__all__ = ["choose_claims", "claimable", "open_questions", "summary"]

_WORDS_PER_CLAIM = 25
_LONG_TEXT = 400  # words from which on the number of claims grows with the square root only
_MIN_CLAIMS, _MAX_CLAIMS = 10, 100
_CHARACTERS_PER_WORD = 1.7  # of Chinese and Japanese
_WEAK = 0.12  # a score below it is a step of a tutorial or says next to nothing: taken only if there is nothing better
_MOST_ASKED = 240  # claims of one source, however densely it is to be read
_SAME = 0.6  # share of words in common from which on two sentences say the same

_PROSE = frozenset({"paragraph", "item", "quote"})
_SCORED = _PROSE | {"heading"}
_CJK_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2,}|[A-Za-z][\w-]+")
_MEASURE = re.compile(
    r"\d[\d.,]*\s?(?:%|percent|per cent|prozent|x\b|×|[kKMGTmµn]?[BbsWhgmVA]\b|[GMkTP]i?[Bb]|ms\b|Hz|[kMG]Hz|tokens?"
    r"|parameters?|times|fold|years?|hours?|minutes?|seconds?|layers?|steps|bits?|bytes?|cores?|GPUs?|°|€|\$|dollars?)"
    r"|[$€£]\s?\d|\b(?:1[6-9]|20)\d\d\b"
)
_FIGURE = re.compile(
    r"[\w.,-]*\d[\w.,-]*(?<![.,])|\b(?:not?|never|cannot|without|nicht|kein\w*|ohne|pas|jamais|sans|nunca|sin|non|mai"
    r"|senza|não|sem|niet|geen|zonder)\b|\w+n['’]t\b|[不没無无未]|ない"
)
_DEFINES = re.compile(
    r"^(?:An? |The |In \w+(?: \w+)?, )?(?:[^\s,.;]+ ){1,7}(?:\([^()]{1,60}\) |, [^,]{3,50}, )?(?:is|are|was|were) "
    r"(?:an?|the|one of|any|called|defined|known)\b|\b(?:is|are) (?:called|defined as|known as|termed)\b|\brefers to\b"
    r"|\bstands for\b"
)
_DEFINES_ELSEWHERE = re.compile(
    r"\b(?:ist|sind|war|bezeichnet|heißt) (?:ein|eine|einer|der|die|das|man)\b"
    r"|\b(?:est|sont|était|désigne) (?:un|une|des|le|la|l)\b|\b(?:es|son|era|fue) (?:un|una|el|la|los|las)\b"
    r"|\bè (?:un|una|il|la|lo)\b|\bsono (?:dei|delle|i|le)\b|\b(?:é|são|foi) (?:um|uma|o|a|os|as)\b"
    r"|\b(?:is|zijn|was) (?:een|de|het)\b|是(?:一种|一種|一个|一個|指|由)|とは|である。|の一種"
)
_BARE_SUBJECT = re.compile(  # "The modifications are": which ones, an earlier sentence says
    r"The [a-z]+ (?:is|are|was|were|has|have|had|can|could|will|would|may|might|must|should|does|do|also|[a-z]+(?<!s)s"
    r"|[a-z]+ed)\b"
)
_LEAD_TITLE = re.compile(
    r"abstract|introduction|overview|summary|what is|about|zusammenfassung|einleitung|résumé|resumen|introducción"
    r"|摘要|简介|概述|概要|はじめに",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Weighed:
    """A claimable sentence with what decides about it."""

    index: int
    terms: frozenset[str]  # its content words (CJK: pairs of characters)
    figures: frozenset[str]  # its numbers, names with numbers and negations: facts that differ in one differ
    score: float
    lead: float  # how well it says what the whole source is about
    section: tuple[str, ...]


def weigh_sentences(sentences: Sequence[Sentence], *, language: str) -> tuple[Weighed, ...]:
    """Return the claimable sentences with what decides about them; for who needs both claims and summary."""
    return tuple(_candidates(sentences, language))


def choose_claims(
    sentences: Sequence[Sentence],
    *,
    language: str,
    limit: int | None = None,
    weighed: Sequence[Weighed] | None = None,
    depth: int = 1,
    missed: frozenset[int] = frozenset(),
) -> tuple[int, ...]:
    """Return the indexes of the sentences that make the best claims, in text order.

    Every section with something to say gets its share, and what is said twice is taken once. Without a `limit` their
    number grows with the length of the text: 10 up to 250 words, 16 for 400, 50 for 4,000, 100 at most. With a `depth`
    there are up to so many times as many: the same ones, then others, those first whose section holds a sentence that
    was `missed` (by its index).
    """
    candidates = list(weighed) if weighed is not None else _candidates(sentences, language)
    every = candidates
    strong = [candidate for candidate in candidates if candidate.score >= _WEAK]
    candidates = strong if len(strong) >= _MIN_CLAIMS else candidates
    if limit is None:
        limit = _limit(sentences, language)
    if not candidates or limit <= 0:
        return ()
    chosen: list[Weighed] = []
    best_lead = max(candidates, key=lambda c: (c.lead, -c.index))
    ranked = sorted(candidates, key=lambda c: (-c.score, c.index))
    shares = _shares(candidates, limit)
    passed_over: list[Weighed] = []
    for candidate in [best_lead, *ranked]:
        if len(chosen) >= limit:
            break
        if shares[candidate.section] <= 0:
            passed_over.append(candidate)
        elif not _says_the_same(candidate, chosen):
            chosen.append(candidate)
            shares[candidate.section] -= 1
    for candidate in passed_over:  # what sections without enough to say leave over
        if len(chosen) >= limit:
            break
        if not _says_the_same(candidate, chosen):
            chosen.append(candidate)
    if depth > 1:
        sections = {sentences[index].headings[:3] for index in missed}
        _choose_more(chosen, every, most=_at_depth(limit, depth), first=sections)
    return tuple(sorted(candidate.index for candidate in chosen))


def most_claims(sentences: Sequence[Sentence], *, language: str, depth: int) -> int:
    """Return how many claims a text of this length is given at a depth."""
    return _at_depth(_limit(sentences, language), depth)


def _at_depth(limit: int, depth: int) -> int:
    return min(limit * depth, max(limit, _MOST_ASKED))


def _choose_more(chosen: list[Weighed], candidates: list[Weighed], *, most: int, first: set[tuple[str, ...]]) -> None:
    """Go on choosing until there are `most`: the best of the `first` sections, then the best of all."""
    for candidate in sorted(candidates, key=lambda c: (c.section not in first, -c.score, c.index)):
        if len(chosen) >= most:
            break
        if not _says_the_same(candidate, chosen):
            chosen.append(candidate)


def summary(
    sentences: Sequence[Sentence], chosen: Sequence[int], *, language: str, weighed: Sequence[Weighed] | None = None
) -> int | None:
    """Return which of the `chosen` sentences best says what the source is about; None if none was chosen."""
    among = frozenset(chosen)
    if weighed is None:
        candidates = _candidates(sentences, language, among=among)
    else:
        candidates = [candidate for candidate in weighed if candidate.index in among]
    return max(candidates, key=lambda c: (c.lead, -c.index)).index if candidates else None


def _limit(sentences: Sequence[Sentence], language: str) -> int:
    """Return how many claims a text of this length is given."""
    prose = [sentence.text for sentence in sentences if sentence.kind in _PROSE]
    if has_spaces(language):
        words = sum(text.count(" ") + 1 for text in prose)
    else:
        words = int(sum(map(len, prose)) / _CHARACTERS_PER_WORD)
    if words <= _LONG_TEXT:
        return max(_MIN_CLAIMS, words // _WORDS_PER_CLAIM)
    most = _LONG_TEXT // _WORDS_PER_CLAIM
    return min(_MAX_CLAIMS, isqrt(most * most * words // _LONG_TEXT))  # integers: the same on every machine


def _candidates(sentences: Sequence[Sentence], language: str, *, among: frozenset[int] | None = None) -> list[Weighed]:
    """Return the claimable sentences (or those `among` the given indexes), scored."""
    words = [words_of(sentence.text) if sentence.kind in _SCORED else [] for sentence in sentences]
    terms = [
        _terms(sentence.text, own, language) if own else () for sentence, own in zip(sentences, words, strict=True)
    ]
    weights, title = _weights(sentences, terms)
    seen_sections: set[tuple[str, ...]] = set()
    candidates = []
    for index, sentence in enumerate(sentences):
        if sentence.kind not in _PROSE:
            continue
        opens_section = sentence.headings not in seen_sections
        seen_sections.add(sentence.headings)
        if index not in among if among is not None else not is_claim(sentence, words[index], language=language):
            continue
        distinct = frozenset(terms[index])
        total = sum(sorted(weights[term] for term in distinct))  # sorted: a sum of floats depends on the order
        score = total / (len(distinct) + 3)  # the mean, held down for very short sentences
        score += _signs(sentence.text, words[index], language) + (0.15 if opens_section else 0.0)
        lead = (
            score
            + _lead(sentence, words[index], distinct, title, language)
            + 0.4 * max(0.0, 1 - 5 * index / len(sentences))
        )
        figures = frozenset(_FIGURE.findall(sentence.text.lower()))
        candidates.append(Weighed(index, distinct, figures, round(score, 6), round(lead, 6), sentence.headings[:3]))
    return candidates


def _weights(
    sentences: Sequence[Sentence], terms: Sequence[tuple[str, ...]]
) -> tuple[dict[str, float], frozenset[str]]:
    """Return how much each term weighs in this source, 0 to 1, and the terms of its title."""
    counts: Counter[str] = Counter()
    title: frozenset[str] = frozenset()
    for sentence, found in zip(sentences, terms, strict=True):
        counts.update(found)
        if sentence.kind == "heading":
            counts.update(found * 2)
            title = title or frozenset(found)
    top = log(1 + max(counts.values(), default=1))
    return {term: log(1 + count) / top for term, count in counts.items()}, title


def _terms(text: str, words: list[str], language: str) -> tuple[str, ...]:
    """Return the content words of a sentence, singular; pairs of characters where no spaces part the words."""
    if has_spaces(language):
        idle = stopwords(language)
        own = [word for word in words if len(word) > 2 and word not in idle and not word.isdecimal()]
        return tuple(map(singular, own)) if language == "en" else tuple(own)
    found: list[str] = []
    for run in _CJK_RUN.findall(text):
        found.extend([run.lower()] if run[0].isascii() else [run[i : i + 2] for i in range(len(run) - 1)])
    return tuple(found)


def _signs(text: str, words: list[str], language: str) -> float:
    """Return what the wording of a sentence says for it (figures, definitions, results) and against it."""
    score = 0.25 if _NUMBER.search(text) and _MEASURE.search(text) else 0.1 if _NUMBER.search(text) else 0.0
    score += 0.25 if _defines(text, language) else 0.0
    score += 0.06 * min(3, phrases("signals", language).count(text, words))
    score -= 0.15 if phrases("first-person", language).occurs(text, words) else 0.0
    score -= 0.35 if language == "en" and _tells_a_story(words) else 0.0
    score -= 0.12 if phrases("second-person", language).occurs(text, words) else 0.0
    score -= 0.15 if words[:1] == ["our"] else 0.0
    score -= 0.1 if phrases("connectors", language).opens(text, words) else 0.0
    score -= 0.3 if phrases("open", language).occurs(text, words) else 0.0  # those are listed as open questions
    score -= 0.2 if language == "en" and _BARE_SUBJECT.match(text) else 0.0
    score -= 0.1 if len(words) < 8 and has_spaces(language) else 0.0
    score -= 0.05 if "(" in text and len(words) > 30 else 0.0
    return score


def _tells_a_story(words: list[str]) -> bool:
    """Return whether "we" (or "I") do something else than report, as the steps of a tutorial: "next we add a line"."""
    for at, word in enumerate(words):
        if word.split("'", 1)[0] in {"we", "i"}:
            following = [
                later
                for later in words[at + 1 : at + 4]
                if later not in {"also", "then", "further", "first", "have", "has"}
            ]
            return not following or not phrases("reports", "en").opens("", following)
    return False


def _defines(text: str, language: str) -> bool:
    return bool((_DEFINES if language == "en" else _DEFINES_ELSEWHERE).search(text))


def _lead(sentence: Sentence, words: list[str], terms: frozenset[str], title: frozenset[str], language: str) -> float:
    """Return what speaks for a sentence as the one that says what the source is about, its place set aside."""
    score = 0.5 * len(terms & title) / len(title) if title else 0.0
    score += 0.3 if len(sentence.headings) <= 1 else 0.0
    score += 0.2 if any(_LEAD_TITLE.search(heading) for heading in sentence.headings) else 0.0
    score += 0.2 if _defines(sentence.text, language) else 0.0
    score -= 0.3 if phrases("connectors", language).opens(sentence.text, words) else 0.0
    return score


def _shares(candidates: list[Weighed], limit: int) -> dict[tuple[str, ...], int]:
    """Return how many claims each section may have at first: its part of the limit, by its candidates, rounded up."""
    sizes = Counter(candidate.section for candidate in candidates)
    return {section: -(-size * limit // len(candidates)) for section, size in sizes.items()}


def _says_the_same(candidate: Weighed, chosen: list[Weighed]) -> bool:
    """Return whether a chosen sentence says the same in nearly the same words."""
    size = len(candidate.terms)
    for other in chosen:
        if other.index == candidate.index:
            return True
        if other.figures == candidate.figures:
            common = len(candidate.terms & other.terms)
            if common and common >= _SAME * (size + len(other.terms) - common):
                return True
    return False
