"""Noun phrases of a sentence: unbroken runs of words that may name a thing, with their places in the text."""

from dataclasses import dataclass

from nightdesk.wiki.terms.lexicon import (
    BE,
    BREAK,
    CONJUNCTION,
    DETERMINER,
    EVERYDAY,
    FUNCTION,
    GERUND,
    MODAL,
    MODIFIER,
    NOUN,
    PARTICIPLE,
    PLURAL,
    PREPOSITION,
    PRONOUN,
    TO,
    UNKNOWN,
    VERB,
    VERB_FIRST,
    VERB_OFTEN,
)
from nightdesk.wiki.terms.tokens import Token, Word, tokenize

MAX_WORDS = 4  # words in a term


@dataclass(frozen=True, slots=True)
class Run:
    """A maximal noun phrase: its tokens, which of them can end a term, whether only a noun can stand there."""

    tokens: tuple[Token, ...]
    heads: tuple[bool, ...]
    noun: bool


def noun_runs(text: str, *, language: str, heading: bool = False, code: frozenset[str] = frozenset()) -> list[Run]:
    """Return the noun phrases of a sentence in order; `code` holds words that the source sets as code."""
    tokens = tokenize(text, language=language)
    if language == "en":
        return _english_runs(tokens, text, heading=heading, code=code)
    return _foreign_runs(tokens, text, language=language)


def _english_runs(tokens: list[Token], text: str, *, heading: bool, code: frozenset[str]) -> list[Run]:
    runs: list[Run] = []
    current: list[Token] = []
    heads: list[bool] = []
    before = 0  # flags of the word before the run, 0 for a boundary
    previous = 0  # flags of the word just before this one
    total = len(tokens)
    titled = heading or _shouts(text)
    for i, token in enumerate(tokens):
        word = token.word
        following = tokens[i + 1].word if i + 1 < total else None
        role = 0
        if word is not None and not (code and text[token.start : token.end] in code):
            role = _role(
                word,
                previous,
                following,
                first=i == 0 or (i == 1 and tokens[0].word is None),
                titled=titled,
                inside=bool(current),
            )
        if role:
            if not current:
                before = previous
            current.append(token)
            heads.append(role == NOUN)
            previous = word.flags if word else 0
            if role == NOUN:
                previous = (previous | NOUN) & ~(BREAK | FUNCTION)
            continue
        if current:
            _close(runs, current, heads, before, word.flags if word else 0)
            current, heads = [], []
        previous = word.flags if word else 0
    if current:
        _close(runs, current, heads, before, 0)
    return runs


def _close(runs: list[Run], tokens: list[Token], heads: list[bool], before: int, after: int) -> None:
    while heads and not heads[-1]:
        heads.pop()
        tokens.pop()
    if not tokens:
        return
    noun = bool(before & (DETERMINER | PREPOSITION)) and not after & (DETERMINER | PRONOUN)
    noun = noun or (bool(after & (BE | MODAL)) and not before & (PRONOUN | TO | MODAL))
    runs.append(Run(tuple(tokens), tuple(heads), noun))


def _shouts(text: str) -> bool:
    letters = sum(c.isalpha() for c in text[:200])
    return letters > 12 and sum(c.isupper() for c in text[:200]) > 0.6 * letters


def _role(word: Word, previous: int, following: Word | None, *, first: bool, titled: bool, inside: bool) -> int:
    """Return NOUN if the word can end a term here, MODIFIER if it can only stand before one, 0 if it breaks it."""
    flags = word.flags
    if word.name:
        return NOUN
    if flags & FUNCTION:
        return 0
    named = word.capital and not first and not titled
    if flags & BREAK:
        return 0
    if named and flags & (NOUN | MODIFIER | UNKNOWN):
        return NOUN if flags & (NOUN | UNKNOWN) else MODIFIER
    after = following.flags if following else 0
    if not flags & VERB:
        if flags & NOUN:
            return _noun_role(flags, after)
        return MODIFIER if flags & MODIFIER else 0
    return _verb_role(flags, previous, after, first=first, inside=inside, end=following is None)


def _noun_role(flags: int, after: int) -> int:
    if flags & MODIFIER and after & NOUN and not after & BREAK:
        return MODIFIER
    return NOUN


def _verb_role(flags: int, previous: int, after: int, *, first: bool, inside: bool, end: bool) -> int:
    """Decide for a word that can be a verb, from its neighbours."""
    noun_after = bool(after & NOUN) and not after & (BREAK | VERB_FIRST)
    nominal_before = bool(previous & (DETERMINER | PREPOSITION)) and not previous & TO
    if previous & (TO | MODAL | PRONOUN):
        return 0
    if flags & PARTICIPLE:
        return MODIFIER if noun_after or after & MODIFIER else 0
    if flags & GERUND:
        if after & (DETERMINER | PRONOUN | TO) or previous & BE:
            return 0
        if noun_after:  # "improving performance" is an action, "fine-tuning data" a thing
            return 0 if not previous or previous & (PREPOSITION | CONJUNCTION) else MODIFIER
        return NOUN
    if not flags & NOUN:
        return 0
    if after & (DETERMINER | PRONOUN):
        return 0 if first or inside or not nominal_before else NOUN
    if first and flags & VERB_OFTEN and (after & NOUN) and after & (PLURAL | EVERYDAY):
        return 0  # "Run scripts", "Support users": an order, or what a program does
    if inside and _follows_subject(flags, previous, after):
        return 0
    if flags & VERB_FIRST:
        if nominal_before or (inside and (end or after & (BE | PREPOSITION)) and not flags & PLURAL):
            return NOUN
        return MODIFIER if inside and noun_after and not flags & PLURAL else 0
    return NOUN


def _follows_subject(flags: int, previous: int, after: int) -> bool:
    """Return whether a word that can be a verb agrees with the noun before it as only a verb does."""
    if flags & PLURAL:
        return (
            not previous & PLURAL and bool(after & (NOUN | MODIFIER)) and not after & BREAK
        )  # "cargo supports custom"
    return bool(previous & PLURAL)  # "names match", "scripts run"


_INNER = {
    "fr": "de d' du des à",
    "es": "de del",
    "it": "di del della dei delle dell' d'",
    "pt": "de do da dos das",
    "ca": "de del d'",
}


def _foreign_runs(tokens: list[Token], text: str, *, language: str) -> list[Run]:
    """Return runs of words that are no function words; German ones must be capitalised inside the sentence."""
    inner = frozenset(_INNER.get(language, "").split())
    runs: list[Run] = []
    current: list[Token] = []
    before = 0
    previous: Word | None = None
    for i, token in enumerate(tokens):
        word = token.word
        usable = word is not None and bool(word.flags & NOUN) and not word.flags & BREAK
        if usable and language == "de":
            usable = word is not None and word.capital and len(word.key) > 2
        if usable:
            if not current:
                before = DETERMINER if previous is not None and previous.flags & BREAK else 0
            current.append(token)
        elif current and word is not None and word.key in inner and i + 1 < len(tokens):
            current.append(token)
        else:
            _close_foreign(runs, current, before, inner)
            current = []
        previous = word
    _close_foreign(runs, current, before, inner)
    return runs


def _close_foreign(runs: list[Run], tokens: list[Token], before: int, inner: frozenset[str]) -> None:
    while tokens and (tokens[-1].word is None or tokens[-1].word.key in inner):
        tokens = tokens[:-1]
    if tokens:
        heads = tuple(t.word is not None and t.word.key not in inner for t in tokens)
        runs.append(Run(tuple(tokens), heads, bool(before)))
