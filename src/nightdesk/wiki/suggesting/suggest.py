"""All suggestions of a desk: ranked within each kind, the same for the same files."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.suggesting.facts import read_facts
from nightdesk.wiki.suggesting.pages import connections, named_together, pages_to_write
from nightdesk.wiki.suggesting.questions import questions
from nightdesk.wiki.suggesting.sources import missing_sources
from nightdesk.wiki.suggesting.suggestions import KINDS, Suggestion


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is worth doing on a desk."""

    suggestions: tuple[Suggestion, ...]  # by kind, the best of each first
    more: dict[str, int]  # kind -> how many there are besides
    not_asked: int  # open questions of sources that were not put to the desk: --limit says how many are


def suggest(desk: Desk, *, kinds: Collection[str] = KINDS, limit: int = 5, only: Collection[str] = ()) -> Suggested:
    """Return at most `limit` suggestions of each kind, or those with the ids `only`.

    Raises DeskError for an empty wiki, and for an id that no suggestion has now.
    """
    found: dict[str, list[Suggestion]] = {}
    not_asked = 0
    with open_cache(desk.cache / "cache.db") as cache:
        pages = read_facts(desk, cache)
        if not pages:
            raise DeskError("the wiki is empty", fix="nightdesk add FILE; nightdesk compile")
        if "question" in kinds:
            found["question"], not_asked = questions(desk, pages, limit=limit, only=only)
        if "source" in kinds:
            found["source"] = missing_sources(desk, pages, cache)
        if "page" in kinds or "connection" in kinds:
            together = named_together(pages)
            if "page" in kinds:
                found["page"] = list(pages_to_write(pages, together))
            if "connection" in kinds:
                found["connection"] = list(connections(together))
    ranked = {kind: _ranked(found[kind]) for kind in KINDS if kind in found}
    if only:
        return _with_ids(only, [one for listed in ranked.values() for one in listed])
    return Suggested(
        tuple(one for listed in ranked.values() for one in listed[:limit]),
        dict(Counter({kind: len(listed) - limit for kind, listed in ranked.items() if len(listed) > limit})),
        not_asked,
    )


def _ranked(found: Iterable[Suggestion]) -> list[Suggestion]:
    """Return them best first, none twice."""
    by_id: dict[str, Suggestion] = {}
    for one in sorted(found, key=lambda one: (-one.weight, one.what)):
        by_id.setdefault(one.id, one)
    return list(by_id.values())


def _with_ids(only: Collection[str], found: Iterable[Suggestion]) -> Suggested:
    by_id = {one.id: one for one in found}
    if unknown := [identity for identity in only if identity not in by_id]:
        raise DeskError(f"there is no suggestion {unknown[0]} now", fix="nightdesk suggest --json")
    return Suggested(tuple(by_id[identity] for identity in dict.fromkeys(only)), {}, 0)
