"""Names that a sentence mentions, and the words of a text that they are looked up in."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from nightdesk.wiki.proof.folding import HYPHENS
from nightdesk.wiki.proof.identifiers import BEGINS, IDENTIFIER, is_name_before
from nightdesk.wiki.proof.quantities import quantities
from nightdesk.wiki.proof.stems import word_set

_IDENTIFIER = re.compile(rf"{BEGINS}(?:{IDENTIFIER})", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_](?:\w|[-‐‑./+'’&](?=\w))*(?:\+\+|#(?!\w))?")
_NUMBERED = re.compile(
    r"(?<![\w-])([A-ZÀ-Þ](?:[\w+#-]|\.(?=\w))*)[ \u00a0](\d{1,3}(?:\.\d{1,3})?)(?![\w%]|[.,]\d)(?:[-/.]\w+)*"
)
_CITATION = re.compile(r"\[[^\]]*\]|\(\d+\)|https?:.*", re.DOTALL)
_LONG_FORM = {
    **{"fig": "figure", "figs": "figure", "figures": "figure", "sec": "section", "sections": "section", "tab": "table"},
    **{"tables": "table", "eq": "equation", "eqs": "equation", "ch": "chapter", "chapters": "chapter", "p": "page"},
    **{"pp": "page", "pages": "page", "no": "number", "versions": "version"},
}
# Capitalised within a sentence without being names: words shouted, the pronoun, words after a title's colon.
_SHOUTED = word_set(
    "i a an and are as at be but by can do does for from has have how if in is it its may must never no nor"
    " not of off on only or should that the then there this to use was were what when where which who why will"
    " with without you your all any each every i'm i've i'd i'll ok yes note todo"
)
_OPENS = '.!?:;"“”„«(–—•*>'  # after these a capital may be that of a sentence or title


_OF_A_KIND = re.compile(r"-(?:style|based|like|sized|class|level|family|type|inspired|compatible|era|only|scale)$")
_AUTHOR = re.compile(r"(?: (?:and|&) [A-ZÀ-Þ]\w+)? et al\b")


class Name(NamedTuple):
    """A name as the sentence writes it, and the keys of which one must be among the words it is looked up in."""

    text: str
    keys: tuple[str, ...]


@lru_cache(maxsize=8192)
def mentioned_names(text: str, language: str) -> tuple[Name, ...]:
    """Return the names in `text`: identifiers, acronyms, CamelCase, and capitalised words that do not open a"
    " sentence.

    In German every noun has a capital, so there plain capitalised words are not taken for names.
    """
    taken = [(q.start, q.end) for q in quantities(text, language=language)]
    found: list[tuple[int, Name]] = []
    for match in _IDENTIFIER.finditer(text):
        if not _CITATION.fullmatch(match[0]) and not _overlaps(taken, *match.span()):
            found.append((match.start(), Name(match[0], (name_key(match[0]), name_key(_OF_A_KIND.sub("", match[0]))))))
            taken.append(match.span())
    for match in _NUMBERED.finditer(text):
        if is_name_before(text, match.start(2), match.end(2), None) and not _overlaps(taken, *match.span()):
            found.append((match.start(), Name(match[0], (name_key(match[0]),))))
            taken.append(match.span())
    shouting = text.isupper()
    for match in _TOKEN.finditer(text):
        if not _overlaps(taken, *match.span()) and (name := _word_name(text, match, language, shouting=shouting)):
            found.append((match.start(), name))
    return tuple(name for _, name in sorted(found))


def _overlaps(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    return any(start < b and a < end for a, b in taken)


def _word_name(text: str, match: re.Match[str], language: str, *, shouting: bool) -> Name | None:
    word = _POSSESSIVE.sub("", match[0])
    if word.lower() in _SHOUTED or shouting:
        return None
    pieces = [p for p in re.split(r"[-‐‑/&]", word) if p]
    if _is_marked(word):
        return Name(word, (name_key(word), *_all_of(pieces)))
    before = text[max(0, match.start() - 4) : match.start()].rstrip()
    opens = (not before or before[-1] in _OPENS) and not _AUTHOR.match(text, match.end())
    capitals = [p for p in pieces if p[:1].isupper() and p.lower() not in _SHOUTED]
    if opens or language == "de" or not capitals or len(word) < 2:
        return None
    return Name(word, (name_key(word), *_all_of(capitals)))


def _is_marked(word: str) -> bool:
    """Say whether `word` is a name by its form alone: GPU, LLMs, PyTorch, val_bpb, train.py."""
    pieces = [p for p in re.split(r"[-‐‑/&]", word) if p]
    return any(
        re.search(r"[^\W\d_]{2}", p)
        and (re.match(r"[A-ZÀ-Þ]{2,}s?$|[A-ZÀ-Þ]{2,}", p) or re.search(r"[a-zà-ÿ][A-ZÀ-Þ]|[A-Z]{2}[a-z]{2}", p))
        for p in pieces
    ) or (
        re.search(r"[a-z]_[a-z]|[a-z]\.(?:[a-z]{1,5})$|\w[+#]$", word) is not None
        and not re.fullmatch(r"(?:[a-z]\.)+[a-z]", word)
    )


def _all_of(pieces: list[str]) -> tuple[str, ...]:
    """Return a key that stands for several words all of which must be there, if there are several or one of many."""
    return ("\0".join(name_key(p) for p in pieces),) if pieces else ()


_POSSESSIVE = re.compile(r"['’](?:s|S)?$")
_SQUASHED = re.compile(rf"[{HYPHENS}\s_–—#()§'’\u00a0^{{}}]+")


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """Return what two spellings of one name share: case, hyphens, spaces, possessive and plural do not count."""
    name = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", name)).casefold()
    reference = re.match(r"([a-z]+)\.?\s?[#(]?\d", name)
    if reference and reference[1] in _LONG_FORM:
        name = _LONG_FORM[reference[1]] + name[reference.end(1) :].lstrip(". ")
    key = _SQUASHED.sub("", name)
    return _singular(key)


def _singular(key: str) -> str:
    if key.endswith("ies") and len(key) > 5:
        return key[:-3] + "y"
    if key.endswith("s") and not key.endswith("ss") and len(key) > 2:
        return key[:-1]
    return key


@lru_cache(maxsize=8192)
def name_keys(text: str) -> frozenset[str]:
    """Return the keys of everything in `text` that may be a name: its words, their parts, and words with a number."""
    keys: set[str] = set()
    previous = ""
    for match in _TOKEN.finditer(text):
        word = match[0]
        keys.add(name_key(word))
        keys.update(
            name_key(p) for p in re.split(r"[-‐‑/&.'’]", word) if len(p) > 1 and not any(c.isdigit() for c in p)
        )
        if word[0].isdigit() and previous:
            keys.add(name_key(f"{previous} {word}"))
            keys.add(name_key(f"{previous.rsplit('/', 1)[-1]} {word}"))
        previous = word
    for match in _IDENTIFIER.finditer(text):
        keys.update(name_key(start) for start in _beginnings(match[0]))
    return frozenset(keys)


def _beginnings(identifier: str) -> list[str]:
    """Return `identifier` and its beginnings at hyphens that hold a digit: an A100-80GB is an A100."""
    ends = [match.start() for match in re.finditer("-", identifier)]
    return [identifier, *(identifier[:end] for end in ends if any(c.isdigit() for c in identifier[:end]))]


@lru_cache(maxsize=8)
def all_name_keys(names: frozenset[str]) -> frozenset[str]:
    """Return the keys of many known names, for which a lookup must be fast."""
    return frozenset(key for name in names for key in (name_key(name), *name_keys(name)))


def is_spelled_out(word: str, texts: Iterable[str]) -> bool:
    """Say whether the initials of neighbouring words in one of `texts` spell the acronym `word` (three
    letters or more)."""
    letters = word.rstrip("s").casefold()
    if len(letters) < 3 or not letters.isalpha() or not word.rstrip("s").isupper():
        return False
    initials = ("".join(w[0] for w in re.findall(r"[^\W\d_]+", text.casefold())) for text in texts)
    return any(letters in spelled for spelled in initials)


def has_name(name: Name, keys: frozenset[str]) -> bool:
    """Say whether one of the keys of `name` is among `keys`."""
    return any(all(part in keys for part in key.split("\0")) for key in name.keys)
