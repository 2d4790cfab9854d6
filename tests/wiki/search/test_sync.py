"""The index follows the files: what is new, changed, moved or gone, after a kill, beside readers, when damaged."""

import contextlib
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightdesk.base.lock import hold_lock
from nightdesk.wiki.search import search as search_module
from nightdesk.wiki.search import sync
from nightdesk.wiki.search.collection import Collection, Listing, list_folder
from nightdesk.wiki.search.search import bring_in_step, search
from nightdesk.wiki.search.store import Store
from nightdesk.wiki.search.sync import find_difference
from tests.wiki.search.vaults import found, put, vault


@pytest.fixture
def pages(tmp_path: Path) -> Collection:
    return vault(
        tmp_path, {"a.md": "alpha words\n", "b/b.md": "---\naliases: [second]\n---\nbeta words\n", "c.md": "words"}
    )


def dump(collection: Collection) -> list[tuple[object, ...]]:
    """Return all that the index holds, without ids."""
    with contextlib.closing(sqlite3.connect(collection.database)) as database:
        docs = database.execute(
            "SELECT f.folder, f.name, f.hash, d.title, d.type, d.tags, d.claim, k.columns FROM docs d "
            "JOIN files f ON f.id = d.file JOIN kept k ON k.id = d.id"
        ).fetchall()
        words = database.execute("SELECT word, docs FROM words").fetchall()
        names = database.execute("SELECT key FROM names").fetchall()
        terms = database.execute("SELECT count(*) FROM fts").fetchall()
        named = database.execute("SELECT count(*) FROM named").fetchall()
        counts = database.execute("SELECT key, value FROM facts WHERE key IN ('files', 'docs')").fetchall()
    assert dict(counts)["docs"] == str(len(docs))
    return sorted([*docs, *words, *names, *terms, *named, *counts], key=repr)


def test_what_is_new_changed_moved_or_gone_is_seen(pages: Collection) -> None:
    root = pages.root
    assert sorted(found(pages, "words")) == ["a", "b/b", "c"]
    put(root, "d/e/f.md", "gamma words")
    assert found(pages, "gamma") == ["d/e/f"]
    (root / "a.md").write_text("delta", encoding="utf-8")
    assert (found(pages, "alpha"), found(pages, "delta")) == ([], ["a"])
    (root / "b").rename(root / "moved")
    assert found(pages, "beta") == found(pages, "second") == ["moved/b"]
    (root / "d/e/f.md").unlink()
    assert found(pages, "gamma") == []
    (root / "moved/b.md").unlink()
    (root / "moved").rmdir()
    assert sorted(found(pages, "words")) == ["c"]


def test_changes_leave_the_same_index_as_a_new_one(pages: Collection) -> None:
    search(pages, "words")
    for text in ("other words", "alpha beta gamma", "学习 words", "alpha words"):
        put(pages.root, "a.md", text)
        put(pages.root, f"new {text}.md", "new")
        search(pages, "words")
        (pages.root / f"new {text}.md").unlink()
    search(pages, "words")
    changed = dump(pages)
    pages.database.unlink()
    search(pages, "words")
    assert dump(pages) == changed


def test_nothing_is_written_when_nothing_changed(pages: Collection) -> None:
    long_ago = time.time() - 1_000
    for file in [*pages.root.rglob("*"), pages.root]:
        os.utime(file, (long_ago, long_ago))
    time.sleep(0.06)  # a file changed this very moment is looked at again
    search(pages, "words")
    with contextlib.closing(Store(pages.database)) as store:
        assert find_difference(store, pages).is_empty


def test_a_touched_file_is_not_read_anew(pages: Collection) -> None:
    search(pages, "words")
    os.utime(pages.root / "a.md", (1, 1))
    before = dump(pages)
    with contextlib.closing(Store(pages.database)) as store:
        difference = find_difference(store, pages, thorough=True)
        assert sync.apply_difference(store, pages, difference) == 0
    assert dump(pages) == before


