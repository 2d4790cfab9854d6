"""The index: one SQLite file with a full-text table, which may be deleted at any time."""

import contextlib
import json
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.wiki.search.schema import COLUMN_WEIGHTS, COLUMNS, NAMING, Document
from nightdesk.wiki.search.tokens import vocabulary

_FORM = 2  # a file of another form is made anew
_BUSY_SECONDS = 30
_CHUNK = 500
MAX_WORD = 40  # letters of a word that is kept in the vocabulary
_BETWEEN = "\x1f"  # columns in a kept document; no index form holds one
_NOT_THE_FILE = {  # primary result codes for what another file would not mend
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
}
_SCHEMA = f"""
CREATE TABLE folders(path TEXT PRIMARY KEY, signature TEXT) WITHOUT ROWID;
CREATE TABLE files(id INTEGER PRIMARY KEY, folder TEXT, name TEXT, signature TEXT, hash TEXT, folded TEXT, problem TEXT,
  UNIQUE(folder, name));
CREATE TABLE docs(id INTEGER PRIMARY KEY, file INTEGER, title TEXT, type TEXT, tags TEXT, day TEXT, claim TEXT);
CREATE INDEX docs_of_file ON docs(file);
CREATE TABLE kept(id INTEGER PRIMARY KEY, columns BLOB);
CREATE TABLE meant(id INTEGER PRIMARY KEY, key BLOB);
CREATE INDEX meant_by_key ON meant(key);
CREATE TABLE names(key TEXT, id INTEGER, PRIMARY KEY(key, id)) WITHOUT ROWID;
CREATE INDEX names_of_doc ON names(id);
CREATE TABLE words(word TEXT PRIMARY KEY, docs INTEGER) WITHOUT ROWID;
CREATE TABLE facts(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE VIRTUAL TABLE fts USING fts5({", ".join(COLUMNS)}, content='', tokenize='ascii');
INSERT INTO fts(fts, rank) VALUES('rank', 'bm25({", ".join(map(str, COLUMN_WEIGHTS))})');
CREATE VIRTUAL TABLE named USING fts5({", ".join(COLUMNS[:NAMING])}, content='', tokenize='ascii');
INSERT INTO named(named, rank) VALUES('rank', 'bm25({", ".join(map(str, COLUMN_WEIGHTS[:NAMING]))})');
PRAGMA user_version={_FORM};
"""


class DamagedError(Exception):
    """The file is no index of this form, or is damaged: to be thrown away."""


