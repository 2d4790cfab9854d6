"""Guards: limits on what a run prints besides its score."""

import pytest

from nightdesk.lab.guards import Guard, broken_guards, parse_guard


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("at most 4000", Guard("m", True, 4000)),
        ("At least .9", Guard("m", False, 0.9)),
        ("at  most 110% of the baseline", Guard("m", True, 110, of_baseline=True)),
        ("at least -1e-3", Guard("m", False, -0.001)),
        ("4000", None),
        ("at most", None),
        ("at most nan", None),
        ("at most 1e3 GB", None),
        ("<= 5", None),  # a bare > begins a block text in YAML, so that no form with signs is offered
    ],
)
def test_forms(text: str, guard: Guard | None) -> None:
    assert parse_guard("m", text) == guard


def test_what_breaks_a_guard() -> None:
    guards = (Guard("mb", True, 100), Guard("acc", False, 90, of_baseline=True))
    assert broken_guards(guards, {"mb": 100, "acc": 0.9}, {"acc": 1.0}) == ()
    assert broken_guards(guards, {"mb": 101, "acc": 0.8}, {"acc": 1.0}) == (
        "mb is 101, and must be at most 100",
        "acc is 0.8, and must be at least 0.9",
    )
    assert broken_guards(guards, {"acc": 1}, {"acc": 1}) == ("the run did not print mb, which must be at most 100",)
    assert "the baseline did not print acc" in broken_guards(guards, {"mb": 1, "acc": 1}, {})[0]
