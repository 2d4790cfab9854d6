"""Files that travel: they arrive as they were, damage is found, and what a node keeps is bounded."""

import os
import time
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.remote import parcels
from nightdesk.lab.remote.parcels import pack, parcel_hash, prune, unpack

FILES = {"a.bin": b"0123456789", "b/c.txt": b"", "b/d.txt": b"text"}


def put_files(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Store:
    """What holds chunks, as Ray's object store does."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.fetched = 0

    def put(self, chunk: bytes) -> int:
        self.chunks.append(chunk)
        return len(self.chunks) - 1

    def fetch(self, number: int) -> bytes:
        self.fetched += 1
        return self.chunks[number]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(parcels, "CHUNK_BYTES", 4)
    return Store()


def test_files_arrive_as_they_were(tmp_path: Path, store: Store) -> None:
    source = put_files(tmp_path / "source")
    (source / "link").symlink_to("a.bin")  # it may lead anywhere, and does not travel
    pieces = pack(source, store.put)
    unpack(pieces, tmp_path / "set/data", fetch=store.fetch)
    assert contents(tmp_path / "set/data") == FILES
    assert (len(store.chunks), store.fetched) == (4, 4)
    unpack(pieces, tmp_path / "set/data", fetch=store.fetch)
    assert store.fetched == 4  # all is there


@pytest.mark.parametrize("how", ["changed", "longer", "gone", "link", "more"])
def test_what_changed_at_a_node_is_put_right(tmp_path: Path, store: Store, how: str) -> None:
    pieces, there = pack(put_files(tmp_path / "source"), store.put), tmp_path / "set/data"
    unpack(pieces, there, fetch=store.fetch)
    if how == "changed":  # with its old size and time: the time of the change itself cannot be set
        seen = (there / "a.bin").stat()
        (there / "a.bin").write_bytes(b"9876543210")
        os.utime(there / "a.bin", ns=(seen.st_atime_ns, seen.st_mtime_ns))
    elif how == "longer":
        (there / "b/d.txt").write_bytes(b"text and more")
    elif how == "gone":
        (there / "a.bin").unlink()
    elif how == "link":
        (there / "a.bin").unlink()
        (there / "a.bin").symlink_to("b/d.txt")
    else:
        (there / "b/leaked.txt").write_bytes(b"from another run")
    unpack(pieces, there, fetch=store.fetch)
    assert contents(there) == FILES
    assert not (there / "a.bin").is_symlink()


def test_damage_on_the_way_is_found(tmp_path: Path, store: Store) -> None:
    pieces = pack(put_files(tmp_path / "source"), store.put)
    with pytest.raises(DeskError, match=r"a\.bin arrived damaged"):
        unpack(pieces, tmp_path / "set/data", fetch=lambda number: store.fetch(number)[:-1])
    assert contents(tmp_path / "set") == {}  # no half file either


def test_parcels_are_told_apart(tmp_path: Path, store: Store) -> None:
    pieces = pack(put_files(tmp_path / "source"), store.put)
    told = [(pieces, None), (None, pieces), (pieces, ()), (pieces[1:], None), (pieces, pieces)]
    assert len({parcel_hash(*parcels) for parcels in told}) == len(told)
    assert parcel_hash(pieces) == parcel_hash(pack(tmp_path / "source", Store().put))


def test_a_node_keeps_a_bounded_number(tmp_path: Path) -> None:
    ages = {"now": 0.0, "hour": 0.04, "old": 15.0, "kept": 20.0} | {f"day{n:02d}": 2 + n / 100 for n in range(10)}
    for name, days in ages.items():
        (tmp_path / name).mkdir()
        moment = time.time() - days * 86_400
        os.utime(tmp_path / name, (moment, moment))
    prune(tmp_path, keep=tmp_path / "kept")
    assert {path.name for path in tmp_path.iterdir()} == {"now", "hour", "kept", *(f"day{n:02d}" for n in range(6))}
