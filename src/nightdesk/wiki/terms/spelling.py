"""The title and the aliases of a concept: its best spelling and the others worth linking."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nightdesk.base.names import name_key, safe_name
from nightdesk.wiki.terms.source_terms import SourceTerms
from nightdesk.wiki.terms.termhood import Term

MAX_ALIASES = 6
ACRONYM_DOMINATES = 4  # times as frequent as the long form: GPU, not "Graphics processing unit"


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a concept is written."""

    title: str
    aliases: tuple[str, ...]
    language: str


def spell(
    sources: Sequence[SourceTerms],
    concept_of: Mapping[str, str],
    terms: Mapping[str, Term],
    acronyms: Mapping[tuple[str, str], int],
) -> dict[str, Spelling]:
    """Return the spelling of each concept; of two that would share a title, the more frequent stays."""
    inside, opening = _collect(sources, concept_of, terms)
    languages = _languages(sources, concept_of)
    shorts = {short for short, _ in acronyms}
    spelt: dict[str, tuple[int, Spelling]] = {}
    for key in sorted(inside):
        forms = _settle(inside[key], opening.get(key, {}))
        if forms:
            title, aliases = _choose(forms, shorts)
            spelt[key] = (sum(forms.values()), Spelling(title, aliases, languages[key]))
    return _without_clashes(spelt)


def _collect(
    sources: Iterable[SourceTerms], concept_of: Mapping[str, str], terms: Mapping[str, Term]
) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """Return for each concept its spellings inside sentences, and those that open one, with counts."""
    inside: dict[str, dict[str, int]] = {}
    opening: dict[str, dict[str, int]] = {}
    plain: dict[str, int] = {}  # variant -> times that it is spelt as its key
    for chief in set(concept_of.values()):
        term = terms[chief]
        plain.update(term.variants)
        plain[chief] = term.total - sum(term.variants.values())
    for source in sources:
        keys = source.phrases.keys
        for at, forms in source.phrases.forms.items():
            key = keys[at]
            concept = concept_of.get(key)
            if concept is None:
                continue
            for form, count in forms.items():
                plain[key] -= count
                here = (opening if form[0] == "^" else inside).setdefault(concept, {})
                shown = form.removeprefix("^")
                here[shown] = here.get(shown, 0) + count
    for key, count in sorted(plain.items()):
        if count > 0:
            inside.setdefault(concept_of[key], {})[key] = count + inside.get(concept_of[key], {}).get(key, 0)
    for chief in opening:
        inside.setdefault(chief, {})
    return inside, opening


def _languages(sources: Sequence[SourceTerms], concept_of: Mapping[str, str]) -> dict[str, str]:
    """Return for each concept the language in which most sources name it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    spoken = sorted({source.language for source in sources})
    if len(spoken) == 1:
        return dict.fromkeys(concept_of.values(), spoken[0])
    for source in sources:
        for key in source.phrases.keys:
            if key in concept_of:
                counts[concept_of[key]][source.language] += 1
    return {key: min(found, key=lambda language: (-found[language], language)) for key, found in counts.items()}


def _settle(inside: Mapping[str, int], opening: Mapping[str, int]) -> Counter[str]:
    """Return the spellings with those that open a sentence added to the same words inside one."""
    forms = Counter(inside)
    folded: dict[str, str] = {}
    for form, _ in sorted(inside.items(), key=lambda pair: (-pair[1], pair[0])):
        folded.setdefault(form.casefold(), form)
    for form, count in sorted(opening.items()):
        known = folded.get(form.casefold())
        if known is None:
            # nowhere inside a sentence: a capital on the first word alone says nothing
            known = form if any(c.isupper() for c in form[1:].split(" ")[0]) else form[0].lower() + form[1:]
            folded[form.casefold()] = known
        forms[known] += count
    return forms


def _choose(forms: Counter[str], shorts: set[str]) -> tuple[str, tuple[str, ...]]:
    ranked = sorted(forms.items(), key=lambda pair: (-pair[1], len(pair[0]), pair[0]))
    long = [(form, count) for form, count in ranked if not _is_short(form, shorts)]
    short = [(form, count) for form, count in ranked if _is_short(form, shorts)]
    best = _prefer_singular(long) if long else short[0][0]
    if long and short and sum(n for _, n in short) >= ACRONYM_DOMINATES * sum(n for _, n in long):
        best = short[0][0]
    title = (
        best[0].upper() + best[1:] if best[0].islower() and not any(c.isupper() for c in best.split(" ")[0]) else best
    )
    aliases: list[str] = []
    taken = {_trivial(title)}
    for form, _ in ranked:
        if _trivial(form) not in taken and len(aliases) < MAX_ALIASES:
            taken.add(_trivial(form))
            aliases.append(form)
    return title, tuple(aliases)


def _is_short(form: str, shorts: set[str]) -> bool:
    return " " not in form and (
        form in shorts or form.rstrip("s") in shorts or (form[0].isupper() and form.rstrip("s").isupper())
    )


def _prefer_singular(ranked: list[tuple[str, int]]) -> str:
    """Return the most frequent spelling, but the singular of a plural unless that is four times as frequent."""
    best, count = ranked[0]
    for form, other in ranked[1:]:
        if (
            len(form) < len(best)
            and best.casefold().startswith(form.casefold()[:-1])
            and best.endswith("s")
            and not form.endswith("s")
        ):
            return form if 4 * other >= count else best
    return best


def _trivial(form: str) -> str:
    """Return what two spellings share that differ in case, blanks and hyphens only."""
    return form.casefold().replace("-", "").replace(" ", "").replace("‑", "")


def _without_clashes(spelt: dict[str, tuple[int, Spelling]]) -> dict[str, Spelling]:
    best: dict[str, tuple[int, str]] = {}
    for key, (count, spelling) in sorted(spelt.items()):
        name = name_key(safe_name(spelling.title))
        if name not in best or (count, key) > best[name]:
            best[name] = (count, key)
    kept = {key for _, key in best.values()}
    return {key: spelling for key, (_, spelling) in sorted(spelt.items()) if key in kept}
