"""Classes of words and the singular of nouns: what a word may do in a noun phrase."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

# What a word may be. A word has one set of these; what it is in a sentence its neighbours decide (nounphrases).
NOUN = 1
MODIFIER = 2  # adjective or participle: may open or stand inside a term, not end it
VERB = 4
BREAK = 8  # never inside a term
DETERMINER = 16
PREPOSITION = 32
TO = 64
PRONOUN = 128
MODAL = 256
BE = 512
CONJUNCTION = 1024
GENERIC = 2048  # a noun too general to have a page when bare
WEAK = 4096  # a modifier too vague to open a term without evidence
EVERYDAY = 8192  # a noun of everyday English: as a bare term it needs more evidence
VERB_FIRST = 16384  # more often a verb than a noun
VERB_RARELY = 32768  # a noun that is hardly ever a verb
GERUND = 65536
PARTICIPLE = 131072
PLURAL = 262144  # ends like a plural noun or a verb with -s
VERB_OFTEN = 1048576  # a noun in technical prose, yet a verb where a sentence opens with it: "Run scripts"
UNKNOWN = 524288  # in no list: in technical prose nearly always a noun

FUNCTION = DETERMINER | PREPOSITION | TO | PRONOUN | MODAL | BE | CONJUNCTION

_FLAGS = {
    "n": NOUN,
    "nw": NOUN | VERB_RARELY,
    "nv": NOUN | VERB,
    "vn": NOUN | VERB | VERB_FIRST,
    "v": VERB,
    "a": MODIFIER,
    "an": MODIFIER | NOUN | VERB_RARELY,
    "na": NOUN | VERB_RARELY,
    "r": BREAK,
    "det": DETERMINER | BREAK,
    "prep": PREPOSITION | BREAK,
    "to": TO | BREAK,
    "pron": PRONOUN | BREAK,
    "modal": MODAL | BREAK,
    "be": BE | BREAK,
    "conj": CONJUNCTION | BREAK,
    "never": BREAK,
    "noun": NOUN | VERB_RARELY,
    "verb": VERB,
    "adverb": BREAK,
    "adjective": MODIFIER,
}
# Labels of en-words.txt come after those of en-lexicon.txt, which the sort leaves in their order.
_ORDER = {"generic": 1, "never": 2, "weak": 3}
_ADDED = {"generic": GENERIC, "weak": WEAK}  # classes that say more of a word, instead of replacing what it is


@cache
def _lists() -> Mapping[str, tuple[str, ...]]:
    """Return the words of each label in the files, in their order."""
    folder = files("nightdesk.wiki").joinpath("words")
    lists: dict[str, list[str]] = {}
    for name in ("en-lexicon.txt", "en-words.txt"):
        for line in folder.joinpath(name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                label, *words = line.split()
                lists.setdefault(label, []).extend(words)
    return {label: tuple(words) for label, words in lists.items()}


@cache
def word_list(label: str) -> frozenset[str]:
    """Return the English words that the lists give a label, such as "prefix"."""
    return frozenset(_lists()[label])


@cache
def english_words() -> Mapping[str, int]:
    """Return the flags of every listed English word."""
    flags: dict[str, int] = {}
    # what a word is first, then what more is said of it: a word that breaks a term does so whatever else it is
    for label, words in sorted(_lists().items(), key=lambda entry: _ORDER.get(entry[0], 0)):
        if label.rstrip("+") in _FLAGS or label in _ADDED:
            _enter(flags, label, words)
    return flags


def _enter(flags: dict[str, int], label: str, words: tuple[str, ...]) -> None:
    everyday = EVERYDAY if label.endswith("+") else 0
    label = label.rstrip("+")
    if label in _ADDED:
        added = _ADDED[label]
        for word in words:
            default = NOUN if added == GENERIC else MODIFIER
            flags[word] = (flags.get(word, default) | added | default) & ~BREAK
        return
    value = _FLAGS[label] | everyday
    for word in words:
        before = flags.get(word, 0)
        if label == "noun":  # a noun first, yet a verb where the sentence says so
            often = VERB_OFTEN if before & VERB_FIRST else 0
            flags[word] = NOUN | (before & EVERYDAY) | (VERB | often if before & VERB else VERB_RARELY)
        else:
            flags[word] = value


_ADVERB = re.compile(r"(?:[a-z]{3}ly|wise|wards)$")
_ADJECTIVE = re.compile(
    r"(?:[a-z]{2}(?:able|ible|ous|ful|less|ish|est)|[a-z]{3}(?:ical|ional|ial|eal|ary|ative|itive|ative|esque|some)"
    r"|[a-z]{2}(?:ural|oral|eral|ular|imal|inal|ental|idal|onal|ivial|ival|rical|tric|etic|atic|itic|ntic|stic|nic|fic|mic|lic))$"
)
_ING = re.compile(r"[a-z]{3,}ing$")
_ED = re.compile(r"[a-z]{2,}ed$")
_VERBAL = re.compile(r"[a-z]{3}(?:izes?|ises?|ifies|ify|ates)$")  # tokenizes, normalises, specifies
_NOUN_ENDING = re.compile(r"(?:tion|sion|ment|ness|ity|ance|ence|ship|ism|ware|ology|graphy)s?$")


@lru_cache(maxsize=65536)
def english_flags(word: str) -> int:
    """Return what `word` (casefolded) may be in an English sentence."""
    known = english_words()
    flags = known.get(word)
    if flags is not None:
        return flags | (PLURAL if singular(word) != word else 0)
    return _inflected_flags(word, known) or _suffix_flags(word)


def _inflected_flags(word: str, known: Mapping[str, int]) -> int:
    """Return the flags of an inflected form of a listed word, 0 if it is none."""
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        base = known.get(singular(word), 0) or (known.get(word[:-1], 0))
        if base & (NOUN | VERB) and not base & FUNCTION:
            return base | PLURAL
        if base & MODIFIER and not word.endswith("ics"):
            return VERB  # "lowers", "empties": an adjective has no plural
    if _ING.search(word):
        stem = word[:-3]
        if any(known.get(base, 0) & VERB for base in (stem, stem + "e", stem[:-1] if stem[-1] == stem[-2] else stem)):
            return NOUN | VERB | GERUND
    if _ED.search(word):
        stem = word[:-2]
        bases = (stem, stem + "e", stem[:-1] if stem[-1] == stem[-2] else stem, stem[:-1] + "y")
        if any(known.get(base, 0) & (VERB | NOUN) for base in bases):
            return MODIFIER | VERB | PARTICIPLE
    if word.endswith(("er", "est")):
        stem = word[:-2] if word.endswith("er") else word[:-3]
        bases = (stem, stem + "e", stem[:-1], stem[:-1] + "y")
        if any(known.get(base, 0) & (MODIFIER | NOUN | VERB) == MODIFIER for base in bases):
            return BREAK  # comparatives
    return 0


def _suffix_flags(word: str) -> int:
    if _ADVERB.search(word):
        return BREAK
    if _NOUN_ENDING.search(word):
        return NOUN | UNKNOWN | (PLURAL if word.endswith("s") and not word.endswith("ss") else 0)
    if _ING.search(word):
        return NOUN | VERB | GERUND | UNKNOWN
    if _ED.search(word):
        return MODIFIER | VERB | PARTICIPLE | UNKNOWN
    if _VERBAL.search(word):
        return VERB | UNKNOWN
    if _ADJECTIVE.search(word):
        return MODIFIER | UNKNOWN
    return NOUN | UNKNOWN | (PLURAL if word.endswith("s") and not word.endswith(("ss", "us", "is")) else 0)


@cache
def _irregular_plurals() -> Mapping[str, str]:
    return dict(pair.split("=") for pair in _lists()["plural"])


def singular(word: str) -> str:
    """Return the singular of an English noun in lower case, `word` itself if it is no plural.

    Only spelling rules and lists: "loss", "bias", "analysis", "axis" and "chess" stay, "queries" and "matrices" change.
    """
    known = _irregular_plurals().get(word)
    if known is not None:
        return known
    if (
        len(word) < 4
        or not word.endswith("s")
        or word.endswith(("ss", "us", "is", "'s"))
        or word in word_list("single")
    ):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 else word[:-1]
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
