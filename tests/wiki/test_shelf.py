"""What stands in wiki/: nightdesk's own pages and a person's are told apart, with and without the cache."""

from pathlib import Path

import pytest

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.pages import make_page
from nightdesk.wiki.shelf import Shelf, Standing, read_shelf

SOURCE = make_page({"type": "source", "sources": [{"path": "raw/a.md"}]}, "x\n", made_from="h1").text
CONCEPT = make_page({"type": "concept", "sources": ["[[A]]"]}, "x\n", made_from="h2").text


def put(root: Path, path: str, text: str | bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(text.encode() if isinstance(text, str) else text)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    put(tmp_path, "wiki/sources/A.md", SOURCE)
    put(tmp_path, "wiki/concepts/C.md", CONCEPT)
    put(tmp_path, "wiki/concepts/Edited.md", CONCEPT.replace("x\n", "y\n"))
    put(tmp_path, "wiki/Mine.md", "# Mine")
    put(tmp_path, "wiki/concepts/Broken.md", "---\na: [\n---\n")
    put(tmp_path, "wiki/Broken too.md", b"\xff")
    return Desk(tmp_path)


def look(desk: Desk, cache: Cache) -> Shelf:
    return read_shelf(desk, cache)


def test_pages_are_told_apart(desk: Desk) -> None:
    cache = Cache(desk.cache / "cache.db")
    for _ in range(2):  # once read, once remembered
        shelf = look(desk, cache)
        assert shelf.pages["wiki/sources/A.md"] == Standing("wiki/sources/A.md", "h1", False, "raw/a.md", None)
        assert shelf.pages["wiki/concepts/C.md"] == Standing("wiki/concepts/C.md", "h2", False, None, None)
        assert [path for path, page in shelf.pages.items() if page.edited] == [
            "wiki/Broken too.md",
            "wiki/Mine.md",
            "wiki/concepts/Broken.md",
            "wiki/concepts/Edited.md",
        ]
        assert shelf.source_names == {"raw/a.md": "A"}
        assert shelf.is_fresh("wiki/sources/A.md", "h1")
        assert not shelf.is_fresh("wiki/sources/A.md", "h2")
        assert not shelf.is_fresh("wiki/sources/Gone.md", "h1")
    cache.close()


def test_names_that_a_person_has_given_are_taken(desk: Desk) -> None:
    cache = Cache(desk.cache / "cache.db")
    assert look(desk, cache).foreign_names == ("Broken too", "Mine"), (
        "a broken page where nightdesk writes keeps its own"
    )
    cache.close()


def test_what_changes_is_seen(desk: Desk) -> None:
    cache = Cache(desk.cache / "cache.db")
    look(desk, cache)
    put(desk.root, "wiki/concepts/C.md", CONCEPT.replace("x\n", "z\n"))
    (desk.root / "wiki/Mine.md").unlink()
    put(desk.root, "wiki/New.md", "x")
    again = look(desk, cache)
    assert again.pages["wiki/concepts/C.md"].edited
    assert again.foreign_names == ("Broken too", "New")
    cache.close()
    fresh = Cache(desk.root / "other.db")
    assert look(desk, fresh) == again, "the cache changes no answer"
    fresh.close()


@pytest.mark.parametrize(
    "sources", ["", "sources: x\n", "sources: []\n", "sources: [x]\n", "sources: [{}]\n", "sources: [{path: 5}]\n"]
)
def test_a_source_page_without_a_source_has_no_raw_file(desk: Desk, sources: str) -> None:
    put(desk.root, "wiki/sources/A.md", f"---\ntype: source\n{sources}nightdesk: {{made_from: h, content: c}}\n---\n")
    cache = Cache(desk.cache / "cache.db")
    assert look(desk, cache).source_names == {}
    cache.close()
