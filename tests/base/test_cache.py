"""The cache may be deleted, damaged or killed at any time; only time is lost."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.cache import Cache, open_cache, stat_signature
from nightdesk.base.errors import DeskError


@pytest.mark.parametrize("value", [None, 0, 1.5, "", "Größe \u2028 \x00", [1, [2]], {"a": {"b": None}}, True], ids=repr)
def test_values_come_back_as_they_were(tmp_path: Path, value: Any) -> None:
    with open_cache(tmp_path / "new/cache.db") as cache:
        cache.put("things", {"key": value})
    with open_cache(tmp_path / "new/cache.db") as cache:
        assert cache.get("things", ["key", "other"]) == {"key": value}
        assert cache.all("things") == {"key": value}


def test_tables_are_apart_and_keys_are_replaced(tmp_path: Path) -> None:
    with open_cache(tmp_path / "cache.db") as cache:
        cache.put("one", {"k": 1})
        cache.put("two", {"k": 2})
        cache.put("one", {"k": 3})
        assert (cache.all("one"), cache.all("two"), cache.all("three")) == ({"k": 3}, {"k": 2}, {})


def test_more_keys_than_a_statement_can_hold(tmp_path: Path) -> None:
    values = {f"key '{n}\"": n for n in range(3000)}
    with open_cache(tmp_path / "cache.db") as cache:
        cache.put("many", values)
        assert cache.get("many", values) == values
        cache.keep_only("many", list(values)[:2])
        assert cache.all("many") == dict(list(values.items())[:2])
        cache.keep_only("many", [])
        assert cache.all("many") == {}


def test_a_table_name_is_never_a_statement(tmp_path: Path) -> None:
    with open_cache(tmp_path / "cache.db") as cache:
        for name in ("a; DROP TABLE b", "a b", "a-b", "1"):
            with pytest.raises(ValueError, match=name):
                cache.all(name)


def fill(path: Path) -> None:
    with open_cache(path) as cache:
        cache.put("things", {f"key {n}": "x" * 100 for n in range(2000)})


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"this is no database" * 1000,
        lambda content: b"SQLite format 3\0" + b"\xff" * 5000,
        lambda content: b"\0" * len(content),
        lambda content: content[:20_000],  # half written
        lambda content: content[:18] + b"\x09\x09" + content[20:],  # a form of SQLite's that is still to come
        lambda content: content[:60] + (99).to_bytes(4, "big") + content[64:],  # a later nightdesk's
    ],
    ids=["text", "header", "zeros", "cut", "format", "form"],
)
def test_a_file_that_cannot_be_opened_is_begun_again(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "cache.db"
    fill(path)
    path.write_bytes(damage(path.read_bytes()))
    with open_cache(path) as cache:
        assert cache.all("things") == {}
        cache.put("things", {"a": 1})
    with open_cache(path) as cache:
        assert cache.all("things") == {"a": 1}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:8192] + os.urandom(len(content) - 8192),
        lambda content: content.replace(b'"xxx', b"\xff\xfe\xfd\xfc"),  # values that are no JSON
        lambda content: content.replace(b'"xxx', b"(xxx"),
    ],
    ids=["noise", "no text", "no JSON"],
)
def test_damage_that_shows_later_is_an_error_with_a_way_out(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "cache.db"
    fill(path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DeskError) as caught, open_cache(path) as cache:
        cache.all("things")
    assert caught.value.fix == "run the command again"
    with open_cache(path) as cache:
        assert cache.all("things") == {}
        cache.put("things", {"a": 1})
        assert cache.all("things") == {"a": 1}


def test_a_file_that_another_process_uses_is_not_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cache.db"
    fill(path)
    other = sqlite3.connect(path)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO things VALUES ('other', '1')")
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda path, timeout: real(path, timeout=0.01))  # 30 s in earnest
    with pytest.raises(DeskError, match="another nightdesk is writing"), open_cache(path) as cache:
        cache.put("things", {"mine": 1})
    other.commit()
    other.close()
    with open_cache(path) as cache:
        assert len(cache.all("things")) == 2001


def test_a_folder_in_the_way_is_an_error_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "cache.db").mkdir()
    with pytest.raises(DeskError, match="cannot be used"):
        Cache(tmp_path / "cache.db")


WRITER = """
import sys
from pathlib import Path
from nightdesk.base.cache import open_cache
with open_cache(Path(sys.argv[1])) as cache:
    for n in range(1, 1_000_000):
        cache.put("things", {f"key {m}": n for m in range(50)})
        print(n, flush=True)
"""


def test_a_killed_writer_leaves_whole_transactions(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            for _ in range(10):
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
        with open_cache(path) as cache:
            values = cache.all("things")
            assert len(values) == 50
            assert len(set(values.values())) == 1, "a put is there whole or not at all"


def test_two_readers_read_while_one_writes(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        with open_cache(path) as one, open_cache(path) as other:
            for _ in range(50):
                for reader in (one, other):
                    assert len(set(reader.all("things").values())) == 1
        writer.send_signal(signal.SIGKILL)


def test_a_signature_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    assert stat_signature(path) is None
    path.write_text("1")
    first = stat_signature(path)
    assert first == stat_signature(path)
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    (tmp_path / "new").write_text("2")
    os.utime(tmp_path / "new", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    (tmp_path / "new").replace(path)
    assert stat_signature(path) != first, "same size and time, another file"
