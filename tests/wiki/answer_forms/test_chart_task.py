"""Charts that an AI chooses: each number is held to what it cites, and units are never mixed."""

import json
from typing import Any

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.answer_forms.chart import Chart
from nightdesk.wiki.answer_forms.chart_task import verify_chart
from nightdesk.wiki.answering.answerer import Desktop
from nightdesk.wiki.answering.asking import Given, gather
from nightdesk.wiki.answering.statements import Statements
from tests.desks import MUON
from tests.wiki.answer_forms.forms_asked import desk_with

RATES = (
    "# Rates\n\nThe learning rate of Muon is 0.02. The learning rate of AdamW is 0.003. AdamW needs 2 GB of memory.\n"
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Given, Statements]:
    desk: Desk = desk_with(tmp_path_factory.mktemp("task"), {"muon.md": MUON, "rates.md": RATES})
    desktop = Desktop(desk, "desk")
    try:
        looked = desktop.look("What learning rates and memory do Muon and AdamW need?")
        return gather(looked, desktop.statements), desktop.statements
    finally:
        desktop.close()


def cite(given: Given, words: str) -> str:
    found = next(e for e in given.write.evidence if words in e.statement and e.id.startswith("c"))
    return f"[[{found.page}#^{found.id}]]"


def point(given: Given, words: str, label: str, value: object) -> dict[str, Any]:
    return {"label": label, "value": value, "cites": cite(given, words)}


def test_a_spec_that_holds(asked: tuple[Given, Statements]) -> None:
    given, statements = asked
    points = [point(given, "of Muon is 0.02", "Muon", 0.02), point(given, "of AdamW is 0.003", "AdamW", 0.003)]
    made = verify_chart(given, statements, json.dumps({"kind": "line", "what": "Learning rate", "points": points}))
    assert made.reasons == ()
    assert isinstance(made.result, Chart)
    assert made.result.kind == "bar"  # its labels are no numbers
    assert [(p.label, str(p.value), p.passage.page) for p in made.result.points] == [
        ("Muon", "0.02", "Rates"),
        ("AdamW", "0.003", "Rates"),
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"value": 0.2}, "states 0.2"),
        ({"value": "0.02"}, "no number"),
        ({"value": True}, "no number"),
        ({"label": "AdamW"}, "speaks of"),
        ({"label": ""}, "speaks of"),
        ({"cites": "[[Rates#^c0000000000]]"}, "none of the claims"),
        ({"cites": ["Rates"]}, "none of the claims"),
    ],
)
def test_a_point_that_does_not_hold(asked: tuple[Given, Statements], change: dict[str, Any], why: str) -> None:
    given, statements = asked
    points = [
        point(given, "of Muon is 0.02", "Muon", 0.02) | change,
        point(given, "of AdamW is 0.003", "AdamW", 0.003),
    ]
    made = verify_chart(given, statements, json.dumps({"what": "Learning rate", "points": points}))
    assert made.result is None
    assert any(why in reason for reason in made.reasons)


@pytest.mark.parametrize(
    "hand_in",
    [
        "",
        "no JSON",
        "[1, 2]",
        "[" * 100_000,
        '{"points": 7}',
        '{"points": [1, 2]}',
        '{"points": [{"value": 1e999}, {}]}',
        '{"what": "x", "points": [null, []]}',
    ],
)
def test_what_is_no_spec(asked: tuple[Given, Statements], hand_in: str) -> None:
    made = verify_chart(*asked, hand_in)
    assert made.result is None
    assert made.reasons


def test_units_are_never_mixed(asked: tuple[Given, Statements]) -> None:
    given, statements = asked
    memory = point(given, "2 GB", "AdamW", 2)
    rate = point(given, "of Muon is 0.02", "Muon", 0.02)
    for unit in ("", "GB", "furlongs", "{}"):
        made = verify_chart(given, statements, json.dumps({"what": "All", "unit": unit, "points": [memory, rate]}))
        assert made.result is None


def test_there_may_be_nothing_to_draw(asked: tuple[Given, Statements]) -> None:
    made = verify_chart(*asked, '{"points": []}')
    assert made.result == ""
    assert made.accepted
