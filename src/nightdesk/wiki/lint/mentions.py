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

TABLE = "mentions1"
MIN_LETTERS = 4  # of a name that is one word in lower case
MIN_ACRONYM = 2  # of one in capitals, which must then be written so
MAX_NAME_WORDS = 12
COMMON_SHARE = 0.1  # a name of one word that so many pages, and more than link to it, use bare is a word like others …
COMMON_LEAST = 5  # … but for so many pages
_CODE_MARKS = re.compile(r"[^\w\s\-'’.,:;()&/!?–—]")  # C#, C++: their marks are lost where words are compared
_DIGITS_ONLY = re.compile(r"[\d\W_]+")
_END = b""  # the key in the tree under which a name ends; no word is empty

Tree = dict[bytes, Any]  # word -> tree; _END -> (path, name)
Hit = Sequence[Any]  # path of the page that is named, name, line, column


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
    names = mentionable(vault.records)
    hits = _all_hits(vault, names, cache, on_page, apart=apart)
    linked = {path: {one.target for one in resolved} for path, resolved in vault.links.items()}
    bare = [
        (path, *hit) for path, found_here in hits.items() for hit in found_here if hit[0] not in linked[path] | {path}
    ]
    common = _common_words(bare, Counter(target for targets in linked.values() for target in targets), len(hits))
    wiki = _prefers_wikilinks(vault)
    for path, target, name, line, column in bare:
        if key_of(name) not in common:
            message = f'names "{name}" and does not link to {target}'
            mend = f"write {_link(path, target, name, wiki=wiki)}"
            yield found("unlinked-mention", path, message, at=(line, column), mend=mend)


def _common_words(bare: Iterable[Sequence[Any]], linked: Mapping[str | None, int], pages: int) -> set[str]:
    """Return the names of one word that so many pages use bare and so few as links that they are no names."""
    single = Counter((key_of(name), target) for _, target, name, _, _ in bare if len(name.split()) == 1)
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


def grow(names: Mapping[str, str]) -> Tree:
    """Return the tree of the words of `names`."""
    tree: Tree = {}
    for name, path in names.items():
        node = tree
        for word in words(name.encode("utf-8", "replace")):
            node = node.setdefault(word, {})
        node.setdefault(_END, (path, name))
    return tree


def _all_hits(
    vault: Vault, names: Mapping[str, str], cache: Cache | None, on_page: Callable[[], None], *, apart: Collection[str]
) -> dict[str, Sequence[Hit]]:
    """Return the mentions on each page; those of a page that is as it was, with the names as they were, are kept."""
    version = short_hash(repr(sorted(names.items())))
    kept = cache.all(TABLE) if cache else {}
    tree = grow(names)
    hits: dict[str, Sequence[Hit]] = {}
    fresh: dict[str, Any] = {}
    for path, record in vault.records.items():
        on_page()
        if is_list(path) or path in apart:
            continue
        key = [vault.folder.files[path].signature, version]
        memo = kept.get(path)
        if memo and memo[:2] == key:
            hits[path] = memo[2]
            continue
        hits[path] = mentions_in(vault.text(path), record.hidden, tree)
        fresh[path] = [*key, hits[path]]
    if cache:
        cache.put(TABLE, fresh)
        if kept.keys() - hits.keys():
            cache.keep_only(TABLE, hits)
    return hits


def mentions_in(content: bytes, hidden: Sequence[int], tree: Tree) -> list[Hit]:
    """Return the first mention of each page in running text; of names within each other the longest counts."""
    found_words = words(without(content, hidden))
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
    if not named:
        return []
    text = _spaced(content, hidden)
    hits = [(path, name, *_place(text, name)) for path, name in named.items()]
    return [[path, name, line, column] for path, name, line, column in hits if line]


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
