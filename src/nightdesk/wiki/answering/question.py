"""A question taken apart: the words that an answer should share with it, and what kind of thing it asks for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from nightdesk.wiki.proof.stems import stem, word_set
from nightdesk.wiki.search.inflections import inflections
from nightdesk.wiki.search.tokens import fold, tokens_of

Kind = Literal["number", "date", "person", "definition", "reason", "other"]
MAX_QUESTION = 2_000  # characters
MAX_TERMS = 40  # of one question; searching for more finds nothing better
_FRAME = word_set(
    """
    a an the of in on for to and or by with at from as that this these those it its be been being is are was were am
    do does did done has have had can could should would will shall may might must there here what which who whom
    whose when where why how than then so if into about between per such some any all each me my you your we our us
    they them their he she his her i please tell explain describe say give name list exactly der die das den dem des
    ein eine einen einem einer eines und oder im in am an auf für von vom zu zum zur mit bei nach aus ist sind war
    waren wird werden wurde wurden hat haben was wer wen wem wessen wann wo warum wieso welche welcher welches
    welchen welchem wie viele viel nicht kein keine
    """
)
# What follows "which" or "how" says what is asked for; the answer need not repeat it.
_ASKED = word_set(
    """
    year date day month time number value person people author researcher name kind type sort large big long high
    fast far often small low old deep wide heavy jahr wert zahl
    """
)
_LITTLE = 0.15  # of its rarity, what such a word counts
_ASKING_SIGNS = re.compile(  # of Chinese and Japanese: what asks, and not what is asked about
    r"什么时候|为什么|是什么|什么|多少[个次层步年]?|几[个次层步年]|怎么样?|如何|哪[个些里一]?年?|何时|吗|呢|谁|誰"
    r"|なぜ|とは|どの|いつ|いくつ|ですか|だれ|何[個回層年]?"
)
_EARLIER = 0.35  # of its rarity, what a word of the question before counts
_POINTS_BACK = re.compile(
    r"\b(?:it|its|they|them|their|this|that|these|those|he|she|his|her|one|ones|there|same|sie|er|es|dies\w*|dessen|deren)\b"
    r"|^\s*(?:and|but|what about|how about|why|und|aber)\b|它|他们?|那|それ",
    re.I,
)
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "date",
        re.compile(
            r"\bwhen\b|\b(?:which|what) (?:year|date|day|month|decade|century)\b|\bwann\b"
            r"|\bwelche[mns]? (?:Jahr|Tag|Monat)|什么时候|何时|哪一?年|いつ|何年",
            re.I,
        ),
    ),
    (
        "person",
        re.compile(r"\bwho(?:m|se)?\b|\b(?:which|what) (?:person|author|researcher)s?\b|\bwe[rnm]\b|谁|誰|だれ", re.I),
    ),
    (
        "number",
        re.compile(
            r"\bhow (?:many|much|large|big|long|high|fast|far|often|small|low|old|deep|wide|heavy)\b"
            r"|\bwie ?(?:viele?|oft|groß|hoch|lange?|schnell)\b"
            r"|\b(?:what|which) (?:\S+ ){0,2}(?:value|number|rate|size|percentage|share|fraction|ratio|cost"
            r"|price|length|depth|width|factor|deviation|temperature|limit|threshold|default|version|dropout"
            r"|momentum|budget)s?\b"
            r"|\bwhat is the (?:\S+ ){0,2}(?:largest|smallest|highest|lowest|most|least|maximum|minimum|number|value"
            r"|cost|size)\b|\bwhat does .* cost\b|多少|几[个次层步]|いくつ|何[個回層]",
            re.I,
        ),
    ),
    ("reason", re.compile(r"\bwhy\b|\bwarum\b|\bwieso\b|\bfor what reason\b|为什么|なぜ", re.I)),
    (
        "definition",
        re.compile(
            r"^\s*(?:what (?:is|are|does .{1,60} mean)|who is|define|was (?:ist|sind)|what's)\b|是什么|とは", re.I
        ),
    ),
)
_UNIT = re.compile(r"\bhow (?:many|much)\s+((?:\w+[- ]){0,2}?\w+)\b|\bwie ?viele?\s+(\w+)", re.I)
_NEGATION = re.compile(r"\b(?:not|no|never|without|cannot|nicht|kein\w*|ohne)\b|n[’']t\b|不|没", re.I)
_COMPOUND = re.compile(r"(?<!\w)[A-Z]\w*(?:[-. ]\d[\w.]*)+|(?<!\w)\w+(?:-\w+)*-\d\w*|(?<!\w)\w*[A-Z]\w*(?:-\w+)+")
_WORD = re.compile(r"[^\W_]+(?:[-.,'’][^\W_]+)*")
_IZE = re.compile(r"(?<=..)iz(?=(?:e|ed|es|er|ers|ing|ation|ations)$)")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question."""

    key: str  # as `keys_of` gives it
    forms: tuple[str, ...]  # as they may stand in the index
    weight: float  # how rare it is on the desk
    is_name: bool  # capitalised within the question, or with digits
    known: bool  # whether it stands anywhere on the desk
    shown: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    text: str
    terms: tuple[Term, ...]
    kind: Kind
    unit: str  # key of what is counted: "how many tokens"; "" for none
    pairs: frozenset[tuple[str, str]]  # keys of words that stand side by side in it: "random seed"
    words: frozenset[str]  # its words as they are written, folded
    compounds: tuple[tuple[str, ...], ...]  # keys of names of several words: "GPT-4", "Llama 2 7B"
    negated: bool

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its words, function words left out."""
        return frozenset(term.key for term in self.terms)

    @property
    def weight(self) -> float:
        """What all its words weigh together."""
        return sum(term.weight for term in self.terms)


def parse_question(text: str, rarity: Callable[[Sequence[str]], tuple[float, bool]], *, before: str = "") -> Question:
    """Return the question taken apart.

    `rarity` says of the forms of one word how much it tells (0 or more), and whether it stands anywhere. `before` is
    the question that was asked before: where this one points back to it or is no whole question, its words count too.
    """
    text = " ".join(text[:MAX_QUESTION].split())
    earlier = words_of(before[:MAX_QUESTION]) if before and leans(text) else ()
    earlier_names = _names(before[:MAX_QUESTION])
    kind: Kind = next((kind for kind, pattern in _KINDS if pattern.search(text)), "other")
    names = _names(text)
    terms: dict[str, Term] = {}
    for word in words_of(_ASKING_SIGNS.sub(" ", text)):
        if word in _FRAME or len(terms) == MAX_TERMS or (len(word) == 1 and not word.isascii()):
            continue
        key = key_of(word)
        forms = (word, *inflections(word))
        weight, known = rarity(forms)
        if word in _ASKED:
            weight *= _LITTLE
        terms.setdefault(key, Term(key, forms, weight, word in names, known, word))
    for word in earlier:
        if word not in _FRAME and word not in _ASKED and len(terms) < MAX_TERMS and key_of(word) not in terms:
            forms = (word, *inflections(word))
            weight, known = rarity(forms)
            named = word in earlier_names
            if named and names:
                continue  # "And of Muon?" asks the same of another
            terms[key_of(word)] = Term(key_of(word), forms, weight * (1 if named else _EARLIER), named, known, word)
    if earlier:  # what the question itself names is what it is about, however common on the desk
        most = max((term.weight for term in terms.values()), default=0.0)
        own = {key_of(word) for word in names}
        terms = {key: replace(term, weight=most) if key in own else term for key, term in terms.items()}
    plain = [(word, key_of(word)) for word in words_of(text)]
    pairs = frozenset((a[1], b[1]) for a, b in pairwise(plain) if not {a[0], b[0]} & _FRAME)
    words = frozenset(word for word, _ in plain)
    return Question(
        text, tuple(terms.values()), kind, _unit(text), pairs, words, _compounds(text), bool(_NEGATION.search(text))
    )


@lru_cache(maxsize=20_000)  # the statements of a desk are looked at for many questions
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a text as the index knows them; of scripts without blanks each pair of characters."""
    found: list[str] = []
    for token in tokens_of(text):
        if token.paired:
            found += [token.text[at : at + 2] for at in range(max(1, len(token.text) - 1))]
        else:
            found.append(token.text)
    return tuple(found)


