"""How far ahead to ask for proposals, so that no place waits for one: from what answers and runs took so far."""

import math
from collections.abc import Sequence
from itertools import islice

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Decision

REMEMBERED = 8  # answers, or runs, that are looked at
_MOST = 64  # proposals ahead: they grow stale
_KEPT, _REPLICATED = 1, 3  # what is taken to have been seen before the first replicated candidate is judged
_LEAST_SHARE = 1 / 3  # of replicated candidates that end as keep, from which drafts for that case are made
_LEAST_ANSWER = 0.1  # of a run's time: what is answered faster is asked when it is known


def drafts_ahead(places: int, answers: Sequence[float], run_seconds: float | None) -> int:
    """Return how many proposals should be ready or asked for, given the seconds that the last answers and a run took.

    So many runs end while one question is answered, and one more waits. The second slowest answer counts: somebody
    who thinks long now and then is waited for, one odd answer is not.
    """
    if not answers or not run_seconds or run_seconds <= 0:
        return 1 + places
    slow = sorted(answers)[-2:][0]
    return min(_MOST, max(1, math.ceil(places * slow / run_seconds)) + 1)


def pays_for_keeps(experiments: Sequence[Experiment], answers: Sequence[float], run_seconds: float | None) -> bool:
    """Say whether a draft for the case that a candidate is kept is worth its price while that one is replicated."""
    if answers and run_seconds and sorted(answers)[-2:][0] <= _LEAST_ANSWER * run_seconds:
        return False
    decided = [e for e in experiments if e.verdict is not None and not e.is_baseline and len(e.counted_runs()) > 1]
    kept = sum(experiment.status == Decision.KEEP for experiment in decided)
    return (kept + _KEPT) / (len(decided) + _REPLICATED) >= _LEAST_SHARE - 1e-9


def latest_runs(experiments: Sequence[Experiment]) -> list[dict[str, float]]:
    """Return what was measured of the last runs that count."""
    runs = (run for experiment in reversed(experiments) for run in reversed(experiment.counted_runs()))
    return [dict(run.measured) for run in islice(runs, REMEMBERED)]
