"""Student's t: the tails that tables give."""

import math

import pytest

from nightdesk.lab.student import quantile, upper_tail


@pytest.mark.parametrize(
    ("tail", "degrees", "t"),
    [  # from printed tables of the t distribution
        (0.05, 1, 6.3138),
        (0.025, 1, 12.7062),
        (0.05, 4, 2.1318),
        (0.005, 4, 4.6041),
        (0.0005, 4, 8.6103),
        (0.01, 8, 2.8965),
        (0.025, 30, 2.0423),
        (0.05, 1000, 1.6464),
        (0.025, math.inf, 1.95996),
    ],
)
def test_tables(tail: float, degrees: float, t: float) -> None:
    assert quantile(tail, degrees) == pytest.approx(t, abs=5e-4)
    assert upper_tail(t, degrees) == pytest.approx(tail, rel=1e-3)
    assert upper_tail(-t, degrees) == pytest.approx(1 - tail, rel=1e-3)


def test_ends() -> None:
    assert upper_tail(0, 3) == 0.5
    assert upper_tail(math.inf, 3) == 0
    assert upper_tail(1e200, 3) == 0  # its square is infinite
    assert quantile(0.5, 3) == pytest.approx(0, abs=1e-9)
    assert quantile(0.9, 3) == -quantile(0.1, 3)
