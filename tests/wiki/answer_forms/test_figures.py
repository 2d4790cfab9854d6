"""Figures: no thing gets another's number, and no number another meaning."""

from decimal import Decimal

import pytest

from nightdesk.wiki.answer_forms.figures import by_series, claim_figures, number_of, place_of, row_figures, thing_of
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.statements import Statement

THINGS = (thing_of("Muon", {"Muon"}), thing_of("AdamW", {"AdamW", "Adam with decoupled weight decay"}))
ATTRIBUTES = (thing_of("Learning rate", {"Learning rate", "step size"}), thing_of("Matrix", {"Matrix", "matrices"}))


def passage(text: str) -> Passage:
    return Passage(text, "claim", "wiki/sources/A.md", 1, "", "A", "c0123456789", "raw/a.md", 0.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The learning rate of Muon is 0.02.", [("Muon", "Learning rate", "0.02")]),
        ("Muon has a learning rate of 0.02.", [("Muon", "Learning rate", "0.02")]),
        ("A step size of Muon is about 0.02.", [("Muon", "Learning rate", "about 0.02")]),
        # the value is in the clause of the one, not of the other
        (
            "A learning rate for the Muon matrices is 0.02, which is far above the usual one of AdamW.",
            [("Muon", "Learning rate", "0.02")],
        ),
        ("Muon runs five steps per update.", [("Muon", "step per update", "five steps per update")]),
        ("Muon runs five stages per update.", []),  # a rate is no count
        ("Muon runs five steps.", [("Muon", "step", "five steps")]),
        ("The learning rate of Muon is higher than the 0.001 of AdamW.", []),  # two things in one clause
        ("The learning rate of Muon is between 0.01 and 0.02.", []),  # two values
        ("The learning rate of Muon is not 0.5.", []),  # denied
        ("The learning rate of Muon is less than 0.5.", []),  # a bound
        ("In 2019 the matrices of Muon were studied.", []),  # a year is no amount
        ("Muon is an optimiser.", []),
        ("x" * 500 + " The learning rate of Muon is 0.02.", []),  # says too much
    ],
)
def test_what_a_statement_gives_a_thing(text: str, found: list[tuple[str, str, str]]) -> None:
    figures = claim_figures(passage(text), THINGS, ATTRIBUTES)
    assert [(figure.label, figure.what, figure.shown) for figure in figures] == found


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("135", (Decimal(135), "")),
        ("1,711", (Decimal(1711), "")),
        ("1e-5", (Decimal("1e-5"), "")),
        ("-3.5", (Decimal("-3.5"), "")),
        ("2.5 billion", (Decimal("2.5e9"), "")),
        ("10 %", (Decimal("0.1"), None)),
        ("12 to 14", None),
        ("SwiGLU", None),
        ("", None),
        ("12 (estimated)", None),
        ("NaN", None),
        ("1" * 100, None),
    ],
)
def test_a_cell_with_a_number(cell: str, value: tuple[Decimal, str | None] | None) -> None:
    found = number_of(cell)
    assert (found is None) == (value is None)
    if found and value:
        assert found[0] == value[0]
        assert value[1] is None or found[1] == value[1]


def test_columns_of_values_and_years_are_no_figures() -> None:
    cells = (("Setting", "momentum"), ("Usual value", "0.95"), ("Year", "2019"), ("Layers", "12"))
    figures = list(row_figures(Statement(passage("x"), "", cells)))
    assert [(figure.label, figure.what, figure.value, figure.over) for figure in figures] == [
        ("momentum", "Layers", Decimal(12), "Setting")
    ]


def test_units_are_never_mixed_and_what_two_sources_say_otherwise_is_left_out() -> None:
    rows = [
        (("Model", "A"), ("Memory", "2 GB")),
        (("Model", "B"), ("Memory", "500 MB")),
        (("Model", "C"), ("Memory", "12 s")),
        (("Model", "D"), ("Memory", "1 GB")),
        (("Model", "D"), ("Memory", "3 GB")),
        (("Model", "A"), ("Memory", "2000 MB")),
    ]
    series = by_series([f for cells in rows for f in row_figures(Statement(passage("x"), "", cells))])
    labels = {unit: [f.label for f in found] for (_, unit), found in series.items()}
    assert labels == {"byte": ["A", "B"], "s": ["C"]}


@pytest.mark.parametrize(("label", "place"), [("2019", 2019), ("10 million", 10_000_000), ("GPT-2", None), ("", None)])
def test_a_label_with_a_place_on_an_axis(label: str, place: int | None) -> None:
    assert place_of(label) == place
