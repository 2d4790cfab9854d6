"""Pages on disk are found by what people call them."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.library import find_page, page_paths, read_page, stays_within, stray_paths

FILES: dict[str, str | bytes] = {
    "wiki/index.md": "# Index",
    "wiki/sources/Muon, explained.md": "---\ntitle: 'Muon: explained'\naliases: [ME, M#1]\n---\n",
    "wiki/concepts/C.md": "---\ntitle: C#\naliases: The language\n---\n",
    "wiki/concepts/Straße.md": "x",
    "wiki/concepts/A.md": "---\naliases: [Twice, README.md]\n---\n",
    "wiki/concepts/B.md": "---\naliases: [twice, 5, null]\n---\n",
    "wiki/concepts/Broken.md": "---\ntitle: [\n---\n",
    "wiki/concepts/Latin.md": b"caf\xe9",
    "wiki/set-aside/Muon (new version).md": "---\ntitle: Aside\n---\n",
    "wiki/.trash/Gone.md": "x",
    "wiki/.hidden.md": "x",
    "wiki/picture.png": b"\x89PNG",
    "raw/Raw.md": "x",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content.encode() if isinstance(content, str) else content)
    (tmp_path / "wiki/folder.md").mkdir()
    return Desk(tmp_path)


def test_every_page_is_listed_and_nothing_else(desk: Desk) -> None:
    hidden = ("wiki/set-aside/", "wiki/.", "raw/", "wiki/picture")
    assert list(page_paths(desk)) == sorted(path for path in FILES if not path.startswith(hidden))
    assert list(page_paths(Desk(desk.root / "no desk"))) == []


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("Muon, explained", "Muon, explained"),
        ("muon, EXPLAINED", "Muon, explained"),
        ("[[Muon, explained|shown]]", "Muon, explained"),
        ("[[Muon, explained#Heading]]", "Muon, explained"),
        ("wiki/sources/Muon, explained.md", "Muon, explained"),
        ("wiki/sources/Muon, explained", "Muon, explained"),
        ("Muon, explained.md", "Muon, explained"),
        ("Muon: explained", "Muon, explained"),
        ("me", "Muon, explained"),
        ("M#1", "Muon, explained"),
        ("C#", "C"),
        ("C# ", "C"),
        ("the LANGUAGE", "C"),
        ("STRASSE", "Straße"),
        ("readme.md", "A"),
        ("5", "B"),
        ("index", "index"),
    ],
)
def test_pages_are_found(desk: Desk, wanted: str, name: str) -> None:
    assert find_page(desk, wanted).name == name


@pytest.mark.parametrize(
    ("wanted", "said", "fix"),
    [
        ("Muon, explaned", 'no page is called "Muon, explaned"', 'is it "Muon, explained"?'),
        ("zzzzzzzzzzz", "no page is called", "see wiki/index.md"),
        ("Twice", 'several pages are called "Twice": wiki/concepts/A.md, wiki/concepts/B.md', "name one by its path"),
        ("Aside", "no page is called", None),
        ("None", "no page is called", None),
        ("../raw/Raw", "no page is called", None),
        ("Broken", "wiki/concepts/Broken.md: the frontmatter is not valid YAML", "mend it by hand"),
        ("Latin", "wiki/concepts/Latin.md is not UTF-8 text", "save it as UTF-8"),
    ],
)
def test_what_is_not_found_is_an_error(desk: Desk, wanted: str, said: str, fix: str | None) -> None:
    with pytest.raises(DeskError) as caught:
        find_page(desk, wanted)
    assert said in caught.value.message
    assert fix is None or caught.value.fix == fix


def test_a_page_that_is_gone_is_an_error(desk: Desk) -> None:
    with pytest.raises(DeskError, match="cannot be read"):
        read_page(desk, "wiki/concepts/Gone.md")


def test_a_link_out_of_the_wiki_is_no_page(desk: Desk, tmp_path: Path) -> None:
    """What a page says goes to agents and models: a link must not make a page of a file of the person's."""
    secret = tmp_path / "raw/Raw.md"
    leaks = {"wiki/concepts/Leak.md": secret, "wiki/Up.md": Path("../raw/Raw.md"), "wiki/Self.md": Path("Self.md")}
    leaks["wiki/concepts/Within.md"] = tmp_path / "wiki/concepts/C.md"
    for path, target in leaks.items():
        (tmp_path / path).symlink_to(target)
    (tmp_path / "wiki/folder").symlink_to(tmp_path / "raw")
    found = list(page_paths(desk))
    assert [path for path in leaks if path in found] == ["wiki/concepts/Within.md"]
    assert not [path for path in found if path.startswith("wiki/folder/")]
    assert list(stray_paths(desk)) == ["wiki/Up.md", "wiki/concepts/Leak.md"]
    assert (stays_within(desk, "wiki/Up.md"), stays_within(desk, "wiki/index.md")) == (False, True)
    for wanted in ("Leak", "wiki/Up.md", "[[up]]"):
        with pytest.raises(DeskError, match="leads out of the wiki"):
            find_page(desk, wanted)
    assert find_page(desk, "Within").page.value("title") == "C#"


def test_a_page_is_found_before_a_link_of_its_name(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "wiki/answers").mkdir()
    (tmp_path / "wiki/answers/C.md").symlink_to(tmp_path / "raw/Raw.md")
    assert find_page(desk, "C").path == "wiki/concepts/C.md"
