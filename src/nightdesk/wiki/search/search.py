"""`nightdesk search`: a query in, the best pages, claims and passages out, from an index in step with the files."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from nightdesk.base.errors import DeskError
from nightdesk.base.lock import hold_lock
from nightdesk.wiki.search.asked import Query
from nightdesk.wiki.search.collection import Collection
from nightdesk.wiki.search.hits import Hit, read_row
from nightdesk.wiki.search.query import parse_query
from nightdesk.wiki.search.ranking import Ranked, rank
from nightdesk.wiki.search.snippets import patterns_of
from nightdesk.wiki.search.store import DamagedError, Store, sound, throw_away
from nightdesk.wiki.search.sync import apply_difference, find_difference
from nightdesk.wiki.search.wording import Wording, word_query

MAX_LIMIT = 1_000  # results of one search
_WAIT_SECONDS = 2.0  # for another process that brings the index up to date
_WAIT_FIRST_SECONDS = 120.0  # for one that makes it

Tell = Callable[[str], None]


class Ranker(Protocol):
    """What finds and orders documents: `ranking.rank`, or what knows more than words."""

    def prepare(self, store: Store, tell: Tell) -> None:
        """Make ready for an index that was brought in step with the files."""

    def rank(self, store: Store, query: Query, wording: Wording, *, text: str, limit: int) -> list[Ranked]:
        """Return at most `limit` documents that fit, best first."""


class ByWords:
    """Finds and orders documents by their words."""

    def prepare(self, store: Store, tell: Tell) -> None:
        """Do nothing: the index is all that it needs."""

    def rank(self, store: Store, query: Query, wording: Wording, *, text: str, limit: int) -> list[Ranked]:
        """Return at most `limit` documents that fit, best first."""
        return rank(store, query, wording, text=text, limit=limit)


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found, best first."""

    hits: tuple[Hit, ...]
    more: bool  # whether more would fit than the limit allows
    corrected: dict[str, str] = field(default_factory=dict)  # a word that stands nowhere -> what was looked for
    missing: tuple[str, ...] = ()  # words that stand nowhere
    complete: bool = True  # False: another process is still making the index


def search(
    collection: Collection,
    text: str,
    *,
    limit: int = 10,
    query: Query | None = None,
    thorough: bool = False,
    jobs: int = 1,
    tell: Tell = lambda message: None,
    ranker: Ranker | None = None,
) -> Results:
    """Return what fits the query `text`, after the index was brought in step with the files.

    `query` is what `text` asks for where that is known already. `thorough` looks at every file, also in a large
    collection. A damaged index is made anew without a word. `ranker` orders by more than words. Raises QueryError for a
    query that cannot be read.
    """
    ranker = ranker or ByWords()
    query = query or parse_query(text)
    limit = max(1, min(limit, MAX_LIMIT))
    for attempt in (1, 2):
        try:
            with _open(collection) as store:
                complete = bring_in_step(store, collection, thorough=thorough, jobs=jobs, tell=tell)
                ranker.prepare(store, tell)
                results = _search(store, collection, query, text, limit, ranker, complete)
                if results is None:  # a file of a result changed, unnoticed by its folder
                    bring_in_step(store, collection, thorough=True, jobs=jobs, tell=tell)
                    ranker.prepare(store, tell)
                    results = _search(store, collection, query, text, limit, ranker, complete, trusted=True)
                return results or Results((), False)
        except DamagedError:
            if attempt == 2:
                raise DeskError(
                    f"{collection.database} is damaged again and again", fix="look at the disk it is on"
                ) from None
            with _alone(collection, _WAIT_FIRST_SECONDS):
                throw_away(collection.database)
    raise AssertionError  # the second turn returns or raises


@contextlib.contextmanager
def _open(collection: Collection) -> Iterator[Store]:
    """Open the index; where no file can be written it is made in memory, which takes longer each time."""
    path = collection.database
    with sound(path):
        store = _store(collection)
        try:
            yield store
        finally:
            store.close()


def _store(collection: Collection) -> Store:
    path = collection.database
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK):
            return Store(None)
        return Store(path)
    except OSError:
        return Store(None)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            return Store(None)
        raise


@contextlib.contextmanager
def _alone(collection: Collection, wait_seconds: float) -> Iterator[None]:
    lock = collection.database.with_suffix(".lock")
    with hold_lock(lock, doing="bringing the search index up to date", wait_seconds=wait_seconds):
        yield


def bring_in_step(
    store: Store, collection: Collection, *, thorough: bool = False, jobs: int = 1, tell: Tell = lambda message: None
) -> bool:
    """Put what changed into the index; return whether it is whole: False where another process is still at it."""
    version = _version(store)
    whole = store.fact("whole") is not None
    difference = find_difference(store, collection, thorough=thorough)
    if whole and difference.is_empty and not (difference.thorough and difference.large):
        return True
    wait = _WAIT_SECONDS if whole else _WAIT_FIRST_SECONDS
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(_alone(collection, wait))
        except DeskError:
            return False
        except OSError:  # no lock file can be made: the index is in memory
            pass
        if _version(store) != version:  # another process has written meanwhile, perhaps the same
            difference = find_difference(store, collection, thorough=thorough)
        if len(difference.changes) > 1_000:
            tell(f"reading {len(difference.changes):,} files for the index")
        apply_difference(store, collection, difference, jobs=jobs)
    return True


def _version(store: Store) -> int:
    """Return a number that changes when another process writes to the index."""
    (version,) = store.database.execute("PRAGMA data_version").fetchone()
    return int(version)


def _search(
    store: Store,
    collection: Collection,
    query: Query,
    text: str,
    limit: int,
    ranker: Ranker,
    complete: bool,
    *,
    trusted: bool = False,
) -> Results | None:
    """Search the index as it is; None where a file that was found is not the one that was read."""
    with store.reading():
        wording = word_query(store, query)
        ranked = ranker.rank(store, query, wording, text=text, limit=limit + 1)
        rows = [(read_row(store, one.id), one.score) for one in ranked[:limit]]
    if not trusted and not all(row.is_current(collection.root) for row, _ in rows):
        return None
    patterns = patterns_of(query.wanted, wording)
    hits = tuple(row.hit(collection.root, score, patterns) for row, score in rows)
    return Results(hits, len(ranked) > limit, dict(wording.corrected), wording.missing, complete)
