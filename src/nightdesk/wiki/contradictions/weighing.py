"""The contradictions of a desk at a compile: found and kept items as one list, and what they mean for the pages."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nightdesk.base.pages import short_hash
from nightdesk.wiki.building import Build
from nightdesk.wiki.contradictions.editions import Edition, later_of
from nightdesk.wiki.contradictions.finding import Key, Pair, pairs_beside
from nightdesk.wiki.contradictions.items import BY_FRONTMATTER, OPEN, Item, Side, State, item_id
from nightdesk.wiki.contradictions.page import PATH, Kept, read_kept, wrong_claims
from nightdesk.wiki.disputes import Dispute, Disputes
from nightdesk.wiki.lint.statements import FORM, keys_of
from nightdesk.wiki.plans import SourceMarks
from nightdesk.wiki.stages import EvidenceDrawer

TABLE = "said"
SAVE_EVERY = 400  # sources


@dataclass(frozen=True, slots=True)
class Weighed:
    """The items of the page to be, and what they mean for the other pages."""

    kept: Kept
    items: tuple[Item, ...] = ()
    marks: tuple[SourceMarks, ...] = ()  # of all sources, without the concepts of claims that are no evidence now
    spared: frozenset[str] = frozenset()  # pages that lost claims: they stay as long as one claim is left
    disputes: Mapping[str, Disputes] = field(default_factory=dict)  # page name -> what it tells of contradictions

    @property
    def counts(self) -> tuple[int, int]:
        """How many items are open, and how many there are."""
        return sum(item.is_open for item in self.items), len(self.items)


def weigh(build: Build) -> Weighed:
    """Find the contradictions of all claims, take over what was decided, and say what both mean for each page."""
    kept = read_kept(build.site.desk)
    build.wanted.add(PATH)
    build.evident = build.readings.marks
    if not kept.is_ours:
        return Weighed(kept, (), build.readings.marks)
    said = _said(build)
    pairs = pairs_beside(kept.items.values(), said)
    claims = _Claims(build)
    items = tuple(_by_edition(build, _joined(kept.items, pairs, claims), claims))
    weighed = _consequences(kept, items, build.readings.marks, claims)
    build.evident, build.spared, build.disputes = weighed.marks, weighed.spared, weighed.disputes
    build.contradictions = weighed.counts
    return weighed


def _said(build: Build) -> list[tuple[str, Sequence[Key]]]:
    """Return the keys of every claim, in the order of sources and claims; one that several make comes once."""
    site, marks = build.site, build.readings.marks
    names = [
        # an AI that reads a text again makes other claims of the same reading
        f"{mark.reading_key} {light.record['language']} {FORM}"
        + (f" {short_hash(repr([claim.id for claim in mark.claims]))}" if n in build.ai else "")
        for n, (mark, light) in enumerate(zip(marks, build.lights, strict=True))
    ]
    known = site.cache.all(TABLE)
    missing = [n for n, name in enumerate(names) if name not in known and marks[n].claims]
    languages = [str(light.record["language"]) for light in build.lights]
    for start in range(0, len(missing), SAVE_EVERY):
        some = missing[start : start + SAVE_EVERY]
        build.drawer.load(some)
        jobs = [([c.statement for c in build.drawer.reading(n).claims], languages[n]) for n in some]
        fresh = {names[n]: keys for n, keys in zip(some, site.each_task("comparing", said_in, jobs), strict=True)}
        known |= fresh
        site.cache.put(TABLE, fresh)
    if len(known) > len(set(names)):
        site.cache.keep_only(TABLE, names)
    found: dict[str, Sequence[Key]] = {}
    for mark, name in zip(marks, names, strict=True):
        for claim, keys in zip(mark.claims, known.get(name, ()), strict=bool(mark.claims)):
            found.setdefault(claim.id, keys)
    return [(identity, keys) for identity, keys in found.items() if keys]


def said_in(job: tuple[Sequence[str], str]) -> list[list[list[str]]]:
    """Return the keys of each statement of a source, as JSON can hold them."""
    statements, language = job
    return [[list(key) for key in keys_of(statement, language)] for statement in statements]


class _Claims:
    """Where each claim stands: the first source that makes it."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self.marks = build.readings.marks
        self._drawer: EvidenceDrawer = build.drawer

    @cached_property
    def places(self) -> Mapping[str, tuple[int, int]]:
        """Claim id -> index of the source, index of the claim."""
        found: dict[str, tuple[int, int]] = {}
        for n, mark in enumerate(self.marks):
            for k, claim in enumerate(mark.claims):
                found.setdefault(claim.id, (n, k))
        return found

    def load(self, identities: Iterable[str]) -> None:
        """Load the readings of the sources of these claims at once."""
        self._drawer.load(sorted({self.places[identity][0] for identity in identities if identity in self.places}))

    def side(self, identity: str, known: Side | None = None) -> Side:
        """Return the claim as it stands now; as it was `known` where no source makes it any more."""
        place = self.places.get(identity)
        if place is None:
            return replace(known, there=False) if known else Side(identity, "", "", there=False)
        mark = self.marks[place[0]]
        statement = " ".join(self._drawer.reading(place[0]).claims[place[1]].statement.split())
        return Side(identity, mark.page, statement, mark.published or "")

    def edition(self, identity: str) -> Edition | None:
        """Return the source that makes the claim."""
        place = self.places.get(identity)
        if place is None:
            return None
        light, mark = self._build.lights[place[0]], self.marks[place[0]]
        source = light.source
        return Edition(mark.page, source.raw, source.text, light.title, source.url or "", mark.published or "")

    def concepts(self, identity: str) -> frozenset[str]:
        """Return the pages that the claim speaks of."""
        place = self.places.get(identity)
        return frozenset(self.marks[place[0]].claims[place[1]].names) if place else frozenset()


