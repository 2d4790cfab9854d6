"""Which concepts belong together: those that sentences name together more often than chance."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import sqrt

from nightdesk.wiki.terms.source_terms import SourceTerms

MAX_RELATED = 8
MAX_IN_SENTENCE = 8  # a longer list of names says little about any two of them


@dataclass(frozen=True, slots=True)
class Association:
    """In how many sentences concepts stand, alone and in pairs; a pair's keys are in order."""

    alone: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]


def associate(sources: Iterable[SourceTerms], concept_of: Mapping[str, str]) -> Association:
    """Return how often concepts share a sentence, over all sources."""
    concepts = sorted(set(concept_of.values()))
    place = {key: at for at, key in enumerate(concepts)}
    number_of = {variant: place[key] for variant, key in concept_of.items()}
    alone = [0] * len(concepts)
    pairs: dict[int, int] = {}  # by first * size + second: whole numbers are much quicker than pairs of texts
    size = len(concepts)
    for source in sources:
        for together in _sentences(source, number_of):
            for number in together:
                alone[number] += 1
            if 1 < len(together) <= MAX_IN_SENTENCE:
                ordered = sorted(together)
                for at, first in enumerate(ordered, 1):
                    for second in ordered[at:]:
                        pair = first * size + second
                        pairs[pair] = pairs.get(pair, 0) + 1
    return Association(
        alone={concepts[number]: count for number, count in enumerate(alone) if count},
        pairs={(concepts[pair // size], concepts[pair % size]): pairs[pair] for pair in sorted(pairs)},
    )


def _sentences(source: SourceTerms, number_of: Mapping[str, int]) -> Iterator[set[int]]:
    """Yield the concepts of each sentence that has any; as in Vocabulary.mentions, the leftmost and longest counts."""
    phrases = source.phrases
    numbers = [number_of.get(key, -1) for key in phrases.keys]
    found = list(map(numbers.__getitem__, phrases.places[::3]))
    if max(found, default=-1) < 0:
        return
    starts, ends = phrases.places[1::3], phrases.places[2::3]
    first = 0
    for last in phrases.bounds[1:]:
        if last == first:
            continue
        reach = 0
        together: set[int] = set()
        for at in range(first, last):
            number = found[at]
            if number >= 0 and starts[at] >= reach:
                reach = ends[at]
                together.add(number)
        first = last
        if together:
            yield together


def most_related(association: Association) -> dict[str, tuple[str, ...]]:
    """Return for each concept the keys of up to MAX_RELATED others, the closest first; mutual where there is room."""
    scored: dict[str, list[tuple[float, str]]] = {}
    for (a, b), count in association.pairs.items():
        if count < 2:
            continue
        # less one: two sentences are weak evidence, however rare the terms
        score = round((count - 1) / sqrt(association.alone[a] * association.alone[b]), 6)
        scored.setdefault(a, []).append((-score, b))
        scored.setdefault(b, []).append((-score, a))
    first = {key: [other for _, other in sorted(found)[:MAX_RELATED]] for key, found in sorted(scored.items())}
    related = {key: list(others) for key, others in first.items()}
    for key, others in first.items():
        for other in others:
            if key not in related[other] and len(related[other]) < MAX_RELATED:
                related[other].append(key)
    return {key: tuple(others) for key, others in related.items()}
