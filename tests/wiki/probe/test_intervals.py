"""Shares and their intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.wiki.probe.intervals import Share


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Share(hits, of).interval == pytest.approx((low, high), abs=5e-4)


def test_of_nothing_nothing_is_known() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval is None
    assert str(Share(0, 0)) == "nothing measured"
    assert Share(0, 0).to_json() == {"hits": 0, "of": 0, "share": None, "interval": None}


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_share_lies_in_its_interval(hits: int, of: int) -> None:
    share = Share(min(hits, of), of)
    assert share.interval is not None
    assert share.value is not None
    assert 0 <= share.interval[0] <= share.value + 1e-9
    assert share.value - 1e-9 <= share.interval[1] <= 1
