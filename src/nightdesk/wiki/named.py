"""Concepts that AI readers named: joined with those that code found, under one name each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from nightdesk.base.names import name_key
from nightdesk.wiki.names.rules import Called
from nightdesk.wiki.plans import MAX_RELATED, Topic
from nightdesk.wiki.terms.categories import GENERAL
from nightdesk.wiki.terms.vocabulary import Concept, Vocabulary

MAX_ALIASES = 8
MIN_TOGETHER = 2  # claims that name two concepts together make them related
MAX_MEMBERS = 8  # concepts that a suggested page is about


@dataclass(frozen=True, slots=True)
class Named:
    """The concepts of a desk: those of the texts' own terms and those that readers named."""

    concepts: tuple[Concept, ...]
    key_of: Mapping[str, str]  # name_key of a name in an AI's reading -> key of its concept
    types: Mapping[str, str]  # key of a concept -> "concept" or "entity"
    first: Mapping[str, str] = field(default_factory=dict)  # key of a concept with a decided name -> its own

    def counts(self, marks: Iterable[Mapping[str, Any]]) -> Counter[str]:
        """Return how many claims of AI readings speak of each concept, by its key."""
        counted: Counter[str] = Counter()
        for mark in marks:
            for _, names in mark["claims"]:
                counted.update({self.key_of[name_key(name)] for name in names})
        return counted


def join_names(
    vocabulary: Vocabulary, readings: Sequence[tuple[Mapping[str, Any], str]], called: Sequence[Called] = ()
) -> Named:
    """Return all concepts, given the marks of each AI reading with the language of its source.

    A name is a concept of the vocabulary where that has its title or its alias; an alias that readers give never
    joins two names that claims use: names are joined on evidence, not on likeness. What was decided (`called`) joins.
    """
    known = {name_key(alias): concept.key for concept in vocabulary.concepts for alias in concept.aliases}
    known |= {name_key(concept.title): concept.key for concept in vocabulary.concepts}
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    languages: dict[str, Counter[str]] = defaultdict(Counter)
    together: Counter[tuple[str, str]] = Counter()
    calling = {name_key(name): rule.title for rule in called for name in rule.names}
    own: dict[str, Counter[str]] = defaultdict(Counter)  # the names that have others by decision, as readings give them
    for marks, language in readings:
        for _, names in marks["claims"]:
            for name in names if calling else ():
                if name_key(name) in calling:
                    own[name_key(name)][name] += 1
            called_so = [calling.get(name_key(name), name) for name in names]
            keys = {name_key(name): name for name in called_so}
            for key, name in keys.items():
                spellings[key][name] += 1
                languages[key][language] += 1
            together.update(combinations(sorted(keys), 2))
    key_of = {key: known.get(key, f"named {key}") for key in spellings}
    key_of |= {key: key_of[name_key(calling[key])] for key in own}
    decided = {name_key(rule.title): rule for rule in called}
    notes = _notes(readings, key_of)
    related = _related(together, key_of)
    concepts = {concept.key: concept for concept in vocabulary.concepts}
    for key, counter in spellings.items():
        if key_of[key] not in concepts:
            title, language = _commonest(counter), _commonest(languages[key])
            also = decided[key].also if key in decided else ()
            concepts[key_of[key]] = Concept(key_of[key], title, also, language, GENERAL, related.get(key_of[key], ()))
    titles = {name_key(concept.title) for concept in concepts.values()}
    for key, (_, aliases, category) in notes.items():
        concept = concepts[key]
        fresh = [alias for alias in aliases if name_key(alias) not in titles]
        joined = tuple(dict.fromkeys([*concept.aliases, *fresh]))[: max(MAX_ALIASES, len(concept.aliases))]
        wider = calling.get(name_key(category), category)
        concepts[key] = replace(concept, aliases=joined, category=wider or concept.category)
    types = {key: kind for key, (kind, _, _) in notes.items()}
    first = {
        key_of[name_key(rule.title)]: _commonest(own[key])
        for rule in called
        for key in [*map(name_key, rule.names)][::-1]  # the first name that readings give is put last, and stays
        if key in own
    }
    return Named(tuple(concepts[key] for key in sorted(concepts)), key_of, types, first)


def _notes(
    readings: Sequence[tuple[Mapping[str, Any], str]], key_of: Mapping[str, str]
) -> dict[str, tuple[str, list[str], str]]:
    """Return for each concept that notes speak of what most of them say: type, aliases, category."""
    types: dict[str, Counter[str]] = defaultdict(Counter)
    categories: dict[str, Counter[str]] = defaultdict(Counter)
    aliases: dict[str, Counter[str]] = defaultdict(Counter)
    for marks, _ in readings:
        for note in marks["notes"]:
            key = key_of.get(name_key(note["name"]))
            if key is None:
                continue
            types[key][note["type"]] += 1
            categories[key].update([note["category"]] if note["category"] else [])
            aliases[key].update(note["aliases"])
    return {
        key: (
            _commonest(counter),
            sorted(aliases[key], key=lambda alias: (-aliases[key][alias], alias)),
            _commonest(categories[key]),
        )
        for key, counter in types.items()
    }


def _related(together: Counter[tuple[str, str]], key_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    pairs: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (one, other), count in together.items():
        if count >= MIN_TOGETHER:
            pairs[key_of[one]].append((-count, key_of[other]))
            pairs[key_of[other]].append((-count, key_of[one]))
    return {key: tuple(other for _, other in sorted(found)[:MAX_RELATED]) for key, found in pairs.items()}


def _commonest(counter: Counter[str]) -> str:
    return min(counter, key=lambda value: (-counter[value], value)) if counter else ""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A comparison or theme page that a reader suggests: its title, type and the pages of what it is about."""

    title: str
    type: str
    of: tuple[str, ...]


def suggested_pages(
    marks: Iterable[Mapping[str, Any]], named: Named, topics: Mapping[str, Topic]
) -> tuple[Suggested, ...]:
    """Return the suggested pages that can be made: at least two of their concepts have a page, no page has the name."""
    taken = {name_key(topic.concept.title) for topic in topics.values()} | {name_key(t.name) for t in topics.values()}
    found: dict[str, Suggested] = {}
    members: set[tuple[str, ...]] = set()
    for mark in marks:
        for idea in mark["pages"]:
            keys = [named.key_of.get(name_key(name), "") for name in idea["of"]]
            of = tuple(dict.fromkeys(topics[key].name for key in keys if key in topics))[:MAX_MEMBERS]
            key = name_key(idea["name"])
            if len(of) < 2 or key in taken or key in found or tuple(sorted(of)) in members:
                continue
            found[key] = Suggested(idea["name"], idea["type"], of)
            members.add(tuple(sorted(of)))
    return tuple(found[key] for key in sorted(found))
