"""`nightdesk page`: rename, merge, split and suggestions, as a person calls them."""

import shutil
from pathlib import Path

import pytest

from nightdesk.base.pages import parse_page
from tests.desks import git, make_desk, run, snapshot
from tests.player import broken

MINE = """---
title: My notes
related: "[[Muon]]"
---
# My notes

[[Muon]], [[Muon#Further|more]], [x](../concepts/Muon.md), `[[Muon]]`, [[Muon, explained#^cf028dc18bc|1]].

## Part

Of [[#Part]] and [[AdamW]].
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("compiled"))
    assert run(desk, "compile").code == 0
    (desk / "wiki/mine").mkdir()
    (desk / "ideas").mkdir(exist_ok=True)
    (desk / "wiki/mine/My notes.md").write_text(MINE, encoding="utf-8")
    (desk / "ideas/An idea.md").write_text("On [[My notes#Part]] and [[muon]].\n", encoding="utf-8")
    path = desk / "wiki/concepts/Muon.md"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("## Further", "My words on [[Muon]].\n\n## Further"), encoding="utf-8")
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compiled, tmp_path / "desk"))


def text(desk: Path, path: str) -> str:
    return (desk / path).read_text(encoding="utf-8")


def test_a_rename_takes_links_edits_and_names_along_in_one_change(desk: Path) -> None:
    ran = run(desk, "page", "rename", "Muon", "Muon optimizer", "--json")
    assert ran.code == 0, ran.err
    assert ran.document["page"] == "wiki/concepts/Muon optimizer.md"
    assert ran.document["relinked"]["wiki/mine/My notes.md"] == 4
    mine = text(desk, "wiki/mine/My notes.md")
    assert 'related: "[[Muon optimizer|Muon]]"' in mine
    assert (
        "[[Muon optimizer|Muon]], [[Muon optimizer#Further|more]], [x](../concepts/Muon%20optimizer.md), `[[Muon]]`"
        in mine
    )
    assert "and [[Muon optimizer|muon]]." in text(desk, "ideas/An idea.md")
    page = text(desk, "wiki/concepts/Muon optimizer.md")
    assert "My words on [[Muon optimizer|Muon]]." in page
    assert parse_page(page).value("aliases") == ["Muon"]
    assert parse_page(page).edited
    assert [name for name in broken(desk) if "My notes" not in name] == []
    assert git(desk, "status", "--porcelain") == ""
    assert git(desk, "log", "-1", "--format=%s") == "page rename: Muon to Muon optimizer\n"
    assert "page rename \\| Muon to Muon optimizer" in text(desk, "wiki/log.md") or "page rename | Muon" in text(
        desk, "wiki/log.md"
    )
    before = snapshot(desk)
    assert run(desk, "compile").code == 0
    assert snapshot(desk) == before, "the next compile agrees"
    again = run(desk, "page", "rename", "Muon", "Muon optimizer")
    assert (again.code, "already" in again.err) == (2, True), "by its old name it is found, and nothing is to do"


def test_a_dry_run_shows_the_diff_and_does_nothing(desk: Path) -> None:
    before, head = snapshot(desk, but=()), git(desk, "rev-parse", "HEAD")
    ran = run(desk, "page", "rename", "Muon", "Muon optimizer", "--dry-run")
    assert ran.code == 0
    assert "--- a/wiki/concepts/Muon.md\n+++ /dev/null\n" in ran.out
    assert "+On [[My notes#Part]] and [[Muon optimizer|muon]].\n" in ran.out
    assert snapshot(desk, but=()) == before
    assert git(desk, "rev-parse", "HEAD") == head
    assert run(desk, "page", "rename", "Muon", "Muon optimizer").code == 0
    assert "+++ b/wiki/names.md" in ran.out


def test_a_source_and_a_page_of_ones_own_are_renamed(desk: Path) -> None:
    assert run(desk, "page", "rename", "Muon, explained", 'Muon: "the paper"').code == 0
    page = parse_page(text(desk, "wiki/sources/Muon the paper.md"))
    assert (page.value("title"), page.value("aliases")) == (
        'Muon: "the paper"',
        ['Muon: "the paper"', "Muon, explained"],
    )
    assert "[[Muon the paper#^cf028dc18bc|1]]" in text(desk, "wiki/mine/My notes.md")
    assert run(desk, "page", "rename", "My notes", "Our notes").code == 0
    ours = parse_page(text(desk, "wiki/mine/Our notes.md"))
    assert (ours.value("title"), ours.value("aliases")) == ("Our notes", ["My notes"])
    assert "[[Our notes#Part|My notes > Part]]" in text(desk, "ideas/An idea.md")
    assert broken(desk) == []


def test_a_merge_of_concepts_keeps_what_a_person_wrote_on_either(desk: Path) -> None:
    ran = run(desk, "page", "merge", "Muon", "AdamW")
    assert ran.code == 0, ran.err
    page = text(desk, "wiki/concepts/AdamW.md")
    assert "## From Muon\n\nMy words on [[AdamW|Muon]]." in page
    assert "five Newton-Schulz steps" in page
    assert not (desk / "wiki/concepts/Muon.md").exists()
    assert "[[AdamW|Muon]]" in text(desk, "wiki/mine/My notes.md")
    assert git(desk, "status", "--porcelain") == ""


def test_a_merge_of_ones_own_pages_joins_them(desk: Path) -> None:
    (desk / "wiki/Other.md").write_text("---\ntags: [b]\n---\nOther.\n\n## Part\n\nTheirs.\n", encoding="utf-8")
    assert run(desk, "page", "merge", "My notes", "Other").code == 0
    page = text(desk, "wiki/Other.md")
    assert page.index("Theirs.") < page.index("# My notes\n") < page.index("Of [[#My notes#Part|Part]]")
    assert "[x](concepts/Muon.md)" in page, "from its new folder"
    assert "[[Other#My notes#Part|My notes > Part]]" in text(desk, "ideas/An idea.md"), "Other has a Part too"
    assert parse_page(page).value("aliases") == ["My notes"]


def test_a_split_of_claims_and_of_a_section(desk: Path) -> None:
    assert run(desk, "page", "split", "Muon", "--into", "Steps", "--claims", "^c99762a0391").code == 0
    assert "five Newton-Schulz steps" in text(desk, "wiki/concepts/Steps.md")
    assert "My words on" in text(desk, "wiki/concepts/Muon.md")
    assert run(desk, "page", "split", "My notes", "--into", "The part", "--section", "Part").code == 0
    assert text(desk, "wiki/mine/The part.md") == "---\ntitle: The part\n---\n## Part\n\nOf [[#Part]] and [[AdamW]].\n"
    assert text(desk, "wiki/mine/My notes.md").endswith("\n\n[[The part]]\n")
    assert "[[The part#Part|My notes > Part]]" in text(desk, "ideas/An idea.md")
    assert broken(desk) == []


REFUSED = [
    (("rename", "Muon", "AdamW"), "is a name of wiki/concepts/AdamW.md already"),
    (("rename", "index", "X"), "itself keeps"),
    (("rename", "Optimiser (overview)", "X"), "rename the concept"),
    (("rename", "Muon", "a[b]"), "brackets"),
    (("rename", "Muon", "???"), "is no name"),
    (("rename", "Muon", "log"), "itself keeps"),
    (("merge", "Muon", "Muon"), "is both of the pages"),
    (("merge", "Muon, explained", "Notes on schedules"), "two sources stay two"),
    (("merge", "My notes", "Muon"), "your own page"),
    (("merge", "Muon"), "name two pages"),
    (("split", "Muon", "--into", "X"), "name either claims or a section"),
    (("split", "Muon", "--into", "X", "--claims", "^c0000000000"), "is no claim about Muon"),
    (("split", "Muon", "--into", "X", "--section", "Nowhere"), "no heading"),
    (("split", "Muon, explained", "--into", "X", "--section", "Claims"), "stays whole"),
]


@pytest.mark.parametrize(("args", "why"), REFUSED)
def test_what_is_not_clear_is_refused_in_a_line_and_changes_nothing(
    compiled: Path, args: tuple[str, ...], why: str
) -> None:
    before = snapshot(compiled, but=())
    ran = run(compiled, "page", *args)
    assert (ran.code, why in ran.err) == (2, True), ran.err
    assert ran.out == ""
    assert snapshot(compiled, but=()) == before


def test_a_page_of_two_folders_must_be_named_by_its_path(desk: Path) -> None:
    (desk / "wiki/My notes.md").write_text("x\n", encoding="utf-8")
    ran = run(desk, "page", "rename", "My notes", "X")
    assert (ran.code, "several pages" in ran.err) == (2, True)
    assert run(desk, "page", "rename", "wiki/My notes.md", "X").code == 0
    assert (desk / "wiki/X.md").exists()
    assert (desk / "wiki/mine/My notes.md").exists()


def test_suggestions_have_evidence(desk: Path) -> None:
    assert run(desk, "page", "merge", "--suggest").code == 2, "names alike are none"
    for name in ("Muon", "AdamW"):
        path = desk / f"wiki/concepts/{name}.md"
        page = path.read_text(encoding="utf-8").replace("tags:", "aliases:\n- The optimiser\ntags:", 1)
        path.write_text(page, encoding="utf-8")
    (suggestion,) = run(desk, "page", "merge", "--suggest", "--json").document
    assert {suggestion["page"], suggestion["into"]} == {"Muon", "AdamW"}
    assert "The optimiser" in suggestion["why"]


def test_a_rename_that_was_cut_off_is_done_by_the_same_command(desk: Path) -> None:
    """As after a kill between the links and the compile: names.md says it, the page is still where it was."""
    done = Path(shutil.copytree(desk, desk.parent / "done"))
    assert run(done, "page", "rename", "Muon", "Muon optimizer").code == 0
    shutil.copy(done / "wiki/names.md", desk / "wiki/names.md")
    assert run(desk, "page", "rename", "Muon", "Muon optimizer").code == 0
    names = ("wiki/names.md", "wiki/log.md")
    assert snapshot(desk, but=names) == snapshot(done, but=names)
