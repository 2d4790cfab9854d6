"""The vital figures of a desk."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.status import read_status
from nightdesk.wiki.vitals import Vitals, in_lines, read_vitals
from tests.desks import make_desk, run


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_desk(tmp_path_factory.mktemp("vitals"))
    assert run(folder, "compile").code == 0
    return folder


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Desk:
    shutil.copytree(compiled, tmp_path / "desk", symlinks=True)
    assert run(tmp_path / "desk", "compile").code == 0  # files have other times now
    return Desk(tmp_path / "desk")


def look(desk: Desk) -> Vitals:
    return read_vitals(desk, read_status(desk), today=date(2026, 11, 23))


def test_a_fresh_desk(desk: Desk) -> None:
    vitals = look(desk)
    assert vitals.retention is None
    assert vitals.support.value == 1.0
    assert vitals.support.of > 5
    assert (vitals.covered.hits, vitals.covered.of) == (3, 3)
    assert vitals.words_per_claim is not None
    assert 5 < vitals.words_per_claim < 50
    assert (vitals.contradictions, vitals.stale, vitals.unverified, vitals.cost.calls) == (0, 0, 0, 0)
    told = dict(in_lines(vitals))
    assert told["retention"] == "not measured yet: nightdesk probe"
    assert vitals.to_json()["retention"] is None


def test_orphans_are_those_that_lint_finds(desk: Desk) -> None:
    (desk.wiki / "concepts" / "Lonely.md").write_text("---\ntype: note\ntitle: Lonely\n---\nAlone.\n", encoding="utf-8")
    found = run(desk.root, "lint", "--rule", "orphan", "--json").document["findings"]
    assert look(desk).orphans == len(found) >= 1
    page = next(desk.wiki.glob("concepts/M*.md"))
    page.write_text(page.read_text(encoding="utf-8") + "\nSee [[lonely|this]].\n", encoding="utf-8")
    assert look(desk).orphans == len(found) - 1


def test_a_sentence_without_a_citation_lowers_support(desk: Desk) -> None:
    before = look(desk).support
    page = desk.wiki / "concepts" / "Muon.md"
    text = page.read_text(encoding="utf-8")
    assert "\n# Muon\n" in text
    text = text.replace("\n# Muon\n", "\n# Muon\n\nI think that Muon is the best of all.\n", 1)
    page.write_text(text, encoding="utf-8")
    after = look(desk).support
    assert (after.hits, after.of) == (before.hits, before.of + 1)


def test_what_changed_since_is_stale(desk: Desk) -> None:
    with (desk.raw / "muon.md").open("a", encoding="utf-8") as file:
        file.write("\nMuon was published in 2024.\n")
    (desk.raw / "adam.md").unlink()
    (desk.raw / "new.md").write_text("# New\n\nNothing yet.\n", encoding="utf-8")
    assert look(desk).stale == 2, "a source without a page is not stale"
    own = desk.wiki / "old.md"
    own.write_text("---\ntype: note\nstale_after: 2026-11-22\n---\nOld.\n", encoding="utf-8")
    assert look(desk).stale == 3


def test_broken_and_strange_pages_are_no_obstacle(desk: Desk) -> None:
    (desk.wiki / "broken.md").write_text("---\ntitle: [\n---\nx\n", encoding="utf-8")
    (desk.wiki / "bytes.md").write_bytes(b"\xff\xfe\x00")
    (desk.wiki / "odd.md").write_text(
        "---\ntype: source\nwords: many\nclaims: true\n---\n" + "[[" * 50_000, encoding="utf-8"
    )
    vitals = look(desk)
    assert (vitals.covered.hits, vitals.covered.of) == (3, 3)


def test_the_command_shows_a_table(desk: Desk) -> None:
    ran = run(desk.root, "status")
    for label in ("retention", "support", "coverage", "orphans", "contradictions", "stale", "unverified", "cost"):
        assert f"\n{label} " in ran.out
    assert run(desk.root, "status", "--json").document["vitals"]["coverage"]["hits"] == 3
