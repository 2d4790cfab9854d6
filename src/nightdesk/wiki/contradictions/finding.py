"""Pairs of claims that contradict each other, found from their words alone; the one finder of compile and lint."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from nightdesk.wiki.contradictions.items import Item

Key = tuple[str, str, str]  # kind, what it speaks of, what it says of that: see lint.statements.keys_of

MAX_SIDES = 5  # values of one thing that are told; the first is held against the others


class Pair(NamedTuple):
    """Two claims, the earlier one first, and how they were found to contradict each other: a kind of key."""

    one: str
    other: str
    how: str


def find_pairs(
    said: Iterable[tuple[str, Sequence[Key]]], *, settled: Mapping[str, Collection[str]] | None = None
) -> list[Pair]:
    """Return the pairs among claims (id, keys), in their order; each pair once, and never all against all.

    Of the claims that say one value the first stands for all, unless `settled` has a pair of them (claim id -> the ids
    that it was paired with): then nothing more is said of these two values.
    """
    groups: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(dict)
    for identity, keys in said:
        for kind, about, what in keys:
            groups[kind, about].setdefault(what, []).append(identity)
    found: dict[tuple[str, str], str] = {}
    for (kind, _), values in groups.items():
        if len(values) > 1:
            for one, other in _clashing(kind, values, settled or {}):
                if (other, one) not in found:
                    found.setdefault((one, other), kind)
    return [Pair(one, other, how) for (one, other), how in found.items()]


def pairs_beside(items: Iterable[Item], said: Iterable[tuple[str, Sequence[Key]]]) -> list[Pair]:
    """Return the pairs among claims that are to stand beside the items that stay whatever is found.

    A claim that somebody decided against is held against nothing any more.
    """
    stay = [item for item in items if item.stays]
    out = {side.claim for item in stay if item.state.is_decided and (side := item.loser)}
    settled: dict[str, set[str]] = defaultdict(set)
    for item in stay:
        settled[item.one.claim].add(item.other.claim)
        settled[item.other.claim].add(item.one.claim)
    return find_pairs((entry for entry in said if entry[0] not in out), settled=settled)


def _clashing(
    kind: str, values: Mapping[str, Sequence[str]], settled: Mapping[str, Collection[str]]
) -> Iterable[tuple[str, str]]:
    (first, holders), *others = values.items()
    told = 1
    for what, claims in others:
        if told >= MAX_SIDES:
            return
        if not clash(kind, first, what) or holders[0] == claims[0]:
            continue
        told += 1
        known = set(claims)
        if not any(known.intersection(settled.get(holder, ())) for holder in holders):
            yield holders[0], claims[0]


def clash(kind: str, one: str, other: str) -> bool:
    """Say whether two claims with one kind and one "of" contradict each other by what they say of it.

    Values agree as far as the one that is written with fewer digits, or with "about", can tell; ranges agree where they
    overlap, dates as far as both are given.
    """
    if one == other or kind in ("polarity", "order"):
        return one != other
    if one[:1] == "d" or other[:1] == "d":
        return not (one.startswith(other) or other.startswith(one))
    try:
        (low, high, step), (low2, high2, step2) = _bounds(one), _bounds(other)
    except (InvalidOperation, ValueError):
        return False
    slack = max(step, step2) / 2 if step != step2 else Decimal(0)
    return low > high2 + slack or low2 > high + slack


def _bounds(what: str) -> tuple[Decimal, Decimal, Decimal]:
    low, high, step = what.split("|")
    return Decimal(low), Decimal(high), Decimal(step)
