"""Keeps a snapshot of all pages current: from the cache, then in step with the disk, file by file."""

import contextlib
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from nightdesk.base.cache import open_cache
from nightdesk.base.collecting import without_cycles
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.parallel import map_in_order
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.entries import FORM, Row, bare_row, head_row, read_row, row_from
from nightdesk.wiki.catalogue.ground import Ground
from nightdesk.wiki.catalogue.state import State, build, change, folders_of
from nightdesk.wiki.vault.extract import FORM as RECORD_FORM
from nightdesk.wiki.vault.files import VaultFile
from nightdesk.wiki.vault.reading import MAX_BYTES

TABLE = f"catalogue{FORM}_{RECORD_FORM}"
_HEAD_BYTES = 64_000  # of a page that is too large: its names and its frontmatter stand there
_KEPT_AT_ONCE = 2_000  # rows in one transaction: what is done is kept when the program is stopped
_WORTH_IT = 2_000  # pages from which on several processes are done sooner than one


class Keeper:
    """The catalogue of a folder, read anew where files change. One thread at a time changes it, any may read it."""

    def __init__(self, root: Path, *, desk: Desk | None, cache_file: Path | None, jobs: int = 1) -> None:
        self._ground = Ground(root, desk)
        self._cache_file, self._jobs = cache_file, jobs
        self._lock = threading.RLock()
        self._state: State | None = None

    @property
    def catalogue(self) -> Catalogue | None:
        """The current snapshot, None before the first one is there."""
        state = self._state
        return state.catalogue if state else None

    def load(self) -> Catalogue:
        """Return the snapshot of what is on disk now; pages that did not change are not read.

        Raises DeskError where there is no such folder. A cache that cannot be used costs time, nothing else.
        """
        with self._lock, without_cycles():
            files = self._ground.files()
            pages = [file for file in files.values() if self._ground.is_page(file)]
            rows = self._known(pages)
            rows |= self._read([file for file in pages if file.path not in rows])
            rows = {file.path: rows[file.path] for file in pages if file.path in rows}
            generation = self._state.catalogue.generation + 1 if self._state else 1
            self._state = build(self._ground, files, rows, generation)
            return self._state.catalogue

    def refresh(self, paths: Iterable[str] | None = None) -> frozenset[str]:
        """Bring the snapshot in step with the disk, and return what changed: files, and pages whose links now lead
        elsewhere.

        `paths` are the files and folders that may have changed, relative to the root; without them all are looked at.
        """
        with self._lock:
            if self._state is None:
                return frozenset(self.load().entries)
            state = self._state
            gone, seen, told = self._changes(state, paths)
            if not gone and not seen:
                return frozenset(told)
            rows = self._read([file for file in seen.values() if self._ground.is_page(file)])
            self._keep({}, gone=gone & state.targets.keys())
            self._state, differing = change(self._ground, state, gone=gone, seen=seen, rows=rows)
            return differing | gone | seen.keys() | told

    def _changes(self, state: State, paths: Iterable[str] | None) -> tuple[set[str], dict[str, VaultFile], set[str]]:
        """Return the files that are gone, those that are new or changed, and those of which that cannot be seen."""
        old = state.files
        asked = None if paths is None else {path.rstrip("/") for path in paths}
        if asked is None or asked & {"", "."}:
            files = self._ground.files()
            return set(old.keys() - files.keys()), {p: f for p, f in files.items() if old.get(p) != f}, set()
        there: dict[str, VaultFile] = {}
        for path in asked:
            there.update(self._ground.files_at(path))
        gone = {path for path in asked if path in old and path not in there}
        folders = asked & state.folders
        if folders:  # gone, or not all of what was in them is there now
            gone.update(path for path in old if path not in there and not folders.isdisjoint(folders_of((path,))))
        seen = {path: file for path, file in there.items() if old.get(path) != file}
        return gone, seen, {path for path in asked & there.keys() if not there[path].signature} - seen.keys()

    def _known(self, pages: Iterable[VaultFile]) -> dict[str, Row]:
        """Return the rows of the pages that the cache has and that did not change; what it has of others is dropped."""
        if self._cache_file is None:
            return {}
        try:
            with open_cache(self._cache_file) as cache:
                kept = cache.all(TABLE)
        except (DeskError, OSError):
            return {}
        known = ((file, row_from(kept.pop(file.path, None))) for file in pages)
        rows = {file.path: row for file, row in known if row is not None and row.signature == file.signature}
        self._keep({}, gone=kept)
        return rows

    def _read(self, pages: Sequence[VaultFile]) -> dict[str, Row]:
        """Return the rows of pages, read now; links out of their part of a desk are none."""
        pages = [file for file in pages if self._ground.may_read(file.path)]
        jobs = self._jobs if len(pages) >= _WORTH_IT else 1
        read = zip(pages, map_in_order(partial(_row_of, str(self._ground.root)), pages, jobs=jobs), strict=True)
        rows: dict[str, Row] = {}
        while batch := {file.path: row for file, row in islice(read, _KEPT_AT_ONCE)}:
            self._keep({path: row for path, row in batch.items() if row.signature})
            rows |= batch
        return rows

    def _keep(self, rows: Mapping[str, Row], *, gone: Collection[str] = ()) -> None:
        """Put rows into the cache and drop others; where that cannot be, the next start takes longer."""
        if self._cache_file is None or not (rows or gone):
            return
        with contextlib.suppress(DeskError, OSError), open_cache(self._cache_file) as cache:
            cache.put(TABLE, rows)
            if gone:
                cache.forget(TABLE, gone)


def _row_of(root: str, file: VaultFile) -> Row:
    try:
        with open(f"{root}/{file.path}", "rb", buffering=0) as opened:
            if file.size > MAX_BYTES:
                return head_row(opened.read(_HEAD_BYTES), file.path, file.signature)
            return read_row(opened.readall(), file.path, file.signature)
    except OSError:
        return bare_row(file.path, "")  # gone, or not for this person's eyes: looked at again at the next start
