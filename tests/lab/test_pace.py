"""How far ahead to ask: from what answers and runs took."""

from collections.abc import Sequence

import pytest

from nightdesk.lab.drafting.pace import drafts_ahead, latest_runs, pays_for_keeps
from nightdesk.lab.experiments import Experiment
from tests.lab.nights import baseline, better, discarded


@pytest.mark.parametrize(
    ("places", "answers", "run_seconds", "ahead"),
    [
        (1, [], 60.0, 2),  # a guess
        (4, [], 60.0, 5),
        (4, [60.0], None, 5),  # nothing is known of the runs
        (1, [60.0], 60.0, 2),
        (1, [59.0, 61.0, 61.0], 60.0, 3),
        (4, [60.0, 60.0], 60.0, 5),
        (1, [0.0, 0.0], 60.0, 2),  # it answers at once: one to ask, and one that waits
        (1, [1, 1, 1, 600, 1, 1, 1, 600], 60.0, 11),  # every fourth is thought about for long
        (1, [1, 1, 1, 1, 1, 1, 1, 600], 60.0, 2),  # one odd answer
        (1, [5.0], 0.0, 2),
        (16, [3600.0] * 8, 1.0, 64),  # within bounds
    ],
)
def test_so_many_are_asked_ahead(places: int, answers: list[float], run_seconds: float | None, ahead: int) -> None:
    assert drafts_ahead(places, answers, run_seconds) == ahead


@pytest.mark.parametrize(
    ("experiments", "answers", "pays"),
    [
        ([], [], True),  # one of three, it is taken
        ([], [6.0], True),
        ([], [0.9], False),  # an answer is there before the place is free, or nearly
        ([discarded(1, 1.5), discarded(2, 1.5)], [6.0], True),  # no replicates
        ([discarded(1, 1.5, 1.6)], [6.0], False),
        ([discarded(1, 1.5, 1.6), better(2, 1.4, 1.4)], [6.0], True),
        ([better(n, 1.4, 1.4) for n in range(1, 4)] + [discarded(n, 1.5, 1.6) for n in range(4, 14)], [6.0], False),
    ],
)
def test_a_draft_for_the_case_of_a_keep_pays(
    experiments: Sequence[Experiment], answers: list[float], pays: bool
) -> None:
    assert pays_for_keeps([baseline(), *experiments], answers, 10.0) == pays


def test_the_latest_runs_are_those_that_count() -> None:
    runs = latest_runs([baseline(), discarded(1, 1.5), discarded(2, *[1.6] * 20)])
    assert len(runs) == 8
    assert runs[0] == {"wall_seconds": 36.0}
