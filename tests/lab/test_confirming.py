"""The strict gate: fresh seeds, Welch and permutation, corrected for what was tried."""

import random

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.confirming import Held, compare, confirm, detectable_gain

BEFORE = [1.500, 1.505, 1.495, 1.502, 1.498]
BETTER = [1.480, 1.484, 1.477, 1.481, 1.479]
SAME = [1.501, 1.497, 1.503, 1.499, 1.500]


def test_welch_as_the_textbook_has_it() -> None:
    """Welch (1947) by hand: t = 2 / sqrt(2.5 / 5 + 10 / 5) with 5.88 degrees of freedom."""
    found = compare([1, 2, 3, 4, 5], [1, 3, 5, 7, 9], lower_is_better=False)
    assert found.gain == pytest.approx(2)
    assert found.p == pytest.approx(0.1269, abs=1e-3)
    assert [found.low, found.high] == pytest.approx([-1.889, 5.889], abs=5e-3)


def test_the_permutation_test_is_exact() -> None:
    assert compare(BEFORE, BETTER, lower_is_better=True).permutation_p == pytest.approx(1 / 252)
    assert compare([1.0, 1.0], [1.0, 1.0], lower_is_better=True).permutation_p == 1.0
    many = [float(n) for n in range(20)]
    assert compare(many, many, lower_is_better=True).permutation_p is None


def test_a_gain_holds_and_luck_does_not() -> None:
    found = confirm(BEFORE, BETTER, search_gain=0.03, tries=100, held_out=True)
    assert found.held is Held.YES
    assert found.confirmed.low > 0
    assert found.correction == "times 2 for confirmation 1 on this split"
    assert confirm(BEFORE, SAME, search_gain=0.03, tries=100, held_out=True).held is Held.NOT_SHOWN
    assert confirm(BETTER, BEFORE, search_gain=0.03, tries=100, held_out=True).held is Held.WORSE


def test_the_first_confirmation_holds_where_its_interval_lies_above_zero() -> None:
    rng = random.Random(3)
    for _ in range(300):
        after = [rng.gauss(1.494, 0.004) for _ in range(5)]
        found = confirm(BEFORE, after, search_gain=0.0, tries=9, held_out=True)
        assert (found.corrected_p <= 0.05) == (found.confirmed.low >= 0)


def test_what_the_search_saw_is_corrected_for_its_tries() -> None:
    free = confirm(BEFORE, BETTER, search_gain=0.03, tries=100, held_out=True)
    paid = confirm(BEFORE, BETTER, search_gain=0.03, tries=100, held_out=False)
    assert paid.corrected_p == pytest.approx(min(1.0, 100 * free.corrected_p))
    assert "times 100 tries" in paid.correction


def test_confirming_until_it_holds_is_paid_for() -> None:
    """20 confirmations of nothing on one split: any of them holds in at most 5 % of nights, up to chance."""
    rng, wrong = random.Random(5), 0
    for _ in range(150):
        for number in range(20):
            before, after = ([rng.gauss(0, 1) for _ in range(4)] for _ in range(2))
            found = confirm(before, after, search_gain=0, tries=1, held_out=True, confirmations_before=number)
            if found.held is Held.YES:
                wrong += 1
                break
    assert wrong / 150 <= 0.05 + 0.03


def test_runs_that_repeat_exactly() -> None:
    found = confirm([2.0, 2.0], [1.0, 1.0], search_gain=1.0, tries=5, held_out=True)
    assert (found.confirmed.low, found.confirmed.high, found.corrected_p) == (1.0, 1.0, 0.0)
    assert found.held is Held.YES
    assert confirm([2.0, 2.0], [2.0, 2.0], search_gain=0, tries=5, held_out=True).held is Held.NOT_SHOWN


def test_ablations_are_corrected_among_themselves() -> None:
    ablations = {"0003": BEFORE, "0007": [score + 0.0005 for score in BETTER], "0009": [1.48]}
    found = confirm(BEFORE, BETTER, search_gain=0.03, tries=9, held_out=True, ablations=ablations).ablations
    assert [found[name].held for name in ablations] == [Held.YES, Held.NOT_SHOWN, Held.NOT_SHOWN]
    first = found["0003"]
    assert first.comparison is not None
    assert first.corrected_p == pytest.approx(2 * first.comparison.p)
    assert found["0009"].comparison is None  # it ran once: nothing can be said


def test_what_cannot_be_compared() -> None:
    with pytest.raises(DeskError, match="at least two of each"):
        compare([1.0], [1.0, 2.0], lower_is_better=True)
    with pytest.raises(ValueError, match="finite"):
        compare([1.0, float("nan")], [1.0, 2.0], lower_is_better=True)


def test_more_seeds_show_less() -> None:
    assert detectable_gain(0.01, runs=10) < detectable_gain(0.01, runs=5) < detectable_gain(0.01, runs=3)
