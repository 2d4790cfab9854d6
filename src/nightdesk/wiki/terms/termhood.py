"""Which candidates are terms: evidence for each from all sources, and the bar that it must pass."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2

from nightdesk.wiki.terms.lexicon import EVERYDAY, GENERIC, GERUND, MODIFIER, PARTICIPLE, UNKNOWN, WEAK, english_flags
from nightdesk.wiki.terms.phrases import SourcePhrases
from nightdesk.wiki.terms.source_terms import SourceTerms

# Below so many sources, a term must stand in so many of them. Both this and the bar move in coarse steps, so that a
# desk that grows by one source nearly always keeps them.
_FEWEST = ((64, 2), (1024, 3), (4096, 4), (16384, 6), (1 << 62, 10))
# Below so many places of candidates (a third of the words, about), a term's evidence must reach the bar.
_BARS = (
    (1_500, 2.75),
    (6_000, 3.5),
    (24_000, 3.75),
    (48_000, 4.25),
    (192_000, 5.0),
    (768_000, 5.5),
    (3_072_000, 6.25),
    (1 << 62, 7.0),
)
BOILERPLATE = 3  # sources with the same sentence
OWN_COUNT = 4  # how often a source must use a term that it alone has, and defines or bears in its title


def least_sources(sources: int) -> int:
    """Return in how many of so many sources a term must stand."""
    return next(fewest for below, fewest in _FEWEST if sources < below)


def bar(places: int) -> float:
    """Return the bar that terms must reach on a desk with so many places of candidates."""
    return next(bar for below, bar in _BARS if places < below)


@dataclass(frozen=True, slots=True)
class Spread:
    """What a first look over all sources gives: how many have each key, and which names texts tie together."""

    sources: int
    places: int
    keys: frozenset[str]  # that may become concepts, or are another name of one
    in_sources: Mapping[str, int]
    boilerplate: frozenset[int]  # marks of sentences that several sources repeat: they count once
    defined: Mapping[str, int]  # sources that define the key well
    described: Mapping[str, int]  # sources that at least say what it is
    kinds: Mapping[str, Mapping[str, int]]  # key -> wider term that a definition gives -> sources
    acronyms: Mapping[tuple[str, str], int]  # (short, long) -> sources
    names: Mapping[tuple[str, str], int]  # (name, other name) -> sources
    languages: frozenset[str]


@dataclass(slots=True)
class Term:
    """Evidence for one concept, its spellings together."""

    key: str
    sources: int = 0
    count: int = 0  # but for boilerplate
    total: int = 0
    alone: int = 0
    nouns: int = 0
    titled: int = 0  # sources with it in their title or a heading
    named: int = 0  # times with a capital inside a sentence
    hyphens: int = 0
    defined: int = 0
    described: int = 0
    wider: int = 0  # terms that a definition puts under it: "Muon is an optimizer"
    acronym: bool = False
    english: bool = True
    own: bool = False  # a source that defines it, or has it in its title, uses it often
    variants: dict[str, int] = field(default_factory=dict)  # other keys of the concept, with counts


def count_sources(sources: Sequence[SourceTerms]) -> Spread:
    """Return the first look over all sources."""
    in_sources: Counter[str] = Counter()
    defined: Counter[str] = Counter()
    described: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    acronyms: Counter[tuple[str, str]] = Counter()
    names: Counter[tuple[str, str]] = Counter()
    own: set[str] = set()
    boilerplate = _repeated_sentences(sources)
    for source, repeated in _told_before(sources, boilerplate):
        in_sources.update(source.phrases.keys)
        in_sources.subtract(
            source.phrases.keys[at] for at, count in repeated.items() if count >= source.phrases.counts[at]
        )
        best: dict[str, int] = {}
        for definition in source.definitions:
            best[definition.key] = max(best.get(definition.key, 0), definition.strength)
            if definition.kind:
                kinds[definition.key][definition.kind] += 1
        described.update(best.keys())
        clear = {key for key, strength in best.items() if strength >= 2}
        defined.update(clear)
        own.update(key for key in sorted(clear | set(source.title_keys)) if source.phrases.count(key) >= OWN_COUNT)
        acronyms.update({(s.short, s.long) for s in source.same if s.acronym})
        names.update({(s.short, s.long) for s in source.same if not s.acronym})
    fewest = least_sources(len(sources))
    keys = {key for key, count in in_sources.items() if count >= fewest} | own
    tied = [pair for pair in (*acronyms, *names) if pair[0] in keys or pair[1] in keys]
    keys.update(key for pair in tied for key in pair if key in in_sources)
    return Spread(
        sources=len(sources),
        places=sum(len(source.phrases.places) // 3 for source in sources),
        keys=frozenset(keys),
        in_sources=in_sources,
        boilerplate=boilerplate,
        defined=defined,
        described=described,
        kinds=kinds,
        acronyms=acronyms,
        names=names,
        languages=frozenset(source.language for source in sources),
    )


def _repeated_sentences(sources: Sequence[SourceTerms]) -> frozenset[int]:
    """Return the marks of the sentences that stand in three sources or more: menus, licences, standard options."""
    counts: Counter[int] = Counter()
    for source in sources:
        counts.update(set(source.phrases.marks))
    return frozenset(mark for mark, count in counts.items() if count >= BOILERPLATE)


def _told_before(
    sources: Iterable[SourceTerms], boilerplate: frozenset[int]
) -> Iterator[tuple[SourceTerms, dict[int, int]]]:
    """Yield each source with how often (by key index) its candidates stand in boilerplate that an earlier one has."""
    told: set[int] = set()
    for source in sources:
        here = boilerplate.intersection(source.phrases.marks) if boilerplate else set()
        yield source, source.phrases.within(here & told)
        told |= here


def gather(sources: Iterable[SourceTerms], spread: Spread, canonical: Mapping[str, str]) -> dict[str, Term]:
    """Return the evidence for each concept that `canonical` (key -> concept's key) allows."""
    terms = {key: Term(key, english=False) for key in sorted(set(canonical.values()))}
    for source, repeated in _told_before(sources, spread.boilerplate):
        concepts = list(map(canonical.get, source.phrases.keys))
        _add_counts(terms, source, concepts, repeated)
        _add_forms(terms, source.phrases, concepts)
        _add_titles(terms, source, concepts, canonical)
    _add_definitions(terms, spread, canonical)
    return terms


def _add_counts(
    terms: dict[str, Term], source: SourceTerms, concepts: Sequence[str | None], repeated: Mapping[int, int]
) -> None:
    phrases = source.phrases
    english = source.language == "en"
    seen: set[str] = set()
    for at, concept in enumerate(concepts):
        if concept is None:
            continue
        term = terms[concept]
        own = count = phrases.counts[at]
        term.total += count
        alone, nouns = phrases.alone[at], phrases.nouns[at]
        if repeated and at in repeated:
            own -= repeated[at]
            alone, nouns = min(own, alone), min(own, nouns)
        if phrases.keys[at] is not term.key and phrases.keys[at] != concept:
            term.variants[phrases.keys[at]] = term.variants.get(phrases.keys[at], 0) + count
        if own:
            term.count += own
            term.alone += alone
            term.nouns += nouns
            if concept not in seen:
                seen.add(concept)
                term.sources += 1
                term.english = term.english or english


def _add_forms(terms: dict[str, Term], phrases: SourcePhrases, concepts: Sequence[str | None]) -> None:
    for at, forms in phrases.forms.items():
        concept = concepts[at]
        if concept is not None:
            term = terms[concept]
            for form, count in forms.items():
                if form[0].isupper():
                    term.named += count
                if "-" in form:
                    term.hyphens += count


def _add_titles(
    terms: dict[str, Term], source: SourceTerms, concepts: Sequence[str | None], canonical: Mapping[str, str]
) -> None:
    titled = {concepts[at] for at in source.phrases.titled} | {canonical.get(key) for key in source.title_keys}
    for concept in titled:
        if concept is not None:
            terms[concept].titled += 1
    for key in {d.key for d in source.definitions if d.strength >= 2} | set(source.title_keys):
        concept = canonical.get(key)
        if concept is not None and source.phrases.count(key) >= OWN_COUNT:
            terms[concept].own = True


def _add_definitions(terms: dict[str, Term], spread: Spread, canonical: Mapping[str, str]) -> None:
    for key, count in spread.defined.items():
        if key in canonical:
            terms[canonical[key]].defined += count
    for key, count in spread.described.items():
        if key in canonical:
            terms[canonical[key]].described += count
    for key, kinds in spread.kinds.items():
        for wider in {canonical.get(end) for kind in kinds for end in (kind, kind.rsplit(" ", 1)[-1])}:
            if wider is not None and wider != canonical.get(key):
                terms[wider].wider += 1
    for pair in spread.acronyms:
        for key in pair:
            if key in canonical:
                terms[canonical[key]].acronym = True


def is_term(term: Term, *, fewest: int, bar: float) -> bool:
    """Return whether a candidate gets a page: in enough sources, more than a part of others, and over the bar."""
    if term.sources < fewest and not (term.own and term.sources):
        return False
    if term.count < 3 or not _stands_alone(term):
        return False
    return _quality(term) + _weight(term) >= bar


def _stands_alone(term: Term) -> bool:
    """Return whether the term is more than a part of longer ones, the idea of the C-value (Frantzi et al., 2000)."""
    if " " in term.key:
        return term.alone >= 2 and term.alone >= 0.12 * term.count
    return term.alone >= 2


def _weight(term: Term) -> float:
    """Return how much the term is used: sources count more than repetition, and both on a scale of doublings."""
    return log2(term.sources) + 0.5 * log2(term.count / term.sources)


def _quality(term: Term) -> float:
    """Return how much the term looks like one, whatever its frequency."""
    score = min(2.0, 1.5 * (term.defined > 0) + 0.5 * (term.defined > 1)) or 0.5 * (term.described > 0)
    score += min(1.5, 0.75 * term.titled)
    score += 1.5 if term.acronym else 0.0
    score += min(1.5, 0.5 * term.wider)
    name = term.named >= 0.8 * term.count or (term.named >= 3 and term.named >= 0.5 * term.count)
    score += 1.0 if name else 0.0
    if not term.english:
        return score + _foreign_quality(term)
    words = term.key.split(" ")
    return score + (_compound_quality(term, words) if len(words) > 1 else _word_quality(term, name=name))


def _foreign_quality(term: Term) -> float:
    """Return the same for a language without word lists: long names are mostly terms, short ones seldom."""
    if " " in term.key:
        score = 1.5
    elif term.key.isascii() or max(term.key) < "\u3000":
        score = 0.75 if len(term.key) >= 8 else 0.25
    else:
        score = 1.0 if len(term.key) >= 3 else 0.0
    return score - (1.0 if term.nouns < 0.25 * term.count else 0.0)


def _compound_quality(term: Term, words: list[str]) -> float:
    first, last = english_flags(words[0]), english_flags(words[-1])
    score = 1.5
    evidence = term.defined > 0 or term.acronym or term.titled > 0
    if "of" in words or "to" in words:
        known = evidence or term.hyphens or 2 * term.named >= term.count
        score -= 0.0 if known and not first & GENERIC else 4.0
    if first & WEAK:
        score -= 0.5 if term.defined or term.acronym else 1.5 if term.titled or term.hyphens else 2.5
    elif first & GERUND and term.nouns < 0.3 * term.count:
        score -= 3.0  # "overriding dependencies", not "the operating system"
    elif first & PARTICIPLE and not evidence:
        score -= 1.0
    if last & GENERIC:
        score -= 1.0
        if first & GENERIC:
            score -= 1.0
    if term.nouns < 0.15 * term.count:
        score -= 1.0
    return score


def _word_quality(term: Term, *, name: bool) -> float:
    flags = english_flags(term.key)
    upper = term.key[:1].isupper()  # the key of an acronym
    if upper or name:
        return 0.5
    score = 0.0
    if flags & GENERIC:
        return -9.0
    if flags & EVERYDAY:
        score -= 1.5
    elif flags & UNKNOWN:
        score += 0.5
    if flags & GERUND and not flags & UNKNOWN:
        score -= 0.0 if term.defined else 5.0  # "calling", "starting": actions
    elif flags & MODIFIER:
        score -= 1.5
    elif len(term.key) <= 3:
        score -= 2.5  # "arg", "dev"
    if term.nouns < 0.25 * term.count:
        score -= 1.5
    return score
