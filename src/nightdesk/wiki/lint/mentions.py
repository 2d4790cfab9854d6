"""Mentions of a page, by its name, title or alias, on pages that do not link to it.

All names are looked for at once, in a tree of their words: the work grows with the text, not with the names.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import compress
from posixpath import dirname, relpath
from typing import Any
from urllib.parse import quote

from nightdesk.base.cache import Cache
from nightdesk.base.pages import short_hash
from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import GENERIC, base_name, is_entrance, is_list, key_of, own_names
from nightdesk.wiki.vault.reading import Vault
from nightdesk.wiki.vault.records import Record
from nightdesk.wiki.vault.wording import is_unspaced, without, words

TABLE = "mentions2"
MIN_LETTERS = 4  # of a name that is one word in lower case
MIN_ACRONYM = 2  # of one in capitals, which must then be written so
MAX_NAME_WORDS = 12
COMMON_SHARE = 0.1  # a name of one word that so many pages, and more than link to it, use bare is a word like others …
COMMON_LEAST = 5  # … but for so many pages
_CODE_MARKS = re.compile(r"[^\w\s\-'’.,:;()&/!?–—]")  # C#, C++: their marks are lost where words are compared
_DIGITS_ONLY = re.compile(r"[\d\W_]+")
_END = b""  # the key in the tree under which a name ends; no word is empty

Tree = dict[bytes, Any]  # word -> tree; _END -> (path, name)
Hit = list[Any]  # path of the page that is named, name; line and column too once they were looked for


def unlinked_mentions(
    vault: Vault,
    cache: Cache | None = None,
    *,
    apart: Collection[str] = (),
    on_page: Callable[[], None] = lambda: None,
) -> Iterator[Finding]:
    """Yield the first mention of each page on each page that does not link to it.

    Indexes, logs and the pages `apart` are not looked through.
    """
    kept = _Kept(vault, cache)
    hits = kept.hits(mentionable(vault.records), apart=apart, on_page=on_page)
    bare = []
    linked: Counter[str | None] = Counter()
    for path, resolved in vault.links.items():
        targets = {one.target for one in resolved}
        linked.update(targets)
        bare += [(path, hit) for hit in hits.get(path, ()) if hit[0] not in targets]
    common = _common_words(bare, linked, len(hits))
    wiki = _prefers_wikilinks(vault)
    for path, hit in bare:
        if key_of(hit[1]) not in common:
            target, name, line, column = kept.placed(path, hit)
            if line:
                message = f'names "{name}" and does not link to {target}'
                mend = f"write {_link(path, target, name, wiki=wiki)}"
                yield found("unlinked-mention", path, message, at=(line, column), mend=mend)
    kept.keep()


def _common_words(bare: Iterable[tuple[str, Hit]], linked: Mapping[str | None, int], pages: int) -> set[str]:
    """Return the names of one word that so many pages use bare and so few as links that they are no names."""
    single = Counter((key_of(hit[1]), hit[0]) for _, hit in bare if len(hit[1].split()) == 1)
    least = max(COMMON_LEAST, COMMON_SHARE * pages)
    return {name for (name, target), count in single.items() if count > least and count > linked[target]}


def _prefers_wikilinks(vault: Vault) -> bool:
    styles = Counter(link.style for record in vault.records.values() for link in record.links)
    return styles["wiki"] + styles["property"] >= styles["markdown"]


def _link(path: str, target: str, name: str, *, wiki: bool) -> str:
    page = base_name(target)
    if not wiki:
        return f"[{name}]({quote(relpath(target, dirname(path) or '.'))})"
    return f"[[{page}]]" if key_of(name) == key_of(page) else f"[[{page}|{name}]]"


def mentionable(records: Mapping[str, Record]) -> dict[str, str]:
    """Return the names that are looked for, with the page of each; what several pages are called is left out."""
    pages: dict[str, set[str]] = defaultdict(set)
    shown: dict[str, str] = {}
    for path, record in records.items():
        if not is_entrance(path):
            for name in filter(None, (*own_names(path, record), record.title)):
                pages[key_of(name)].add(path)
                shown.setdefault(key_of(name), name)
    alone = {shown[key]: next(iter(paths)) for key, paths in pages.items() if len(paths) == 1 and key not in GENERIC}
    return {name: path for name, path in alone.items() if _is_telling(name)}


def _is_telling(name: str) -> bool:
    """Say whether a name can be told from a word like others."""
    found_words = words(name.encode("utf-8", "replace"))
    if not found_words or len(found_words) > MAX_NAME_WORDS or _DIGITS_ONLY.fullmatch(name):
        return False
    if len(found_words) > 1:
        return True
    if is_unspaced(name) or _CODE_MARKS.search(name):
        return False
    return len(name) >= (MIN_ACRONYM if name.isupper() else MIN_LETTERS)


class Names:
    """The names that are looked for, each under the word of it that the fewest of them have."""

    def __init__(self, names: Mapping[str, str]) -> None:
        split = {name: words(name.encode("utf-8", "replace")) for name in names}
        often = Counter(word for found_words in split.values() for word in set(found_words))
        self._under: dict[bytes, list[tuple[frozenset[bytes], Sequence[bytes], tuple[str, str]]]] = defaultdict(list)
        for name, found_words in split.items():
            rarest = min(found_words, key=lambda word: (often[word], -len(word)))
            self._under[rarest].append((frozenset(found_words), found_words, (names[name], name)))
        self._rarest = frozenset(self._under)

    def among(self, found_words: Collection[bytes]) -> Tree:
        """Return the tree of those names all of whose words are there: few, so that most texts are done with here."""
        tree: Tree = {}
        telling = self._rarest.intersection(found_words)
        there = set(found_words) if telling else telling
        for word in telling:
            for needed, in_order, named in self._under[word]:
                if needed <= there:
                    node = tree
                    for part in in_order:
                        node = node.setdefault(part, {})
                    node.setdefault(_END, named)
        return tree


class _Kept:
    """The mentions on each page, kept for as long as the page and the names are as they were."""

    def __init__(self, vault: Vault, cache: Cache | None) -> None:
        self._vault, self._cache = vault, cache
        self._rows: dict[str, list[Any]] = cache.all(TABLE) if cache else {}  # path -> signature, version, hits
        self._fresh: set[str] = set()
        self._read: tuple[str, str] = "", ""  # the page that was read last, and its text

    def hits(
        self, names: Mapping[str, str], *, apart: Collection[str], on_page: Callable[[], None]
    ) -> dict[str, list[Hit]]:
        """Return the mentions on each page that is looked through."""
        version = short_hash(repr(sorted(names.items())))
        sought: Names | None = None
        hits: dict[str, list[Hit]] = {}
        for path, record in self._vault.records.items():
            on_page()
            if is_list(path) or path in apart:
                continue
            key = [self._vault.folder.files[path].signature, version]
            row = self._rows.get(path)
            if row is None or row[:2] != key:
                sought = sought or Names(names)
                here = mentions_in(self._vault.text(path), record.hidden, sought)
                row = self._rows[path] = [*key, [hit for hit in here if hit[0] != path]]
                self._fresh.add(path)
            hits[path] = row[2]
        return hits

    def placed(self, path: str, hit: Hit) -> Hit:
        """Return a mention with line and column, (0, 0) where its words stand there in another form."""
        if len(hit) == 2:  # it was not looked for yet: most mentions are of what is linked
            if self._read[0] != path:
                self._read = path, _spaced(self._vault.text(path), self._vault.records[path].hidden)
            hit += _place(self._read[1], hit[1])
            self._fresh.add(path)
        return hit

    def keep(self) -> None:
        """Keep what was found out."""
        if self._cache:
            self._cache.put(TABLE, {path: self._rows[path] for path in self._fresh})
            if self._rows.keys() - self._vault.records.keys():
                self._cache.keep_only(TABLE, self._vault.records)


def mentions_in(content: bytes, hidden: Sequence[int], names: Names) -> list[Hit]:
    """Return the first mention of each page in running text; of names within each other the longest counts."""
    found_words = words(without(content, hidden))
    tree = names.among(found_words)
    if not tree:
        return []
    named: dict[str, str] = {}  # path -> name
    at = 0
    for start in compress(range(len(found_words)), map(tree.__contains__, found_words)):
        if start < at:
            continue
        node, n, longest = tree, start, None
        while n < len(found_words) and found_words[n] in node:
            node = node[found_words[n]]
            n += 1
            if _END in node:
                longest, at = node[_END], n
        if longest and longest[0] not in named:
            named[longest[0]] = longest[1]
    return [[path, name] for path, name in named.items()]


def _spaced(content: bytes, hidden: Sequence[int]) -> str:
    """Return the text with blanks for what is hidden, each character of the rest in its line and column."""
    pieces, at = [], 0
    for start, end in zip(hidden[::2], hidden[1::2], strict=True):
        gone = content[start:end].decode("utf-8", "replace")
        pieces += [content[at:start].decode("utf-8", "replace"), re.sub(r"[^\n]", "\x00", gone)]
        at = end
    return "".join([*pieces, content[at:].decode("utf-8", "replace")])


def _place(text: str, name: str) -> tuple[int, int]:
    """Return line and column of a name's first mention, (0, 0) where its words stand there in another form."""
    parts = [re.escape(part) for part in re.findall(r"\w+", name)]
    between = r"[^\w\x00]{0,9}" if is_unspaced(name) else r"[^\w\x00]{1,9}"
    edges = ("", "") if is_unspaced(name) else (r"(?<!\w)", r"(?!\w)")
    is_acronym = len(parts) == 1 and name.isupper()
    pattern = edges[0] + between.join(parts) + edges[1]
    match = re.search(pattern, text, 0 if is_acronym else re.IGNORECASE)
    if match is None:
        return 0, 0
    return text.count("\n", 0, match.start()) + 1, match.start() - text.rfind("\n", 0, match.start())
