"""Support: whether a sentence says no more, and nothing else, than the claims that it cites.

What is compared, and how strictly:

- **Numbers** must be in the evidence with an equal value and the same unit. Equal are: 0.5, 1/2, half and 50 %; 5k
  and 5,000; 3e-4 and 3×10⁻⁴; ten times, 10x and tenfold; 2 kB and 2,000 bytes. Not equal: 5 and 5 %, GB and GiB,
  percent and percentage points. "About", "nearly", "over" and the like allow 5 % to a number with fewer
  digits. A number must count what it counts
  in the evidence.
- **Dates** may be coarser than in the evidence (2026-11-22 says "November 2026"), never finer.
- **Names** (acronyms, CamelCase, identifiers with digits anywhere; other capitalised words within the sentence) must
  be in the evidence or known; case, plural, possessive and hyphens do not count.
- **Negation**: what the sentence denies the evidence must deny; what it affirms must not be there only denied.
- **Direction** (English): more is not less, before is not after, and "A beats B" is not "B beats A".

This cannot prove that a sentence follows from its claims; it finds the errors that writers make.
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nightdesk.wiki.proof.direction import reversed_range, swapped_sides, turned_words
from nightdesk.wiki.proof.folding import render
from nightdesk.wiki.proof.measures import misfit
from nightdesk.wiki.proof.mentions import all_name_keys, has_name, is_spelled_out, mentioned_names, name_key, name_keys
from nightdesk.wiki.proof.polarity import NOT_ONLY, Denial, Reading, is_near_copy, opposite, read_clauses, read_polarity
from nightdesk.wiki.proof.quantities import quantities
from nightdesk.wiki.proof.stems import stem

LONGEST = 4000  # characters of a sentence or claim that are looked at: no sentence is longer


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a sentence is not supported.

    `kind` is "number", "unit", "date", "name", "negation" or "direction"; `detail` is one line to act on.
    """

    kind: str
    detail: str


def unsupported(
    sentence: str, evidence: Sequence[str], *, known_names: Collection[str] = (), language: str = "en"
) -> tuple[Reason, ...]:
    """Return why `evidence` does not support `sentence`; nothing if it does. A copy of a text of the"
    " evidence always is.

    `known_names` may be named without being in the evidence (pass a frozenset if it is large and used often).
    """
    if sentence in evidence:
        return ()
    said = _even(sentence)
    texts = tuple(_even(text) for text in evidence)
    if _bare(said) in [_bare(text) for text in texts]:
        return ()
    return (
        *_quantity_reasons(said, texts, language),
        *_name_reasons(said, texts, known_names, language),
        *_negation_reasons(said, texts, language),
        *(_direction_reasons(said, texts) if language == "en" else ()),
    )


_FORMS = str.maketrans("‘’‚‛“”„‟«»‐‑", '\'\'\'\'""""""--')
_MARKED = re.compile(r"[*_`\\<&$~=\[]")


@lru_cache(maxsize=16384)
def _even(text: str) -> str:
    """Return the words of `text` without Markdown, with plain quotation marks and white space collapsed."""
    text = text[:LONGEST]
    shown = render(text)[0] if _MARKED.search(text) else text
    return unicodedata.normalize("NFC", " ".join(shown.translate(_FORMS).split()))


def _bare(text: str) -> str:
    return text.strip(" .!。\"'")


def _quantity_reasons(sentence: str, evidence: tuple[str, ...], language: str) -> list[Reason]:
    reasons = []
    for quantity in quantities(sentence, language=language):
        found = misfit(sentence, quantity, evidence, language)
        if found:
            instead = " and ".join(f'"{text}"' for text in found.instead)
            but = f"the cited claims say {instead}" if instead else "no cited claim has such a quantity"
            said = quantity.text
            if found.kind == "direction":
                said = " ".join([*sentence[: quantity.start].split()[-2:], said])
            reasons.append(Reason(found.kind, f'says "{said}", but {but}'))
    return reasons


def _name_reasons(
    sentence: str, evidence: tuple[str, ...], known_names: Collection[str], language: str
) -> list[Reason]:
    names = mentioned_names(sentence, language)
    if not names:
        return []
    keys = frozenset[str]().union(*(name_keys(text) for text in evidence))
    missing = [name for name in names if not has_name(name, keys)]
    if missing and known_names:
        known = all_name_keys(known_names if isinstance(known_names, frozenset) else frozenset(known_names))
        missing = [name for name in missing if not has_name(name, keys | known)]
    stems = {stem(key, language) for key in keys} if missing else set()
    return [
        Reason("name", f'names "{name.text}", which is in no cited claim')
        for name in dict.fromkeys(missing)
        if not is_spelled_out(name.text, evidence)
        and not (name.text.istitle() and stem(name_key(name.text), language) in stems)
    ]


def _negation_reasons(sentence: str, evidence: tuple[str, ...], language: str) -> list[Reason]:
    if not evidence:
        return []
    if language != "en":
        return _clause_reasons(sentence, evidence, language)
    said = read_polarity(sentence)
    read = [read_polarity(text) for text in evidence]
    words = {*said.affirmed, *said.mentioned}
    overlap = [len(words & {*r.affirmed, *r.mentioned}) for r in read]
    reasons = [_denial_reason(denial, read, overlap) for denial in said.denials]
    reasons += [_affirmed_reason(word, said, read, overlap) for word in said.affirmed]
    found = [reason for reason in reasons if reason][:1]  # one wrong negation shows in several words
    return found or _near_copy_reasons(said, read)