def test_a_large_collection_is_looked_through_folder_by_folder(
    pages: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(pages, "words")
    time.sleep(0.06)
    search(pages, "words")
    monkeypatch.setattr(sync, "SMALL", 1)
    monkeypatch.setattr(sync, "SECONDS_PER_FILE", 100)
    search(pages, "words")  # the look at every file that is due
    looked: list[str] = []

    def look(collection: Collection, folder: str) -> Listing | None:
        looked.append(folder)
        return list_folder(collection, folder)

    monkeypatch.setattr(sync, "list_folder", look)
    assert sorted(found(pages, "words")) == ["a", "b/b", "c"]
    assert looked == []
    put(pages.root, "b/new.md", "epsilon")  # the folder's own time tells
    assert found(pages, "epsilon") == ["b/new"]
    assert set(looked) == {"b"}
    time.sleep(0.06)
    search(pages, "words")
    (pages.root / "a.md").write_text("zeta", encoding="utf-8")  # in place: no folder tells, but the result does
    assert "a" not in found(pages, "words")
    assert found(pages, "zeta") == ["a"]
    (pages.root / "c.md").write_text("theta", encoding="utf-8")
    assert [hit.path for hit in search(pages, "theta", thorough=True).hits] == ["c.md"]


@pytest.mark.parametrize("harm", ["empty", "text", "cut", "scrambled", "other form", "no table"])
def test_a_damaged_index_is_made_anew(pages: Collection, harm: str) -> None:
    search(pages, "words")
    file = pages.database
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = file.read_bytes()
    if harm == "other form":
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("PRAGMA user_version=99")
    elif harm == "no table":
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("DROP TABLE kept")
        put(pages.root, "a.md", "alpha words again")
    else:
        harmed = {
            "empty": b"",
            "text": b"not a database" * 100,
            "cut": content[: len(content) // 2],
            "scrambled": content[:4096] + bytes(255 - byte for byte in content[4096:]),
        }[harm]
        file.write_bytes(harmed)
    assert sorted(found(pages, "words")) == ["a", "b/b", "c"]


def test_a_missing_folder_for_the_index_is_made_and_a_forbidden_one_is_done_without(tmp_path: Path) -> None:
    collection = vault(tmp_path, {"a.md": "alpha"})
    (tmp_path / "cache").write_text("a file where the folder should be", encoding="utf-8")
    assert found(collection, "alpha") == ["a"]


def test_what_cannot_be_read_does_not_hide_the_rest(pages: Collection) -> None:
    (pages.root / "bytes.md").write_bytes(b"words \xff\xfe")
    (pages.root / "broken.md").write_text("---\ntitle: [\n---\nwords here\n", encoding="utf-8")
    (pages.root / "gone.md").symlink_to(pages.root / "nowhere.md")
    put(pages.root, "deep.md", "---\n" + "a: " + "[" * 20_000 + "\n---\nwords deep")
    put(pages.root, "bomb.md", "---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\nwords bomb")
    assert sorted(found(pages, "words")) == ["a", "b/b", "bomb", "broken", "c", "deep"]


SCRIPT = """
import sys
from pathlib import Path
from nightdesk.wiki.search.collection import vault_collection
from nightdesk.wiki.search.search import search
collection = vault_collection(Path(sys.argv[1]), Path(sys.argv[2]))
print("ready", flush=True)
search(collection, "words")
"""


def test_a_kill_at_any_moment_leaves_an_index_that_the_next_search_completes(tmp_path: Path) -> None:
    collection = vault(tmp_path, {f"{n:03}.md": f"words number{n} " + "filling " * 300 for n in range(400)})
    for milliseconds in (5, 20, 40, 80, 140):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(collection.root), str(collection.database)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(milliseconds / 1_000)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert len(found(collection, "words", limit=1_000)) == 400
    after = dump(collection)
    collection.database.unlink()
    search(collection, "words")
    assert dump(collection) == after


def test_readers_beside_a_writer_see_whole_states(tmp_path: Path) -> None:
    collection = vault(tmp_path, {f"{n:02}.md": "twin" for n in range(40)})
    search(collection, "twin")
    code = (
        "import sys\nfrom pathlib import Path\nfrom nightdesk.wiki.search.collection import vault_collection\n"
        "from nightdesk.wiki.search.search import search\n"
        "c = vault_collection(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "assert all(len(search(c, 'twin', limit=100).hits) == 40 for _ in range(15))\n"
    )
    readers = [
        subprocess.Popen([sys.executable, "-c", code, str(collection.root), str(collection.database)]) for _ in range(2)
    ]
    for turn in range(10):
        put(collection.root, f"other {turn}.md", f"other words {turn}")
        assert len(found(collection, "other", limit=100)) == turn + 1
    assert [reader.wait() for reader in readers] == [0, 0]


def test_while_another_process_writes_a_search_answers_from_what_is_there(
    pages: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    search(pages, "words")
    monkeypatch.setattr(search_module, "_WAIT_SECONDS", 0.01)
    put(pages.root, "new.md", "omega words")
    with hold_lock(pages.database.with_suffix(".lock"), doing="testing"):
        results = search(pages, "words", limit=50)
        assert not results.complete
        assert len(results.hits) == 3
    assert found(pages, "omega") == ["new"]


def test_many_processes_make_the_same_index_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collection = vault(tmp_path, {f"{n}.md": f"words {n} 学习" for n in range(60)})
    monkeypatch.setattr(sync, "_LEAST_JOBS", 1)
    monkeypatch.setattr(sync, "_BATCH", 7)
    monkeypatch.setattr(sync, "_AT_ONCE", 20)
    with contextlib.closing(Store(None)) as store:
        assert bring_in_step(store, collection, jobs=2)
        assert store.lookup(["words"]) == {"words": 60}
    assert multiprocessing.active_children() == []
