"""How a snapshot is made: from all rows at once, or from the one before and what changed since."""

import sys
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice

from nightdesk.wiki.catalogue.catalogue import Catalogue, find_in
from nightdesk.wiki.catalogue.entries import MAX_MISSING, Entry, Row, as_link, make_entry
from nightdesk.wiki.catalogue.ground import Ground, keys_of_file, keys_of_target
from nightdesk.wiki.catalogue.pairs import Index, Pairs, gathered, moved
from nightdesk.wiki.lint.names_of import key_of
from nightdesk.wiki.vault.files import VaultFile
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import Places


@dataclass(frozen=True, slots=True)
class State:
    """A snapshot, and what is needed beside it to make the next one."""

    catalogue: Catalogue
    files: Mapping[str, VaultFile]  # all of them, pages or not
    targets: Mapping[str, tuple[str, ...]]  # what each page links to as written; see entries.Row
    folders: frozenset[str]  # all that ever held a file since the first state, and those above them
    users: Index  # the pages with a target that could lead to files of a key; see ground.keys_of_target


def build(ground: Ground, files: Mapping[str, VaultFile], rows: Mapping[str, Row], generation: int) -> State:
    """Return the first state: `files` and `rows` (of all pages) sorted by path."""
    targets = {path: tuple(map(sys.intern, row.targets)) for path, row in rows.items()}
    resolver = _Resolver(ground.places(files, rows), rows)
    entries = {path: make_entry(path, row, *resolver.links(path, targets[path])) for path, row in rows.items()}
    catalogue = Catalogue(
        ground.root,
        entries,
        places=resolver.places,
        linked=gathered(chain.from_iterable(map(_link_pairs, entries.values()))),
        names=gathered(chain.from_iterable(map(_name_pairs, entries.values()))),
        generation=generation,
    )
    pairs = _UserPairs()
    users = gathered(chain.from_iterable(pairs.of(path, written) for path, written in targets.items()))
    return State(catalogue, files, targets, folders_of(files), users)


def change(
    ground: Ground, state: State, *, gone: Collection[str], seen: Mapping[str, VaultFile], rows: Mapping[str, Row]
) -> tuple[State, frozenset[str]]:
    """Return the state after files are gone and others, `seen`, are new or changed, and the pages that differ now.

    `rows` are those of the pages among the files seen.
    """
    old = state.catalogue
    come = [path for path in seen if path not in state.files]
    new = [path for path in rows if path not in old.entries]
    lost = {path for path in chain(gone, seen) if path in old.entries and path not in rows}
    places = ground.places_after(old.places, gone=gone, come=come, lost=lost, new=new)
    # what links lead to may change where a file came or went, or became a page or none
    keys = {key for path in chain(gone, come, lost, new) for key in keys_of_file(path)}
    again = {page for key in keys for page in state.users.get(key, ())} - lost | rows.keys()
    targets = dict(state.targets)
    targets.update((path, tuple(map(sys.intern, row.targets))) for path, row in rows.items())
    entries = dict(old.entries)
    for path in lost:
        del targets[path], entries[path]
    resolver = _Resolver(places, targets)
    for path in again:
        links, missing = resolver.links(path, targets[path])
        row = rows.get(path)
        entries[path] = make_entry(path, row, links, missing) if row else _relinked(entries[path], links, missing)
    before = [old.entries[path] for path in chain(again, lost) if path in old.entries]
    after = [entries[path] for path in again]
    catalogue = Catalogue(
        ground.root,
        entries,
        places=places,
        linked=_after(old.linked, _link_pairs, before, after),
        names=_after(old.names, _name_pairs, before, after),
        generation=old.generation + 1,
        palette=old.known_palette.changed(before, after) if old.known_palette else None,
    )
    users = _users_after(state, targets, rows.keys() | lost)
    files = {**state.files, **seen}
    for path in gone:
        files.pop(path, None)
    differing = {entry.path for entry in after if old.entries.get(entry.path) != entry}
    folders = state.folders | folders_of(come) if come else state.folders
    return State(catalogue, files, targets, folders, users), frozenset(differing | lost)


def _relinked(entry: Entry, links: tuple[str, ...], missing: tuple[str, ...]) -> Entry:
    same = (entry.links, entry.missing) == (links, missing)
    return entry if same else replace(entry, links=links, missing=missing)


def folders_of(paths: Iterable[str]) -> frozenset[str]:
    """Return the folders that paths lie in, and those above these; the root is none."""
    found: set[str] = set()
    for folder in {path.rpartition("/")[0] for path in paths}:
        above = folder
        while above and above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return frozenset(found)


class _Resolver:
    """Follows the targets of pages."""

    def __init__(self, places: tuple[Places, ...], pages: Container[str]) -> None:
        self.places, self._pages = places, pages
        self._links: dict[str, Link] = {}

    def links(self, path: str, targets: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the pages that a page links to, and what it links to that is not there."""
        found: dict[str, None] = {}
        missing: dict[str, None] = {}
        for target in targets:
            link = self._links.get(target)
            if link is None:
                link = self._links[target] = as_link(target)
            led = find_in(self.places, link, path)
            if led is None:
                missing[link.path] = None
            elif led != path and led in self._pages:
                found[led] = None
        return tuple(found), tuple(islice(missing, MAX_MISSING))


def _link_pairs(entry: Entry) -> Iterator[tuple[str, str]]:
    return iter(()) if entry.is_list else ((led, entry.path) for led in entry.links)


def _name_pairs(entry: Entry) -> Iterator[tuple[str, str]]:
    return ((key, entry.path) for key in {key_of(name) for name in (entry.name, entry.title, *entry.aliases)})


def _after(index: Index, pairs: Callable[[Entry], Pairs], before: Iterable[Entry], after: Iterable[Entry]) -> Index:
    gone, new = chain.from_iterable(map(pairs, before)), chain.from_iterable(map(pairs, after))
    return moved(index, gone, new)


def _users_after(state: State, targets: Mapping[str, tuple[str, ...]], paths: Iterable[str]) -> Index:
    gone, new = _UserPairs(), _UserPairs()
    before = [pair for path in paths for pair in gone.of(path, state.targets.get(path, ()))]
    after = [pair for path in paths for pair in new.of(path, targets.get(path, ()))]
    return moved(state.users, before, after)


class _UserPairs:
    """Tells the keys of targets; most targets stand on many pages."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, ...]] = {}

    def of(self, path: str, targets: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield each key of a page's targets once, with the page."""
        known = self._keys
        for target in targets:
            if target not in known:
                known[target] = keys_of_target(target)
        return ((key, path) for key in {key for target in targets for key in known[target]})