def _near_copy_reasons(said: Reading, read: list[Reading]) -> list[Reason]:
    """Compare how often a sentence and a claim of nearly the same words deny: once more or once less turns
    it round."""
    limits = {stem("only"), stem(NOT_ONLY)}
    near = [r for r in read if is_near_copy(said, r, apart_from=limits) and r.soft == said.soft]
    if near and all(limits <= said.content ^ r.content for r in near):
        return [Reason("negation", 'the cited claim of nearly the same words differs in "only" and "not only"')]
    if said.content and near and all((r.cues - said.cues) % 2 for r in near):
        often = "more" if said.cues > near[0].cues else "less"
        return [Reason("negation", f"denies {often} often than the cited claim of nearly the same words")]
    return []


def _nearest(word: str, read: list[Reading], overlap: list[int]) -> list[Reading]:
    """Return the readings that have `word`, of those the ones that share most words with the sentence."""
    having = [(n, r) for n, r in zip(overlap, read, strict=True) if word in r.affirmed or word in r.mentioned]
    most = max((n for n, _ in having), default=0)
    return [r for n, r in having if n == most]


def _root(word: str) -> str:
    return re.sub(r"(a|i)bil$", r"\1bl", stem(word))


def _contrary(shown: str, reading: Reading) -> tuple[bool, bool]:
    """Say whether `reading` affirms, and whether it denies, the contrary of a word by its prefix ("stable":"
    " "unstable")."""
    bare = opposite(shown)
    roots = {_root(bare)} if bare else set()
    affirms = any(
        _root(w) in roots or ((o := opposite(w)) is not None and _root(o) == _root(shown))
        for w in reading.affirmed.values()
    )
    denies = any(
        _root(d.shown) in roots or ((o := opposite(d.shown)) is not None and _root(o) == _root(shown))
        for d in reading.denials
    )
    return affirms, denies


def _denial_reason(denial: Denial, read: list[Reading], overlap: list[int]) -> Reason | None:
    head, shown = denial.head, denial.shown
    near = _nearest(head, read, overlap)
    if any(r.soft or head in r.mentioned or r.contraries & set(denial.words) for r in near):
        return None
    contrary = [_contrary(shown, r) for r in read]
    if any(affirms for affirms, _ in contrary):
        return None  # "not stable" of "unstable"
    if any(denies for _, denies in contrary):
        return Reason("negation", f'denies "{shown}", but the cited claims deny its contrary')
    if near:
        return Reason("negation", f'denies "{shown}", but the cited claims affirm it')
    if any(r.denials or r.soft or r.contraries for r in read):
        return None  # said in other words
    return Reason("negation", f'denies "{shown}", but the cited claims deny nothing')


def _affirmed_reason(word: str, said: Reading, read: list[Reading], overlap: list[int]) -> Reason | None:
    shown = said.affirmed[word]
    if any(word in denial.words for denial in said.denials):
        return None  # both affirmed and denied: too fine for this
    near = _nearest(word, read, overlap)
    if near and word in said.firm and not said.soft and all(word in r.denied and word not in r.affirmed for r in near):
        # A denial that the sentence has in other words is no contradiction.
        shared = all(
            any(word in d.words and (said.mentioned | said.contraries) & set(d.words) for d in r.denials) for r in near
        )
        if not shared:
            return Reason("negation", f'affirms "{shown}", but the cited claims deny it')
    if not near:
        contrary = [_contrary(shown, r) for r in read]
        if any(affirms for affirms, _ in contrary) and not any(denies for _, denies in contrary):
            return Reason("negation", f'says "{shown}", but the cited claims say the contrary')
    return None


def _clause_reasons(sentence: str, evidence: tuple[str, ...], language: str) -> list[Reason]:
    """Compare whole clauses: one that denies must meet one that denies, and one that affirms must meet one
    that affirms."""
    theirs = [clause for text in evidence for clause in read_clauses(text, language)]
    for clause in read_clauses(sentence, language):
        shared = [(len(clause.words & other.words), other.denies) for other in theirs]
        most = max((n for n, _ in shared), default=0)
        if most and all(denies != clause.denies for n, denies in shared if n == most):
            what = "denies what the cited claims affirm" if clause.denies else "affirms what the cited claims deny"
            return [Reason("negation", f"{what}: {_some(clause.words)}")]
    return []


def _some(words: frozenset[str]) -> str:
    return ", ".join(f'"{word}"' for word in sorted(words)[:3])


def _direction_reasons(sentence: str, evidence: tuple[str, ...]) -> list[Reason]:
    if turned := turned_words(sentence, evidence):
        return [Reason("direction", f'says "{turned.said}", but the cited claims say "{turned.instead}"')]
    if turned := swapped_sides(sentence, evidence):
        return [Reason("direction", f'compares the other way round than the cited claim "{turned.instead}"')]
    if said := reversed_range(sentence, evidence):
        return [Reason("direction", f'says "{said}", but the cited claims say it the other way round')]
    return []
