"""Pages worth writing and connections worth making: from names, from readers, from claims that name two concepts."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from nightdesk.base.names import name_key
from nightdesk.wiki.lint.graph import MIN_NAMED
from nightdesk.wiki.plans import MIN_CLAIMS
from nightdesk.wiki.suggesting.facts import PageFacts, Told
from nightdesk.wiki.suggesting.suggestions import MAX_EVIDENCE, Evidence, Suggestion, command_line

LEAST_SHARED = 3  # claims that name both concepts, before a link between their pages is suggested
LEAST_COMPARED = 4  # … before a page about both is
_MAX_NAMED = 12  # concepts that one claim may name: more of them have little to do with each other
_TOGETHER = ("comparison", "theme", "answer")  # types of pages that are about several concepts
_FILE = re.compile(r"/|\.(?:md|png|jpe?g|gif|svg|webp|pdf|csv|tsv|html?|txt|canvas|mp[34])$", re.IGNORECASE)
_NAMED, _SUGGESTED, _PAIR, _SHORT = 3.0, 2.0, 1.0, 0.0  # the order of the kinds of reasons


@dataclass(slots=True)
class _Pair:
    """Two concepts that claims name together."""

    count: int = 0
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Together:
    """How often claims name each concept, and each two of them; by the name keys of their pages."""

    concepts: Mapping[str, PageFacts]
    counts: Mapping[str, int]
    pairs: Mapping[tuple[str, str], _Pair]

    def closeness(self, pair: tuple[str, str]) -> float:
        """Return how much two concepts belong together, from 0 to 1: not merely how common both are."""
        return self.pairs[pair].count / math.sqrt(self.counts[pair[0]] * self.counts[pair[1]])


def named_together(pages: Sequence[PageFacts]) -> Together:
    """Return which concepts claims name together: one pass over the claims."""
    concepts = {name_key(page.name): page for page in pages if page.type in ("concept", "entity")}
    counts: dict[str, int] = defaultdict(int)
    pairs: dict[tuple[str, str], _Pair] = defaultdict(_Pair)
    for page in pages:
        for told in page.claims:
            keys = sorted({key for name in told.concepts if (key := name_key(name)) in concepts})
            for key in keys:
                counts[key] += 1
            for pair in combinations(keys, 2) if len(keys) <= _MAX_NAMED else ():
                found = pairs[pair]
                found.count += 1
                if found.count <= MAX_EVIDENCE:
                    found.evidence.append(Evidence(told.id, f"{page.path}:{told.line}"))
    return Together(concepts, counts, pairs)


def connections(together: Together) -> Iterator[Suggestion]:
    """Yield the pairs of concepts that share claims and whose pages do not link to each other."""
    for pair, found in together.pairs.items():
        one, other = (together.concepts[key] for key in pair)
        if found.count < LEAST_SHARED or _links(one, other) or _links(other, one):
            continue
        yield Suggestion(
            "connection",
            f"{one.title or one.name} and {other.title or other.name}",
            f"{found.count} claims name both, and neither page links to the other",
            tuple(found.evidence),
            f"write [[{other.name}]] on {one.path}",
            found.count * together.closeness(pair),
        )


def _links(one: PageFacts, other: PageFacts) -> bool:
    return any(name_key(name) in one.links for name in (other.name, other.title, *other.aliases))


def pages_to_write(pages: Sequence[PageFacts], together: Together) -> Iterator[Suggestion]:
    """Yield the pages that names, readers and claims ask for and that are not there."""
    there = {name_key(name) for page in pages for name in (page.name, page.title, *page.aliases) if name}
    yield from _missing(pages, there)
    yield from _suggested(pages, there)
    yield from _comparisons(pages, together)
    yield from _almost(pages, there)


def _missing(pages: Sequence[PageFacts], there: set[str]) -> Iterator[Suggestion]:
    """Yield the names that MIN_NAMED pages link to and that have no page, as lint's rule missing-page counts them."""
    linking: dict[str, list[PageFacts]] = defaultdict(list)
    for page in pages:
        for key, name in page.links.items():
            if key not in there and not _FILE.search(name):
                linking[key].append(page)
    for key, found in linking.items():
        if len(found) >= MIN_NAMED:
            name = found[0].links[key]
            yield Suggestion(
                "page",
                name,
                f"{len(found)} pages link to it, and it is not there",
                tuple(Evidence("", page.path) for page in found[:MAX_EVIDENCE]),
                command_line("ask", "--save", f"What is {name}?"),
                _NAMED + min(len(found), 9_999) / 10_000,
                query=f"What is {name}?",
            )


def _suggested(pages: Sequence[PageFacts], there: set[str]) -> Iterator[Suggestion]:
    """Yield the comparisons and themes that readers of sources suggest."""
    readers: dict[str, list[tuple[PageFacts, str]]] = defaultdict(list)
    for page in pages:
        for idea in page.ideas:
            if idea.name and name_key(idea.name) not in there:
                of = f" of {', '.join(idea.of[:8])}" if idea.of else ""
                readers[idea.name].append((page, f"a {idea.type or 'page'}{of}{f': {idea.why}' if idea.why else ''}"))
    for name, found in readers.items():
        yield Suggestion(
            "page",
            name,
            f"{_many(len(found), 'reader')} of sources suggested it: {found[0][1]}",
            tuple(Evidence("", page.path) for page, _ in found[:MAX_EVIDENCE]),
            command_line("ask", "--save", name),
            _SUGGESTED + min(len(found), 9_999) / 10_000,
        )


def _comparisons(pages: Sequence[PageFacts], together: Together) -> Iterator[Suggestion]:
    """Yield the pairs of concepts that many claims name together and no page is about."""
    told = [page.links for page in pages if page.type in _TOGETHER]
    by_key: dict[str, set[int]] = defaultdict(set)
    for number, links in enumerate(told):
        for key in links:
            by_key[key].add(number)
    for pair, found in together.pairs.items():
        one, other = (together.concepts[key] for key in pair)
        within = pair[0] in pair[1] or pair[1] in pair[0]  # "learning rate" and "learning rate schedule"
        if found.count < LEAST_COMPARED or within or by_key[pair[0]] & by_key[pair[1]]:
            continue
        question = f"What have {one.title or one.name} and {other.title or other.name} to do with each other?"
        yield Suggestion(
            "page",
            f"{one.title or one.name} and {other.title or other.name}",
            f"{found.count} claims name both, and no page is about the two",
            tuple(found.evidence),
            command_line("ask", "--save", question),
            _PAIR + together.closeness(pair) * (1 - 1 / found.count) * 0.99,
        )


def _almost(pages: Sequence[PageFacts], there: set[str]) -> Iterator[Suggestion]:
    """Yield the names that readers noted and that too few claims speak of for a page."""
    naming: dict[str, list[tuple[str, PageFacts, str]]] = defaultdict(list)
    for page in pages:
        for name, identities in page.names:
            if name and name_key(name) not in there:
                naming[name_key(name)] += [(name, page, identity) for identity in identities]
    told: Mapping[str, Told] = {told.id: told for page in pages for told in page.claims}
    for found in naming.values():
        name = found[0][0]
        if len(found) != MIN_CLAIMS - 1:
            continue
        yield Suggestion(
            "page",
            name,
            f"{_many(len(found), 'claim')} of the {MIN_CLAIMS} that a page needs",
            tuple(
                Evidence(identity, f"{page.path}:{told[identity].line}" if identity in told else page.path)
                for _, page, identity in found
            ),
            "",
            _SHORT,
            query=name,
        )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
