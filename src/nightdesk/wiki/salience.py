"""Which sentences of a source become its claims, its one-line summary and its open questions.

A function of the source's own text only: nothing here looks at other sources, so that a new one never changes another's claims.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt, log

from nightdesk.wiki.claimable import claimable, is_addressed_to_models, phrases, words_of
from nightdesk.wiki.language import has_spaces, stopwords
from nightdesk.wiki.lexicon import singular
from nightdesk.wiki.sentences import Sentence

__all__ = ["choose_claims", "claimable", "open_questions", "summary"]

_WORDS_PER_CLAIM = 25
_LONG_TEXT = 300  # words from which on the number of claims grows with the square root only
_MIN_CLAIMS, _MAX_CLAIMS = 4, 80
_CHARACTERS_PER_WORD = 1.7  # of Chinese and Japanese
_MAX_QUESTIONS = 5
_SAME = 0.6  # share of words in common from which on two sentences say the same

_PROSE = frozenset({"paragraph", "item", "quote"})
_CJK_RUN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{2,}|[A-Za-z][\w-]+")
_MEASURE = re.compile(
    r"\d[\d.,]*\s?(?:%|percent|per cent|prozent|x\b|×|[kKMGTmµn]?[BbsWhgmVA]\b|[GMkTP]i?[Bb]|ms\b|Hz|[kMG]Hz|tokens?|parameters?|times|fold|years?|hours?"
    r"|minutes?|seconds?|layers?|steps|bits?|bytes?|cores?|GPUs?|°|€|\$|dollars?)|[$€£]\s?\d|\b(?:1[6-9]|20)\d\d\b"
)
_NUMBER = re.compile(r"\d")
_DEFINES = re.compile(
    r"^(?:An? |The |In \w+(?: \w+)?, )?(?:[^\s,.;]+ ){1,7}(?:\([^()]{1,60}\) |, [^,]{3,50}, )?(?:is|are|was|were) (?:an?|the|one of|any|called|defined|known)\b"
    r"|\b(?:is|are) (?:called|defined as|known as|termed)\b|\brefers to\b|\bstands for\b"
)
_DEFINES_ELSEWHERE = re.compile(
    r"\b(?:ist|sind|war|bezeichnet|heißt) (?:ein|eine|einer|der|die|das|man)\b|\b(?:est|sont|était|désigne) (?:un|une|des|le|la|l)\b"
    r"|\b(?:es|son|era|fue) (?:un|una|el|la|los|las)\b|\bè (?:un|una|il|la|lo)\b|\bsono (?:dei|delle|i|le)\b|\b(?:é|são|foi) (?:um|uma|o|a|os|as)\b"
    r"|\b(?:is|zijn|was) (?:een|de|het)\b|是(?:一种|一種|一个|一個|指|由)|とは|である。|の一種"
)
_BARE_SUBJECT = re.compile(
    r"^The [a-z]+ (?:is|are|was|were|has|have|had|can|could|will|would|may|might|must|should|does|do|also|[a-z]+(?<!s)s|[a-z]+ed)\b"
)
_FIRST_PERSON = frozenset(
    "we our ours us i my me wir unser nous notre nosotros nuestro noi nostro nós nosso wij ons onze 我们 我們".split()
)
_SECOND_PERSON = frozenset("you your yours you'll you're you've".split())
_LEAD_TITLE = re.compile(
    r"abstract|introduction|overview|summary|what is|about|zusammenfassung|einleitung|résumé|resumen|introducción|摘要|简介|概述|概要|はじめに",
    re.IGNORECASE,
)
_OPEN_TITLE = re.compile(
    r"open (?:question|problem|issue)|future|limitation|discussion|outlook|offene fragen|ausblick|perspectives|futuro|展望|今後",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:(?:but|and|so|or|also|then|however|still),? )?(?:(?:to|in|by|from|for|at|under|on) )?(?:what(?! (?:is|are) [^ ]+(?: [^ ]+)?\?)|why|how(?! to\b)|which"
    r"|when|where|who|can|could|do|does|did|is|are|will|would|should|may|might|whether)\b",
    re.IGNORECASE,
)
_ASKS_ELSEWHERE = re.compile(
    r"^¿|^(?:(?:\w+ )?(?:was|warum|wieso|wie|wann|wo|woher|welche[rsmn]?|ob|inwieweit|kann|können|ist|sind|gibt|pourquoi|comment|quel(?:le)?s?|quand|où|que|peut|est"
    r"|perché|come|quale|quali|quando|dove|può|por que|porque|como|qual|quais|onde|pode|wat|waarom|hoe|wanneer|waar|welke|kan|is))\b"
    r"|什么|什麼|为何|為何|如何|是否|哪|吗|嗎|呢|か[?？]$",
    re.IGNORECASE,
)
_ASKS_READER = re.compile(
    r"\b(?:you|your|we|us|i|my)\b|^(?:why not|so what|what if|really|right|guess|ready|sound)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A claimable sentence with what decides about it."""

    index: int
    terms: frozenset[str]  # its content words (CJK: pairs of characters)
    score: float
    lead: float  # how well it says what the whole source is about
    section: tuple[str, ...]


