"""A vault read into memory: its files, its pages' records and where their links lead; unchanged pages are not read."""

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from nightdesk.base.cache import Cache
from nightdesk.wiki.vault.extract import FORM, read_record
from nightdesk.wiki.vault.files import Folder, read_folder
from nightdesk.wiki.vault.kind import is_wiki
from nightdesk.wiki.vault.records import Record, Resolved, from_row, to_row
from nightdesk.wiki.vault.resolve import Places, Targets

TABLE = f"vault{FORM}"
MAX_BYTES = 8_000_000  # of a page; a larger one is not taken apart
_BATCH = 64  # pages that a process takes at a time
_WORTH_IT = 4_000  # pages from which on several processes are done sooner than one
_KEPT_AT_ONCE = 2_000  # records in one transaction: what is done is kept when the run is stopped


class Vault:
    """The pages of a folder, those in scope taken apart."""

    def __init__(self, folder: Folder, records: dict[str, Record]) -> None:
        self.folder = folder
        self.records = records  # by path, of the pages in scope
        self.outside: dict[str, bool] = {}  # files out of the vault that were looked for, and whether they were there
        self._targets: dict[str, Targets | None] = {}

    @property
    def root(self) -> Path:
        """The folder."""
        return self.folder.root

    @cached_property
    def places(self) -> Places:
        """All files, found by what links call them."""
        return Places(self.folder.files, self.folder.folders)

    @cached_property
    def links(self) -> dict[str, list[Resolved]]:
        """The links of each page in scope."""
        return {path: self.follow(path) for path in self.records}

    @cached_property
    def is_wiki(self) -> bool:
        """Whether it is kept as a wiki, and is not the documents of a program; see kind.is_wiki."""
        return is_wiki(self.folder, self.records, self.links, self.outside)

    def follow(self, path: str) -> list[Resolved]:
        """Return the links of one page with where they lead."""
        find = self.places.find
        return [Resolved(link, find(link, path)) for link in self.records[path].links]

    def targets(self, path: str) -> Targets | None:
        """Return the headings and blocks of a page, in scope or not; None for what is no page."""
        if path not in self._targets:
            record = self.records.get(path)
            file = self.folder.files.get(path)
            if record is None and file is not None and file.is_page and file.size <= MAX_BYTES:
                record = _read(f"{self.root}/{path}")
            self._targets[path] = Targets(record) if record else None
        return self._targets[path]

    def text(self, path: str) -> bytes:
        """Return the bytes of a page as they are now, b"" where it is gone."""
        try:
            return read_bytes(f"{self.root}/{path}")
        except OSError:
            return b""


def read_vault(
    root: Path,
    cache: Cache | None = None,
    *,
    folder: Folder | None = None,
    scope: Callable[[str], bool] = lambda path: True,
    jobs: int = 1,
    on_start: Callable[[int], None] = lambda count: None,
    on_page: Callable[[], None] = lambda: None,
) -> Vault:
    """Read the vault in `root`; of pages that did not change, the records come from `cache`.

    `folder` is given where it has just been read. `on_start` is told how many pages must be read, `on_page` is called
    for each. Raises DeskError where `root` is no folder.
    """
    folder = folder or read_folder(root)
    pages = {p: f for p, f in folder.files.items() if f.is_page and f.size <= MAX_BYTES and scope(p)}
    kept: dict[str, Any] = cache.all(TABLE) if cache else {}
    records = {p: from_row(kept[p][1]) for p, f in pages.items() if p in kept and kept[p][0] == f.signature}
    missing = [path for path in pages if path not in records]
    on_start(len(missing))
    fresh: dict[str, Any] = {}
    files = [f"{root}/{path}" for path in missing]
    for path, record in zip(missing, _records(files, jobs=jobs), strict=True):
        on_page()
        if record is None:
            continue
        records[path] = record
        if cache:
            fresh[path] = [pages[path].signature, to_row(record)]
        if cache and len(fresh) >= _KEPT_AT_ONCE:
            cache.put(TABLE, fresh)
            fresh = {}
    if cache:
        cache.put(TABLE, fresh)
        if kept.keys() - records.keys():
            cache.keep_only(TABLE, records)
    return Vault(folder, {path: records[path] for path in pages if path in records})


def _records(files: list[str], *, jobs: int) -> Iterable[Record | None]:
    if jobs == 1 or len(files) < _WORTH_IT:
        return map(_read, files)
    # imported here: it takes longer to load than a vault of little change to read
    from nightdesk.base.parallel import map_in_order  # noqa: PLC0415

    return map_in_order(_read, files, jobs=jobs, chunk=_BATCH)


def _read(file: str) -> Record | None:
    try:
        return read_record(read_bytes(file))
    except OSError:
        return None  # gone, or not for this person's eyes


def read_bytes(file: str) -> bytes:
    """Return a file's bytes: without making a Path and a buffer, which take as long as a small page. Raises OSError."""
    with open(file, "rb", buffering=0) as opened:
        return opened.readall()
