"""The summary: counts, the running best, gains and rates."""

import pytest

from nightdesk.lab.summary import crash_kind, known_score, summarise
from tests.lab.nights import WALL, baseline, better, crashed, discarded, simpler

NIGHT = (
    baseline((1.50, 1.52, 1.48)),
    better(1, 1.40, 1.44, 1.42, worker="openai:m"),
    discarded(2, 1.39),
    crashed(3),
    simpler(4, 1.42, 1.43, 1.43, program="p2"),
    better(5, 1.30, worker="openai:m", program="p2"),
)


def test_counts_and_gains() -> None:
    summary = summarise(NIGHT, lower_is_better=True)
    assert [point.number for point in summary.keeps] == [1, 4, 5]
    assert (summary.count("discard"), summary.count("crash"), len(summary.candidates)) == (1, 1, 5)
    assert summary.baseline is not None
    assert summary.baseline.score == pytest.approx(1.50)
    assert summary.winner is not None
    assert summary.winner.number == 5
    assert summary.search_gain(lower_is_better=True) == pytest.approx(0.20)
    assert summary.noise is not None
    assert summary.noise.sd == pytest.approx(0.02)
    assert summary.runs == 12
    assert summary.hours == pytest.approx(12 * WALL / 3600)


def test_a_keep_is_known_by_its_replicates_and_the_baseline_by_all_its_runs() -> None:
    assert known_score(better(1, 1.40, 1.44, 1.42)) == pytest.approx(1.43)  # 1.40 it was picked for
    assert known_score(better(1, 1.40)) == pytest.approx(1.40)
    assert known_score(baseline((1.0, 2.0, 3.0))) == pytest.approx(2.0)
    assert known_score(discarded(1, 1.0, 2.0)) == pytest.approx(1.5)
    assert known_score(crashed(1)) is None


def test_the_running_best_never_gets_worse_and_a_discard_does_not_move_it() -> None:
    best = [point.running_best for point in summarise(NIGHT, lower_is_better=True).points]
    assert best == pytest.approx([1.50, 1.43, 1.43, 1.43, 1.43, 1.30])
    higher = (baseline((1.0, 1.0, 1.0)), better(1, 2.0), discarded(2, 9.0), simpler(3, 1.9, 1.9, 1.9))
    assert [p.running_best for p in summarise(higher, lower_is_better=False).points] == pytest.approx([1, 2, 2, 2])


def test_groups_are_by_worker_and_by_program_without_the_baseline() -> None:
    summary = summarise(NIGHT, lower_is_better=True)
    workers = {group.key: group for group in summary.workers}
    assert [group.key for group in summary.workers] == ["openai:m", "builtin"]  # who gained most comes first
    assert (workers["openai:m"].tried, workers["openai:m"].better, workers["openai:m"].kept_share) == (2, 2, 1.0)
    assert workers["openai:m"].gain == pytest.approx(0.07 + 0.13)
    assert workers["openai:m"].best_gain == pytest.approx(0.13)
    assert workers["openai:m"].gain_per_hour == pytest.approx(0.20 / (4 * WALL / 3600))
    assert (workers["builtin"].tried, workers["builtin"].crashed, workers["builtin"].simpler) == (3, 1, 1)
    assert (workers["builtin"].gain, workers["builtin"].best_gain) == (0.0, None)  # simpler is no improvement
    assert {group.key: group.tried for group in summary.programs} == {"p1": 3, "p2": 2}


def test_the_newest_tag_is_meant_unless_one_is_named() -> None:
    later = (baseline((9.0, 9.0, 9.0), number=6, tag="other"), discarded(7, 9.5, tag="other"))
    both = (*NIGHT, *later)
    assert summarise(both, lower_is_better=True).tag == "other"
    assert len(summarise(both, tag="2026-11-23", lower_is_better=True).points) == 6
    assert summarise(both, tag="none", lower_is_better=True).points == ()


def test_nothing_and_a_baseline_that_crashed_are_no_error() -> None:
    empty = summarise((), lower_is_better=True)
    assert (empty.points, empty.winner, empty.noise, empty.search_gain(lower_is_better=True)) == ((), None, None, None)
    alone = summarise((crashed(0, is_baseline=True),), lower_is_better=True)
    assert alone.candidates == ()
    assert alone.baseline is not None
    assert (alone.baseline.score, alone.winner) == (None, None)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("killed: used 72.3 s of CPU time, 60 s are allowed", "killed: used 8 s of CPU time, 6 s are allowed", True),
        ("killed: more than 4 GB of memory", "killed: more than 8 GB of memory", True),
        ("exit code 1", "exit code 2", False),  # they mean different things
        ("the model's logits are not finite", "exit code 1", False),
    ],
)
def test_crashes_of_one_kind_are_counted_together(first: str, second: str, same: bool) -> None:
    assert (crash_kind(first) == crash_kind(second)) is same
    assert len(crash_kind(first * 100)) <= 80


def test_many_kinds_of_crashes_are_bounded() -> None:
    many = [baseline(), *(crashed(n, f"kind {'x' * n}") for n in range(1, 31))]
    crashes = summarise(many, lower_is_better=True).crashes
    assert len(crashes) == 11
    assert crashes["others"] == 20
