"""The vital figures of a desk, read from the files alone."""

from collections import Counter
from dataclasses import dataclass

from nightdesk.base.cache import Cache, open_cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.git import changed_paths, is_repository
from nightdesk.sources.folders import find_sources
from nightdesk.wiki.library import page_paths
from nightdesk.wiki.publish import SET_ASIDE
from nightdesk.wiki.shelf import Shelf, read_shelf


@dataclass(frozen=True, slots=True)
class Status:
    """What is on a desk and what waits. Paths are relative to the desk."""

    sources: int
    kinds: dict[str, int]  # file ending -> number of sources
    pages: dict[str, int]  # folder of wiki/ -> number of pages
    waiting: tuple[str, ...]  # raw files that no page was made from yet, or that changed since
    outdated: tuple[str, ...]  # of these, those that have a page
    problems: dict[str, str]  # raw files that could not be read at the last compile
    gone: tuple[str, ...]  # pages whose raw file is gone
    edited: tuple[str, ...]  # pages with a person's edits
    unverified: dict[str, str]  # of these, those that did not pass -> why
    set_aside: tuple[str, ...]  # versions that wait for a person's decision
    uncommitted: int  # files that git does not hold yet


def read_status(desk: Desk) -> Status:
    """Return the figures of a desk; nothing is written but the cache."""
    with open_cache(desk.cache / "cache.db") as cache:
        shelf = read_shelf(desk, cache)
        memos = cache.all("texts")
        unverified = _unverified(desk, shelf, cache)
    raws = [desk.relative(path) for path in find_sources(desk.raw)]
    made = shelf.source_names
    problems = {raw: memos[raw]["problem"] for raw in raws if "problem" in memos.get(raw, {})}
    waiting = tuple(raw for raw in raws if raw not in problems and _waits(desk, raw, memos.get(raw), made))
    return Status(
        sources=len(raws),
        kinds=dict(sorted(Counter(_ending(raw) for raw in raws).items())),
        pages=dict(sorted(Counter(_folder(path) for path in page_paths(desk)).items())),
        waiting=waiting,
        outdated=tuple(raw for raw in waiting if raw in made),
        problems=problems,
        gone=tuple(page.path for page in shelf.own.values() if page.raw is not None and page.raw not in set(raws)),
        edited=tuple(page.path for page in shelf.own.values() if page.edited),
        unverified=unverified,
        set_aside=tuple(sorted(desk.relative(path) for path in (desk.root / SET_ASIDE).glob("*.md"))),
        uncommitted=len(changed_paths(desk.root)) if is_repository(desk.root) else 0,
    )


def _unverified(desk: Desk, shelf: Shelf, cache: Cache) -> dict[str, str]:
    if not any(page.edited for page in shelf.own.values()):
        return {}
    # imported here: it needs much of what a compile does, and most desks have no edited page
    from nightdesk.wiki.edits import unverified_pages  # noqa: PLC0415

    return unverified_pages(desk, shelf, cache)


def _waits(desk: Desk, raw: str, memo: dict[str, object] | None, made: dict[str, str]) -> bool:
    if memo is None or not str(memo.get("signature", "")).startswith(str(stat_signature(desk.root / raw))):
        return True
    return raw not in made and "same" not in memo


def _ending(raw: str) -> str:
    name = raw.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else "(none)"


def _folder(path: str) -> str:
    parts = path.split("/")
    return parts[1] if len(parts) > 2 else "."
