"""What the first page shows of a catalogue as a whole: it takes a look at every page, so it is made once for each."""

import heapq
from collections import Counter
from dataclasses import dataclass

from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.entries import Entry

_NEWEST = 300
_CATEGORIES, _MEMBERS, _LINKED, _TAGS, _FOLDERS = 24, 6, 10, 40, 40
_OF_A_TYPE = frozenset(
    ("concept", "source", "overview", "entity", "comparison", "theme", "answer")
)  # tags that types are


@dataclass(frozen=True, slots=True)
class Category:
    """An overview page with the pages of its category that most others link to."""

    entry: Entry
    members: tuple[Entry, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Front:
    """A catalogue at a glance."""

    pages: int  # without indexes and logs
    types: tuple[tuple[str, int], ...]  # the most frequent first
    categories: tuple[Category, ...]
    category_count: int
    linked: tuple[tuple[Entry, int], ...]  # the pages that most others link to
    tags: tuple[tuple[str, int], ...]  # by name, the most frequent
    tag_count: int
    folders: tuple[tuple[str, int], ...]  # the folders at the top, with the pages in and below them
    folder_count: int
    sources: tuple[Entry, ...]  # the ones that changed last, these first
    answers: tuple[Entry, ...]


def front_of(catalogue: Catalogue) -> Front:
    """Return the catalogue at a glance."""
    entries = [entry for entry in catalogue.entries.values() if not entry.is_list]
    types = Counter(entry.type for entry in entries if entry.type)
    tags = Counter(tag for entry in entries for tag in entry.tags if tag not in _OF_A_TYPE)
    folders = Counter(entry.path.partition("/")[0] for entry in entries if "/" in entry.path)
    degree = {entry.path: len(catalogue.backlinks(entry.path)) for entry in entries}
    linked = sorted((e for e in entries if degree[e.path]), key=lambda e: (-degree[e.path], e.title, e.path))[:_LINKED]
    categories = _categories(catalogue, entries, degree)
    common = sorted(tags.items(), key=lambda item: (-item[1], item[0]))[:_TAGS]
    return Front(
        pages=len(entries),
        types=tuple(types.most_common(8)),
        categories=tuple(categories[:_CATEGORIES]),
        category_count=len(categories),
        linked=tuple((entry, degree[entry.path]) for entry in linked),
        tags=tuple(sorted(common, key=lambda item: item[0].casefold())),
        tag_count=len(tags),
        folders=tuple(sorted(folders.items(), key=lambda item: item[0].casefold())[:_FOLDERS]),
        folder_count=len(folders),
        sources=_newest(entries, "source"),
        answers=_newest(entries, "answer"),
    )


def _newest(entries: list[Entry], type: str) -> tuple[Entry, ...]:
    found = (entry for entry in entries if entry.type == type)
    return tuple(heapq.nsmallest(_NEWEST, found, key=lambda entry: (-entry.changed, entry.path)))


def _categories(catalogue: Catalogue, entries: list[Entry], degree: dict[str, int]) -> list[Category]:
    by_name: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.category:
            by_name.setdefault(entry.category, []).append(entry)
    found = []
    for name, members in by_name.items():
        path = catalogue.named(name)
        if path is None:
            continue
        members.sort(key=lambda entry: (-degree[entry.path], entry.title.casefold(), entry.path))
        found.append(Category(catalogue.entries[path], tuple(members[:_MEMBERS]), len(members)))
    return sorted(found, key=lambda category: (-category.count, category.entry.title.casefold()))
