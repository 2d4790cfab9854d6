"""What can be made again, kept in one SQLite file: delete it at any time and only time is lost."""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError

_FORM = 2  # a file of another form is made anew
_CHUNK = 500  # SQLite allows 999 variables in a statement everywhere
_NOT_OURS_TO_MEND = {  # SQLite's primary result codes for what lies outside the file
    sqlite3.SQLITE_BUSY: "another nightdesk is writing to it",
    sqlite3.SQLITE_LOCKED: "another nightdesk is writing to it",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_PERM: "no permission",
    sqlite3.SQLITE_CANTOPEN: "no permission",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
}

_NO_JSON = (json.JSONDecodeError, UnicodeDecodeError, TypeError, RecursionError)  # null, bytes, nested without end


class Cache:
    """Named tables of key -> JSON value.

    A file that is damaged or of another form is thrown away and begun again; damage that shows only later is a
    DeskError, and the file is gone for the next run. Raises DeskError too where the disk or another process is in
    the way.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        try:
            self._database = _open(path)
        except sqlite3.DatabaseError as error:
            _refuse_unless_damaged(path, error)
            _throw_away(path)
            self._database = _open(path)
        self._tables: set[str] = set()

    def get(self, table: str, keys: Iterable[str]) -> dict[str, Any]:
        """Return the values of those `keys` that are there."""
        wanted = list(keys)
        found: dict[str, Any] = {}
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            rows = self._rows(table, f"SELECT key, value FROM {table} WHERE key IN ({marks})", chunk)  # noqa: S608
            found.update(self._decoded(rows))
        return found

    def all(self, table: str) -> dict[str, Any]:
        """Return every key and value of a table."""
        return dict(self._decoded(self._rows(table, f"SELECT key, value FROM {table}")))  # noqa: S608

    def put(self, table: str, values: Mapping[str, Any]) -> None:
        """Store `values`, in one transaction."""
        rows = [(key, json.dumps(value, ensure_ascii=False, separators=(",", ":"))) for key, value in values.items()]
        if rows:
            self._rows(table, "SELECT 1 WHERE 0")
            with self._mending(), self._database:
                self._database.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)  # noqa: S608

    def keep_only(self, table: str, keys: Iterable[str]) -> None:
        """Forget every key of a table that is not among `keys`."""
        kept = set(keys)
        gone = [(key,) for (key,) in self._rows(table, f"SELECT key FROM {table}") if key not in kept]  # noqa: S608
        if gone:
            with self._mending(), self._database:
                self._database.executemany(f"DELETE FROM {table} WHERE key = ?", gone)  # noqa: S608

    def forget(self, table: str, keys: Iterable[str]) -> None:
        """Forget these keys of a table."""
        self._rows(table, "SELECT 1 WHERE 0")
        with self._mending(), self._database:
            self._database.executemany(f"DELETE FROM {table} WHERE key = ?", [(key,) for key in keys])  # noqa: S608

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _rows(self, table: str, statement: str, values: Sequence[str] = ()) -> list[tuple[str, ...]]:
        if not table.isidentifier():
            raise ValueError(table)
        with self._mending():
            if table not in self._tables:
                self._database.execute(
                    f"CREATE TABLE IF NOT EXISTS {table} (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"
                )
                self._tables.add(table)
            return list(self._database.execute(statement, values))

    def _decoded(self, rows: Iterable[Sequence[str]]) -> Iterator[tuple[str, Any]]:
        with self._mending():
            for key, value in rows:
                yield key, json.loads(value)

    @contextlib.contextmanager
    def _mending(self) -> Iterator[None]:
        """Turn damage found in the block into a DeskError, with the file thrown away."""
        try:
            yield
        except (sqlite3.DatabaseError, *_NO_JSON) as error:
            if isinstance(error, sqlite3.DatabaseError):
                _refuse_unless_damaged(self._path, error)
            self._database.close()
            _throw_away(self._path)
            raise DeskError(f"{self._path} was damaged and is thrown away", fix="run the command again") from error


def _refuse_unless_damaged(path: Path, error: sqlite3.DatabaseError) -> None:
    why = _NOT_OURS_TO_MEND.get(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF)
    if why:
        raise DeskError(f"{path} cannot be used: {why}", fix="mend that, then try again") from error


def _throw_away(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30)
    try:
        (form,) = database.execute("PRAGMA user_version").fetchone()
        if form not in (0, _FORM):
            raise sqlite3.DatabaseError(f"form {form}")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")  # a power cut may cost the cache, never the desk
        if form != _FORM:  # a write waits for other writers: readers must not
            database.execute(f"PRAGMA user_version={_FORM}")
            database.commit()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


@contextlib.contextmanager
def open_cache(path: Path) -> Iterator[Cache]:
    """Open the cache for a block."""
    cache = Cache(path)
    try:
        yield cache
    finally:
        cache.close()


def stat_signature(path: Path | str) -> str | None:
    """Return what changes when a file is written or replaced, without reading it; None where there is no file."""
    try:
        found = os.stat(path)  # not path.stat(): to make a Path takes longer than the look at the file
    except OSError:
        return None
    return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"
