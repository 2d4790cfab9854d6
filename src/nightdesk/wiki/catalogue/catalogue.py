"""What the catalogue answers: a snapshot that never changes, so that a request sees one state of all pages."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from operator import attrgetter
from pathlib import Path

from nightdesk.wiki.catalogue.entries import Entry
from nightdesk.wiki.catalogue.pairs import Index
from nightdesk.wiki.catalogue.palette import Match, Palette
from nightdesk.wiki.lint.names_of import base_name, key_of
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import Places

_KEPT_RECENT = 500


class Catalogue:
    """All pages of a desk or vault at one moment."""

    def __init__(
        self,
        root: Path,
        entries: Mapping[str, Entry],
        *,
        places: tuple[Places, ...],
        linked: Index,
        names: Index,
        generation: int,
        palette: Palette | None = None,
    ) -> None:
        self.root = root
        self.entries = entries  # by path, in no order that means anything
        self.generation = generation  # grows by one with each snapshot of a keeper
        self.places = places  # where links are looked for, in this order
        self.linked, self.names = linked, names  # pages by the page that they link to, and by the keys of their names
        self.known_palette = palette  # None: not made yet

    def find(self, link: Link, source: str) -> str | None:
        """Return the file that a link on the page `source` leads to, by Obsidian's rules; None where there is none.

        On a desk pages come first, whatever files of raw/ or of a lab have the same name.
        """
        return find_in(self.places, link, source)

    def named(self, name: str) -> str | None:
        """Return the page that has a path, a base name, an alias or a title, ignoring case, in this order.

        `name` may be written as a link is. None where there is none, and where several share an alias or a title.
        """
        given = name.strip().removeprefix("[[").removesuffix("]]").split("|")[0].strip()
        texts = [given, given.removesuffix(".md")]
        if "#" in given:  # a place on a page; but "C#" may be a title
            texts.append(given.split("#")[0].strip().removesuffix(".md"))
        for text in texts:
            if text and (found := self._page_called(text)):
                return found
        for text in texts:
            if found_all := self.names.get(key_of(text), ()):
                return found_all[0] if len(found_all) == 1 else None
        return None

    def _page_called(self, text: str) -> str | None:
        key = key_of(text)
        for path in self.names.get(key, ()):
            if key_of(base_name(path)) == key:
                return path
        found = self.places[0].find(Link("wiki", False, "/" + text, "", 0, 0), "") if "/" in text else None
        return found if found in self.entries else None

    def backlinks(self, path: str) -> tuple[str, ...]:
        """Return the pages that link to a page, sorted; indexes and logs, which link to all, do not count."""
        return self.linked.get(path, ())

    def recent(self, limit: int) -> tuple[Entry, ...]:
        """Return the pages that changed last, the last one first; indexes and logs, which always change, left out."""
        return self._recent[: max(0, limit)] if limit <= _KEPT_RECENT else tuple(_newest(self.entries, limit))

    @cached_property
    def _recent(self) -> tuple[Entry, ...]:
        return tuple(_newest(self.entries, _KEPT_RECENT))

    def neighbourhood(self, path: str, *, depth: int, limit: int) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
        """Return at most `limit` pages within `depth` links of a page, itself among them, and the links between them.

        Links count in both directions; the nearest pages come first. Indexes and logs, which join everything, are left
        out unless one of them is asked for. Nothing where there is no such page.
        """
        if path not in self.entries or limit < 1:
            return frozenset(), ()
        found = {path: 0}
        waiting = deque([path])
        while waiting and len(found) < limit:
            here = waiting.popleft()
            if found[here] >= depth:
                break
            for near in self._joined(here):
                if near not in found and len(found) < limit and not self.entries[near].is_list:
                    found[near] = found[here] + 1
                    waiting.append(near)
        links = ((one, other) for one in found for other in self.entries[one].links if other in found)
        return frozenset(found), tuple(links)

    def _joined(self, path: str) -> Iterator[str]:
        yield from self.entries[path].links
        yield from self.backlinks(path)

    def palette(self, typed: str, *, limit: int) -> tuple[Match, ...]:
        """Return at most `limit` pages whose title or alias fits what was typed, the best first; see palette."""
        if not typed.strip():
            return tuple(Match(entry, ()) for entry in self.recent(limit))
        if self.known_palette is None:  # two requests at once may both make it, and either will do
            self.known_palette = Palette.of(self.entries.values())
        return self.known_palette.look_up(typed, self.entries, limit=limit)


def find_in(places: Iterable[Places], link: Link, source: str) -> str | None:
    """Return what a link leads to in the first of the places that has it, None where none has."""
    for one in places:
        if found := one.find(link, source):
            return found
    return None


def _newest(entries: Mapping[str, Entry], limit: int) -> list[Entry]:
    # sorted without a key of our own: a tenth of the time; those as old as the last are put in order after it
    told: list[Entry] = []
    for entry in sorted(entries.values(), key=attrgetter("changed"), reverse=True):
        if len(told) >= limit and entry.changed < told[-1].changed:
            break
        if not entry.is_list:
            told.append(entry)
    return sorted(told, key=lambda entry: (-entry.changed, entry.path))[: max(0, limit)]
