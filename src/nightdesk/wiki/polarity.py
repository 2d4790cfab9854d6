"""Polarity: which words a sentence affirms and which it denies."""

import re
from functools import lru_cache
from typing import NamedTuple

import stopwordsiso

from nightdesk.wiki.stems import stem

# Verbs that say little: what is denied is their object, or they themselves if they have none ("is not needed").
_LIGHT = frozenset(
    stem(w)
    for w in "need needed use used using require required requires have has had include contain become make makes get gets give take"
    " apply show shows provide want involve depend rely offer cause allow lead call keep".split()
)
_FUNCTION = frozenset(
    "a an the any all each every some such this that these those it its they their them he she his her we our you your i is are was"
    " were be been being am do does did done can could will would shall should may might must has have had of to in on at by for with"
    " from as into onto about over under per than then there here also too very quite rather so just even still yet already always"
    " ever often usually generally typically really actually at all much many more most less fewer least own same other another"
    " both either one ones what which who whom whose how".split()
)
_ARTICLES = frozenset(("a", "an", "the", "any", "every", "all"))
_BE = frozenset("is are was were be been being am".split())
_BE_NOT = frozenset(("isn't", "aren't", "wasn't", "weren't"))
_NOUN_CUES = frozenset("no without none lack lacks lacked lacking neither nor".split())
_STOPS = frozenset(
    "and but because when while whereas although though however since so if unless until which who where than that or".split()
)
_CUES = frozenset(
    "not no never cannot without neither nor none nobody nothing nowhere hardly barely scarcely rarely seldom lack lacks lacked lacking"
    " unable impossible".split()
)
_PHRASE_CUES = re.compile(
    r"\b(?:fail(?:s|ed|ing|ure)? to|instead of|rather than|free of|devoid of|absence of|no longer|not yet|refuses? to|unlike)\b"
)
_NO_CUES = re.compile(  # they hold a word of denial and deny nothing
    r"\b(?:not only|not just|not merely|not simply|not solely|no (?:more|less|fewer|later|earlier|sooner) than|not (?:more|less|fewer) than"
    r"|no matter|no doubt|nothing but|none other than|not least|whether or not|if not|why not|or not|without doubt|(?:can)?not but"
    r"|not to mention|needless to say|no\. ?\d+)\b"
)
_SOFT = re.compile(  # near to a denial: where one stands, the strict comparison is off
    r"\b(?:replac\w+|drop(?:s|ped|ping)?|remov\w+|omit\w*|avoid\w*|prevent\w*|eliminat\w+|absent|absence|missing|unnecessary|optional|superfluous"
    r"|skip\w*|disabl\w+|free|few|little|only|instead|rather|abandon\w*|discard\w*|ignor\w+|exclud\w+|except|stops?|stopped|zero|false|wrong"
    r"|needless\w*|redundant|obsolete|despite)\b"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:[-‐‑][^\W\d_]+)*|[^\W\d_]*\d[\w.]*|[,;:.!?()–—]")
_SPACE = re.compile(r"\s+")
_MODIFIERS = 3  # content words after "no" and "without" that one noun phrase may have

_FALSE_UN = re.compile(
    r"un(?:der|i|til|less|to|cle|ct|du)|non(?:e$|etheless)|un(?:ion|it|ique|iform|ivers|derst)"
)  # "under", "unit": no denials
_IN_NEGATIVE = re.compile(
    r"(?:in(?:accura|correct|complet|consisten|dependen|direct|efficien|effectiv|finit|formal|expensiv|sufficien|valid|visib|activ"
    r"|adequa|capab|compatib|distinguish|exact|feasib|frequent|secur|sensitiv|significan|stab|tractab|flexib|sepa?rab|applicab|evitab|comparab"
    r"|definit|tolera|equal|determin)|im(?:possib|practical|probab|precis|perfect|plausib|mutab|polit|mobil|material)|ir(?:regular|relevan|reversib|reducib)"
    r"|il(?:legal|logical|literate|legible)|dis(?:abl|advantag|agre|allow|appear|approv|continu|like|prov|connect|proportion|honest|similar|order))"
)


