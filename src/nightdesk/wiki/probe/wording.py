"""What two texts have in common as answers: words and quantities, not letters."""

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from nightdesk.wiki.proof.quantities import Quantity, quantities
from nightdesk.wiki.proof.stems import stem
from nightdesk.wiki.prose.language import has_spaces, stopwords

_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:\+\+|#)?")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_ARTICLES = frozenset({"a", "an", "the"})
_AROUND = " .,;:!?\"'“”‘’()[]"
_MOST = 4000  # characters of a text that are looked at


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, folded; of scripts without blanks each character is one."""
    folded = unicodedata.normalize("NFKC", text[:_MOST]).casefold().replace("’", "'")
    found: list[str] = []
    for token in _TOKEN.findall(folded):
        found.extend(token if _UNSPACED.search(token) else [token])
    return found


def normal(text: str) -> str:
    """Return what an exact match compares: words and numbers without case, punctuation and English articles."""
    return " ".join(token for token in tokens(text) if token not in _ARTICLES)


def holds(text: str, answer: str, *, language: str = "en") -> bool:
    """Return whether a text has the answer: the same quantity in any form, else the same words in a row."""
    wanted = _whole_quantity(answer, language)
    if wanted is not None:
        return any(_agrees(found, wanted) for found in quantities(text[:_MOST], language=language))
    asked = normal(answer)
    return bool(asked) and f" {asked} " in f" {normal(text)} "


def holds_any(text: str, answers: Iterable[str], *, language: str = "en") -> bool:
    """Return whether a text has one of the answers."""
    return any(holds(text, answer, language=language) for answer in answers)


@lru_cache(maxsize=4096)
def _whole_quantity(answer: str, language: str) -> Quantity | None:
    """Return the quantity that an answer is, None where it says anything else as well."""
    bare = answer.strip(_AROUND)
    found = quantities(bare, language=language)
    if len(found) == 1 and found[0].start == 0 and found[0].end == len(bare) and found[0].kind != "ordinal":
        return found[0]
    return None


def _agrees(found: Quantity, wanted: Quantity) -> bool:
    """Return whether two quantities say the same; a unit that one of them leaves out does not count against it."""
    if found.base == wanted.base:
        return True
    if "date" in (found.kind, wanted.kind) and found.unit in (None, "year") and wanted.unit in (None, "year"):
        return found.value == wanted.value  # "2017" alone is a number, "in 2017" a year
    return found.value == wanted.value != Decimal(0) and (found.unit is None or wanted.unit is None)


def content(text: str, language: str) -> frozenset[str]:
    """Return what a text speaks of: the stems of its words without function words; pairs where no blanks part them."""
    if not has_spaces(language):
        characters = [token for token in tokens(text) if not token[0].isdecimal()]
        return frozenset(map("".join, pairwise(characters)))
    idle = stopwords(language)
    words = {token for token in tokens(text) if token not in idle and len(token) > 1 and not token[0].isdecimal()}
    return frozenset(stem(word, language) for word in words)


def f1(text: str, answer: str) -> float:
    """Return the token F1 of a text against an answer, from 0 to 1, articles left out."""
    said, wanted = normal(text).split(), normal(answer).split()
    if not said or not wanted:
        return float(said == wanted)
    left = list(wanted)
    common = 0
    for token in said:
        if token in left:
            left.remove(token)
            common += 1
    return 2 * common / (len(said) + len(wanted))
