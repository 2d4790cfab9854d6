"""Spellings and names that mean one concept: merged only where the texts give evidence, never by likeness."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from nightdesk.wiki.terms.lexicon import english_words
from nightdesk.wiki.terms.termhood import Spread

_GERMAN_ENDINGS = ("n", "en", "e", "s", "er", "es")


def merge_variants(spread: Spread) -> dict[str, str]:
    """Return for each key the key of its concept.

    Merged are: an acronym and the one long form that texts give for it, spellings that differ in blanks, hyphens or
    case only, names that a text says mean the same, and a German noun's endings. The concept's key is the longest, so
    that more sources do not change it.
    """
    parent: dict[str, str] = {key: key for key in spread.keys}
    for short, long in sorted({**_certain(spread.acronyms), **_certain_names(spread)}.items()):
        _join(parent, short, long)
    for first, second in _expanded(_certain(spread.acronyms), parent):
        _join(parent, first, second)
    for first, second in _spelling_pairs(sorted(spread.keys)):
        _join(parent, first, second)
    if "de" in spread.languages:
        for key in sorted(spread.keys):
            for ending in _GERMAN_ENDINGS:
                if len(key) >= 6 and key + ending in parent and " " not in key and key not in english_words():
                    _join(parent, key, key + ending)
    groups: dict[str, list[str]] = defaultdict(list)
    for key in parent:
        groups[_root(parent, key)].append(key)
    merged: dict[str, str] = {}
    for members in groups.values():
        chief = min(members, key=lambda key: (-key.count(" "), -len(key) if " " in key else len(key), key))
        merged.update(dict.fromkeys(members, chief))
    return merged


def _root(parent: dict[str, str], key: str) -> str:
    while parent[key] != key:
        parent[key] = parent[parent[key]]
        key = parent[key]
    return key


def _join(parent: dict[str, str], first: str, second: str) -> None:
    if first in parent and second in parent:
        a, b = sorted((_root(parent, first), _root(parent, second)))
        parent[b] = a


def _certain(pairs: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """Return the long form of each short one that has only one, or one that is given twice as often as any other."""
    longs: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (short, long), count in pairs.items():
        longs[short].append((count, long))
    certain: dict[str, str] = {}
    for short, found in longs.items():
        found.sort(key=lambda pair: (-pair[0], pair[1]))
        if len(found) == 1 or found[0][0] >= 2 * found[1][0]:
            certain[short] = found[0][1]
    return certain


def _expanded(longs: Mapping[str, str], keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of keys that differ in an acronym written out only: "KV cache" and "key value cache"."""
    pairs: list[tuple[str, str]] = []
    for key in sorted(keys):
        words = key.split(" ")
        if len(words) > 1 and any(word in longs for word in words):
            pairs.append((key, " ".join(longs.get(word, word) for word in words)))
    return pairs


def _certain_names(spread: Spread) -> dict[str, str]:
    """Return other names that may be merged: neither is an everyday word, nor is one used with a different partner."""
    certain = _certain(spread.names)
    words = english_words()
    return {
        name: other for name, other in certain.items() if name not in words and (" " in other or other not in words)
    }


def _spelling_pairs(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of keys that differ in blanks, hyphens or case only."""
    first_of: dict[str, str] = {}
    pairs: list[tuple[str, str]] = []
    words = english_words()
    for key in keys:
        closed = _closed(key)
        other = first_of.setdefault(closed, key)
        if other == key:
            continue
        if other.casefold() == key.casefold() and key.casefold() in words:
            continue  # RAM and ram, US and us
        pairs.append((other, key))
    return pairs


def _closed(key: str) -> str:
    """Return the key without blanks, hyphens and slashes but between two digits: product-1 01 is not product-101."""
    letters: list[str] = []
    for at, c in enumerate(key):
        if c in " -/" and 0 < at < len(key) - 1:
            if key[at - 1].isdigit() and key[at + 1].isdigit():
                letters.append("-")
            continue
        letters.append(c)
    return "".join(letters).casefold()
