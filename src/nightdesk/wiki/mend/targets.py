"""Where a link that leads nowhere is to lead: only where one answer is certain."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from posixpath import basename
from typing import NamedTuple
from urllib.parse import unquote

from nightdesk.base.git import old_versions
from nightdesk.wiki.lint.names_of import key_of, names_by_key
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.files import PAGE_ENDINGS
from nightdesk.wiki.vault.reading import Vault
from nightdesk.wiki.vault.records import Heading, Link, Record, Resolved
from nightdesk.wiki.vault.resolve import Targets

MAX_VERSIONS = 50  # of a page, among which a heading is looked for
_SEPARATORS = re.compile(r"[\s_\-]+")
_NO_LETTER = re.compile(r"[\W_]+")
_NUMBERED = re.compile(r"-\d+$")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")
_FRAGMENT_MARKS = re.compile(r"[#^\[\]|]+")


class Meant(NamedTuple):
    """The file that a link is to lead to, why that is certain, and whether the words shown would change."""

    path: str
    why: str
    keep_words: bool


class Finder:
    """What links that lead nowhere mean, looked up in the names of all files and in what was renamed."""

    def __init__(self, vault: Vault, renamed: Mapping[str, str]) -> None:
        self._vault = vault
        self._names = names_by_key(vault.records)
        self._by_key: dict[str, list[str]] = defaultdict(list)
        for path in vault.folder.files:
            if path in vault.records or not path.lower().endswith(PAGE_ENDINGS):
                self._by_key[_key(basename(path))].append(path)
        self._renamed: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for old, new in renamed.items():
            self._renamed[_plain(basename(old))].append((old, new))

    def meant(self, link: Link) -> Meant | None:
        """Return what a link means; None where nothing is certain."""
        return self._after_rename(link) or self._other_form(link) or self._alias(link)

    def choices(self, link: Link) -> list[str]:
        """Return the files that a link may mean where several do."""
        renamed = [new for _, new in self._renames(link)]
        known = self._names.get(key_of(basename(link.path.removesuffix(".md"))), [])
        return sorted({*renamed, *self._by_key.get(_key(basename(link.path)), ()), *known})

    def _renames(self, link: Link) -> list[tuple[str, str]]:
        wanted = _plain(link.path.lstrip("./"))
        found = self._renamed.get(basename(wanted), [])
        return [(old, new) for old, new in found if "/" not in wanted or f"/{_plain(old)}".endswith(f"/{wanted}")]

    def _after_rename(self, link: Link) -> Meant | None:
        news = {new for _, new in self._renames(link) if new in self._vault.folder.files}
        return Meant(news.pop(), "it was renamed", keep_words=True) if len(news) == 1 else None

    def _other_form(self, link: Link) -> Meant | None:
        found = self._by_key.get(_key(basename(link.path)), [])
        return Meant(found[0], "one file has that name", keep_words=False) if len(found) == 1 else None

    def _alias(self, link: Link) -> Meant | None:
        found = self._names.get(key_of(basename(link.path.removesuffix(".md"))), [])
        return Meant(found[0], "that is another name of it", keep_words=True) if len(set(found)) == 1 else None


def _plain(path: str) -> str:
    folded = unicodedata.normalize("NFC", path).lower()
    return next((folded.removesuffix(ending) for ending in PAGE_ENDINGS if folded.endswith(ending)), folded)


def _key(name: str) -> str:
    """Return what two ways to write a file's name have in common: case, forms, blanks and percent signs aside."""
    text = unicodedata.normalize("NFKC", unquote(name)).casefold().strip()
    while text.endswith(PAGE_ENDINGS):
        text = text.rpartition(".")[0].rstrip()
    return _SEPARATORS.sub(" ", text).strip()


def name_for(vault: Vault, path: str, source: str) -> str | None:
    """Return what a wikilink on the page `source` must call a file: its base name if that leads to it, else its path.

    None where neither does.
    """
    whole = path.removesuffix(".md")
    for name in (basename(whole), whole):
        if vault.places.find(Link("wiki", False, name, "", 0, 0), source) == path:
            return name
    return None


def heading_meant(vault: Vault, one: Resolved) -> str | None:
    """Return the heading that a link to a page means, as a link names it; None where nothing is certain."""
    record, link = vault.records.get(one.target or ""), one.link
    if record is None or "#" in link.fragment or link.fragment.startswith("^"):
        return None
    heading = _by_letters(record, link.fragment) or _renamed_heading(vault, one, record)
    return " ".join(_FRAGMENT_MARKS.sub(" ", heading.shown).split()) if heading else None


def _by_letters(record: Record, fragment: str) -> Heading | None:
    """Return the one heading with the letters of a fragment: #my-heading is made of "My heading"."""
    wanted = {_letters(unquote(fragment)), _letters(_NUMBERED.sub("", fragment))} - {""}
    found = {heading.shown: heading for heading in record.headings if _letters(heading.shown) in wanted}
    return next(iter(found.values())) if len(found) == 1 else None


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", unicodedata.normalize("NFC", text)).casefold()


def _renamed_heading(vault: Vault, one: Resolved, record: Record) -> Heading | None:
    """Return the heading that stands where the newest version that had the old one has it, if no other was changed."""
    for content in islice(old_versions(vault.root, one.target or ""), MAX_VERSIONS):
        before = read_record(content)
        if not Targets(before).has(one.link):
            continue
        gone = _without(before.headings, record.headings)
        new = _without(record.headings, before.headings)
        is_one = len(gone) == len(new) == 1 and gone[0].level == new[0].level
        was_it = is_one and _letters(gone[0].shown) == _letters(unquote(one.link.fragment))
        return new[0] if was_it else None
    return None


def _without(headings: Iterable[Heading], others: Iterable[Heading]) -> list[Heading]:
    known = {(heading.level, heading.shown) for heading in others}
    return [heading for heading in headings if (heading.level, heading.shown) not in known]
