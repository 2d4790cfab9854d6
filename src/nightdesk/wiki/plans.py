"""Which concept and overview pages there are to be, and from which claims: decided from all sources at once."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.base.pages import short_hash
from nightdesk.wiki.concept_page import FORM
from nightdesk.wiki.naming import name_pages
from nightdesk.wiki.terms.categories import GENERAL
from nightdesk.wiki.terms.vocabulary import Concept

MIN_CLAIMS = 2  # a concept that fewer claims speak of gets no page
MIN_PARTS = 3  # a category of fewer pages gets no overview
MAX_EVIDENCE = 160  # claims that a writer is given for one page, which shows at most 60 statements
MAX_EVIDENCE_AI = 600  # where an AI writes, a page of many claims is written in sections
MAX_RELATED = 8


@dataclass(frozen=True, slots=True)
class Topic:
    """A concept that gets a page, under its page's name."""

    name: str
    concept: Concept
    category: str | None  # base name of its overview page
    related: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClaimMark:
    """As much of an accepted claim as is needed to see whether a page is stale."""

    id: str
    names: tuple[str, ...]  # concept pages that it speaks of
    defines: tuple[str, ...]  # concept pages whose concept it defines


@dataclass(frozen=True, slots=True)
class SourceMarks:
    """The claims of one source, in text order."""

    page: str  # base name of the source page
    published: str | None  # ISO date, or year and month, or year
    reading_key: str
    claims: tuple[ClaimMark, ...]


@dataclass(frozen=True, slots=True)
class Stand:
    """A page to be and the claims it stands on: (index of the source, index of the claim)."""

    topic: Topic
    claims: tuple[tuple[int, int], ...]
    left_out: int
    made_from: str


@dataclass(frozen=True, slots=True)
class Category:
    """An overview page to be and the concept pages that it leads to."""

    title: str
    name: str
    parts: tuple[str, ...] = field(default=())


def choose_topics(
    concepts: Sequence[Concept], counts: Mapping[str, int], *, taken: Sequence[str]
) -> tuple[dict[str, Topic], tuple[Category, ...]]:
    """Return the concepts that get a page, by their key, and the categories that get an overview.

    `counts` says how many claims speak of each concept key; `taken` are base names that other pages have.
    """
    paged = [concept for concept in concepts if counts.get(concept.key, 0) >= MIN_CLAIMS]
    names = name_pages([concept.title for concept in paged], suffix="concept", taken=taken)
    members: dict[str, list[str]] = defaultdict(list)
    for concept in paged:
        members[concept.category].append(names[concept.title])
    titles = sorted(title for title, parts in members.items() if len(parts) >= MIN_PARTS and title != GENERAL)
    used = [*taken, *names.values()]
    overviews = name_pages([f"{title} (overview)" for title in titles], suffix="pages", taken=used)
    categories = tuple(Category(title, overviews[f"{title} (overview)"], tuple(members[title])) for title in titles)
    by_title = {category.title: category.name for category in categories}
    by_key = {concept.key: names[concept.title] for concept in paged}
    return {
        concept.key: Topic(
            by_key[concept.key],
            concept,
            by_title.get(concept.category),
            tuple(by_key[key] for key in concept.related if key in by_key)[:MAX_RELATED],
        )
        for concept in paged
    }, categories


def plan_stands(
    topics: Sequence[Topic],
    sources: Sequence[SourceMarks],
    *,
    generator: str,
    most: int = MAX_EVIDENCE,
    chosen: Collection[str] = (),
) -> tuple[Stand, ...]:
    """Return the concept pages that have claims to stand on, at most so many, each with the hash of its inputs.

    One claim is enough for the pages `chosen`, which a person wants.
    """
    claims: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for n, source in enumerate(sources):
        for k, claim in enumerate(source.claims):
            for name in claim.names:
                claims[name].append((n, k))
    shown: dict[tuple[int, int], str] = {}  # a claim speaks of several concepts: put into words once
    stands = []
    for topic in topics:
        about = claims[topic.name]
        if len(about) >= (1 if topic.name in chosen else MIN_CLAIMS):
            kept = _most_telling(topic.name, about, sources, most)
            stands.append(_stand(topic, kept, len(about), sources, generator, shown))
    return tuple(stands)


def _stand(
    topic: Topic,
    kept: list[tuple[int, int]],
    number: int,
    sources: Sequence[SourceMarks],
    generator: str,
    shown: dict[tuple[int, int], str],
) -> Stand:
    for n, k in kept:
        if (n, k) not in shown:
            shown[n, k] = repr((sources[n].page, sources[n].published, sources[n].claims[k]))
    marks = ", ".join([shown[place] for place in kept])
    made_from = short_hash(f"({FORM!r}, {generator!r}, {topic!r}, {number}, [{marks}])")
    return Stand(topic, tuple(kept), number - len(kept), made_from)


def _most_telling(
    name: str, claims: list[tuple[int, int]], sources: Sequence[SourceMarks], most: int
) -> list[tuple[int, int]]:
    """Bound a hot concept's claims: definitions first, then in turn one from each source."""
    if len(claims) <= most:
        return claims
    turn: dict[int, int] = defaultdict(int)
    ranked = []
    for n, k in claims:
        defines = name in sources[n].claims[k].defines
        ranked.append((not defines, turn[n], n, k))
        turn[n] += 1
    return sorted((n, k) for _, _, n, k in sorted(ranked)[:most])
