"""A score is a finite number or None, never NaN."""

import math

import pytest

from nightdesk.lab.scores import best, finite, gain


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "1.0", None, True, 1e300, 10**400])
def test_what_is_no_score(value: object) -> None:
    assert finite(value) is None


def test_a_score_knows_its_direction() -> None:
    assert gain(1.5, 1.25, lower_is_better=True) == 0.25
    assert gain(1.5, 1.25, lower_is_better=False) == -0.25
    assert best([None, 2.0, 1.0], lower_is_better=True) == 1.0
    assert best([None, 2.0, 1.0], lower_is_better=False) == 2.0
    assert best([None], lower_is_better=True) is None
