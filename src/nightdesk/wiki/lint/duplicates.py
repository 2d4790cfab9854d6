"""Pages that say the same, and names that several pages have."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from nightdesk.wiki.lint.findings import Finding, found
from nightdesk.wiki.lint.names_of import base_name, is_entrance, key_of, own_names
from nightdesk.wiki.vault.reading import Vault
from nightdesk.wiki.vault.records import Record
from nightdesk.wiki.vault.wording import SKETCH

LIKE = 0.8  # share of their runs of words that near duplicates have in common
MIN_WORDS = 8  # a page of fewer is a stub: two that are equal are no copies
_MIN_SHARED = 4  # hashes that two pages share before they are compared
_NO_LETTERS = re.compile(r"[\W_]+")


def duplicate_pages(vault: Vault) -> Iterator[Finding]:
    """Yield each page that has the same words as one before it."""
    first: dict[str, str] = {}
    for path, record in vault.records.items():
        if record.words >= MIN_WORDS:
            other = first.setdefault(record.digest, path)
            if other != path:
                yield found("duplicate-page", path, f"has the same words as {other}")


def near_duplicate_pages(vault: Vault) -> Iterator[Finding]:
    """Yield each page that has nearly the same words as one before it, with the likest.

    Pages that share a hash are lined up, and neighbours compared: each page is in as many lines as it has hashes, so
    the work grows with the pages, however many are alike.
    """
    lines: dict[int, list[str]] = defaultdict(list)
    digests: set[str] = set()
    for path, record in vault.records.items():
        if record.sketch and record.digest not in digests and not is_entrance(path):
            digests.add(record.digest)  # an equal page is found already
            for value in record.sketch:
                lines[value].append(path)
    shared = Counter(pair for line in lines.values() for pair in pairwise(line))
    likest: dict[str, tuple[float, str]] = {}
    for (one, other), count in shared.items():
        if count >= _MIN_SHARED:
            like = likeness(vault.records[one].sketch, vault.records[other].sketch)
            if like >= LIKE:
                likest[other] = max(likest.get(other, (0.0, "")), (like, one))
    for path, (like, other) in likest.items():
        yield found("near-duplicate-page", path, f"has about {like:.0%} of its text in common with {other}")


def likeness(one: Sequence[int], other: Sequence[int]) -> float:
    """Return the share of runs of words that two pages have in common, as their sketches tell."""
    least = sorted({*one, *other})[:SKETCH]
    both = {*one} & {*other}
    return sum(1 for value in least if value in both) / len(least) if least else 0.0


def duplicate_names(vault: Vault) -> Iterator[Finding]:
    """Yield each page with a name or alias that a page before it has, and names that differ in marks only."""
    first: dict[str, tuple[str, str]] = {}
    for path, record in vault.records.items():
        for name in own_names(path, record):
            if key_of(name) not in _generic_of(path):
                other, as_what = first.setdefault(key_of(name), (path, _kind(name, path)))
                if other != path and _are_alike(vault.records, path, other):
                    message = f'its {_kind(name, path)} "{name}" is the {as_what} of {other} too'
                    yield found("duplicate-name", path, message)
    yield from _similar_names(vault.records)


def _generic_of(path: str) -> tuple[str, ...]:
    return (key_of(base_name(path)),) if is_entrance(path) else ()


def _kind(name: str, path: str) -> str:
    return "name" if key_of(name) == key_of(base_name(path)) else "title or alias"


def _similar_names(records: Mapping[str, Record]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for path in records:
        if is_entrance(path):
            continue
        other = first.setdefault(_reduced(base_name(path)), path)
        differ = key_of(base_name(other)) != key_of(base_name(path))
        if other != path and differ and _are_alike(records, path, other):
            yield found("similar-name", path, f'its name is nearly that of {other}: "{base_name(other)}"')


def _are_alike(records: Mapping[str, Record], path: str, other: str) -> bool:
    """Say whether two pages are of one type: a source may be called as what it is about."""
    types = records[path].values.get("type"), records[other].values.get("type")
    return None in types or types[0] == types[1]


def _reduced(name: str) -> str:
    """Return a name without blanks, marks and the plural's s; numbers keep what stands between them."""
    key = key_of(name)
    if any(c.isdigit() for c in key):
        return " ".join(_NO_LETTERS.sub(" ", key).split())
    letters = _NO_LETTERS.sub("", key)
    return letters[:-1] if len(letters) > 4 and letters.endswith("s") and not letters.endswith("ss") else letters