def choose_claims(sentences: Sequence[Sentence], *, language: str, limit: int | None = None) -> tuple[int, ...]:
    """Return the indexes of the sentences that make the best claims, in text order.

    Every section with something to say gets its share, and what is said twice is taken once. Without a `limit` their
    number grows with the length of the text: 12 for 300 words, 20 for 900, 43 for 4,000, 80 at most.
    """
    candidates = _candidates(sentences, language)
    if limit is None:
        limit = _limit(sentences, language)
    if not candidates or limit <= 0:
        return ()
    chosen: list[_Candidate] = []
    best_lead = max(candidates, key=lambda c: (c.lead, -c.index))
    ranked = sorted(candidates, key=lambda c: (-c.score, c.index))
    shares = _shares(candidates, limit)
    passed_over: list[_Candidate] = []
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
    return tuple(sorted(candidate.index for candidate in chosen))


def summary(sentences: Sequence[Sentence], chosen: Sequence[int], *, language: str) -> int | None:
    """Return which of the `chosen` sentences best says what the source is about; None if none was chosen."""
    wanted = set(chosen)
    candidates = [c for c in _candidates(sentences, language) if c.index in wanted]
    return max(candidates, key=lambda c: (c.lead, -c.index)).index if candidates else None


def open_questions(sentences: Sequence[Sentence], *, language: str) -> tuple[int, ...]:
    """Return the indexes of at most five sentences by which the source itself states something open, in text order."""
    stated = phrases("open", language)
    found: list[int] = []
    for index, sentence in enumerate(sentences):
        if sentence.kind not in _PROSE or not 20 <= len(sentence.text) <= 400 * (1 if has_spaces(language) else 0.5):
            if has_spaces(language) or sentence.kind not in _PROSE or not 8 <= len(sentence.text) <= 200:
                continue
        words = words_of(sentence.text)
        is_last = index + 1 == len(sentences) or sentences[index + 1].block != sentence.block
        if sentence.text.endswith(("?", "？")):
            wanted = _is_genuine_question(sentence, words, language) and (
                is_last or _OPEN_TITLE.search(" ".join(sentence.headings))
            )
        else:
            wanted = stated.occurs(sentence.text, words) and _stands_alone(sentence, language)
        if wanted and not is_addressed_to_models(sentence.text):
            found.append(index)
            if len(found) == _MAX_QUESTIONS:
                break
    return tuple(found)


def _stands_alone(sentence: Sentence, language: str) -> bool:
    return claimable(sentence, language=language)


def _is_genuine_question(sentence: Sentence, words: list[str], language: str) -> bool:
    """Return whether a question is about the subject, not put to the reader, and understood alone."""
    if phrases("openers", language).opens(sentence.text, words) and words[:1] not in (
        ["which"],
        ["where"],
        ["who"],
        ["whose"],
    ):
        return False
    if has_spaces(language) and not 5 <= len(words) <= 40:
        return False
    if _ASKS_READER.search(sentence.text) or not (_ASKS if language == "en" else _ASKS_ELSEWHERE).search(sentence.text):
        return False
    pronouns = {"this", "that", "these", "those", "it", "they", "he", "she"}
    return not (language == "en" and pronouns & set(words[:4]))


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