class Denial(NamedTuple):
    """What one negation denies: `head` is the word it is about, `words` its whole phrase (stems)."""

    head: str
    words: tuple[str, ...]
    shown: str  # the head as written
    places: tuple[int, ...]  # of the words among the tokens of the text


class Reading(NamedTuple):
    """The stems that a text affirms (with the words as written) and what it denies."""

    affirmed: dict[str, str]
    denials: tuple[Denial, ...]
    denied: frozenset[str]  # stems in the phrase of a denial, light verbs left out if they have an object
    mentioned: frozenset[str]  # every stem of a denial's phrase, light verbs too
    soft: bool  # holds a word near to a denial


class _Token(NamedTuple):
    word: str  # lower case, hyphens left out
    stem: str
    mark: bool


@lru_cache(maxsize=8192)
def read_polarity(text: str) -> Reading:
    """Return what the English `text` affirms and denies."""
    plain = _SPACE.sub(" ", text.lower().replace("’", "'"))
    soft = _SOFT.search(plain) is not None
    plain = _NO_CUES.sub(lambda m: "," if m[0].startswith(("not only", "not just", "not merely")) else " ", plain)
    plain = _PHRASE_CUES.sub(" not ", plain)
    tokens = [_token(match[0]) for match in _WORD.finditer(plain)]
    affirmed: dict[str, str] = {}
    denials: list[Denial] = []
    odd = False  # within the scope of an odd number of denials
    for place, token in enumerate(tokens):
        if _is_cue(token.word):
            phrase = _denied_phrase(tokens, place)
            if odd and token.word == "without" and denials:
                denials.pop()  # "cannot train without warm-up" denies neither
                odd = False
                continue
            odd = not odd or token.word == "nor"
            if phrase and odd:
                denials.append(_denial(tokens, phrase))
        elif token.mark or token.word in _STOPS:
            odd = False
    used = {i for denial in denials for i in denial.places}
    for i, token in enumerate(tokens):
        if i not in used and not token.mark and not _is_cue(token.word) and token.word not in _FUNCTION:
            affirmed.setdefault(token.stem, token.word)
    denied = frozenset(w for d in denials for w in d.words if w not in _LIGHT or d.head == w)
    return Reading(affirmed, tuple(denials), denied, frozenset(w for d in denials for w in d.words), soft)


def _token(found: str) -> _Token:
    mark = not found[0].isalnum()
    word = found.replace("-", "").replace("‐", "").replace("‑", "")
    word = word if word.endswith("n't") else re.sub(r"'(?:s|re|ve|ll|d|m)?$", "", word)
    return _Token(word, stem(word), mark)


def _is_cue(word: str) -> bool:
    return word in _CUES or word.endswith("n't")


def _denied_phrase(tokens: list[_Token], cue: int) -> list[int]:
    """Return the places of the words that the denial at `cue` is about.

    A verb or adjective is one word ("not converge"); a noun phrase may have several ("no bias terms", "not need any warm-up").
    """
    phrase: list[int] = []
    solid = skipped = 0
    opens = cue == 0 or tokens[cue - 1].mark
    noun = tokens[cue].word in _NOUN_CUES and not (tokens[cue].word == "without" and opens)
    passive = tokens[cue].word in _BE_NOT or (cue > 0 and tokens[cue - 1].word in _BE)
    for i in range(cue + 1, len(tokens)):
        token = tokens[i]
        if token.mark or _is_cue(token.word) or (token.word in _STOPS and token.word != "or"):
            break
        if token.word in _FUNCTION:
            noun = noun or token.word in _ARTICLES
            skipped += 1
            if solid or skipped > 6:
                break
        elif token.word == "or":
            if not solid:
                break
            solid = 0  # "no warm-up or decay": both
        else:
            if solid >= (_MODIFIERS if noun else 1):
                break
            phrase.append(i)
            if passive and token.stem in _LIGHT:
                break  # "is not needed by Adam" is about the need
            noun = noun or token.stem in _LIGHT
            solid += not _is_light(token)
            if solid and not noun and not (i + 1 < len(tokens) and tokens[i + 1].word == "or"):
                break
    return phrase


def _is_light(token: _Token) -> bool:
    """Say whether a denial goes on past this word to what it is about: a light verb or an adverb."""
    return token.stem in _LIGHT or (token.word.endswith("ly") and len(token.word) > 4)