def leans(text: str) -> bool:
    """Say whether a question is one only together with the question before it."""
    return bool(_POINTS_BACK.search(text)) or sum(word not in _FRAME for word in words_of(text)) < 2


def is_frame(word: str) -> bool:
    """Say whether a folded word is one of those that every question and statement has."""
    return word in _FRAME


@lru_cache(maxsize=50_000)
def key_of(word: str) -> str:
    """Return what words of one stem, in British and American spelling, have in common."""
    return stem(_IZE.sub("is", word))


@lru_cache(maxsize=20_000)  # the statements of a desk are looked at for many questions
def keys_of(text: str) -> tuple[str, ...]:
    """Return the keys of all words of a text, in their order."""
    return tuple(key_of(word) for word in words_of(text))


def _names(text: str) -> frozenset[str]:
    """Return the words that name something: with a capital within the question, or with a digit."""
    found: set[str] = set()
    for match in _WORD.finditer(text):
        word = match[0]
        inner = match.start() > 0 and word[0].isupper()
        if inner or any(c.isdigit() for c in word) or any(c.isupper() for c in word[1:]):
            found.update(words_of(word))
    return frozenset(found)


def _compounds(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(keys for found in _COMPOUND.finditer(text) if len(keys := keys_of(found[0])) > 1))


def _unit(text: str) -> str:
    found = _UNIT.search(fold(text))
    words = words_of(found[1] or found[2]) if found else ()
    return key_of(words[-1]) if words and words[-1] not in _FRAME else ""
