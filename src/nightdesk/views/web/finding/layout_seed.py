"""Where the pages of a graph stand at first: in groups, neighbours near each other, and the same every time."""

import math
from collections.abc import Sequence

GOLDEN = math.pi * (3 - math.sqrt(5))  # radians: each next point of a phyllotaxis turns by so much
_PASSES = 12  # in which groups gather around what they are linked to
_ROUNDS = 6  # in which a page moves to where its neighbours are
_HOLD = 0.35  # of the way back to its own place in its group
_LEAST_GROUPS = 2  # fewer say nothing: then links make the groups


def seed_positions(
    groups: Sequence[str], links: Sequence[tuple[int, int]], *, spacing: float = 1.0
) -> list[tuple[float, float]]:
    """Return x and y of each page, around (0, 0); `groups` names its category or folder, `links` join two by index.

    Each page has about a square of `spacing` to itself. In time linear in pages and links.
    """
    count = len(groups)
    near: list[list[int]] = [[] for _ in range(count)]
    for one, other in links:
        near[one].append(other)
        near[other].append(one)
    labels = _labels(groups, near)
    members: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        members.setdefault(label, []).append(index)
    homes = _homes(members)
    x, y = [0.0] * count, [0.0] * count
    for label, inside in members.items():
        inside.sort(key=lambda index: (-len(near[index]), index))  # the best linked in the middle
        for place, index in enumerate(inside):
            radius = spacing * math.sqrt(place)
            x[index] = homes[label][0] * spacing + radius * math.cos(place * GOLDEN)
            y[index] = homes[label][1] * spacing + radius * math.sin(place * GOLDEN)
    return _settled(x, y, near)


def _labels(groups: Sequence[str], near: Sequence[Sequence[int]]) -> list[int]:
    """Return the group of each page as a number: the named one, else that which most of its neighbours have."""
    names = {name: at for at, name in enumerate(dict.fromkeys(groups)) if name}
    named = len(names) >= _LEAST_GROUPS and sum(bool(name) for name in groups) * 2 > len(groups)
    labels = [names[name] if named and name else len(groups) + at for at, name in enumerate(groups)]
    free = [at for at in range(len(groups)) if not (named and groups[at]) and near[at]]
    free.sort(key=lambda at: (-len(near[at]), at))
    for _ in range(_PASSES if free else 0):
        changed = 0
        for at in free:
            counts: dict[int, int] = {}
            for other in near[at]:
                counts[labels[other]] = counts.get(labels[other], 0) + 1
            best = min(counts, key=lambda label: (-counts[label], label))
            changed += best != labels[at]
            labels[at] = best
        if not changed:
            break
    alone = len(groups) * 2
    return [label if near[at] or label in names.values() else alone for at, label in enumerate(labels)]


def _homes(members: dict[int, list[int]]) -> dict[int, tuple[float, float]]:
    """Return the middle of each group: the largest in the middle of all, none over another."""
    homes: dict[int, tuple[float, float]] = {}
    area = 0.0
    for place, label in enumerate(sorted(members, key=lambda label: (-len(members[label]), label))):
        size = len(members[label])
        # a phyllotaxis of discs: the ring grows with the area that stands within it already
        ring = 1.15 * math.sqrt(area) + 0.85 * math.sqrt(size) if place else 0.0
        homes[label] = ring * math.cos(place * GOLDEN), ring * math.sin(place * GOLDEN)
        area += size * 1.6
    return homes


def _settled(x: list[float], y: list[float], near: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
    """Return the places after each page went part of the way to the middle of its neighbours."""
    home_x, home_y = x, y
    for _ in range(_ROUNDS):
        new_x, new_y = list(home_x), list(home_y)
        for at, others in enumerate(near):
            if not others:
                continue
            mean_x = sum(x[other] for other in others) / len(others)
            mean_y = sum(y[other] for other in others) / len(others)
            new_x[at] = _HOLD * home_x[at] + (1 - _HOLD) * (0.5 * x[at] + 0.5 * mean_x)
            new_y[at] = _HOLD * home_y[at] + (1 - _HOLD) * (0.5 * y[at] + 0.5 * mean_y)
        x, y = new_x, new_y
    return list(zip(x, y, strict=True))
