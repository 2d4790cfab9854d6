"""Knobs: ranges that make sense for what a constant is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.lab.constants import Value, find_constants
from nightdesk.lab.knobs import Knob, key_of, make_knobs


def knob(line: str) -> Knob:
    return make_knobs(find_constants(line + "\n"))[0]


@pytest.mark.parametrize(
    ("line", "low", "high", "scale"),
    [
        ("MATRIX_LR = 0.04", 0.005, 0.32, "log"),
        ("BATCH = 64", 16, 256, "powers"),
        ("DEPTH = 8", 2, 32, "log"),
        ("WARMUP_RATIO = 0.0", 0, 1, "linear"),
        ("MOMENTUM = 0.95", 0.6, 0.99375, "one"),
        ("LR = 0.04  # from 0.01 to 0.1", 0.01, 0.1, "log"),
        ("DEPTH = 3  # from 1 to 6", 1, 6, "linear"),
        ("SHIFT = -2.0", -4, 0, "linear"),
        ("BETA2 = 0.95  # from 0.8 to 0.999", 0.8, 0.999, "one"),
        ("ROWS = 32768  # from 1024 to 40000", 1024, 40000, "log"),
    ],
)
def test_ranges(line: str, low: float, high: float, scale: str) -> None:
    found = knob(line)
    assert [found.low, found.high] == pytest.approx([low, high])
    assert found.scale == scale


@pytest.mark.parametrize(
    "line", ["SOFTCAP = 0.0", "LAYERS = 0", "OFFSET = -1", "TINY = 5e-324", "BETA = 0.9999999999999999"]
)
def test_no_range_can_be_told(line: str) -> None:
    assert make_knobs(find_constants(line + "\n")) == ()


@pytest.mark.parametrize(
    ("line", "moves"),
    [
        ("DEPTH = 8", (4, 16)),
        ("DEPTH = 1", (2,)),
        ("LR = 0.04", (0.02, 0.08)),
        ("MOMENTUM = 0.95", (0.975, 0.9)),
        ("TIED = True", (False,)),
        ("NORM = 'rms'  # rms | layer | none", ("layer", "none")),
        ("WARMUP_RATIO = 0.6", (0.3,)),  # 1.2 is no share
    ],
)
def test_moves(line: str, moves: tuple[Value, ...]) -> None:
    found = knob(line)
    assert found.moves(found.start) == moves


@given(
    st.floats(-0.5, 1.5),
    st.sampled_from(
        ["ROWS = 32768  # from 1024 to 40000", "LR = 3e-4", "BATCH = 64", "DEPTH = 3", "BETA = 0.95", "X_RATIO = 0.1"]
    ),
)
def test_a_proposed_value_is_in_its_range_and_keeps_its_place(unit: float, line: str) -> None:
    found = knob(line)
    value = found.value(unit)
    assert found.low <= float(value) <= found.high
    assert isinstance(value, int) == found.whole
    assert found.value(found.unit(value)) == value


def test_what_counts_as_the_same() -> None:
    assert key_of({"A": 1, "B": 2}) == key_of({"B": 2, "A": 1})
    assert len({key_of({"A": value}) for value in (1, 1.0, True)}) == 3


@pytest.mark.parametrize(
    ("line", "value", "fits"),
    [
        ("LR = 0.1", 3, True),
        ("LR = 0.1", "fast", False),
        ("LR = 0.1", True, False),
        ("LR = 0.1", float("nan"), False),
        ("NORM = 'a'  # a | b", "b", True),
        ("NORM = 'a'  # a | b", "c", False),
        ("NORM = 'a'  # a | b", None, False),
    ],
)
def test_what_a_ledger_may_say(line: str, value: object, fits: bool) -> None:
    assert knob(line).fits(value) == fits
