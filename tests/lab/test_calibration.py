"""What the unchanged program's runs teach."""

import pytest

from nightdesk.lab.budgets import Budget
from nightdesk.lab.calibration import allowance_seconds, expected_seconds, mean_measured
from nightdesk.lab.judging import Run
from nightdesk.lab.programs import parse_program

FILES = {"program.md", "train.py", "prepare.py"}


def program(budget: str, *, more: str = "") -> str:
    return f"---\nrun: python train.py\nedit: train.py\nmetric: x\nbudget: {budget}\n{more}---\n"


@pytest.mark.parametrize(
    ("budget", "used", "allowance"),
    [
        ("60s cpu", [61.0, 64.0], 1.5 * 4 + 3),  # the worst of the runs counts
        ("10s cpu", [10.1], 2.0),  # never less
        ("60s cpu", [5.0], 3.0),  # far below the budget: no overhead
        ("5m", [326.0, 321.0], 1.5 * 26 + 15),
        ("60s cpu", [], None),  # while it is being calibrated
    ],
)
def test_the_allowance(budget: str, used: list[float], allowance: float | None) -> None:
    name = "cpu_seconds" if budget.endswith("cpu") else "wall_seconds"
    found = allowance_seconds(parse_program(program(budget), files=FILES), [{name: value} for value in used])
    assert found == (None if allowance is None else pytest.approx(allowance))


def test_steps_need_none_and_karpathys_layout_keeps_its_rule() -> None:
    steps = parse_program(program("2000 steps", more="timeout: 10m\n"), files=FILES)
    assert allowance_seconds(steps, []) == 0.0
    assert allowance_seconds(parse_program("Beat it.\n", files=FILES), [{"wall_seconds": 310.0}]) == 300.0


def test_how_long_a_run_takes() -> None:
    assert expected_seconds(Budget(60.0, "cpu"), []) == 60.0
    assert expected_seconds(Budget(60.0, "cpu"), [{"wall_seconds": 70.0}, {"wall_seconds": 66.0}, {}]) == 68.0
    assert expected_seconds(Budget(2000.0, "steps"), []) is None


def test_means_are_of_runs_that_gave_a_score() -> None:
    runs = [Run(1.0, {"a": 1.0, "b": 5.0}), Run(2.0, {"a": 3.0}), Run(None, {"a": 99.0})]
    assert mean_measured(runs) == {"a": 2.0, "b": 5.0}
