"""Two sequences held against each other: what stayed, what went, what came; in bounded time on any input."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

Span = tuple[int, int, int, int]  # of both sequences: from, to; from, to
_MOST_CELLS = 40_000  # of one part that is compared closely


@dataclass(slots=True)
class Budget:
    """How much may still be compared closely; what is left over is taken as replaced."""

    cells: int = 1_000_000


def aligned(old: Sequence[str], new: Sequence[str], budget: Budget) -> list[tuple[bool, Span]]:
    """Return the parts of two sequences in their order, each with whether it is the same in both.

    Lines (or words) that stand once on either side hold the two together; between them little is left to compare.
    """
    parts: list[tuple[bool, Span]] = []
    waiting: list[tuple[bool, Span]] = [(False, (0, len(old), 0, len(new)))]
    while waiting:
        is_same, span = waiting.pop()
        if is_same:
            _add(parts, True, span)
            continue
        inner, ends = _without_ends(old, new, span)
        if ends:
            waiting += reversed([(True, ends[0]), (False, inner), (True, ends[1])])
            continue
        a1, a2, b1, b2 = span
        if a1 == a2 or b1 == b2:
            _add(parts, False, span)
        elif anchors := _anchors(old, new, span):
            waiting += reversed(_between(anchors, span))
        elif (cells := (a2 - a1) * (b2 - b1)) <= min(_MOST_CELLS, budget.cells):
            budget.cells -= cells
            matcher = SequenceMatcher(None, old[a1:a2], new[b1:b2], autojunk=False)
            for tag, i1, i2, j1, j2 in matcher.get_opcodes():
                _add(parts, tag == "equal", (a1 + i1, a1 + i2, b1 + j1, b1 + j2))
        else:
            _add(parts, False, span)
    return parts


def _add(parts: list[tuple[bool, Span]], is_same: bool, span: Span) -> None:
    if span[0] == span[1] and span[2] == span[3]:
        return
    if parts and parts[-1][0] == is_same:
        before = parts[-1][1]
        parts[-1] = (is_same, (before[0], span[1], before[2], span[3]))
    else:
        parts.append((is_same, span))


def _without_ends(old: Sequence[str], new: Sequence[str], span: Span) -> tuple[Span, tuple[Span, Span] | None]:
    """Return a span without what is the same at its beginning and its end, and those two; None where nothing is."""
    a1, a2, b1, b2 = span
    head = 0
    while a1 + head < a2 and b1 + head < b2 and old[a1 + head] == new[b1 + head]:
        head += 1
    tail = 0
    while a2 - tail > a1 + head and b2 - tail > b1 + head and old[a2 - tail - 1] == new[b2 - tail - 1]:
        tail += 1
    if not head and not tail:
        return span, None
    inner = (a1 + head, a2 - tail, b1 + head, b2 - tail)
    return inner, ((a1, a1 + head, b1, b1 + head), (a2 - tail, a2, b2 - tail, b2))


def _anchors(old: Sequence[str], new: Sequence[str], span: Span) -> list[tuple[int, int]]:
    """Return the places of what stands once on either side, as many as come in one order in both."""
    a1, a2, b1, b2 = span
    once = {key for key, count in Counter(old[a1:a2]).items() if count == 1}
    once &= {key for key, count in Counter(new[b1:b2]).items() if count == 1}
    if not once:
        return []
    where = {key: place for place, key in enumerate(new[b1:b2], b1) if key in once}
    pairs = [(place, where[key]) for place, key in enumerate(old[a1:a2], a1) if key in once]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest choice of pairs whose second numbers rise as the first do."""
    ends: list[int] = []  # the least last number of a choice of each length
    last: list[int] = []  # index of the pair with it
    before: list[int] = []
    for index, (_, number) in enumerate(pairs):
        place = bisect_left(ends, number)
        before.append(last[place - 1] if place else -1)
        ends[place : place + 1] = [number]
        last[place : place + 1] = [index]
    chosen = []
    at = last[-1] if last else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]


def _between(anchors: Sequence[tuple[int, int]], span: Span) -> list[tuple[bool, Span]]:
    parts: list[tuple[bool, Span]] = []
    a, _, b, _ = span
    for at, to in anchors:
        parts += [(False, (a, at, b, to)), (True, (at, at + 1, to, to + 1))]
        a, b = at + 1, to + 1
    return [*parts, (False, (a, span[1], b, span[3]))]
