"""Search by meaning, alone or fused with the search by words."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from nightdesk.wiki.search.asked import Both, Either, Node, Query, terms_of
from nightdesk.wiki.search.ranking import Ranked, conditions_of, rank
from nightdesk.wiki.search.store import Store
from nightdesk.wiki.search.wording import Wording, expression
from nightdesk.wiki.semantic.embedder import Embedder
from nightdesk.wiki.semantic.vectors import KEY_BYTES, Vectors

MIN_COSINE = 0.25  # of what is found by meaning; texts about different things have 0.0 to 0.2
_POOL = 50  # documents of each list that are fused, or as many as are asked for
_FUSED_FROM = 60.0  # added to a place: a first place in one list is worth two late ones (Cormack et al., 2009)
_MAX_CHARS = 1_200  # of a page's text that stand for it: some 256 word pieces with title and headings
_MAX_HEADINGS = 400  # characters
_BATCH = 128  # texts that a kill costs: some four seconds


class ByMeaning:
    """Finds documents near in meaning; with `words`, fused with those that have the words."""

    def __init__(self, embedder: Embedder, database: Path, *, words: bool) -> None:
        self._embedder = embedder
        self._database = database
        self._words = words
        self._vectors: Vectors | None = None

    def prepare(self, store: Store, tell: Callable[[str], None]) -> None:
        """Make the vectors of what is new in the index."""
        vectors = self._open(store)
        (keys,) = store.database.execute("SELECT count(DISTINCT key) FROM meant").fetchone()
        if keys > len(vectors):  # their file was deleted, or the model is another
            with store.writing():
                store.database.execute("DELETE FROM meant")
        statement = "SELECT (SELECT count(*) FROM docs) - (SELECT count(*) FROM meant)"
        (left,) = store.database.execute(statement).fetchone()
        if not left:
            return
        done = 0
        known = set(vectors.keys())
        while batch := store.without_meaning(_BATCH):
            texts = [passage(title, claim, columns) for _, title, claim, columns in batch]
            keys = [self._key(text) for text in texts]
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            if new:
                vectors.add(list(new), self._embedder.embed(list(new.values())))
                known |= new.keys()
            with store.writing():
                rows = [(one[0], key) for one, key in zip(batch, keys, strict=True)]
                store.database.executemany("INSERT OR REPLACE INTO meant VALUES(?, ?)", rows)
            done += len(batch)
            if new and done < left:
                tell(f"read {done:,} of {left:,} texts for their meaning")
        kept = {bytes(key) for (key,) in store.database.execute("SELECT DISTINCT key FROM meant")}
        vectors.keep_only(kept)

    def rank(self, store: Store, query: Query, wording: Wording, *, text: str, limit: int) -> list[Ranked]:
        """Return at most `limit` documents that fit, best first. Filters and exclusions hold for all of them."""
        if query.wanted is None:
            return rank(store, query, wording, text=text, limit=limit)
        pool = max(_POOL, limit)
        meant = self._nearest(store, query, wording, pool)
        if not self._words:
            return meant[:limit]
        return fused([_by_words(store, query, wording, text, pool), meant])[:limit]

    def _open(self, store: Store) -> Vectors:
        if self._vectors is None:
            in_file = store.database.execute("PRAGMA database_list").fetchone()[2]
            name = f"{self._database.stem}-{self._embedder.name}.vectors"
            path = self._database.with_name(name) if in_file else None
            self._vectors = Vectors(path, self._embedder.dimensions)
        return self._vectors

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._embedder.name}\0{text}".encode("utf-8", "replace")).digest()[:KEY_BYTES]

    def _nearest(self, store: Store, query: Query, wording: Wording, count: int) -> list[Ranked]:
        words = " ".join(token.text for term in terms_of(query.wanted) for token in term.tokens)
        allowed = _allowed(store, query, wording)
        keys = set(allowed.values()) if allowed is not None else None
        found: list[Ranked] = []
        for key, cosine in self._open(store).nearest(self._embedder.embed([words])[0], count, among=keys):
            if cosine < MIN_COSINE:
                break
            ids = store.database.execute("SELECT id FROM meant WHERE key = ? ORDER BY id", (key,))
            found += [Ranked(one, round(cosine, 4)) for (one,) in ids if allowed is None or one in allowed]
        return found


def passage(title: str, claim: str | None, columns: Sequence[str]) -> str:
    """Return the text that stands for a document: a claim's statement; of a page its title, headings and beginning."""
    if claim:
        return str(json.loads(claim)[1])
    _, aliases, headings, _, body = columns
    lines = [line.strip() for line in body[: 2 * _MAX_CHARS].split("\n")]
    text = " ".join(line for line in lines if line and not line.startswith(("#", "<!--")))
    named = ". ".join(part for part in (title, *aliases.split("\n"), *headings.split("\n")) if part.strip())
    return f"{named[:_MAX_HEADINGS]}. {text[:_MAX_CHARS]}"


def fused(lists: Sequence[Sequence[Ranked]]) -> list[Ranked]:
    """Return what stands in several lists, each best first, by the sum of 1 / (60 + place); ties by first place."""
    scores: dict[int, float] = {}
    for ranked in lists:
        for place, one in enumerate(ranked, start=1):
            scores[one.id] = scores.get(one.id, 0.0) + 1 / (_FUSED_FROM + place)
    return [Ranked(one, round(score, 4)) for one, score in sorted(scores.items(), key=lambda one: -one[1])]


def _by_words(store: Store, query: Query, wording: Wording, text: str, limit: int) -> list[Ranked]:
    """Return what has all that is wanted, then what has some of the words."""
    found = rank(store, query, wording, text=text, limit=limit)
    terms = tuple(terms_of(query.wanted))
    if len(found) >= limit or len(terms) < 2:
        return found
    some: Node = Both((Either(terms),), _excluded(query.wanted))
    known = {one.id for one in found}
    others = rank(store, Query(some, (), query.filters), wording, text=text, limit=limit)
    return [*found, *(one for one in others if one.id not in known)][:limit]


def _excluded(node: Node | None) -> tuple[Node, ...]:
    return node.excluded if isinstance(node, Both) else ()


def _allowed(store: Store, query: Query, wording: Wording) -> dict[int, bytes] | None:
    """Return the documents that filters and exclusions leave, with their keys; None for all."""
    where = conditions_of(query)
    conditions = [one.replace("fts.rowid", "d.id") for one in where.conditions]
    values = list(where.values)
    if excluded := _excluded(query.wanted):
        conditions.append("d.id NOT IN (SELECT rowid FROM fts WHERE fts MATCH ?)")
        values.append(" OR ".join(f"({expression(part, wording)})" for part in excluded))
    if not conditions:
        return None
    statement = (
        "SELECT d.id, m.key FROM meant m JOIN docs d ON d.id = m.id JOIN files f ON f.id = d.file "  # noqa: S608
        f"WHERE {' AND '.join(conditions)}"
    )
    return dict(store.database.execute(statement, values))
