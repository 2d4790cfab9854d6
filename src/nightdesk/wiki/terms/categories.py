"""Categories: the wider terms under which the concepts of a desk are listed."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from math import sqrt

from nightdesk.wiki.terms.related import Association
from nightdesk.wiki.terms.spelling import Spelling
from nightdesk.wiki.terms.termhood import Term

GENERAL = "General"
LEAST_SIZE = 3  # of a category, its own concept among them
# Fewest members of a category beside its own concept, tried in turn until there are not too many categories. Coarse
# steps keep them stable.
_MEMBERS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024)


def categorise(
    terms: Mapping[str, Term],
    spellings: Mapping[str, Spelling],
    association: Association,
    kinds: Mapping[str, Mapping[str, int]],
) -> dict[str, str]:
    """Return for each concept the title of its category: a wider concept, or GENERAL where none fits.

    A concept's wider ones are, with falling weight: what a definition calls it ("Muon is an optimizer"), the end of its
    name ("cosine schedule": schedule), another part of its name, and a concept that is more frequent and nearly
    always near.
    """
    wider = {key: _wider(key, terms, spellings, association, kinds) for key in spellings}
    for (a, b), count in association.pairs.items():
        if count >= 3 and a in spellings and b in spellings:
            _near(wider, association, a, b, count)
            _near(wider, association, b, a, count)
    hubs = _hubs(wider, most=12 if len(spellings) < 120 else 24 if len(spellings) < 600 else 40)
    while True:
        chosen = {key: _choose(key, wider[key], hubs) for key in sorted(spellings)}
        _by_company(chosen, association)
        sizes = Counter(chosen.values())
        kept = {hub for hub in hubs if sizes[hub] >= LEAST_SIZE}
        if kept == hubs:
            return {key: spellings[hub].title if hub else GENERAL for key, hub in chosen.items()}
        hubs = kept  # what a small category held may fit elsewhere


def _wider(
    key: str,
    terms: Mapping[str, Term],
    spellings: Mapping[str, Spelling],
    association: Association,
    kinds: Mapping[str, Mapping[str, int]],
) -> dict[str, float]:
    found: dict[str, float] = {}
    for kind, count in kinds.get(key, {}).items():
        for end in _endings(kind):
            if end in spellings and end != key:
                found[end] = max(found.get(end, 0.0), 3.0 + 0.1 * min(count, 5))
    words = key.split(" ")
    for end in _endings(key)[1:]:
        if end in spellings:
            found[end] = max(found.get(end, 0.0), 2.5)
    for size in range(len(words) - 1, 0, -1):
        for at in range(len(words) - size):
            part = " ".join(words[at : at + size])
            if part in spellings and part not in found:
                found[part] = 1.5
    return found


def _endings(key: str) -> list[str]:
    words = key.split(" ")
    return [" ".join(words[at:]) for at in range(len(words))]


def _near(wider: dict[str, dict[str, float]], association: Association, key: str, other: str, count: int) -> None:
    """Enter `other` as wider than `key` if it is twice as frequent and in at least a quarter of its sentences."""
    own, others = association.alone[key], association.alone[other]
    if others >= 2 * own and count >= 0.25 * own and other not in wider[key]:
        wider[key][other] = round(min(1.0, count / own), 3)


def _hubs(wider: Mapping[str, Mapping[str, float]], *, most: int) -> set[str]:
    members: dict[str, float] = defaultdict(float)
    for found in wider.values():
        for hub, weight in found.items():
            members[hub] += 1.0 if weight > 1.0 else 0.5  # company alone is weaker than a name or a definition
    for fewest in _MEMBERS:
        hubs = {key for key, count in members.items() if count >= fewest}
        if len(hubs) <= most:
            return hubs
    return set()


def _choose(key: str, found: Mapping[str, float], hubs: set[str]) -> str:
    """Return the best of the hubs for a concept, "" if none fits."""
    if key in hubs:
        return key
    return min(((-weight, hub) for hub, weight in found.items() if hub in hubs), default=(0.0, ""))[1]


def _by_company(chosen: dict[str, str], association: Association) -> None:
    """Give each concept without a category the one that most of its company has."""
    votes: dict[str, dict[str, float]] = defaultdict(dict)
    for (a, b), count in association.pairs.items():
        if count < 2:
            continue
        closeness = round(count / sqrt(association.alone[a] * association.alone[b]), 6)
        for key, other in ((a, b), (b, a)):
            if chosen.get(key) == "" and chosen.get(other):
                votes[key][chosen[other]] = votes[key].get(chosen[other], 0.0) + closeness
    for key, counted in votes.items():
        weight, hub = min((-weight, hub) for hub, weight in counted.items())
        if -weight >= LEAST_COMPANY:
            chosen[key] = hub


LEAST_COMPANY = 0.12  # sum of cosines with the members of a category
