"""What a snapshot answers."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.wiki.catalogue.catalogue import Catalogue
from nightdesk.wiki.catalogue.keeper import Keeper
from nightdesk.wiki.library import find_page
from nightdesk.wiki.vault.extract import parse_target

FILES = {
    "wiki/index.md": "---\ntype: index\n---\n# Index\n\n[[Muon]] [[AdamW]] [[Notes]] [[C]] [[log]]\n",
    "wiki/log.md": "---\ntype: log\n---\n[[Muon]]\n",
    "wiki/names.md": "[[Muon]]\n",
    "wiki/concepts/Muon.md": (
        "---\ntype: concept\ntitle: Muon\naliases: [Muon optimizer, Shared]\ntags: [concept, Optimiser]\n"
        "category: '[[Optimisers (overview)|O]]'\nsummary: An  optimiser.\nstatus: verified\n---\n"
        "# Muon\n\nIt is quick. [[Notes#^c1|1]] [[AdamW]] [[AdamW#x]] [[Nowhere]] [r](../../raw/Notes.md) "
        "![[pic.png]] #new/tag\n"
    ),
    "wiki/concepts/AdamW.md": (
        "---\ndescription: Another.\naliases: Shared\n---\n# The AdamW\n\n[[Muon]] `[[C]]` `#no`\n"
    ),
    "wiki/concepts/C.md": "---\ntitle: C#\n---\n[[AdamW]] #1 #one #ONE\n",
    "wiki/sources/Notes.md": "---\ntype: source\n---\n[[Muon]] [[raw/Notes]] [[Idea]]\n",
    "wiki/sources/pic.png": "",
    "raw/Notes.md": "[[Muon]]",
    "raw/C.md": "",
    "text/AdamW.md": "",
    "ideas/Idea.md": "# An idea\n\n[[program]]\n",
    "lab/x/program.md": "# Learn more\n",
    "lab/x/README.md": "[[Muon]]\n",
    "lab/x/experiments/0001.md": "[[Muon]]\n",
    ".nightdesk/x.md": "[[Muon]]\n",
}


def write(root: Path, files: Mapping[str, str]) -> None:
    for n, (path, text) in enumerate(files.items()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
        os.utime(root / path, (1000 + n, 1000 + n))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("catalogue")
    write(root, FILES)
    return root


@pytest.fixture(scope="module")
def desk(root: Path) -> Catalogue:
    return Keeper(root, desk=Desk(root), cache_file=None).load()


def find(catalogue: Catalogue, target: str, source: str, style: str = "wiki") -> str | None:
    link = parse_target(target, style, embed=False)
    assert link is not None
    return catalogue.find(link, source)


def test_the_pages_of_a_desk_are_its_wiki_its_ideas_and_its_labs_programs(desk: Catalogue) -> None:
    others = {"wiki/sources/pic.png", "raw/Notes.md", "raw/C.md", "text/AdamW.md", "lab/x/README.md"}
    assert set(desk.entries) == set(FILES) - others - {"lab/x/experiments/0001.md", ".nightdesk/x.md"}


def test_an_entry_says_what_the_page_says(desk: Catalogue) -> None:
    muon = desk.entries["wiki/concepts/Muon.md"]
    assert (muon.title, muon.type, muon.summary, muon.status) == ("Muon", "concept", "An optimiser.", "verified")
    assert (muon.aliases, muon.category) == (("Muon optimizer", "Shared"), "Optimisers (overview)")
    assert muon.tags == ("concept", "Optimiser", "new/tag")
    assert muon.links == ("wiki/sources/Notes.md", "wiki/concepts/AdamW.md")
    assert muon.missing == ("Optimisers (overview)", "Nowhere")
    assert muon.changed == 1003.0
    assert (desk.entries["wiki/concepts/AdamW.md"].title, desk.entries["wiki/concepts/C.md"].tags) == (
        "The AdamW",
        ("one",),
    )
    assert desk.entries["wiki/concepts/AdamW.md"].summary == "Another."


def test_lists_are_entries_but_link_to_nobody(desk: Catalogue) -> None:
    assert desk.backlinks("wiki/concepts/Muon.md") == ("wiki/concepts/AdamW.md", "wiki/sources/Notes.md")
    assert desk.backlinks("wiki/concepts/C.md") == ()
    assert "wiki/concepts/C.md" in desk.entries["wiki/index.md"].links
    assert desk.backlinks("nothing.md") == ()


@pytest.mark.parametrize(
    ("target", "source", "style", "found", "why"),
    [
        ("Notes", "wiki/concepts/Muon.md", "wiki", "wiki/sources/Notes.md", "a page before a file of raw/"),
        ("raw/Notes", "wiki/concepts/Muon.md", "wiki", "raw/Notes.md", "which its path still finds"),
        ("../../raw/C.md", "wiki/concepts/Muon.md", "markdown", "raw/C.md", "from the page too"),
        ("pic.png", "wiki/concepts/Muon.md", "wiki", "wiki/sources/pic.png", "files of any kind"),
        ("readme", "wiki/concepts/Muon.md", "wiki", "lab/x/README.md", "what is no page is found as well"),
        ("../../../etc/passwd", "wiki/concepts/Muon.md", "markdown", None, "nothing out of the desk"),
        ("x", "wiki/concepts/Muon.md", "wiki", None, "nothing hidden"),
    ],
)
def test_links_lead_to_pages_first(
    desk: Catalogue, target: str, source: str, style: str, found: str | None, why: str
) -> None:
    assert find(desk, target, source, style) == found, why


NAMES = (
    *(
        "Muon",
        "muon",
        "wiki/concepts/Muon",
        "wiki/concepts/muon.md",
        "Muon optimizer",
        "[[Muon|x]]",
        "Muon#^c1",
        "C#",
        "C",
    ),
    *(
        "The AdamW",
        "Shared",
        "Nowhere",
        "",
        "An idea",
        "Learn more",
        "wiki",
        "/etc/passwd",
        "../raw/C",
        "concepts/Muon",
    ),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_finds_the_page_that_the_command_line_finds(desk: Catalogue, root: Path, name: str) -> None:
    try:
        found = find_page(Desk(root), name).path
    except DeskError:
        found = None
    # what the viewer knows beside: first headings, and pages that are not of the wiki
    others = {"The AdamW": "wiki/concepts/AdamW.md", "An idea": "ideas/Idea.md", "Learn more": "lab/x/program.md"}
    assert desk.named(name) == others.get(name, found)


def test_recent_pages_come_newest_first_without_lists(desk: Catalogue) -> None:
    assert [entry.path for entry in desk.recent(3)] == ["lab/x/program.md", "ideas/Idea.md", "wiki/sources/Notes.md"]
    assert len(desk.recent(99)) == len(desk.recent(501)) == len(desk.entries) - 3
    assert desk.recent(0) == desk.recent(-1) == ()
    assert [match.entry.path for match in desk.palette("  ", limit=1)] == ["lab/x/program.md"]


def test_the_neighbourhood_is_what_few_links_away_is(desk: Catalogue) -> None:
    near, links = desk.neighbourhood("wiki/concepts/C.md", depth=1, limit=99)
    assert near == {"wiki/concepts/C.md", "wiki/concepts/AdamW.md"}
    assert links == (("wiki/concepts/C.md", "wiki/concepts/AdamW.md"),)
    near, links = desk.neighbourhood("wiki/concepts/C.md", depth=2, limit=99)
    assert near == {"wiki/concepts/C.md", "wiki/concepts/AdamW.md", "wiki/concepts/Muon.md"}
    assert set(links) >= {
        ("wiki/concepts/Muon.md", "wiki/concepts/AdamW.md"),
        ("wiki/concepts/AdamW.md", "wiki/concepts/Muon.md"),
    }
    assert len(desk.neighbourhood("wiki/concepts/C.md", depth=9, limit=3)[0]) == 3
    assert "wiki/concepts/C.md" in desk.neighbourhood("wiki/index.md", depth=1, limit=99)[0], "a list that is asked for"
    assert desk.neighbourhood("nothing.md", depth=2, limit=9) == (frozenset(), ())


def test_of_a_vault_all_markdown_counts(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.md": "[[b]]", "deep/b.markdown": "[[a]]", "deep/index.md": "[[a]]", "index.md": "[[a]]", "c.txt": ""},
    )
    write(tmp_path, {"node_modules/x/y.md": "", ".obsidian/z.md": "", "wiki/set-aside/s.md": "[[a]]", "raw/a.md": ""})
    vault = Keeper(tmp_path, desk=None, cache_file=None).load()
    assert set(vault.entries) == {
        "a.md",
        "deep/b.markdown",
        "deep/index.md",
        "index.md",
        "wiki/set-aside/s.md",
        "raw/a.md",
    }
    assert vault.backlinks("a.md") == ("deep/b.markdown", "deep/index.md", "wiki/set-aside/s.md"), (
        "not the index of all"
    )


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match="is no folder"):
        Keeper(tmp_path / "none", desk=None, cache_file=None).load()
    assert Keeper(tmp_path, desk=None, cache_file=None).load().entries == {}
