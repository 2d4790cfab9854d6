"""Budgets, durations and sizes as people write them."""

import pytest

from nightdesk.lab.budgets import Budget, parse_budget, parse_memory


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("5m", Budget(300, "wall")),
        ("60s cpu", Budget(60, "cpu")),
        ("60 s CPU", Budget(60, "cpu")),
        ("2000 steps", Budget(2000, "steps")),
        ("2_000 steps", Budget(2000, "steps")),
        ("1 step", Budget(1, "steps")),
        ("1h30m", Budget(5400, "wall")),
        ("0.5m", Budget(30, "wall")),
        ("5", None),  # of what?
        ("5 minutes", None),
        ("0s", None),
        ("0 steps", None),
        ("-5m", None),
        ("30m1h", None),
        ("1m1m", None),
        ("999999h", None),
        ("", None),
        ("cpu", None),
    ],
)
def test_budgets(text: str, budget: Budget | None) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8 GB", 8 * 10**9),
        ("512MB", 512 * 10**6),
        ("1.5 gb", 1_500_000_000),
        ("8", None),
        ("8 GiB", None),
        ("0 GB", None),
    ],
)
def test_sizes(text: str, size: int | None) -> None:
    assert parse_memory(text) == size
