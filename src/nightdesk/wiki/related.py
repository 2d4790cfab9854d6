"""Which concepts belong together: those that sentences name together more often than chance."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

from nightdesk.wiki.terms import SourceTerms

MAX_RELATED = 8
MAX_IN_SENTENCE = 8  # a longer list of names says little about any two of them


@dataclass(frozen=True, slots=True)
class Association:
    """In how many sentences concepts stand, alone and in pairs; a pair's keys are in order."""

    alone: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]


def associate(sources: Iterable[SourceTerms], concept_of: Mapping[str, str]) -> Association:
    """Return how often concepts share a sentence, over all sources."""
    alone: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for source in sources:
        phrases = source.phrases
        concepts = list(map(concept_of.get, phrases.keys))
        places = phrases.places
        at = 0
        for bound in phrases.bounds[1:]:
            end = 3 * bound
            if at == end:
                continue
            reach = 0
            together: set[str] = set()
            while at < end:
                concept = concepts[places[at]]
                if concept is not None and places[at + 1] >= reach:
                    reach = places[at + 2]
                    together.add(concept)
                at += 3
            if together:
                alone.update(together)
                if 1 < len(together) <= MAX_IN_SENTENCE:
                    ordered = sorted(together)
                    pairs.update((a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :])
    return Association(alone, pairs)


def most_related(association: Association) -> dict[str, tuple[str, ...]]:
    """Return for each concept the keys of up to MAX_RELATED others, the closest first; mutual wherever there is room."""
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
