"""Promoted answers: what passes the full check, what does not, and how a promotion ends."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import Page, parse_page
from nightdesk.wiki.answer_forms.chart import spec_faults, without_spec
from nightdesk.wiki.answer_forms.forms import file_form
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.building import Errand
from nightdesk.wiki.library import Shelved, read_page
from nightdesk.wiki.promoting import answer_called, check_answer, demote, promote, with_promotion
from nightdesk.wiki.writing import Evidence
from tests.desks import MUON, git
from tests.wiki.answer_forms.forms_asked import TODAY, compile_it, desk_with, formed

WHAT = "What is Muon?"
PATH = "wiki/answers/What is Muon.md"


@pytest.fixture(scope="module")
def filed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    desk = desk_with(tmp_path_factory.mktemp("promoting"), {"muon.md": MUON})
    compile_it(desk, Errand("ask", WHAT, lambda _: file_form(desk, formed(desk, "page", WHAT))))
    return desk


@pytest.fixture
def desk(filed: Desk, tmp_path: Path) -> Desk:
    shutil.copytree(filed.root, tmp_path / "desk", symlinks=True)
    return Desk(tmp_path / "desk")


def do_promote(desk: Desk, path: str = PATH) -> None:
    def act(_: object) -> list[str]:
        promote(desk, path, by="Ada", on=TODAY)
        return [path]

    compile_it(desk, Errand("page promote", path, act))


def page_of(desk: Desk, path: str = PATH) -> Page:
    return parse_page((desk.root / path).read_text(encoding="utf-8"))


def links_to_it(desk: Desk) -> list[str]:
    pages = (desk.wiki / "concepts").glob("*.md")
    return sorted(page.stem for page in pages if "- Answer: [[What is Muon]]" in page.read_text(encoding="utf-8"))


def test_a_promoted_answer_is_linked_to_until_it_is_taken_back(desk: Desk) -> None:
    before = {path: path.read_bytes() for path in (desk.wiki / "concepts").iterdir()}
    assert check_answer(desk, read_page(desk, PATH)).reasons == ()
    do_promote(desk)
    page = page_of(desk)
    assert page.value("status") == "promoted"
    assert page.value("promoted") == {"by": "Ada", "date": TODAY}
    assert not page.edited
    assert "Muon" in links_to_it(desk)
    assert git(desk.root, "status", "--porcelain") == ""
    compile_it(desk)
    assert page_of(desk) == page
    demote(desk, PATH)
    compile_it(desk)
    assert page_of(desk).value("status") == "verified"
    assert "promoted" not in page_of(desk).front
    assert {path: path.read_bytes() for path in (desk.wiki / "concepts").iterdir()} == before


Change = Callable[[str], str]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda body: body + "\nMuon is the best of all.\n", "has no citation"),
        (lambda body: body.replace("#^c", "#^c0"), "was not supplied"),
        (lambda body: body.replace("explained#", "forgotten#"), "was not supplied"),
        (lambda body: body.replace("an optimiser that", "no optimiser that"), "den"),
        (lambda body: body + "\nSee ([raw/muon.md](../../raw/muon.md), line 3).\n", "words of a text"),
        (lambda body: body + "\n![x](https://example.org/x.png)\n", "not allowed"),
        (lambda body: body + "\n```\nMuon runs nine steps.\n```\n", "code"),
        (lambda body: body + "\n```yaml\nchart:\n  points: []\n```\n", "points"),
        (lambda body: body + "\n<div>Muon runs nine steps.</div>\n", "HTML"),
        (lambda body: "", "says nothing"),
        (lambda body: body * 20_000, "longer"),
    ],
)
def test_what_does_not_pass_the_full_check(filed: Desk, change: Change, why: str) -> None:
    shelved = read_page(filed, PATH)
    changed = Shelved(PATH, Page(shelved.page.front, change(shelved.page.body)))
    assert any(why in reason for reason in check_answer(filed, changed).reasons)


def test_a_claim_that_somebody_made_up_bears_nothing(desk: Desk) -> None:
    source = desk.wiki / "sources/Muon, explained.md"
    text = source.read_text(encoding="utf-8")
    cited = next(iter(Statements(desk).claims_of("wiki/sources/Muon, explained.md")))
    source.write_text(text.replace("orthogonalises", "sharpens"), encoding="utf-8")
    assert cited
    reasons = check_answer(desk, read_page(desk, PATH)).reasons
    assert any("its id is not its own" in reason for reason in reasons)


def test_only_filed_answers_are_promoted(filed: Desk) -> None:
    with pytest.raises(DeskError, match="no filed answer"):
        answer_called(filed, "Muon")


def test_a_status_set_by_hand_is_held_to_the_same_check(desk: Desk) -> None:
    text = (desk.root / PATH).read_text(encoding="utf-8").replace("status: verified", "status: promoted # by me")
    wrong = text + "\nMuon needs 900 GB. [[Muon, explained#^c0000000000|1]]\n"
    (desk.root / PATH).write_text(wrong, encoding="utf-8")
    report = compile_it(desk)
    assert any("is promoted no longer" in note for note in report.notes)
    assert page_of(desk).value("status") == "unverified"
    assert links_to_it(desk) == []
    assert "promoted # by me" in git(desk.root, "log", "-p", "--", PATH)  # what a person wrote is in git


def test_a_promotion_ends_when_its_claims_do(desk: Desk) -> None:
    do_promote(desk)
    (desk.raw / "muon.md").write_text(MUON.replace("Muon is an optimiser that", "Muon is a method that"), "utf-8")
    assert any("has changed" in reason for reason in check_answer(desk, read_page(desk, PATH)).reasons)
    assert any("is promoted no longer" in note for note in compile_it(desk).notes)
    assert page_of(desk).value("status") == "unverified"
    assert links_to_it(desk) == []
    assert git(desk.root, "status", "--porcelain") == ""
    assert compile_it(desk).notes == []


def test_a_promotion_ends_with_an_open_contradiction_of_its_claims(desk: Desk) -> None:
    question = "What is a common learning rate for Muon?"
    path = file_form(desk, formed(desk, "page", question))[0]
    do_promote(desk, path)
    assert page_of(desk, path).value("status") == "promoted"
    (desk.raw / "other.md").write_text("# Other\n\nA common learning rate for Muon is 0.5.\n", encoding="utf-8")
    assert any("in a contradiction that is not decided" in note for note in compile_it(desk).notes)
    assert page_of(desk, path).value("status") == "verified"  # what it says still holds to its claims
    assert check_answer(desk, read_page(desk, path)).unsettled


def test_a_promoted_answer_is_evidence_and_is_cited_through_to_its_claims(desk: Desk) -> None:
    statements = Statements(desk).of_page(PATH)
    assert statements == ()
    do_promote(desk)
    passages = [statement.passage for statement in Statements(desk).of_page(PATH)]
    assert passages
    assert all(page == "Muon, explained" and claim.startswith("c") for p in passages for page, claim in p.cites)


def test_a_person_keeps_comments_and_keys() -> None:
    page = parse_page("---\ntype: answer\n# mine\nstatus: verified # so far\nown: 1\n---\nBody.\n")
    promoted = with_promotion(page, "promoted", {"by": "Ada", "date": TODAY})
    assert promoted.text == (
        "---\ntype: answer\n# mine\nstatus: promoted\npromoted:\n  by: Ada\n  date: 2026-11-23\nown: 1\n---\nBody.\n"
    )
    assert with_promotion(promoted, "verified", None).value("own") == 1
    bare = with_promotion(parse_page("---\ntype: answer\n---\n"), "promoted", {"by": "A", "date": TODAY})
    assert bare.value("promoted") == {"by": "A", "date": TODAY}


CLAIM = Evidence(
    "A", "c1", "The learning rate of Muon is 0.02.", "The learning rate of Muon is 0.02.", (), (), False, None
)
OTHER = Evidence("A", "c2", "AdamW needs 16 bytes.", "AdamW needs 16 bytes.", (), (), False, None)


@pytest.mark.parametrize(
    ("point", "unit", "why"),
    [
        ({"label": "Muon", "value": 0.02, "claims": ["A#^c1"]}, "", ""),
        ({"label": "AdamW", "value": 16, "claims": ["A#^c2"]}, "byte", ""),
        ({"label": "Muon", "value": 0.2, "claims": ["A#^c1"]}, "", "states 0.2"),
        ({"label": "AdamW", "value": 16, "claims": ["A#^c2"]}, "", "states 16"),  # another unit
        ({"label": "AdamW", "value": 0.02, "claims": ["A#^c1"]}, "", "speaks of 'AdamW'"),
        ({"label": "Muon", "value": 0.02, "claims": ["A#^c9"]}, "", "names no claim"),
        ({"label": "Muon", "value": 0.02, "claims": "c1"}, "", "names no claim"),
        ({"label": "Muon", "value": True, "claims": ["A#^c1"]}, "", "no number"),
        ({"label": "Muon", "value": float("nan"), "claims": ["A#^c1"]}, "", "no number"),
        ({"label": "", "value": 0.02, "claims": ["A#^c1"]}, "", "speaks of"),
        ("Muon", "", "names no claim"),
    ],
)
def test_each_point_of_a_spec_is_held_to_its_claim(point: object, unit: str, why: str) -> None:
    faults = spec_faults({"unit": unit, "points": [point, point]}, {"c1": CLAIM, "c2": OTHER})
    assert bool(faults) == bool(why)
    assert all(why in fault for fault in faults)


def test_a_block_that_is_no_spec_stays_for_the_check() -> None:
    body = "Text.\n\n```yaml\nchart: [\n```\n"
    assert without_spec(body) == (body, None)
