"""The shelf: nothing is overwritten, the same content stands once, names are safe on every system."""

import errno
import os
import threading
from pathlib import Path

import pytest

from nightdesk.sources.raw import Shelf, split_name


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_content_is_placed_byte_for_byte(tmp_path: Path) -> None:
    content = b"\xff\xfe\r\nold encoding\r\n\x00"
    placed = Shelf(tmp_path / "raw").place(content, folders=("a", "b"), stem="x", ending=".txt")
    assert placed.new
    assert files_in(tmp_path / "raw") == {"a/b/x.txt": content}


def test_a_file_is_copied_and_its_original_stays(tmp_path: Path) -> None:
    original = tmp_path / "big.bin"
    original.write_bytes(os.urandom(3_000_000))
    placed = Shelf(tmp_path / "raw").place(original, stem="big", ending=".pdf")
    assert placed.path.read_bytes() == original.read_bytes()


def test_the_same_content_stands_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "dropped by hand.md").write_bytes(b"words")
    shelf = Shelf(tmp_path)
    first = shelf.place(b"words", stem="other", ending=".md")
    assert (first.new, first.path.name) == (False, "dropped by hand.md")
    assert shelf.place(b"fresh", stem="other", ending=".md").new
    assert not shelf.place(b"fresh", stem="third", ending=".md").new, "what was placed just now is known as well"
    assert shelf.place(b"FRESH", stem="fourth", ending=".md").new, "the same size is not the same content"


@pytest.mark.parametrize(
    ("version", "names", "why"),
    [
        (None, ["a.md", "a (2).md", "a (3).md"], "a clash is counted"),
        ("2026-11-22", ["a.md", "a (2026-11-22).md", "a (2026-11-22) (2).md"], "a version is dated, then counted"),
    ],
)
def test_clashes(tmp_path: Path, version: str | None, names: list[str], why: str) -> None:
    shelf = Shelf(tmp_path)
    placed = [shelf.place(content, stem="a", ending=".md", version=version) for content in (b"1", b"2", b"3")]
    assert [one.path.name for one in placed] == names, why
    assert [one.path.read_bytes() for one in placed] == [b"1", b"2", b"3"]


@pytest.mark.parametrize(
    ("taken", "stem", "why"),
    [
        ("Notes.md", "notes", "one name where case does not count"),
        ("Cafe\u0301.md", "Caf\u00e9", "one name where the Unicode form does not count"),
        (".hidden.md", "hidden", "a hidden file takes no name: this one is free"),
    ],
)
def test_names_that_other_systems_hold_for_the_same(tmp_path: Path, taken: str, stem: str, why: str) -> None:
    (tmp_path / taken).write_bytes(b"old")
    placed = Shelf(tmp_path).place(b"new", stem=stem, ending=".md")
    assert placed.path.name == (f"{stem}.md" if taken.startswith(".") else f"{stem} (2).md"), why
    assert (tmp_path / taken).read_bytes() == b"old"


@pytest.mark.parametrize(
    ("folder", "made", "why"),
    [
        ("..", "untitled", "no way up"),
        (".git", "git", "not hidden, so that its sources are found"),
        ("a/b", "a b", "one folder is one name"),
        ("figures.assets", "figures assets", "else its files would be taken for images of a source"),
        ("page_files", "page files", "the same for what browsers save beside a page"),
        ("aux", "aux_", "a name that Windows keeps for itself"),
        ("x" * 300, "x" * 180, "names have a longest length"),
    ],
)
def test_folder_names(tmp_path: Path, folder: str, made: str, why: str) -> None:
    placed = Shelf(tmp_path).place(b"x", folders=(folder,), stem="a", ending=".md")
    assert placed.path == tmp_path / made / "a.md", why


def test_a_folder_in_other_spelling_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "Docs").mkdir()
    assert Shelf(tmp_path).place(b"x", folders=("docs",), stem="a", ending=".md").path == tmp_path / "Docs" / "a.md"


def test_a_folder_whose_name_a_file_has(tmp_path: Path) -> None:
    (tmp_path / "docs").write_bytes(b"a file")
    placed = Shelf(tmp_path).place(b"x", folders=("docs",), stem="a", ending=".md")
    assert placed.path == tmp_path / "docs (2)" / "a.md"


def test_a_linked_folder_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "raw" / "docs").symlink_to(tmp_path / "elsewhere")
    placed = Shelf(tmp_path / "raw").place(b"x", folders=("docs",), stem="a", ending=".md")
    assert placed.path == tmp_path / "raw" / "docs (2)" / "a.md"
    assert files_in(tmp_path / "elsewhere") == {}


def test_our_own_table_keeps_its_name(tmp_path: Path) -> None:
    assert Shelf(tmp_path).place(b"a\tb\n", stem="sources", ending=".tsv").path.name == "sources (2).tsv"


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    shelves = [Shelf(tmp_path) for _ in range(8)]  # each read raw/ while it was empty, as eight processes would
    start = threading.Barrier(8)

    def place(number: int) -> None:
        start.wait()
        shelves[number].place(f"content {number}".encode(), stem="same", ending=".md")

    threads = [threading.Thread(target=place, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(files_in(tmp_path).values()) == [f"content {number}".encode() for number in range(8)]


@pytest.mark.parametrize(("taken", "name"), [(False, "a.md"), (True, "a (2).md")])
def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: bool, name: str) -> None:
    def no_links(_source: Path, _target: Path) -> None:
        raise OSError(errno.EPERM, "not here")  # what exFAT answers; such a disk cannot be made in a test

    monkeypatch.setattr(os, "link", no_links)
    shelf = Shelf(tmp_path)
    shelf.place(b"first", stem="first", ending=".md")
    if taken:
        (tmp_path / "a.md").write_bytes(b"came in after the folder was read")
    placed = shelf.place(b"new", stem="a", ending=".md")
    assert (placed.path.name, placed.path.read_bytes()) == (name, b"new")
    assert len(files_in(tmp_path)) == (3 if taken else 2)


def test_a_failed_copy_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Shelf(tmp_path / "raw").place(tmp_path / "gone.md", stem="a", ending=".md")
    assert files_in(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "parts", "why"),
    [
        ("a.md", ("a", ".md"), "plain"),
        ("a.tar.gz", ("a.tar", ".gz"), "the last ending counts"),
        ("README", ("README", ""), "none"),
        (".hidden", (".hidden", ""), "a dot at the start is no ending's"),
        ("...", ("...", ""), "only dots"),
        ("1706.03762", ("1706", ".03762"), "what looks like one; whether it is known is for others to say"),
        ("A. Author and B. Author", ("A. Author and B. Author", ""), "an ending has no spaces"),
        ("a.mdééé", ("a.mdééé", ""), "and is ASCII"),
    ],
)
def test_split_name(name: str, parts: tuple[str, str], why: str) -> None:
    assert split_name(name) == parts, why
