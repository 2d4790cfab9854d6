"""Polarity: which words a sentence affirms and which it denies."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from nightdesk.wiki.proof.stems import stem, word_set

NOT_ONLY = "notonly"  # stands for "not only", which denies nothing, and is not "only"
NEAR_COPY = 0.8  # share of their content words that two texts of nearly the same words have in common

# Verbs that say little: what is denied is their object, or they themselves if they have none ("is not needed").
_LIGHT = word_set(  # stems
    "need use requir includ contain becom make get give take appli show provid want involv depend reli offer caus allow"
    " lead call keep"
)
_FUNCTION = word_set(
    "a an the any all each every some such this that these those it its they their them he she his her we our"
    " you your i is are was were be been being am do does did done can could will would shall should may might"
    " must has have had of to in on at by for with from as into onto about over under per than then there here"
    " also too very quite rather so just even still yet already always ever often usually generally typically"
    " really actually at all much many more most less fewer least own same other another both either one ones"
    " what which who whom whose how"
)
_ARTICLES = frozenset(("a", "an", "the", "any", "every", "all"))
_BE = word_set("is are was were be been being am")
_AUXILIARIES = _BE | word_set("do does did can could will would shall should may might must has have had")
_NO_OBJECTS = frozenset(("nothing", "nobody", "nowhere", "none"))
_BE_NOT = frozenset(("isn't", "aren't", "wasn't", "weren't"))
_NOUN_CUES = word_set("no without none lack lacks lacked lacking neither nor")
_STOPS = word_set(
    "and but because when while whereas although though however since so if unless until which who where than that or"
)
_NO_NOUN = _FUNCTION | _STOPS
_CUES = word_set(
    "not no never cannot without neither nor none nobody nothing nowhere hardly barely scarcely rarely seldom"
    " lack lacks lacked lacking unable"
)
_PHRASE_CUES = re.compile(
    r"\b(?:fail(?:s|ed|ing|ure)? to|instead of|rather than|free of|devoid of|absence of|no longer|not yet"
    r"|refuses? to|unlike|zero(?= [a-z]+s\b))\b"
)
_NO_CUES = re.compile(  # they hold a word of denial and deny nothing
    r"\b(?:not only|not just|not merely|not simply|not solely|no (?:more|less|fewer|later|earlier"
    r"|sooner) than|not (?:more|less|fewer) than"
    r"|no matter|no doubt|nothing but|none other than|not least|whether or not|if not|why not|or not"
    r"|without doubt|(?:can)?not but"
    r"|not to mention|needless to say|no\. ?\d+)\b"
)
_SOFT = re.compile(  # near to a denial: where one stands, the strict comparison is off
    r"\b(?:replac\w+|drop(?:s|ped|ping)?|remov\w+|omit\w*|avoid\w*|prevent\w*|eliminat\w+|absent|absence"
    r"|missing|optional"
    r"|superfluous|skip\w*|disabl\w+|instead|rather|abandon\w*|discard\w*|ignor\w+|exclud\w+|except"
    r"|needless\w*|redundant|obsolete)\b"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*(?:[-‐‑][^\W\d_]+)*|[^\W\d_]*\d(?:\w|\.(?=\w))*|[,;:.!?()–—]")
_SPACE = re.compile(r"\s+")
_MODIFIERS = 3  # content words after "no" and "without" that one noun phrase may have

_FALSE_UN = re.compile(
    r"un(?:der|i|til|less|to|cles?$|ct|du)|non(?:e$|etheless)|un(?:ion|it|ique|iform|ivers|derst)"
)  # "under", "unit": no denials
_IN_NEGATIVE = re.compile(
    r"(?:in(?:accura|correct|complet|consisten|dependen|direct|efficien|effectiv|finit|formal|expensiv"
    r"|sufficien|valid|visib|activ"
    r"|adequa|capab|compatib|distinguish|exact|feasib|frequent|secur|sensitiv|significan|stab|tractab|flexib"
    r"|sepa?rab|applicab|evitab|comparab"
    r"|definit|tolera|equal|determin)|im(?:possib|practical|probab|precis|perfect|plausib|mutab|polit|mobil"
    r"|material)|ir(?:regular|relevan|reversib|reducib)"
    r"|il(?:legal|logical|literate|legible)|dis(?:abl|advantag|agre|allow|appear|approv|continu|like|prov"
    r"|connect|proportion|honest|similar|order))"
)


class Denial(NamedTuple):
    """What one negation denies: `head` is the word it is about, `words` its whole phrase (stems)."""

    head: str
    words: tuple[str, ...]
    shown: str  # the head as written
    places: tuple[int, ...]  # of the words among the tokens of the text
    subject: tuple[int, ...]  # places of the subject of a denied verb: "dropout" of "dropout is not used"


class Reading(NamedTuple):
    """What a text affirms and what it denies, as stems; `affirmed` has them with the words as written."""

    affirmed: dict[str, str]
    firm: frozenset[str]  # of the affirmed, those outside the clause of any denial
    denials: tuple[Denial, ...]
    denied: frozenset[str]  # in the phrase of a denial; light verbs only if it is about them
    mentioned: frozenset[str]  # in the phrase of a denial, light verbs and subjects too
    contraries: frozenset[str]  # of what is denied by a prefix: "stable" of "unstable"
    soft: bool  # holds a word near to a denial
    content: frozenset[str]  # all content stems, those with a prefix of denial by their contraries
    cues: int  # how often it denies
    length: int  # in words and marks


class _Token(NamedTuple):
    word: str  # lower case, hyphens left out
    stem: str
    mark: bool
    content: bool  # says something of its own: no mark, no denial, no function word
    contrary: str | None  # the stem of what it denies by its prefix


@lru_cache(maxsize=8192)
def read_polarity(text: str) -> Reading:
    """Return what the English `text` affirms and denies."""
    plain = _SPACE.sub(" ", text.lower().replace("’", "'"))
    soft = _SOFT.search(plain) is not None
    plain = _NO_CUES.sub(
        lambda m: f", {NOT_ONLY} " if m[0].startswith("not only") else "," if m[0].startswith("not ") else " ", plain
    )
    plain = _PHRASE_CUES.sub(" not ", plain)
    tokens = [_token(match[0]) for match in _WORD.finditer(plain)]
    denials, spared, clause = _find_denials(tokens)
    used = spared.union(*(denial.places for denial in denials))
    affirmed: dict[str, str] = {}
    firm: set[str] = set()
    for i, token in enumerate(tokens):
        if token.content and i not in used:
            affirmed.setdefault(token.stem, token.word)
            if i not in clause:
                firm.add(token.stem)
    denied = {w for d in denials for w in d.words if w not in _LIGHT or d.head == w}
    mentioned = {w for d in denials for w in (*d.words, *(tokens[i].stem for i in d.subject))}
    content = [t for t in tokens if t.content and t.word not in _STOPS]
    cues = sum(_is_cue(t.word) and t.word != "nor" for t in tokens)
    return Reading(
        affirmed=affirmed,
        firm=frozenset(firm),
        denials=tuple(denials),
        denied=frozenset(denied),
        mentioned=frozenset(mentioned),
        contraries=frozenset(t.contrary for t in content if t.contrary and t.stem in affirmed),
        soft=soft,
        content=frozenset(t.contrary or t.stem for t in content),
        cues=cues + len({t.stem for t in content if t.contrary}),
        length=len(tokens),
    )


def is_near_copy(one: Reading, two: Reading, *, apart_from: Collection[str] = ()) -> bool:
    """Say whether two texts have nearly the same words, their denials and the stems `apart_from` aside."""
    first, second = one.content.difference(apart_from), two.content.difference(apart_from)
    near_length = abs(one.length - two.length) <= max(3, one.length // 5)
    return near_length and len(first & second) >= NEAR_COPY * len(first | second)


def _find_denials(tokens: list[_Token]) -> tuple[list[Denial], set[int], set[int]]:
    """Return the denials, the places of words neither affirmed nor denied, and those in the reach of a denial."""
    denials: list[Denial] = []
    spared: set[int] = set()
    reach: set[int] = set()
    odd, before = False, 0  # within an odd number of denials of one clause; how many denials came before them
    for place, token in enumerate(tokens):
        if _is_cue(token.word):
            phrase = _denied_phrase(tokens, place)
            if token.word == "neither" and any(later.word == "nor" for later in tokens[place:]):
                spared.update(phrase)  # what follows "nor" says what is denied of both
            elif odd and token.word == "without":
                del denials[before:]  # "cannot train without warm-up" denies neither
                odd = False
            else:
                if not phrase and token.word in _NO_OBJECTS and place and tokens[place - 1].content:
                    phrase = [place - 1]  # "improves nothing"
                odd, before = not odd or token.word == "nor", before if odd else len(denials)
                if phrase and odd:
                    denials.append(_denial(tokens, phrase, _subject(tokens, place)))
                    reach.update(denials[-1].subject)
        elif token.mark or token.word in _STOPS:
            odd = False
        elif odd:
            reach.add(place)
    return denials, spared, reach


def _subject(tokens: list[_Token], cue: int) -> tuple[int, ...]:
    """Return the places of the noun right before a denied verb, unless a preposition ties it to another one."""
    place = cue
    while place > 0 and tokens[place - 1].word in _AUXILIARIES:
        place -= 1
    end = place
    while place > 0 and not tokens[place - 1].mark and tokens[place - 1].word not in _NO_NOUN:
        place -= 1
    while_noun = place == 0 or tokens[place - 1].mark or tokens[place - 1].word in _ARTICLES | _STOPS
    return tuple(range(place, end)) if while_noun else ()


@lru_cache(maxsize=32768)
def _token(found: str) -> _Token:
    mark = not found[0].isalnum()
    word = found.replace("-", "").replace("‐", "").replace("‑", "")
    word = word if word.endswith("n't") else re.sub(r"'(?:s|re|ve|ll|d|m)?$", "", word)
    content = not (mark or _is_cue(word) or word in _FUNCTION)
    bare = opposite(word) if content else None
    return _Token(word, stem(word), mark, content, stem(bare) if bare else None)


def _is_cue(word: str) -> bool:
    return word in _CUES or word.endswith("n't")


def _denied_phrase(tokens: list[_Token], cue: int) -> list[int]:
    """Return the places of the words that the denial at `cue` is about.

    A verb or adjective is one word ("not converge"); a noun phrase may have several ("no bias terms", "not need any
    warm-up").
    """
    phrase: list[int] = []
    solid = skipped = 0
    opens = cue == 0 or tokens[cue - 1].mark
    noun = tokens[cue].word in _NOUN_CUES and not (tokens[cue].word == "without" and opens)
    subject = tokens[cue].word in ("no", "none", "neither", "nor")
    passive = tokens[cue].word in _BE_NOT or (cue > 0 and tokens[cue - 1].word in _BE)
    for i in range(cue + 1, len(tokens)):
        token = tokens[i]
        if token.mark or _is_cue(token.word) or (token.word in _STOPS and token.word != "or"):
            break
        if token.word in _FUNCTION:
            noun = noun or token.word in _ARTICLES
            skipped += 1
            if solid and subject and token.word in _AUXILIARIES:
                solid = _MODIFIERS - 1  # "no dropout was used": the verb is denied too
                subject = False
            elif solid or skipped > 6:
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


def _denial(tokens: list[_Token], phrase: list[int], subject: tuple[int, ...]) -> Denial:
    solid = [i for i in phrase if not _is_light(tokens[i])] or phrase
    head = tokens[solid[-1]]
    return Denial(head.stem, tuple(tokens[i].stem for i in phrase), head.word, tuple(phrase), subject)


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
    import stopwordsiso  # noqa: PLC0415  # reads 400 kB when it is imported

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
    "de": r"nicht nur|nicht zuletzt|ob oder nicht",
    "fr": r"non seulement|ne\b[^,.;]{0,40}\bque",
    "es": r"no s[oó]lo|no solamente",
    "it": r"non sol[oa]|non soltanto",
    "pt": r"não só|não apenas|não somente",
    "nl": r"niet alleen",
    "zh": r"不同|不断|不斷|不仅|不僅|不但|不论|不管|不过|不過|无论|無論|非常|不少|不得不|不久|没关系|未来|未來|无线",
    "ja": r"なければならない|なくてはならない|だけでなく|だけではなく|のみならず|少な(?:い|く)|危ない|かもしれない"
    r"|かもしれません|未来|無線|不思議|しかない|ないといけない",
}
_UNSPACED_CUES = {"zh": r"[不没沒无無未非勿]", "ja": r"ない|なかった|なく|ません|ませ|ずに|不|無|未|非"}
_CLAUSE = re.compile(
    r"[,;:.!?。，、；：！？]|\b(?:aber|sondern|weil|während|mais|parce que|tandis|pero|sino|porque|ma|perché|mas"
    r"|maar|omdat|terwijl)\b"
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
