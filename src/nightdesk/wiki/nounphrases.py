"""Noun phrases of a sentence: unbroken runs of words that may name a thing, with their places in the text."""

import re
from dataclasses import dataclass
from functools import lru_cache

from nightdesk.wiki.language import stopwords
from nightdesk.wiki.lexicon import (
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
    VERB_RARELY,
    WEAK,
    english_flags,
    english_words,
    singular,
    word_list,
)

MAX_WORDS = 4  # words in a term
MAX_CHUNK = 60  # characters between two blanks; longer ones are hashes, addresses or attacks
MAX_SENTENCE = 4000  # characters of a sentence that are looked at


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the rules see it: what it may be and how it is spelt in a key."""

    key: str  # part of a term's key inside a term
    last: str  # the same as a term's last word: singular
    flags: int
    name: bool  # spelt like a name wherever it stands: GPU, PyTorch, GPT-2
    capital: bool  # first letter is a capital


@dataclass(frozen=True, slots=True)
class Token:
    """A word at its place in a text; `word` is None where a term must end."""

    start: int
    end: int
    word: Word | None


@dataclass(frozen=True, slots=True)
class Run:
    """A maximal noun phrase: its tokens, which of them can end a term, and whether the sentence shows it to be a noun."""

    tokens: tuple[Token, ...]
    heads: tuple[bool, ...]
    noun: bool


_LEAD = "([{<\"'“‘«„‚*_`¿¡†‡•·"
_TRAIL = ")]}>\"'”’»“,.;:!?*_`…†‡"
_WORD = re.compile(r"[^\W_]+(?:['’‐‑–-][^\W_]+|(?<=\d)\.\d+|(?<=[A-Z])(?:\+\+|#))*")
_PLAIN = re.compile(r"[^\W\d_]+$")
_CODE = re.compile(r"[_\\@{}<>=$~^|*%&]|::|\(\)|//|\w[.:/]\w|^[./-]|\w\(|\w\[")
_SLASHED = re.compile(r"[A-Z0-9]{1,5}(?:/[A-Z0-9]{1,5})+$")  # TCP/IP, I/O, A/B
_DOTTED = re.compile(
    r"[A-Z][a-z]+\.js$|[^\W_]*\d\.\d[^\W_]*$|(?:[^\W_]+-)+v?\d+(?:\.\d+)+(?:-[^\W_]+)*$"
)  # Node.js, GPT-3.5
_QUANTITY = re.compile(r"[\d.,:–-]+(?:st|nd|rd|th|s|x|[a-zA-Zµ%°]{1,3})?$")
_DIMENSION = re.compile(r"\d[dD]$")  # 2D, 3D
_SPLIT = re.compile(r"[—/]|--+|…|\.\.\.")

_PARTICLES = frozenset(("up", "off", "out", "down", "over"))


@lru_cache(maxsize=65536)
def _word(surface: str, language: str) -> Word | None:
    """Return the word that `surface` is, None for what can be no part of a term."""
    if len(surface) == 1 or _QUANTITY.match(surface):
        return Word(surface, surface, MODIFIER | WEAK, False, False) if _DIMENSION.match(surface) else None
    capital = surface[0].isupper()
    bare = surface.rstrip("s") if surface.endswith("s") else surface
    acronym = _is_acronym(bare)
    folded = surface.casefold().replace("’", "'").replace("‐", "-").replace("‑", "-").replace("–", "-")
    if acronym:
        return Word(bare, bare, NOUN, True, True)
    if folded.endswith("'s"):
        folded = folded[:-2]
    if "'" in folded:
        return None if language == "en" else Word(folded, folded, NOUN | UNKNOWN, False, capital)
    mixed = any(c.isupper() for c in surface[1:])
    if "-" in folded:
        return _compound(folded, surface, language, capital=capital, mixed=mixed)
    if mixed and not capital and not (surface[1].isupper() or surface[-1].isupper()):
        return None  # camelCase: an identifier
    if language != "en":
        return _foreign(folded, language, capital=capital)
    flags = english_flags(folded)
    last = singular(folded) if flags & PLURAL or folded in ("criteria", "corpora", "people") else folded
    if not flags & PLURAL and flags & (NOUN | UNKNOWN):
        last = singular(folded)
    if mixed and capital:
        return Word(folded, last, (flags & ~(BREAK | VERB | MODIFIER)) | NOUN, True, True)
    if any(c.isdigit() for c in folded):
        return Word(folded, folded, NOUN | UNKNOWN, True, capital)
    return Word(folded, last, flags, False, capital)


def _is_acronym(bare: str) -> bool:
    letters = [c for c in bare if c.isalpha()]
    return 2 <= len(bare) <= 8 and len(letters) >= 2 and all(c.isupper() for c in letters) and bare[0].isalpha()


def _compound(folded: str, surface: str, language: str, *, capital: bool, mixed: bool) -> Word | None:
    """Return the word made of parts with hyphens between: "byte-pair", "pre-training", "GPT-2"."""
    parts = folded.split("-")
    if len(parts) > MAX_WORDS + 1:
        return None
    if any(part.isdigit() or part[0].isdigit() for part in parts):
        # product-10 and product-11 stay apart, and so do top-1 and top-5
        upper = surface if _is_acronym(surface.split("-", 1)[0]) else folded
        if parts[0].isdigit() and not parts[-1].isalpha():
            return None  # 2024-11-05, 10-20
        flags = MODIFIER | WEAK if parts[0][0].isdigit() or parts[0] in ("top", "level", "step") else NOUN | UNKNOWN
        return Word(upper, upper, flags, flags & NOUN != 0 and (capital or mixed), capital)
    surfaces = surface.replace("‐", "-").replace("‑", "-").replace("–", "-").split("-")
    words = [_word(part, language) if len(part) > 1 else None for part in surfaces]
    shown = [word.key if word else part for word, part in zip(words, parts, strict=True)]
    final = words[-1]
    if len(parts) == 2 and parts[0] in word_list("prefix") and final is not None:
        key = parts[0] + parts[1]
        last = parts[0] + final.last.casefold()
    elif language == "en" and (folded in english_words() or parts[-1].rstrip("s") in _PARTICLES):
        listed = english_words().get(folded, NOUN | VERB_RARELY)  # warm-up, trade-offs
        return Word(" ".join(shown), " ".join([*shown[:-1], parts[-1].rstrip("s")]), listed, False, capital)
    elif final is None:
        return None
    else:
        key = " ".join(shown)
        last = " ".join([*shown[:-1], final.last])
    flags = final.flags & ~(EVERYDAY | WEAK)
    if language == "en":
        if parts[-1] in word_list("ending"):
            return None
        if any(part in word_list("inside") for part in parts[1:-1]):
            flags = flags if flags & NOUN and not flags & BREAK else BREAK
        elif flags & BREAK:
            return None
        elif not flags & NOUN:
            flags = MODIFIER | (flags & PARTICIPLE)
        else:
            flags = NOUN | VERB_RARELY | (flags & (GERUND | PLURAL))
    return Word(key, last, flags, mixed and capital, capital)


_ROMANCE = frozenset({"fr", "es", "it", "pt", "ca", "gl", "ro"})
_ELIDED = re.compile(r"(?:l|d|qu|n|s|c|j|m|t|un|dell|all|nell|sull|dall)'", re.IGNORECASE)


def _foreign(folded: str, language: str, *, capital: bool) -> Word:
    """Return a word of a language without a lexicon: function words break, all others may be nouns."""
    if folded in stopwords(language):
        return Word(folded, folded, BREAK, False, capital)
    key = folded[:-1] if language in _ROMANCE and len(folded) > 4 and folded[-1] in "sx" else folded
    return Word(key, key, (NOUN if len(folded) > 2 else BREAK) | UNKNOWN, False, capital)


@lru_cache(maxsize=65536)
def _chunk(text: str, language: str) -> tuple[Token, ...]:
    """Return the words of a piece of text without blanks, and a wordless token wherever a term must end."""
    if len(text) > MAX_CHUNK:
        return (Token(0, len(text), None),)
    start, end = 0, len(text)
    while start < end and text[start] in _LEAD:
        start += 1
    while end > start and text[end - 1] in _TRAIL:
        end -= 1
    core = text[start:end]
    tokens: list[Token] = []
    if start:
        tokens.append(Token(0, start, None))
    if core:
        tokens += _core(core, start, language)
    if end < len(text):
        tokens.append(Token(end, len(text), None))
    return tuple(tokens)


def _core(core: str, start: int, language: str) -> list[Token]:
    whole = Token(start, start + len(core), None)
    if _PLAIN.match(core):  # the usual case
        return [Token(start, start + len(core), _word(core, language))]
    if _SLASHED.match(core) and any(c.isalpha() for c in core):
        return [Token(start, start + len(core), Word(core, core, NOUN, True, True))]
    if _CODE.search(core) and not _DOTTED.match(core) and not re.match(r"[^\W\d_]+(?:/[^\W\d_]+)+$", core):
        return [whole]
    if _DOTTED.match(core) and "-" not in core:
        name = core[0].isalpha()
        return (
            [Token(start, start + len(core), Word(core.casefold(), core.casefold(), NOUN | UNKNOWN, True, True))]
            if name
            else [whole]
        )
    tokens: list[Token] = []
    at = 0
    for match in _WORD.finditer(core):
        if match.start() > at or (tokens and match.start() == at):
            tokens.append(Token(start + at, start + match.start(), None))
        tokens += _elided(match.group(), start + match.start(), language)
        at = match.end()
    if at < len(core) or not tokens:
        tokens.append(Token(start + at, start + len(core), None))
    return tokens


def _elided(surface: str, start: int, language: str) -> list[Token]:
    """Return the tokens of a word, with French or Italian d'/l' apart, and an end of term after a possessive."""
    tokens: list[Token] = []
    plain = surface.replace("’", "'")
    elided = _ELIDED.match(plain) if language in _ROMANCE else None
    if elided and elided.end() < len(surface):
        article = Word(elided.group().casefold(), elided.group().casefold(), BREAK | DETERMINER, False, False)
        tokens.append(Token(start, start + elided.end(), article))
        start += elided.end()
        surface = surface[elided.end() :]
        plain = plain[elided.end() :]
    if plain.endswith(("'s", "'S")) and len(plain) > 2:
        tokens.append(Token(start, start + len(surface) - 2, _word(surface[:-2], language)))
        tokens.append(Token(start + len(surface) - 2, start + len(surface), None))
    else:
        tokens.append(Token(start, start + len(surface), _word(surface, language)))
    return tokens


_BLANKS = re.compile(r"\S+")


def tokenize(text: str, *, language: str) -> list[Token]:
    """Return the words of `text` in order, with wordless tokens where punctuation, code or a number ends a term."""
    tokens: list[Token] = []
    for match in _BLANKS.finditer(text, 0, MAX_SENTENCE):
        offset = match.start()
        for token in _chunk(match.group(), language):
            tokens.append(Token(offset + token.start, offset + token.end, token.word))
    return tokens


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
    if flags & VERB_FIRST:
        if nominal_before or (inside and (end or after & (BE | PREPOSITION)) and not flags & PLURAL):
            return NOUN
        return MODIFIER if inside and noun_after and not flags & PLURAL else 0
    if inside and flags & PLURAL and (after & (PREPOSITION | CONJUNCTION | MODIFIER) or (not end and not after)):
        return NOUN if previous & MODIFIER or nominal_before or after & CONJUNCTION else 0
    return NOUN


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