class Store:
    """An open index. Every change is in a transaction: a reader sees all of it or nothing, also after kill -9."""

    def __init__(self, path: Path | None) -> None:
        self._words: Counter[str] = Counter()
        self._tally: Counter[str] = Counter()
        self.database = sqlite3.connect(path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            self._prepare(in_file=path is not None)
        except BaseException:
            self.database.close()
            raise

    def _prepare(self, *, in_file: bool) -> None:
        run = self.database.execute
        run("PRAGMA cache_size=-32000")
        run("PRAGMA synchronous=NORMAL")  # with WAL sound after a power cut, and no wait at each commit
        (form,) = run("PRAGMA user_version").fetchone()
        if form == _FORM:
            return
        if form or run("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            raise DamagedError
        if in_file:
            run("PRAGMA journal_mode=WAL")
        with self.writing():
            if run("PRAGMA user_version").fetchone() == (0,):  # no other process was quicker
                for statement in _SCHEMA.split(";\n")[:-1]:
                    run(statement)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Make the changes of the block together, or none of them; what they do to counts is summed up first."""
        self.database.execute("BEGIN IMMEDIATE")
        self._words.clear()
        self._tally.clear()
        try:
            yield
            self._sum_up()
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the index for the whole block, whatever is written meanwhile."""
        self.database.execute("BEGIN")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self.database.execute("ROLLBACK")

    def _sum_up(self) -> None:
        """Change the counts of words, files and documents by what the block changed: of an edited page hardly any."""
        rows = [(word, count) for word, count in sorted(self._words.items()) if count and len(word) <= MAX_WORD]
        statement = "INSERT INTO words VALUES(?, ?) ON CONFLICT(word) DO UPDATE SET docs = docs + excluded.docs"
        self.database.executemany(statement, rows)
        fewer = [(word,) for word, count in rows if count < 0]
        self.database.executemany("DELETE FROM words WHERE word = ? AND docs <= 0", fewer)
        for key, count in self._tally.items():
            if count:
                self.set_fact(key, str(int(self.fact(key) or 0) + count))

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def fact(self, key: str) -> str | None:
        """Return a note about the index as a whole."""
        row = self.database.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def set_fact(self, key: str, value: str) -> None:
        """Keep a note about the index as a whole."""
        self.database.execute("INSERT OR REPLACE INTO facts VALUES(?, ?)", (key, value))

    def folders(self) -> dict[str, str]:
        """Return the folders that were looked through whole, with their signatures."""
        return dict(self.database.execute("SELECT path, signature FROM folders"))

    def files_in(self, folder: str) -> dict[str, tuple[str, str]]:
        """Return the files of one folder by name, each with its signature and the hash of what was read."""
        rows = self.database.execute("SELECT name, signature, hash FROM files WHERE folder = ?", (folder,))
        return {name: (signature, hash_) for name, signature, hash_ in rows}

    def put_file(self, folder: str, name: str, *, signature: str, hash_: str, folded: str, problem: str | None) -> int:
        """Note a file, and return its id; what was known of it and its documents are gone."""
        self.remove_file(folder, name)
        values = (folder, name, signature, hash_, folded, problem)
        self._tally["files"] += 1
        statement = "INSERT INTO files(folder, name, signature, hash, folded, problem) VALUES(?, ?, ?, ?, ?, ?)"
        return int(self.database.execute(statement, values).lastrowid or 0)

    def remove_file(self, folder: str, name: str) -> None:
        """Forget a file and what was found in it."""
        run = self.database.execute
        row = run("SELECT id FROM files WHERE folder = ? AND name = ?", (folder, name)).fetchone()
        if row is None:
            return
        ids = [identity for (identity,) in run("SELECT id FROM docs WHERE file = ?", row)]
        for identity in ids:
            (kept,) = run("SELECT columns FROM kept WHERE id = ?", (identity,)).fetchone()
            columns = _columns(kept)
            run(f"INSERT INTO fts(fts, rowid, {', '.join(COLUMNS)}) VALUES('delete', ?, ?, ?, ?, ?, ?)",
                (identity, *columns))  # fmt: skip
            if any(columns[:NAMING]):
                run(f"INSERT INTO named(named, rowid, {', '.join(COLUMNS[:NAMING])}) VALUES('delete', ?, ?, ?, ?, ?)",
                    (identity, *columns[:NAMING]))  # fmt: skip
            run("DELETE FROM kept WHERE id = ?", (identity,))
            run("DELETE FROM names WHERE id = ?", (identity,))
            run("DELETE FROM meant WHERE id = ?", (identity,))
            self.count_words(distinct_words(columns), by=-1)
        run("DELETE FROM docs WHERE file = ?", row)
        run("DELETE FROM files WHERE id = ?", row)
        self._tally.update({"files": -1, "docs": -len(ids)})

    def put_document(self, file: int, document: Document, *, day: str) -> None:
        """Add a document; its words are counted by `count_words`."""
        run = self.database.execute
        (last,) = run("SELECT max(id) FROM docs").fetchone()
        identity = (((last or 0) >> 2) + 1) * 4 + document.kind  # so that its kind is known without a look-up
        self._tally["docs"] += 1
        tags = "".join(f"\n{tag}" for tag in document.tags) + "\n"
        claim = json.dumps(astuple(document.claim), ensure_ascii=False) if document.claim else None
        values = (identity, file, document.title, document.type.casefold(), tags, document.day or day, claim)
        run("INSERT INTO docs VALUES(?, ?, ?, ?, ?, ?, ?)", values)
        run(f"INSERT INTO fts(rowid, {', '.join(COLUMNS)}) VALUES(?, ?, ?, ?, ?, ?)",
            (identity, *document.columns))  # fmt: skip
        if any(document.columns[:NAMING]):
            run(f"INSERT INTO named(rowid, {', '.join(COLUMNS[:NAMING])}) VALUES(?, ?, ?, ?, ?)",
                (identity, *document.columns[:NAMING]))  # fmt: skip
        kept = zlib.compress(_BETWEEN.join(document.columns).encode("utf-8", "replace"), 1)
        run("INSERT INTO kept VALUES(?, ?)", (identity, kept))
        self.database.executemany("INSERT OR IGNORE INTO names VALUES(?, ?)", [(n, identity) for n in document.names])

    def count_words(self, words: Iterable[str], *, by: int = 1) -> None:
        """Count the words of a document, each once; by -1 for one that is gone."""
        for word in words:
            self._words[word] += by

    def lookup(self, words: Iterable[str]) -> dict[str, int]:
        """Return those of `words` that are in the vocabulary, each with the number of documents that have it."""
        wanted = sorted(set(words))
        found: dict[str, int] = {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self.database.execute(f"SELECT word, docs FROM words WHERE word IN ({marks})", chunk)  # noqa: S608
            found.update(rows)
        return found

    def words_from(self, beginning: str, least: int, most: int) -> list[tuple[str, int]]:
        """Return the words of the vocabulary with these first letters and so many letters."""
        end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        statement = "SELECT word, docs FROM words WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?"
        return self.database.execute(statement, (beginning, end, least, most)).fetchall()

    def without_meaning(self, most: int) -> list[tuple[int, str, str | None, tuple[str, ...]]]:
        """Return documents without a key of their meaning, `most` at most: id, title, claim as JSON, columns."""
        statement = (
            "SELECT d.id, d.title, d.claim, k.columns FROM docs d JOIN kept k ON k.id = d.id "
            "WHERE NOT EXISTS (SELECT 1 FROM meant m WHERE m.id = d.id) LIMIT ?"
        )
        rows = self.database.execute(statement, (most,)).fetchall()
        return [(one, title, claim, _columns(kept)) for one, title, claim, kept in rows]

    def most_with(self, beginning: str) -> int:
        """Return how many documents have the commonest word of the vocabulary that begins so."""
        end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        statement = "SELECT max(docs) FROM words WHERE word >= ? AND word < ?"
        (most,) = self.database.execute(statement, (beginning, end)).fetchone()
        return int(most or 0)


def _columns(kept: bytes) -> tuple[str, ...]:
    return tuple(zlib.decompress(kept).decode().split(_BETWEEN))


def distinct_words(columns: Sequence[str]) -> set[str]:
    """Return the words of a document, each once."""
    return vocabulary("\n".join(columns))


@contextlib.contextmanager
def sound(path: Path) -> Iterator[None]:
    """Turn a damaged file into DamagedError, and what lies outside the file into a DeskError."""
    try:
        yield
    except (sqlite3.DatabaseError, zlib.error, UnicodeDecodeError, TypeError) as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if isinstance(error, sqlite3.Error) and code in _NOT_THE_FILE:
            raise DeskError(f"{path} cannot be used: {error}", fix="mend that, then try again") from error
        raise DamagedError from error


def throw_away(path: Path) -> None:
    """Remove an index."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
