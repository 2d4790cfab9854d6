"""A compile obeys names.md: by code and by an AI, without asking anybody again where only a name is another."""

import shutil
from pathlib import Path

import pytest

from nightdesk.base.pages import parse_page
from tests.desks import git, make_desk, snapshot
from tests.player import Player, broken, compile_here

RENAME = "- [[Muon optimizer]] is also: Muon\n"
SOURCE = "- [[The paper (2025)]] is the page of [raw/muon.md](../raw/muon.md)\n"
MERGE = "- [[AdamW]] is also: Weight decay\n"


@pytest.fixture(scope="module")
def by_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("code"))
    compile_here(desk, None)
    return desk


@pytest.fixture(scope="module")
def by_ai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("ai"))
    assert not compile_here(desk, Player()).problems
    return desk


@pytest.fixture
def desk(by_code: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(by_code, tmp_path / "desk"))


@pytest.fixture
def written(by_ai: Path, tmp_path: Path) -> Path:
    """Return a desk whose sources and pages are an AI's work."""
    return Path(shutil.copytree(by_ai, tmp_path / "desk"))


def decide(desk: Path, text: str) -> None:
    (desk / "wiki/names.md").write_text(text, encoding="utf-8")


def page(desk: Path, path: str) -> str:
    return (desk / "wiki" / f"{path}.md").read_text(encoding="utf-8")


def names(desk: Path) -> set[str]:
    return {path.stem for path in (desk / "wiki/concepts").glob("*.md")}


def test_a_concept_has_the_decided_name_everywhere_and_its_own_again_without_the_decision(desk: Path) -> None:
    before = snapshot(desk)
    decide(desk, RENAME)
    compile_here(desk, None)
    renamed = parse_page(page(desk, "concepts/Muon optimizer"))
    assert renamed.value("title") == "Muon optimizer"
    assert renamed.value("aliases") == ["Muon"]
    assert "Muon" not in names(desk)
    assert broken(desk) == []
    assert "[[Muon optimizer|Muon]] replaces AdamW" in page(desk, "concepts/AdamW"), "the words of the claim stay"
    (desk / "wiki/names.md").unlink()
    compile_here(desk, None)
    assert snapshot(desk) == before


def test_only_the_pages_that_a_decision_touches_are_made_anew(desk: Path) -> None:
    decide(desk, RENAME)
    before = snapshot(desk)
    report = compile_here(desk, None)
    for path in set(before) & set(snapshot(desk)):
        if snapshot(desk)[path] != before[path]:
            assert "Muon" in before[path].decode(), path
    assert report.published.removed == ["wiki/concepts/Muon.md"]
    assert compile_here(desk, None).published.touched == []


def test_two_concepts_become_one_with_the_claims_of_both(desk: Path) -> None:
    decide(desk, MERGE)
    compile_here(desk, None)
    text = page(desk, "concepts/AdamW")
    assert "Weight decay shrinks all weights a little at each step." in text
    assert "Also: Weight decay" in text
    assert broken(desk) == []


def test_claims_go_to_the_page_that_takes_them_and_the_others_stay(desk: Path) -> None:
    decide(desk, "- [[Steps (Muon)]] takes from [[Muon]]: ^c99762a0391\n")
    compile_here(desk, None)
    assert "five Newton-Schulz steps" in page(desk, "concepts/Steps (Muon)"), "one claim is enough for a wanted page"
    assert "five Newton-Schulz steps" not in page(desk, "concepts/Muon")
    assert "per update. [[Steps (Muon)]] ^c99762a0391" in page(desk, "sources/Muon, explained")
    assert broken(desk) == []


def test_a_source_has_the_decided_name_and_what_cites_it_follows(desk: Path) -> None:
    decide(desk, SOURCE)
    compile_here(desk, None)
    assert parse_page(page(desk, "sources/The paper (2025)")).value("aliases") == ["Muon, explained"]
    assert "[[The paper (2025)#^cf028dc18bc|1]]" in page(desk, "concepts/Muon")
    assert broken(desk) == []


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ("- [[Mine]] is also: Muon\n", 'a page of yours is called "Mine"'),
        ("- [[Notes on schedules]] is the page of [x](../raw/muon.md)\n", "another page is called"),
        ("- nonsense\n", "no decision about names"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(desk: Path, decision: str, told: str) -> None:
    (desk / "wiki/Mine.md").write_text("Mine.\n", encoding="utf-8")
    compile_here(desk, None)
    before = snapshot(desk)
    decide(desk, decision)
    report = compile_here(desk, None)
    assert [note for note in report.notes if "wiki/names.md, line 1" in note and told in note]
    assert {path: text for path, text in snapshot(desk).items() if path != "wiki/names.md"} == before


def test_no_ai_is_asked_where_only_names_are_others(written: Path) -> None:
    before = page(written, "concepts/Muon")
    player = Player()
    decide(written, RENAME + SOURCE)
    assert not compile_here(written, player).problems
    assert player.asked == []
    after = page(written, "concepts/Muon optimizer")
    assert "by: openai:stub" in after
    assert before.count("#^c") == after.count("#^c") > 3
    assert broken(written) == []
    shutil.rmtree(written / ".nightdesk")  # from the pages alone
    assert not compile_here(written, player).problems
    assert player.asked == []
    assert page(written, "concepts/Muon optimizer") == after
    (written / "wiki/names.md").unlink()
    compile_here(written, player)
    assert player.asked == []
    assert page(written, "concepts/Muon") == before


def test_a_merge_asks_for_the_joined_page_alone(written: Path) -> None:
    decide(written, MERGE)
    player = Player()
    assert not compile_here(written, player).problems
    asked = {asked.subject for asked in player.asked}
    assert "AdamW" in asked
    assert {"Muon", "Learning rate", "Warm-up", "Optimiser"}.isdisjoint(asked), "their claims are the same"
    assert broken(written) == []


def test_what_a_person_wrote_goes_along(desk: Path) -> None:
    path = desk / "wiki/concepts/Muon.md"
    path.write_text(page(desk, "concepts/Muon").replace("## Further", "Mine, on Muon.\n\n## Further"), encoding="utf-8")
    decide(desk, RENAME)
    report = compile_here(desk, None)
    text = page(desk, "concepts/Muon optimizer")
    assert "Mine, on Muon." in text
    assert text.count("# Muon optimizer\n") == 1
    assert parse_page(text).edited
    assert not path.exists()
    assert report.published.set_aside == []
    assert git(desk, "status", "--porcelain") == "?? wiki/names.md\n", "all but what a person is at is committed"


def test_what_a_person_wrote_on_a_page_that_is_joined_arrives_on_the_other(desk: Path) -> None:
    path = desk / "wiki/concepts/Weight decay.md"
    path.write_text(page(desk, "concepts/Weight decay") + "\nMine, on decay.\n\n- and a list\n", encoding="utf-8")
    decide(desk, MERGE)
    compile_here(desk, None)
    text = page(desk, "concepts/AdamW")
    assert "## From Weight decay\n\nMine, on decay.\n\n- and a list\n\n## Sources\n" in text
    assert not path.exists()
    (desk / "raw/notes.txt").write_text("AdamW is older than Muon. AdamW has two moments.\n", encoding="utf-8")
    compile_here(desk, None)
    assert "Mine, on decay." in page(desk, "concepts/AdamW"), "and stays when the page changes"
