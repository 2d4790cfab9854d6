import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.wiki.vault.extract import parse_target, read_record
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.vault.resolve import Places, Targets

FILES = (
    "Home.md",
    "Note.md",
    "deep/er/Note.md",
    "deep/Other note.md",
    "deep/er/Alone.md",
    "a/Twin.md",
    "b/Twin.md",
    "b/c/Twin.md",
    "v1.2 notes.md",
    "files/Picture.PNG",
    "files/data.csv",
    "Caf\u00e9.md",
    "docs/guide/index.md",
    "docs/setup.md",
)
FOLDERS = ("", "deep", "deep/er", "a", "b", "b/c", "files", "docs", "docs/guide")


def wiki(target: str) -> Link:
    link = parse_target(target, "wiki", embed=False)
    assert link is not None
    return link


def markdown(target: str) -> Link:
    link = parse_target(target, "markdown", embed=False)
    assert link is not None
    return link


@pytest.mark.parametrize(
    ("target", "source", "found", "why"),
    [
        ("alone", "Home.md", "deep/er/Alone.md", "a name alone is found anywhere, without case"),
        ("Alone.md", "Home.md", "deep/er/Alone.md", "with its ending too"),
        ("other NOTE", "Home.md", "deep/Other note.md", "blanks are part of a name"),
        ("Note", "Home.md", "Note.md", "an exact path comes first"),
        ("Note", "deep/er/Alone.md", "deep/er/Note.md", "but the page's own folder before it"),
        ("er/Note", "Home.md", "deep/er/Note.md", "the end of a path is enough"),
        ("r/Note", "Home.md", None, "but not the end of a folder's name"),
        ("Twin", "Home.md", "a/Twin.md", "of several the shortest path"),
        ("Twin", "b/Twin.md", "b/Twin.md", "or the one beside the page"),
        ("Twin", "b/c/Twin.md", "b/c/Twin.md", "or the one beside the page, further down"),
        ("v1.2 notes", "Home.md", "v1.2 notes.md", "a dot in a name is no ending"),
        ("picture.png", "Home.md", "files/Picture.PNG", "other files too"),
        ("picture", "Home.md", None, "only .md may be left out"),
        ("./Note", "deep/er/Alone.md", "deep/er/Note.md", "relative to the page"),
        ("../Other note", "deep/er/Alone.md", "deep/Other note.md", "one folder up"),
        ("../Alone", "deep/er/Note.md", None, "a relative path is not looked for elsewhere"),
        ("../../../Note", "deep/er/Note.md", None, "nor outside of the vault"),
        ("/Note", "deep/er/Alone.md", "Note.md", "from the vault's root"),
        ("Cafe\u0301", "Home.md", "Caf\u00e9.md", "Unicode forms are one"),
        ("#Heading", "deep/er/Note.md", "deep/er/Note.md", "the page itself"),
        ("Note%20x", "Home.md", None, "nothing is decoded in a wikilink"),
    ],
)
def test_a_wikilink_leads_where_obsidian_leads_it(target: str, source: str, found: str | None, why: str) -> None:
    assert Places(FILES, FOLDERS).find(wiki(target), source) == found, why


@pytest.mark.parametrize(
    ("target", "source", "found", "why"),
    [
        ("deep/Other%20note.md", "Home.md", "deep/Other note.md", "percent-encoding"),
        ("Other%20note", "Home.md", "deep/Other note.md", "found anywhere, as by a wikilink"),
        ("er/Alone.md", "deep/Other note.md", "deep/er/Alone.md", "below the page's own folder"),
        ("../files/data.csv?raw=true", "deep/Other note.md", "files/data.csv", "a query is no part of the path"),
        ("setup.html", "docs/guide/index.md", "docs/setup.md", "a page by its site's address"),
        ("../setup/", "docs/guide/index.md", "docs/setup.md", "a page by its site's folder"),
        ("guide/", "docs/setup.md", "docs/guide/index.md", "a folder by its index"),
        ("/guide/index.md", "docs/setup.md", "docs/guide/index.md", "the site's root is a folder of the vault"),
        ("/guide/", "docs/setup.md", "docs/guide/index.md", "with an address of it too"),
        ("/setup", "docs/guide/index.md", None, "but one name after the root is too little to go by"),
        ("missing.md", "Home.md", None, "what is not there"),
    ],
)
def test_a_markdown_link_is_decoded_and_may_be_a_sites_address(
    target: str, source: str, found: str | None, why: str
) -> None:
    assert Places(FILES, FOLDERS).find(markdown(target), source) == found, why


