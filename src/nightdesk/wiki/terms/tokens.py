"""Words of a sentence with their places, and the points where a term must end: punctuation, code, numbers."""

import re
from dataclasses import dataclass
from functools import lru_cache

from nightdesk.wiki.prose.language import stopwords
from nightdesk.wiki.terms.lexicon import (
    BREAK,
    DETERMINER,
    EVERYDAY,
    FUNCTION,
    GENERIC,
    GERUND,
    MODIFIER,
    NOUN,
    PARTICIPLE,
    PLURAL,
    UNKNOWN,
    VERB,
    VERB_RARELY,
    WEAK,
    english_flags,
    english_words,
    singular,
    word_list,
)

MAX_PARTS = 5  # of a compound with hyphens
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
    if acronym and not (language == "en" and _is_shouted(bare.casefold())):
        return Word(bare, bare, NOUN, True, True)
    if folded.endswith("'s"):
        folded = folded[:-2]
    if "'" in folded:
        return None if language == "en" else Word(folded, folded, NOUN | UNKNOWN, False, capital)
    mixed = any(c.isupper() for c in surface[1:]) and not acronym
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


def _is_shouted(folded: str) -> bool:
    """Return whether a word in capitals is a plain one that is only written large: NOTE, OPTIONS, NOT."""
    flags = english_words().get(folded, english_words().get(singular(folded), 0))
    if len(folded) < 4:
        return bool(flags & FUNCTION)
    return bool(flags & (BREAK | GENERIC | EVERYDAY)) and folded not in word_list("acronym")


def _is_acronym(bare: str) -> bool:
    letters = [c for c in bare if c.isalpha()]
    return 2 <= len(bare) <= 8 and len(letters) >= 2 and all(c.isupper() for c in letters) and bare[0].isalpha()


def _compound(folded: str, surface: str, language: str, *, capital: bool, mixed: bool) -> Word | None:
    """Return the word made of parts with hyphens between: "byte-pair", "pre-training", "GPT-2"."""
    parts = folded.split("-")
    if len(parts) > MAX_PARTS:
        return None
    if any(part[0].isdigit() for part in parts):
        return _numbered(parts, folded, surface, capital=capital, mixed=mixed)
    surfaces = re.split(r"[-‐‑–]", surface)
    words = [_word(part, language) if len(part) > 1 else None for part in surfaces]
    shown = [word.key if word else part for word, part in zip(words, parts, strict=True)]
    final = words[-1]
    if final is not None and len(parts) == 2 and parts[0] in word_list("prefix"):
        flags = _compound_flags(parts, final.flags, language)
        return Word(parts[0] + parts[1], parts[0] + final.last.casefold(), flags, mixed and capital, capital)
    if language == "en" and (folded in english_words() or parts[-1].rstrip("s") in _PARTICLES):
        listed = english_words().get(folded, NOUN | VERB_RARELY)  # warm-up, trade-offs
        return Word(" ".join(shown), " ".join([*shown[:-1], parts[-1].rstrip("s")]), listed, False, capital)
    if final is None:
        return None
    flags = _compound_flags(parts, final.flags, language)
    if parts[1] == "of" and words[0] is not None:
        key = last = " ".join([words[0].last, *shown[1:]])  # mixtures-of-experts: the head takes the plural
    else:
        key, last = " ".join(shown), " ".join([*shown[:-1], final.last])
    return Word(key, last, flags, mixed and capital, capital)


def _numbered(parts: list[str], folded: str, surface: str, *, capital: bool, mixed: bool) -> Word | None:
    """Return a compound with a number, which keeps its hyphens: product-10, GPT-2, top-1, 16-bit; None for a date."""
    if parts[0].isdigit() and not parts[-1].isalpha():
        return None
    key = surface if _is_acronym(surface.split("-", 1)[0]) else folded
    modifier = parts[0][0].isdigit() or parts[0] in ("top", "level", "step")
    flags = MODIFIER | WEAK if modifier else NOUN | UNKNOWN
    return Word(key, key, flags, not modifier and (capital or mixed), capital)


def _compound_flags(parts: list[str], final: int, language: str) -> int:
    """Return what a compound may be, from what its last part may be."""
    flags = final & ~(EVERYDAY | WEAK)
    if language != "en":
        return flags
    if flags & BREAK or parts[-1] in word_list("ending"):
        return BREAK
    if any(part in word_list("inside") for part in parts[1:-1]):
        return flags if flags & NOUN else BREAK
    if not flags & NOUN:
        return MODIFIER | (flags & PARTICIPLE)
    return NOUN | VERB_RARELY | (flags & (GERUND | PLURAL))


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
