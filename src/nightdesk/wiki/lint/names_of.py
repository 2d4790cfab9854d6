"""The names of pages: base names, titles and aliases, and which of them are nobody's own."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from nightdesk.base.names import name_key
from nightdesk.wiki.vault.records import Record

# lists of pages and the like: they need no link to them, and what they link to is not thereby spoken of
LISTS = frozenset(("index", "log", "_index", "contradictions"))
DECISIONS = "wiki/names.md"  # of a desk: what was decided about names
# names that many folders have: they say nothing of what a page is about
GENERIC = LISTS | {
    *("readme", "home", "summary", "sidebar", "_sidebar", "changelog", "changes", "license", "contributing"),
    *("overview", "introduction", "todo", "notes", "about", "security", "history", "install", "installation", "usage"),
    *("code_of_conduct", "authors", "agents", "claude", "skill", "template", "untitled", "examples", "faq", "api"),
}


def base_name(path: str) -> str:
    """Return a page's name by which links call it."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def key_of(name: str) -> str:
    """Return what two names must not share: base.names.name_key, at once for the many names that are ASCII."""
    return name.lower() if name.isascii() else name_key(name)


def is_list(path: str) -> bool:
    """Say whether a page is an index or a log."""
    return base_name(path).lower() in LISTS or path == DECISIONS


def is_entrance(path: str) -> bool:
    """Say whether a page is one that people come to without a link: an index, a log, a README …"""
    return base_name(path).lower() in GENERIC or path == DECISIONS


def own_names(path: str, record: Record) -> Iterator[str]:
    """Yield a page's names, its base name first; the same one only once."""
    title = record.title if isinstance(record.values.get("title"), str) else None
    seen = set()
    for name in (base_name(path), title, *record.aliases):
        if name and (key := key_of(name)) not in seen:
            seen.add(key)
            yield name


def names_by_key(records: Mapping[str, Record]) -> Mapping[str, list[str]]:
    """Return the pages that have each name, by its key."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, record in records.items():
        for name in own_names(path, record):
            found[key_of(name)].append(path)
    return found