def _candidates(sentences: Sequence[Sentence], language: str) -> list[_Candidate]:
    """Return the claimable sentences, scored."""
    terms = [_terms(sentence.text, language) if sentence.kind in {*_PROSE, "heading"} else () for sentence in sentences]
    counts: Counter[str] = Counter()
    title: frozenset[str] = frozenset()
    for sentence, found in zip(sentences, terms, strict=True):
        weight = 3 if sentence.kind == "heading" else 1
        for term in found:
            counts[term] += weight
        if sentence.kind == "heading" and not title:
            title = frozenset(found)
    top = log(1 + max(counts.values(), default=1))
    weights = {term: log(1 + count) / top for term, count in counts.items()}
    seen_blocks: set[tuple[str, ...]] = set()
    candidates = []
    for index, (sentence, found) in enumerate(zip(sentences, terms, strict=True)):
        if sentence.kind not in _PROSE:
            continue
        opens_section = sentence.headings not in seen_blocks
        seen_blocks.add(sentence.headings)
        if not claimable(sentence, language=language):
            continue
        place = index / len(sentences)
        score = _score(sentence, found, weights, language) + (0.15 if opens_section else 0.0)
        lead = score + _lead(sentence, frozenset(found), title, place, language)
        candidates.append(_Candidate(index, frozenset(found), round(score, 6), round(lead, 6), sentence.headings[:3]))
    return candidates


def _terms(text: str, language: str) -> tuple[str, ...]:
    """Return the content words of a sentence, singular; pairs of characters where no spaces part the words."""
    if has_spaces(language):
        idle = stopwords(language)
        words = [word for word in words_of(text) if len(word) > 2 and word not in idle and not word.isdecimal()]
        return tuple(singular(word) for word in words) if language == "en" else tuple(words)
    found: list[str] = []
    for run in _CJK_RUN.findall(text):
        found.extend([run.lower()] if run[0].isascii() else [run[i : i + 2] for i in range(len(run) - 1)])
    return tuple(found)


def _score(sentence: Sentence, terms: tuple[str, ...], weights: dict[str, float], language: str) -> float:
    """Return how much a sentence says: the weight of its terms, and signs of fact in its wording."""
    text = sentence.text
    words = words_of(text)
    distinct = set(terms)
    if not distinct:
        return 0.0
    total = sum(sorted(weights.get(term, 0.0) for term in distinct))  # sorted: sums of floats depend on the order
    score = total / (len(distinct) + 3)  # the mean, held down for very short sentences
    score += 0.25 if _MEASURE.search(text) else 0.1 if _NUMBER.search(text) else 0.0
    score += 0.25 if _defines(text, language) else 0.0
    score += 0.06 * min(3, phrases("signals", language).count(text, words))
    score -= 0.15 if _FIRST_PERSON & set(words) else 0.0
    score -= 0.12 if _SECOND_PERSON & set(words) else 0.0
    score -= 0.1 if phrases("connectors", language).opens(text, words) else 0.0
    score -= 0.3 if phrases("open", language).occurs(text, words) else 0.0  # those are listed as open questions
    score -= 0.2 if _BARE_SUBJECT.match(text) and language == "en" else 0.0
    score -= 0.1 if len(words) < 8 and has_spaces(language) else 0.0
    score -= 0.05 if "(" in text and len(words) > 30 else 0.0
    return score


def _defines(text: str, language: str) -> bool:
    return bool((_DEFINES if language == "en" else _DEFINES_ELSEWHERE).search(text))


def _lead(sentence: Sentence, terms: frozenset[str], title: frozenset[str], place: float, language: str) -> float:
    """Return what speaks for a sentence as the one that says what the source is about."""
    score = 0.5 * len(terms & title) / len(title) if title else 0.0
    score += 0.4 * max(0.0, 1 - 5 * place)
    score += 0.3 if len(sentence.headings) <= 1 else 0.0
    score += 0.2 if any(_LEAD_TITLE.search(heading) for heading in sentence.headings) else 0.0
    score += 0.2 if _defines(sentence.text, language) else 0.0
    score -= 0.3 if phrases("connectors", language).opens(sentence.text, words_of(sentence.text)) else 0.0
    return score


def _shares(candidates: list[_Candidate], limit: int) -> dict[tuple[str, ...], int]:
    """Return how many claims each section may have at first: as much of the limit as it has of the candidates, rounded up."""
    sizes = Counter(candidate.section for candidate in candidates)
    return {section: -(-size * limit // len(candidates)) for section, size in sizes.items()}


def _says_the_same(candidate: _Candidate, chosen: list[_Candidate]) -> bool:
    """Return whether a chosen sentence says the same in nearly the same words."""
    terms = candidate.terms
    for other in chosen:
        if other.index == candidate.index:
            return True
        common = len(terms & other.terms)
        if common and common >= _SAME * len(terms | other.terms):
            return True
    return False
