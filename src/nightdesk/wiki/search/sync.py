"""Keeps the index in step with the files: looks at their times, reads what changed, takes out what is gone."""

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nightdesk.base.names import name_key
from nightdesk.wiki.search.collection import Collection, Listing, day_of_change, folder_signature, list_folder
from nightdesk.wiki.search.schema import TEXT, Document
from nightdesk.wiki.search.store import Store, distinct_words

SMALL = 500  # files that are looked at one by one at every search: some 5 ms
SECONDS_PER_FILE = 0.001  # of more, every file is looked at only when the last such look is so old: at most a twentieth
MAX_SECONDS = 60.0  # of the time then goes there
_BATCH = 1_000  # files in one transaction: what a kill costs
_AT_ONCE = 8_000  # files that the processes may be ahead by: what they read waits in memory
_LEAST_JOBS = 400  # files from which a second process pays


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to be read again, or to be forgotten."""

    folder: str
    name: str
    kind: int
    signature: str | None  # None: it is gone
    day: str
    hash: str  # of what the index has of it, "" for nothing


@dataclass(frozen=True, slots=True)
class Difference:
    """How the files differ from the index."""

    changes: tuple[Change, ...]
    looked: dict[str, str]  # folders that were looked through -> signature
    gone: tuple[str, ...]  # folders
    thorough: bool  # whether every file was looked at
    large: bool  # whether that is not done at every search

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written; a file touched without a change is."""
        return not (self.changes or self.looked or self.gone)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a changed file holds now."""

    hash: str
    documents: tuple[Document, ...] | None  # None: the same as before
    words: list[str]  # each once for each of the documents that it stands in
    problem: str | None


def find_difference(store: Store, collection: Collection, *, thorough: bool = False) -> Difference:
    """Return what changed since the index was written.

    A large collection is looked at file by file only with `thorough` or when the last such look is some seconds old
    (a minute at most); otherwise only in folders where something was added, taken away or replaced.
    """
    known = store.folders()
    large = int(store.fact("files") or 0) > SMALL
    thorough = thorough or not large or _is_due(store)
    changes: list[Change] = []
    looked: dict[str, str] = {}
    gone: list[str] = []
    waiting = sorted({root.folder for root in collection.roots} | set(known), reverse=True)
    seen = set(waiting)
    while waiting:
        folder = waiting.pop()
        path = f"{collection.root}/{folder}" if folder else str(collection.root)
        if not thorough and known.get(folder) and folder_signature(path) == known[folder]:
            continue
        listing = list_folder(collection, folder) if _is_reached(folder, collection) else None
        if listing is None:
            if folder in known:
                gone.append(folder)
                changes += [Change(folder, name, TEXT, None, "", "") for name in store.files_in(folder)]
            continue
        waiting += [inner for inner in listing.folders if inner not in seen]
        seen.update(listing.folders)
        changes += _changes_in(store, collection, folder, listing)
        if listing.signature != known.get(folder):
            looked[folder] = listing.signature
    return Difference(tuple(changes), looked, tuple(gone), thorough, large)


def _is_reached(folder: str, collection: Collection) -> bool:
    """Say whether a folder that was known is still one that is looked into: its rules may have changed."""
    root = collection.root_of(folder)
    return folder == root.folder or (root.enters(folder) and not folder.rpartition("/")[2].startswith("."))


def _is_due(store: Store) -> bool:
    age = time.time() - float(store.fact("looked") or 0)
    return not 0 <= age < min(MAX_SECONDS, SECONDS_PER_FILE * int(store.fact("files") or 0))


def _changes_in(store: Store, collection: Collection, folder: str, listing: Listing) -> Iterator[Change]:
    known = store.files_in(folder)
    kind = collection.root_of(folder).kind
    for name, (signature, changed) in sorted(listing.files.items()):
        before, hash_ = known.pop(name, ("", ""))
        if not signature or before != signature:
            yield Change(folder, name, kind, signature, day_of_change(changed), hash_)
    for name in sorted(known):
        yield Change(folder, name, kind, None, "", "")


def apply_difference(store: Store, collection: Collection, difference: Difference, *, jobs: int = 1) -> int:
    """Bring the index in step; return how many files were read anew or forgotten. Killed, it goes on the next time."""
    count = 0
    first = store.fact("whole") is None
    reading = _read_all(str(collection.root), difference.changes, jobs)
    pairs = zip(difference.changes, reading, strict=True)
    while batch := list(islice(pairs, _BATCH)):
        with store.writing():
            for change, read in batch:
                count += _put(store, change, read)
    with store.writing():
        for folder in difference.gone:
            store.database.execute("DELETE FROM folders WHERE path = ?", (folder,))
        rows = sorted(difference.looked.items())
        store.database.executemany("INSERT OR REPLACE INTO folders VALUES(?, ?)", rows)
        if difference.thorough:
            store.set_fact("looked", str(time.time()))
        if first and count > _BATCH:
            for table in ("fts", "named"):
                store.database.execute(f"INSERT INTO {table}({table}) VALUES('optimize')")
        store.set_fact("whole", "yes")
    return count


def _put(store: Store, change: Change, read: _Read | None) -> int:
    if read is None:
        store.remove_file(change.folder, change.name)
        return 1
    if read.documents is None:
        statement = "UPDATE files SET signature = ? WHERE folder = ? AND name = ?"
        store.database.execute(statement, (change.signature, change.folder, change.name))
        return 0
    path = f"{change.folder}/{change.name}" if change.folder else change.name
    file = store.put_file(
        change.folder,
        change.name,
        signature=change.signature or "",
        hash_=read.hash,
        folded=name_key(path),
        problem=read.problem,
    )
    for document in read.documents:
        store.put_document(file, document, day=change.day)
    store.count_words(read.words)
    return 1


def _read_all(root: str, changes: Sequence[Change], jobs: int) -> Iterator[_Read | None]:
    # imported here: most searches find nothing changed, and start without YAML, pools of processes and proofs
    from nightdesk.base.parallel import map_in_order  # noqa: PLC0415
    from nightdesk.wiki.search import documents  # noqa: F401, PLC0415  # before the processes, which share it

    for start in range(0, len(changes), _AT_ONCE):
        work = [(root, change) for change in changes[start : start + _AT_ONCE]]
        yield from map_in_order(_read_one, work, jobs=jobs, least=_LEAST_JOBS, chunk=50)


def _read_one(work: tuple[str, Change]) -> _Read | None:
    root, change = work
    if change.signature is None:
        return None
    path = f"{change.folder}/{change.name}" if change.folder else change.name
    try:
        with open(f"{root}/{path}", "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        return _Read("", (), [], error.strerror or "cannot be read")
    digest = hashlib.sha256(content).hexdigest()[:32]
    if digest == change.hash:
        return _Read(digest, None, [], None)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _Read(digest, (), [], "is not UTF-8 text")
    if change.kind == TEXT and "\0" in text:
        return _Read(digest, (), [], "is binary, not text")
    from nightdesk.wiki.search.documents import documents_of  # noqa: PLC0415  # see _read_all

    documents = documents_of(path, text.replace("\r\n", "\n"), change.kind)
    words = [word for document in documents for word in distinct_words(document.columns)]
    return _Read(digest, documents, words, None)