def _joined(known: Mapping[str, Item], pairs: Sequence[Pair], claims: _Claims) -> list[Item]:
    """Return what is on the page and what was found as one list; what is on it for no reason any more goes."""
    found = {item_id(pair.one, pair.other): pair for pair in pairs}
    claims.load({side.claim for item in known.values() for side in item.sides} | {i for p in pairs for i in p[:2]})
    items = []
    for item in known.values():
        sides = [claims.side(side.claim, side) for side in item.sides]
        gone = [not side.there for side in sides]
        # with both claims there code would find it, with neither nothing is left of it
        if item.stays or item.id in found or (any(gone) and not all(gone)):
            items.append(replace(item, one=sides[0], other=sides[1], suggested="", suggested_why=""))
    for identity, pair in found.items():
        if identity not in known:
            one, other = sorted((claims.side(pair.one), claims.side(pair.other)), key=_age)
            items.append(Item(identity, one, other, pair.how))
    return items


def _age(side: Side) -> tuple[str, str, str]:
    return side.published, side.page, side.claim


def _by_edition(build: Build, items: Iterable[Item], claims: _Claims) -> Iterable[Item]:
    """Yield the items with what the sources say of superseding each other: certain, or as a suggestion."""
    fronts: dict[str, Mapping[str, Any]] = {}
    for item in items:
        if item.state.is_decided or item.held:
            yield item
            continue
        one, other = (claims.edition(side.claim) for side in item.sides)
        later = later_of(build.site.desk, one, other, fronts) if one and other else None
        if later is None:
            yield replace(item, state=OPEN)
            continue
        keep = item.one.claim if later.page == item.one.page else item.other.claim
        if later.is_certain:
            yield replace(item, state=State("resolved", keep, "superseded", later.why, BY_FRONTMATTER))
        else:
            yield replace(item, state=OPEN, suggested=keep, suggested_why=later.why)


def _consequences(kept: Kept, items: tuple[Item, ...], marks: Sequence[SourceMarks], claims: _Claims) -> Weighed:
    wrong = wrong_claims(items)
    old = {
        side.claim: item
        for item in items
        if item.state.other == "superseded" and item.one.there and item.other.there and (side := item.loser)
    }
    out = wrong | old.keys()
    calling: dict[str, list[Dispute]] = defaultdict(list)
    past: dict[str, list[Dispute]] = defaultdict(list)
    for item in sorted(items, key=lambda item: item.id):
        if item.is_open:
            for name in claims.concepts(item.one.claim) & claims.concepts(item.other.claim):
                calling[name].append(_dispute(item.id, item.one, item.other))
        elif (side := item.loser) and old.get(side.claim) is item and side.claim not in wrong:
            newer = item.one if side is item.other else item.other
            for name in claims.concepts(side.claim):
                past[name].append(_dispute(item.id, newer, side))
    disputes = {name: Disputes(tuple(calling[name]), tuple(past[name])) for name in {*calling, *past}}
    spared = frozenset(name for identity in out for name in claims.concepts(identity))
    return Weighed(kept, items, _without(marks, out), spared, disputes)


def _dispute(identity: str, one: Side, other: Side) -> Dispute:
    rows = [(side.page, side.claim, side.statement, side.published) for side in (one, other)]
    return Dispute(identity, rows[0], rows[1])


def _without(marks: Sequence[SourceMarks], out: Collection[str]) -> tuple[SourceMarks, ...]:
    """Return the marks with the claims `out` speaking of no concept; their places stay as they are."""
    if not out:
        return tuple(marks)
    return tuple(
        replace(m, claims=tuple(replace(c, names=(), defines=()) if c.id in out else c for c in m.claims))
        if any(c.id in out for c in m.claims)
        else m
        for m in marks
    )
