"""The concepts of a desk: which terms of all sources get a page, under which title, and where they are mentioned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.wiki.terms.categories import categorise
from nightdesk.wiki.terms.related import associate, most_related
from nightdesk.wiki.terms.source_terms import SourceTerms, survey_terms
from nightdesk.wiki.terms.spelling import spell
from nightdesk.wiki.terms.termhood import bar, count_sources, gather, is_term, least_sources
from nightdesk.wiki.terms.variants import merge_variants

__all__ = ["Concept", "Mention", "SourceTerms", "Vocabulary", "build_vocabulary", "survey_terms"]


@dataclass(frozen=True, slots=True)
class Concept:
    """A term that gets a page. `aliases` are other spellings worth linking, `related` keys of other concepts."""

    key: str
    title: str
    aliases: tuple[str, ...]
    language: str
    category: str  # title of the wider concept, or GENERAL
    related: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A concept at its place in a sentence's text."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The concepts of a desk, by key, and how to find them in a source."""

    concepts: tuple[Concept, ...]
    concept_of: Mapping[str, str] = field(repr=False)  # key of a spelling or acronym -> key of its concept

    def mentions(self, source: SourceTerms, sentence_index: int) -> tuple[Mention, ...]:
        """Return the concepts in a sentence of `source`, in order and without overlap.

        The leftmost wins, then the longest: what names "learning rate schedule" does not also name "learning rate".
        """
        phrases = source.phrases
        if not 0 <= sentence_index < len(phrases.bounds) - 1:
            return ()
        keys, places = phrases.keys, phrases.places
        found: list[Mention] = []
        reach = 0
        for at in range(3 * phrases.bounds[sentence_index], 3 * phrases.bounds[sentence_index + 1], 3):
            start = places[at + 1]
            if start >= reach:
                key = self.concept_of.get(keys[places[at]])
                if key is not None:
                    reach = places[at + 2]
                    found.append(Mention(key, start, reach))
        return tuple(found)


def build_vocabulary(sources: Sequence[SourceTerms]) -> Vocabulary:
    """Return the concepts of all sources; the order of the sources does not matter.

    Every bar is absolute and moves in coarse steps with the number of sources, so that one more source changes little.
    """
    # what several sources repeat counts for the first of them only
    sources = sorted(sources, key=lambda source: (source.title, source.phrases.marks.tobytes()))
    spread = count_sources(sources)
    canonical = merge_variants(spread)
    evidence = gather(sources, spread, canonical)
    fewest, least = least_sources(spread.sources), bar(spread.places)
    terms = {key for key, term in evidence.items() if is_term(term, fewest=fewest, bar=least)}
    concept_of = {variant: key for variant, key in sorted(canonical.items()) if key in terms}
    spellings = spell(sources, concept_of, evidence, spread.acronyms)
    association = associate(sources, concept_of)
    categories = categorise(evidence, spellings, association, spread.kinds)
    related = most_related(association)
    concepts = tuple(
        Concept(
            key=key,
            title=spellings[key].title,
            aliases=spellings[key].aliases,
            language=spellings[key].language,
            category=categories[key],
            related=related.get(key, ()),
        )
        for key in sorted(spellings)
    )
    kept = {concept.key for concept in concepts}
    return Vocabulary(concepts, {variant: key for variant, key in concept_of.items() if key in kept})
