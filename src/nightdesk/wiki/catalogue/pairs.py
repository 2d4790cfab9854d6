"""Which pages belong to a key: maps that a change makes a new one of, while readers hold the old one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

Pairs = Iterable[tuple[str, str]]  # key and path
Index = Mapping[str, tuple[str, ...]]  # the paths of each key, sorted


def gathered(pairs: Pairs) -> dict[str, tuple[str, ...]]:
    """Return the paths of each key, in the order in which they come."""
    found: dict[str, list[str]] = {}
    for key, path in pairs:
        if key in found:
            found[key].append(path)
        else:
            found[key] = [path]
    return {key: tuple(paths) for key, paths in found.items()}


def moved(index: Index, gone: Pairs, new: Pairs) -> Index:
    """Return the index without the pairs that are gone and with the new ones; the given one where nothing differs."""
    less, more = frozenset(gone), frozenset(new)
    if less == more:
        return index
    after = dict(index)
    changes: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for key, path in less - more:
        changes[key][0].add(path)
    for key, path in more - less:
        changes[key][1].add(path)
    for key, (out, come) in changes.items():
        left = sorted(set(after.pop(key, ())) - out | come)
        if left:
            after[key] = tuple(left)
    return after
