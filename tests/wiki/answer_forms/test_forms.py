"""Forms of real answers: what each holds, what is filed beside the page, and what is not there to show."""

from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.answer_forms.forms import FORMS, NO_NUMBERS, NOTHING_TO_COMPARE, file_form
from nightdesk.wiki.claims import find_citations
from tests.desks import MUON
from tests.wiki.answer_forms.forms_asked import desk_with, formed
from tests.wiki.answer_forms.test_canvas import check

SIZES = """# Sizes of models

| Model | Parameters (millions) | Layers | Memory |
| --- | --- | --- | --- |
| Tiny-1 | 12 | 6 | 2 GB |
| Tiny-2 | 25 | 12 | 500 MB |
| Big-1 | 900 | 24 | slow |
"""
RATES_TEXT = "# Rates\n\nThe learning rate of Muon is 0.02. The learning rate of AdamW is 0.001.\n"
WHAT = "What is Muon?"
PARAMETERS = "How many parameters do the models Tiny-1 and Tiny-2 have?"
RATES = "What learning rates do Muon and AdamW use?"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk_with(tmp_path_factory.mktemp("forms"), {"muon.md": MUON, "sizes.md": SIZES, "rates.md": RATES_TEXT})


def test_a_comparison_of_pages_cites_in_each_cell(desk: Desk) -> None:
    made = formed(desk, "table", RATES)
    assert [row[0] for row in made.rows] == ["", "Muon", "AdamW"]
    at = [head.casefold() for head in made.rows[0]].index("learning rate")
    assert made.rows[1][at].startswith("0.02 [")
    assert made.rows[2][at].startswith("0.001 [")
    assert all("[" in cell for row in made.rows[1:] for cell in row[1:] if cell != "–")
    quotes = {reference.number: reference.quote for reference in made.reply.references}
    assert "0.02" in quotes[int(made.rows[1][at].split("[")[1].rstrip("]"))]
    cited = {citation.id for citation in find_citations(made.reply.body)}
    assert cited == {reference.claim for reference in made.reply.references}


def test_rows_of_a_sources_table_are_compared(desk: Desk) -> None:
    made = formed(desk, "table", PARAMETERS)
    assert made.rows == (("Model", "Parameters (millions)"), ("Tiny-1", "12 [1]"), ("Tiny-2", "25 [2]"))
    assert "(../../raw/sizes.md)" in made.reply.body


def test_a_chart_has_one_unit(desk: Desk) -> None:
    made = formed(desk, "chart", "How much memory do the models Tiny-1, Tiny-2 and Big-1 have?")
    assert made.chart is not None
    assert made.chart.unit == "byte"
    assert [(point["label"], point["value"]) for point in made.spec["points"]] == [
        ("Tiny-1", 2_000_000_000),
        ("Tiny-2", 500_000_000),
    ]
    claims = formed(desk, "chart", RATES)
    assert [(point["label"], point["value"]) for point in claims.spec["points"]] == [("Muon", 0.02), ("AdamW", 0.001)]
    assert all("#^c" in name for point in claims.spec["points"] for name in point["claims"])


@pytest.mark.parametrize(("form", "why"), [("table", NOTHING_TO_COMPARE), ("chart", NO_NUMBERS)])
def test_where_there_is_nothing_to_compare_or_draw_it_says_so(desk: Desk, form: str, why: str) -> None:
    for question in (WHAT, "Compare Muon and quantum gravity", "Who is the king of Norway?"):
        assert formed(desk, "table" if form == "table" else "chart", question).missing == why


def test_a_desk_that_does_not_know_has_it_in_no_form(desk: Desk) -> None:
    for form in FORMS:
        made = formed(desk, form, "Who is the king of Norway?")
        assert not made.reply.knows
        assert not made.text


def test_a_canvas_opens_the_pages_of_the_desk(desk: Desk) -> None:
    canvas = check(formed(desk, "canvas", WHAT).text)
    files = [node["file"] for node in canvas["nodes"] if node["type"] == "file"]
    assert files
    assert all((desk.root / file).is_file() for file in files)


def test_forms_are_filed_beside_the_page(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, {"muon.md": MUON, "rates.md": RATES_TEXT})
    mine = desk.wiki / "What is Muon (slides).md"
    mine.write_text("Mine.\n", encoding="utf-8")
    page = "wiki/answers/What is Muon.md"
    for _ in range(2):  # the same again: no second file
        assert file_form(desk, formed(desk, "slides", WHAT)) == [page, "wiki/answers/What is Muon (slides 2).md"]
        assert file_form(desk, formed(desk, "canvas", WHAT)) == [page, "wiki/answers/What is Muon.canvas"]
    assert mine.read_text(encoding="utf-8") == "Mine.\n"
    text = (desk.root / page).read_text(encoding="utf-8")
    assert "forms:\n- '[[What is Muon (slides 2)]]'\n- '[[What is Muon.canvas]]'\n" in text
    answers = sorted(path.name for path in (desk.wiki / "answers").iterdir())
    assert answers == ["What is Muon (slides 2).md", "What is Muon.canvas", "What is Muon.md"]


def test_a_chart_is_drawn_beside_its_page(desk: Desk) -> None:
    pytest.importorskip("matplotlib")
    page, picture = file_form(desk, formed(desk, "chart", RATES))
    before = (desk.root / picture).read_bytes()
    assert before.startswith(b"\x89PNG")
    body = (desk.root / page).read_text(encoding="utf-8")
    assert f"![[{Path(picture).name}]]" in body
    assert "```yaml\nchart:\n  kind: bar\n" in body
    file_form(desk, formed(desk, "chart", RATES))
    assert (desk.root / picture).read_bytes() == before
