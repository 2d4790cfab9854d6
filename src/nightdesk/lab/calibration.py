"""What the unchanged program's runs teach: how long a run takes, and what it needs beyond its budget.

The allowance is the time that a run may use beyond its budget, for starting, compiling and writing its result. It is
not asked of the program but measured: 1.5 times the most that the unchanged program needed beyond the budget, plus 5 %
of the budget, at least 2 seconds. A candidate whose program takes longer to start than that pays with its training.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean, median

from nightdesk.lab.budgets import Budget
from nightdesk.lab.judging import Run
from nightdesk.lab.programs import Program

LEAST_ALLOWANCE_SECONDS = 2.0
_MEASURES = {"cpu": "cpu_seconds", "wall": "wall_seconds"}


def allowance_seconds(program: Program, calm: Sequence[Mapping[str, float]]) -> float | None:
    """Return the allowance, given what was measured of the unchanged program's runs; None while there are none.

    A program in Karpathy's layout keeps his rule instead: it is killed at 10 minutes and not before.
    """
    budget = program.budget
    if budget.kind == "steps":
        return 0.0  # steps are counted by the program; the timeout ends one that does not
    if program.adopted:
        return max(0.0, program.timeout_seconds - budget.amount)
    overheads = [run[name] - budget.amount for run in calm if (name := _MEASURES[budget.kind]) in run]
    if not overheads:
        return None
    return max(LEAST_ALLOWANCE_SECONDS, 1.5 * max(0.0, *overheads) + 0.05 * budget.amount)


def expected_seconds(budget: Budget, latest: Sequence[Mapping[str, float]]) -> float | None:
    """Return the wall time that the next run will take, from the latest ones; else the budget's, None for steps."""
    walls = [run["wall_seconds"] for run in latest if "wall_seconds" in run]
    if walls:
        return median(walls)
    return None if budget.kind == "steps" else budget.amount


def mean_measured(runs: Sequence[Run]) -> dict[str, float]:
    """Return the mean of each metric over the runs that gave a score: what guards "of the baseline" refer to."""
    scored = [run.measured for run in runs if run.score is not None]
    names = dict.fromkeys(name for measured in scored for name in measured)
    return {name: fmean(measured[name] for measured in scored if name in measured) for name in names}
