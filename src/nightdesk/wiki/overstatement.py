"""Whether a sentence says more firmly than its claims what they say, or gives one thing what they give another."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nightdesk.wiki.proof.stems import stem, word_set
from nightdesk.wiki.prose.wording import words_of
from nightdesk.wiki.terms.lexicon import BE, FUNCTION, MODAL, NOUN, PRONOUN, VERB, english_flags

_HEDGE = re.compile(
    r"\b(may|might|could|perhaps|possibly|probably|likely|seems? to|appears? to|suggests? that"
    r"|(?:is|are) (?:thought|believed|expected|said|projected|predicted|forecast|intended) to)\b([^,;:.]*)"
)
_HEDGED = re.compile(  # a sentence may hedge in more ways, or ask, or leave open
    r"\b(?:may|might|can|could|would|should|perhaps|possibly|probabl[ey]|likely|seem(?:s|ed|ingly)?|appear(?:s|ed)?"
    r"|suggest\w*|indicat\w*|thought|believed|expected|said|(?:project|predict|forecast|intend)\w* to"
    r"|potential(?:ly)?|possib\w+|reportedly|supposedly|estimated?"
    r"|hypothes\w+|tentative\w*|uncertain\w*|unclear|open|whether|if|disputed|debated|doubt\w*|limited evidence"
    r"|preliminary|according to|argu\w+|claim\w*|propos\w+|hop\w+|aims?|speculat\w+|plausibl[ey]|risk\w*|chance)\b|\?",
    re.IGNORECASE,
)
# What is said without exception or doubt, and by what a claim may say it in other words.
_ABSOLUTE = (
    (r"always|invariably|without exception|in (?:all|every) cases?", r"always|invariably|exception|every|all|each|any"),
    (r"never", r"never|no|none|nothing|nowhere|without|not once|(?:not|n't) (?:\w+ ){0,4}(?:any|ever|at all)"),
    (r"prove[ns]?|proved|proof|proofs", r"prove[ns]?|proved|proving|proofs?|theorem"),
    (r"guarantee[ds]?|guaranteeing", r"guarantee[ds]?|guaranteeing|ensures?|ensured|always"),
    (r"definitely|certainly|undoubtedly|unquestionably|indisputably", r"definite\w*|certain\w*|\w*doubt\w*|proven"),
)
_NEGATED = re.compile(r"(?:\b(?:not|no|never|neither|nor|hardly|without)|n't)\W+(?:[\w'’-]+\W+){0,2}$", re.IGNORECASE)
_BREAK = re.compile(
    r"(?P<firm>[;]|,?\s(?:while|whereas)(?=\s))|[:()—]|,(?=\s)"
    r"|\s(?:and|but|although|though|versus|vs\.?|against|than|unlike)(?=\s)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(r"\bfrom ([\w-]+) to ([\w-]+)")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBER_WORDS = {word: str(n) for n, word in enumerate(_DIGITS, 1)}
_JOINS = word_set("which who that whose not compared with instead only also then both")
_IDLE = word_set(  # words without a class of their own in the lexicon that tell nothing apart
    "also only just about very more less most too then thus there here so however therefore roughly nearly almost"
    " usually often still even as well"
)


def overstated(sentence: str, claims: Sequence[Sequence[str]], *, language: str) -> list[str]:
    """Return why a sentence overstates its claims, each given as its statement and its quote; nothing if not.

    English alone, and only what is clear: a "may" that is gone, an "always" that no claim has, and two things that
    have changed places. A copy of a claim overstates nothing.
    """
    texts = [text for claim in claims for text in claim]
    if language != "en" or sentence in texts or any(sentence.rstrip(".") in text for text in texts):
        return []
    statements = [claim[0] for claim in claims]
    found = [*_too_firm(sentence, statements), *_too_absolute(sentence, texts), *_turned_round(sentence, texts)]
    return found or list(_changed_places(sentence, statements))


def _too_firm(sentence: str, statements: Sequence[str]) -> Iterator[str]:
    """Object where a sentence says for certain what a claim says with a "may" and no other claim says for certain."""
    if _HEDGED.search(sentence):
        return
    said = set(_tokens(sentence))
    for statement in statements:
        hedge = _HEDGE.search(statement)
        if hedge is None:
            continue
        scope = set(_tokens(hedge[2]))
        firm = {
            token
            for other in statements
            if other is not statement and not _HEDGE.search(other)
            for token in _tokens(other)
        }
        if scope and len((scope & said) - firm) >= min(2, len(scope)):
            yield f'says for certain what the cited claim says with "{hedge[1]}"'
            return


def _too_absolute(sentence: str, texts: Sequence[str]) -> Iterator[str]:
    for words, equal in _ABSOLUTE:
        found = re.search(rf"\b(?:{words})\b", sentence, re.IGNORECASE)
        if found is None or _NEGATED.search(sentence[: found.start()]):
            continue
        if not any(re.search(rf"\b(?:{equal})\b", text, re.IGNORECASE) for text in texts):
            yield f'says "{found[0]}", which no cited claim says'


@dataclass(frozen=True, slots=True)
class _Unit:
    """A clause with a subject of its own: its words by their stems, in their order."""

    text: str
    tokens: tuple[str, ...]
    stands_alone: bool  # surely with a subject of its own: "and storage at -70 °C" may lack one


def _turned_round(sentence: str, texts: Sequence[str]) -> Iterator[str]:
    """Object to "from A to B" where the claims say "from B to A"."""
    for start, end in _FROM_TO.findall(sentence):
        back = re.compile(rf"\bfrom {re.escape(end)} to {re.escape(start)}\b", re.IGNORECASE)
        if any(back.search(text) for text in texts):
            yield f'says "from {start} to {end}", but the cited claims say "from {end} to {start}"'


def _changed_places(sentence: str, statements: Sequence[str]) -> Iterator[str]:
    """Object where a sentence has swapped the subjects of two clauses, or given one the other's predicate."""
    units = [unit for statement in dict.fromkeys(statements) for unit in _units(statement)]
    clauses = _units(sentence)
    if len(units) < 2:
        return
    of_unit: dict[str, int] = {}  # tokens that one clause alone has
    for n, unit in enumerate(units):
        for token in set(unit.tokens):
            of_unit[token] = -1 if token in of_unit else n
    said = [[n for token in clause.tokens if (n := of_unit.get(token, -1)) >= 0] for clause in clauses]
    for at, one in enumerate(said):
        for other in said[at + 1 :]:
            if one and other and one[0] != other[0] and other[0] in one and one[0] in other:
                yield f'has changed the places of "{units[one[0]].text}" and "{units[other[0]].text}"'
                return
    subjects = [_subject(unit.tokens, of_unit, n) for n, unit in enumerate(units)]
    everything = {token for clause in clauses for token in clause.tokens}
    for clause, labels in zip(clauses, said, strict=True):
        subject = next((token for token in clause.tokens[:2] if token in subjects), None)
        if subject is None or labels.count(of_unit[subject]) > 1:
            continue
        for n, unit in enumerate(units):
            taken = [token for token in clause.tokens if of_unit.get(token) == n]
            telling = any(token[0].isdigit() for token in taken) or len(taken) > 2
            if (
                n != of_unit[subject]
                and unit.stands_alone
                and telling
                and subjects[n] is not None
                and subjects[n] not in everything
            ):
                yield f'says of "{subject}" what the cited claim says in "{unit.text}"'
                return