def test_a_markdown_link_may_lead_to_a_folder() -> None:
    places = Places(FILES, FOLDERS)
    assert places.is_folder(markdown("../files"), "deep/Other note.md")
    assert not places.is_folder(markdown("../fi"), "deep/Other note.md")
    assert not places.is_folder(wiki("files"), "Home.md")


PAGE = """# Part one: *first*

## Usage

## `code` & more!

# Part two

## Usage

## See [[Other|that]]

Text <a id="Anchor"></a> ^block-Id

## Custom {#my-id}

```
# Not this
^nor-this
```
"""


@pytest.mark.parametrize(
    ("fragment", "there", "why"),
    [
        ("Part one first", True, "marks and markup do not count"),
        ("part ONE: *first*", True, "nor does case, nor markup that is written along"),
        ("code & more!", True, "code in a heading is its text"),
        ("Part two#Usage", True, "a heading below another"),
        ("Usage#Part two", False, "in their order only"),
        ("Part one first#See that", False, "and only below it"),
        ("See that", True, "a link in a heading is the words that it shows"),
        ("See Other that", True, "or its marks taken for blanks"),
        ("Not this", False, "what is code is no heading"),
        ("^block-id", True, "a block, without case"),
        ("^nor-this", False, "no block in code"),
        ("^other", False, "no such block"),
        ("", True, "nothing after the #"),
        ("my-id", False, "an anchor is for Markdown links"),
    ],
)
def test_a_heading_or_block_is_found_as_obsidian_finds_it(fragment: str, there: bool, why: str) -> None:
    link = Link("wiki", False, "Page", fragment, 1, 1)
    assert Targets(read_record(PAGE.encode())).has(link) is there, why


@pytest.mark.parametrize(
    ("fragment", "there"),
    [
        ("part-one-first", True),
        ("code--more", True),
        ("usage-1", True),
        ("my-id", True),
        ("anchor", True),
        ("top", True),
        ("part-three", False),
    ],
)
def test_a_markdown_link_may_use_the_anchors_of_sites(fragment: str, there: bool) -> None:
    link = Link("markdown", False, "Page", fragment, 1, 1)
    assert Targets(read_record(PAGE.encode())).has(link) is there


PARTS = st.lists(st.sampled_from(("a", "b", "B", "caf\u00e9", "cafe\u0301")), max_size=3)
NAMES = st.sampled_from(("readme.md", "README.md", "a.md", "a", "a.markdown"))
PATHS = st.tuples(PARTS, NAMES).map(lambda parts: "/".join((*parts[0], parts[1])))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sets(PATHS, max_size=12), PATHS, st.lists(PATHS, max_size=4))
def test_many_files_of_a_name_are_found_as_few_are(files: set[str], source: str, targets: list[str]) -> None:
    few, many = Places(sorted(files), ()), Places(sorted(files), ())
    for target in targets:
        for written in (target, target.removesuffix(".md"), target.rpartition("/")[2], f"./{target}"):
            for link in (wiki(written), markdown(written)):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr("nightdesk.wiki.vault.resolve._CROWD", 0)
                    found = many.find(link, source)
                assert found == few.find(link, source)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sets(PATHS, max_size=9), st.sets(PATHS, max_size=4), PATHS, PATHS)
def test_places_that_changed_are_as_new_ones(files: set[str], others: set[str], source: str, target: str) -> None:
    before = Places(sorted(files), ())
    known = before.find(wiki(target), source)
    after = before.changed(files - others, others - files)
    for link in (wiki(target), markdown(target), wiki(target.rpartition("/")[2])):
        assert after.find(link, source) == Places(sorted(others), ()).find(link, source)
    assert before.find(wiki(target), source) == known
