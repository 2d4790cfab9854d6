"""The plot: it shows any night, and what it shows is what the ledger says."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.plotting import draw_progress, labelled, shown_range, title_of
from nightdesk.lab.summary import summarise
from tests.lab.nights import baseline, better, crashed, discarded, simpler

pytest.importorskip("matplotlib", reason="the extra lab is not installed")


def long_night(count: int) -> list[Experiment]:
    night = [baseline()]
    for number in range(1, count):
        score = 1.5 - number / 1000
        kinds = (better(number, score, title=f"A {number} -> $x$"), discarded(number, score + 0.1), crashed(number))
        night.append(kinds[number % 3])
    return night


@pytest.mark.parametrize(
    "night",
    [
        pytest.param([], id="nothing"),
        pytest.param([baseline()], id="baseline"),
        pytest.param([crashed(0, is_baseline=True)], id="crashed baseline"),
        pytest.param([baseline((0.0, 0.0, 0.0)), discarded(1, 0.0)], id="no spread at zero"),
        pytest.param([baseline(), simpler(1, 1.4), discarded(2, 1e14)], id="outlier"),
        pytest.param(long_night(1000), id="1000"),
    ],
)
@pytest.mark.parametrize("lower", [True, False])
def test_any_night_can_be_drawn(night: Sequence[Experiment], lower: bool, tmp_path: Path) -> None:
    summary = summarise(night, lower_is_better=lower)
    path = tmp_path / "progress.png"
    for _ in range(1 if len(night) > 100 else 2):
        before = path.read_bytes() if path.exists() else None
        draw_progress(summary, path, name="t", metric="$m_", lower_is_better=lower, sealed=True)
        assert before in (None, path.read_bytes())  # the same ledger, the same bytes
    picture = path.read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", picture[16:24])
    assert width > 1000
    assert height > 500


def test_the_title_counts_and_says_self_reported() -> None:
    summary = summarise([baseline(), better(1, 1.4), crashed(2), discarded(3, 2.0)], lower_is_better=True)
    assert title_of(summary, name="tiny", sealed=True) == "tiny 2026-11-23: 3 experiments, 1 kept, 1 crashed"
    assert "self-reported" in title_of(summary, name="tiny", sealed=False)


def test_outliers_do_not_flatten_the_rest_and_keeps_are_always_shown() -> None:
    night = [baseline(), *(discarded(n, 1.5 + n / 100) for n in range(1, 9)), discarded(9, 5e6), better(10, 0.5)]
    limits = shown_range(summarise(night, lower_is_better=True))
    assert limits is not None
    low, high = limits
    assert low < 0.5
    assert 1.58 < high < 10
    few = shown_range(summarise([baseline(), discarded(1, 1.6), discarded(2, 3e9)], lower_is_better=True))
    assert few is not None
    assert few[1] < 10


def test_labels_that_would_lie_over_each_other_are_left_out_the_smallest_gains_first() -> None:
    close = [baseline(), *(better(n, 1.5 - 0.001 * n) for n in range(1, 400)), better(400, 0.5, title="the large one")]
    keeps = summarise(close, lower_is_better=True).keeps
    chosen = labelled(keeps, width=401)
    assert 20 < len(chosen) < 60
    assert "the large one" in [point.title for point in chosen]
    assert labelled(keeps[:3], width=4) == keeps[:3]