def _subject(tokens: Sequence[str], of_unit: Mapping[str, int], unit: int) -> str | None:
    """Return the word that tells a clause's subject from those of the others: one of its first two."""
    return next((t for t in tokens[:2] if of_unit.get(t) == unit and t != "not" and not t[0].isdigit()), None)


def _units(text: str) -> list[_Unit]:
    """Return the clauses of a text; one that begins with its verb or a pronoun belongs to the one before it."""
    pieces: list[str] = []
    alone: list[bool] = []
    done, is_firm = 0, True
    for match in [*_BREAK.finditer(text), None]:
        piece = text[done : match.start() if match else len(text)].strip()
        if words := words_of(piece):
            if pieces and _goes_on(words, is_firm=is_firm):
                pieces[-1] += f" {piece}"
            else:
                pieces.append(piece)
                alone.append(is_firm or piece[0].isupper())
        if match:
            done, is_firm = match.end(), bool(match["firm"])
    return [_Unit(piece, tuple(_tokens(piece)), own) for piece, own in zip(pieces, alone, strict=True)]


def _goes_on(words: Sequence[str], *, is_firm: bool) -> bool:
    """Return whether a clause has no subject of its own."""
    flags = english_flags(words[0])
    if words[0] == "that" and words[1:2] == ["of"]:
        return False
    if is_firm:
        return bool(flags & PRONOUN)
    is_verb = flags & VERB and (not flags & NOUN or words[0].endswith(("s", "ed")))
    return bool(flags & (BE | MODAL | PRONOUN) or is_verb or words[0] in _JOINS)


def _tokens(text: str) -> list[str]:
    """Return the stems of the words that carry meaning, "not" among them, and numbers in digits."""
    found = []
    for match in _TOKEN.finditer(text):
        word = re.sub(r"['’]s$", "", match[0].lower()).replace(",", "")
        if word in _NUMBER_WORDS:
            found.append(_NUMBER_WORDS[word])
        elif word[0].isdigit() or word in ("not", "no"):
            found.append("not" if word == "no" else word.rstrip("."))
        elif match.start() > 0 and match[0][0].isupper():
            found.append(stem(word))  # also a short one: "Vaccine A"
        elif not english_flags(word) & FUNCTION and word not in _IDLE:
            found.append(stem(word))
    return found
