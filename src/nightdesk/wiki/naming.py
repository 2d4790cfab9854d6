"""Base names of pages: unique across wiki/, ignoring case and Unicode form, and kept once given."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from nightdesk.base.names import name_key, safe_name, with_suffix
from nightdesk.base.pages import short_hash

RESERVED = ("index", "log", "contradictions", "names")


def name_sources(titles: Mapping[str, str], given: Mapping[str, str], taken: Iterable[str]) -> dict[str, str]:
    """Return the base name of each source's page.

    `titles` maps the path of each raw file to its title, `given` the paths that have a page to its base name, `taken`
    are the names of pages that nightdesk did not make. A name once given is kept as long as the title stays, so that
    no link is retargeted; of several new sources with one title, the first path gets the plain name.
    """
    used = {name_key(name) for name in (*RESERVED, *taken)}
    names: dict[str, str] = {}
    for path, title in sorted(titles.items()):
        name = given.get(path)
        if name is not None and name_key(name) not in used and name in _choices(title, path):
            names[path] = name
            used.add(name_key(name))
    for path, title in sorted(titles.items()):
        if path not in names:
            names[path] = _first_free(_choices(title, path), used)
    return names


def name_pages(titles: Iterable[str], *, suffix: str, taken: Iterable[str]) -> dict[str, str]:
    """Return the base name of each title; one that is `taken` gets the fixed `suffix` in brackets."""
    used = {name_key(name) for name in (*RESERVED, *taken)}
    return {title: _first_free(_page_choices(title, suffix), used) for title in dict.fromkeys(titles)}


def _page_choices(title: str, suffix: str) -> Iterator[str]:
    plain = safe_name(title)
    yield plain
    yield with_suffix(plain, suffix)
    yield _hashed(title, title)


def _choices(title: str, path: str) -> Iterator[str]:
    plain = safe_name(title)
    yield plain  # mostly the one; the others are made only when it is taken
    parts = PurePosixPath(path)
    yield with_suffix(plain, safe_name(parts.stem))
    yield with_suffix(plain, safe_name(f"{parts.parent.name} {parts.stem}"))
    yield _hashed(plain, path)


def _hashed(title: str, identity: str) -> str:
    return with_suffix(safe_name(title), short_hash(identity)[:8])


def _first_free(choices: Iterable[str], used: set[str]) -> str:
    for name in choices:
        if name_key(name) not in used:
            used.add(name_key(name))
            return name
    raise AssertionError("two pages with one identity")  # the last choice is a hash of what tells them apart
