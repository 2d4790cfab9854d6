"""How rare the words of a question are on a desk, from the counts of its search index."""

import math
import sqlite3
from collections.abc import Sequence

from nightdesk.base.errors import DeskError
from nightdesk.wiki.search.collection import Collection
from nightdesk.wiki.search.store import DamagedError, Store, sound
from nightdesk.wiki.search.tokens import fold, indexed, tokens_of

_ENOUGH = 20_000  # documents with a word: more are not counted
_UNKNOWN = 5.0  # the weight of a word where there is no index to ask


class Rarity:
    """Counts words in the search index of a desk as it is; the index is not brought in step here."""

    def __init__(self, collection: Collection) -> None:
        self._path = collection.database
        self._store: Store | None = None
        self._documents = 0
        self._known: dict[str, int] = {}
        if self._path.is_file():
            try:
                with sound(self._path):
                    self._store = Store(self._path)
                    (self._documents,) = self._store.database.execute("SELECT count(*) FROM docs").fetchone()
            except (DamagedError, DeskError, sqlite3.Error):
                self._store = None

    def close(self) -> None:
        """Close the index."""
        if self._store is not None:
            self._store.close()

    def __call__(self, forms: Sequence[str]) -> tuple[float, bool]:
        """Return how much a word tells, given all its forms: 0 and more; and whether it stands anywhere."""
        if self._store is None or not self._documents:
            return _UNKNOWN, True
        count = self._count(tuple(forms))
        return math.log(1 + self._documents / (0.5 + count)), count > 0

    def _count(self, forms: tuple[str, ...]) -> int:
        match = " OR ".join(
            f'"{" ".join(indexed(token, last=True)[0])}"' for form in forms for token in tokens_of(fold(form))
        )
        if not match or self._store is None:
            return 0
        if match not in self._known:
            statement = f"SELECT count(*) FROM (SELECT 1 FROM fts WHERE fts MATCH ? LIMIT {_ENOUGH})"  # noqa: S608
            try:
                with sound(self._path):
                    (self._known[match],) = self._store.database.execute(statement, (match,)).fetchone()
            except (DamagedError, DeskError):
                self._known[match] = 1
        return self._known[match]
