"""raw/sources.tsv is appended to, by many at once and after a crash."""

import threading
from pathlib import Path

from nightdesk.sources.provenance import Provenance, read_provenance, record_provenance


def row(number: int) -> Provenance:
    return Provenance(
        f"{number}.html", f"http://x.test/{number}", "http://y.test/", "2026-11-22T10:00:00+00:00", "ab", ""
    )


def test_provenance_is_appended(tmp_path: Path) -> None:
    assert read_provenance(tmp_path) == ()
    path = record_provenance(tmp_path, row(1))
    first = path.read_bytes()
    record_provenance(tmp_path, row(2))
    assert read_provenance(tmp_path) == (row(1), row(2))
    assert path.read_bytes().startswith(first)
    assert first.splitlines()[0] == b"path\turl\tfinal_url\tfetched_at\tsha256\tcharset"


def test_provenance_after_a_crash_and_by_other_hands(tmp_path: Path) -> None:
    path = record_provenance(tmp_path, row(1))
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"cut off in the mid")
    record_provenance(tmp_path, row(2))
    assert read_provenance(tmp_path) == (row(1), row(2))


def test_provenance_with_what_a_table_cannot_hold(tmp_path: Path) -> None:
    record_provenance(tmp_path, Provenance("a\tb\n.html", "u", "v", "w", "x", "\udcff"))
    assert [one.path for one in read_provenance(tmp_path)] == ["a b .html"]


def test_many_writers_lose_no_row(tmp_path: Path) -> None:
    record_provenance(tmp_path, row(0))
    threads = [threading.Thread(target=record_provenance, args=(tmp_path, row(number))) for number in range(1, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.path for one in read_provenance(tmp_path)} == {f"{number}.html" for number in range(30)}