def _denial(tokens: list[_Token], phrase: list[int]) -> Denial:
    solid = [i for i in phrase if not _is_light(tokens[i])] or phrase
    head = tokens[solid[-1]]
    return Denial(head.stem, tuple(tokens[i].stem for i in phrase), head.word, tuple(phrase))


def opposite(word: str) -> str | None:
    """Return the word of which `word` is the denial by its prefix ("unstable": "stable"), or None."""
    if (word.startswith("un") and len(word) > 5 and not _FALSE_UN.match(word)) or _IN_NEGATIVE.match(word):
        return word[3:] if word.startswith("dis") else word[2:]
    if word.startswith("non") and len(word) > 6 and not _FALSE_UN.match(word):
        return word[3:]
    return None


@lru_cache(maxsize=16)
def content_stopwords(language: str) -> frozenset[str]:
    """Return the words of `language` that carry no content of their own, in lower case."""
    return frozenset(stopwordsiso.stopwords(language)) if stopwordsiso.has_lang(language) else frozenset()


_OTHER_CUES = {
    "de": r"nicht|kein\w{0,2}|nie|niemals|ohne|weder|keineswegs|nirgends|niemand|nichts|kaum",
    "fr": r"ne|n(?=['’])|pas|jamais|sans|aucune?|ni|rien|guère",
    "es": r"no|nunca|sin|jamás|ningun[oa]?|ningún|tampoco|ni|nada",
    "it": r"non|mai|senza|nessun[oa]?|né|niente|nulla",
    "pt": r"não|nunca|sem|jamais|nenhuma?|nem|nada",
    "nl": r"niet|geen|nooit|zonder|noch|niemand|niets|nergens",
}
_OTHER_NO_CUES = {
    "de": r"nicht nur|nicht zuletzt|ob oder nicht", "fr": r"non seulement|ne\b[^,.;]{0,40}\bque", "es": r"no s[oó]lo|no solamente",
    "it": r"non sol[oa]|non soltanto", "pt": r"não só|não apenas|não somente", "nl": r"niet alleen",
    "zh": r"不同|不断|不斷|不仅|不僅|不但|不论|不管|不过|不過|无论|無論|非常|不少|不得不|不久|没关系|未来|未來|无线",
    "ja": r"なければならない|なくてはならない|だけでなく|だけではなく|のみならず|少な(?:い|く)|危ない|かもしれない|かもしれません|未来|無線|不思議|しかない|ないといけない",
}  # fmt: skip
_UNSPACED_CUES = {"zh": r"[不没沒无無未非勿]", "ja": r"ない|なかった|なく|ません|ませ|ずに|不|無|未|非"}
_CLAUSE = re.compile(
    r"[,;:.!?。，、；：！？]|\b(?:aber|sondern|weil|während|mais|parce que|tandis|pero|sino|porque|ma|perché|mas|maar|omdat|terwijl)\b"
)


class Clause(NamedTuple):
    """A clause in another language than English: its content stems, and whether it denies."""

    words: frozenset[str]
    denies: bool


@lru_cache(maxsize=8192)
def read_clauses(text: str, language: str) -> tuple[Clause, ...]:
    """Return the clauses of `text` in a language for which only the presence of a denial is looked at."""
    plain = text.lower()
    if language in _OTHER_NO_CUES:
        plain = re.sub(_OTHER_NO_CUES[language], " ", plain)
    cjk = language in _UNSPACED_CUES
    cue = re.compile(_UNSPACED_CUES[language] if cjk else rf"(?<!\w)(?:{_OTHER_CUES.get(language, '(?!)')})(?!\w)")
    clauses = []
    for piece in _CLAUSE.split(plain):
        rest = cue.sub(" ", piece)
        if cjk:
            words = frozenset(
                run[i : i + 2]
                for run in re.findall(r"[\u3400-\u9fff\u30a0-\u30ff]{2,}|[a-z]{2,}", rest)
                for i in range(len(run) - 1)
            )
        else:
            stop = content_stopwords(language)
            words = frozenset(stem(w, language) for w in re.findall(r"[^\W\d_]{3,}", rest) if w not in stop)
        if words:
            clauses.append(Clause(words, cue.search(piece) is not None))
    return tuple(clauses)
