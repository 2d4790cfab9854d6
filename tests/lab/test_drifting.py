"""Drift: what the runs of one program have in common with time, told apart from luck."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.lab.experiments import Experiment, parse_experiment, render_experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.drifting import Drift, Form, Timed, drift_line, drift_of, unchanged_runs
from nightdesk.lab.programs import parse_program
from nightdesk.lab.reporting import render_report
from nightdesk.lab.summary import summarise
from tests.lab import nights

RUNS = 5  # of the baseline, at the beginning


def night(seed: int, *, again: int = 20, step: float = 0.0, trend: float = 0.0, programs: int = 3) -> list[list[Timed]]:
    """Return the runs of unchanged programs with a noise of 1: some at first, then one every half an hour."""
    luck = random.Random(seed)
    groups: list[list[Timed]] = [[] for _ in range(programs)]
    times = [0.01 * n for n in range(RUNS)] + [0.5 * n for n in range(1, again + 1)]
    for n, time in enumerate(times):
        which = 0 if n < RUNS else n % programs
        drift = (step if time > 4 else 0.0) + trend * time
        groups[which].append((time, 100.0 * which + luck.gauss(0, 1) + drift))
    return groups


def test_luck_is_seldom_taken_for_drift() -> None:
    found = [drift_of(night(seed, again=8)) for seed in range(400)]
    assert sum(drift is not None for drift in found) <= 12  # 1 % is what is asked for


@pytest.mark.parametrize(
    ("drifts", "form", "change", "hours"),
    [({"step": 3.0}, Form.STEP, 3.0, 4.0), ({"trend": -0.5}, Form.TREND, -5.0, 10.0)],
)
def test_a_real_drift_is_found_with_its_form_and_its_size(
    drifts: dict[str, float], form: Form, change: float, hours: float
) -> None:
    found = [drift for seed in range(20) if (drift := drift_of(night(seed, **drifts))) is not None]  # type: ignore[arg-type]
    assert len(found) >= 18
    right = [drift for drift in found if drift.form is form]
    assert len(right) >= 13
    assert sum(d.change for d in right) / len(right) == pytest.approx(change, abs=0.8)
    assert sum(d.hours for d in right) / len(right) == pytest.approx(hours, abs=1.0)


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ([], "nothing ran"),
        ([[(0.0, 1.0)]], "one run"),
        ([[(float(n), 5.0) for n in range(10)]], "no noise and no drift"),
        ([[(0.0, 1.0 + n % 2) for n in range(10)]], "all at one time"),
        ([[(float(n), float(n))] for n in range(10)], "each program ran once: a better program is no drift"),
        ([[(0.0, 1.0), (1.0, 9.0), (2.0, 9.0)]], "too few to tell the noise by"),
    ],
)
def test_nothing_is_said_where_nothing_can_be_known(groups: list[list[Timed]], why: str) -> None:
    assert drift_of(groups) is None, why


def test_a_metric_without_noise_that_moves_once_has_drifted() -> None:
    drift = drift_of([[(float(n), 5.0 if n < 4 else 6.0) for n in range(8)]])
    assert drift == Drift(Form.STEP, 1.0, 3.5, 0.0, 8)


def test_weeks_of_runs_are_looked_at_in_a_bounded_number_of_places() -> None:
    drift = drift_of(night(1, again=2000, trend=0.01, programs=50))
    assert drift is not None
    assert drift.runs == 2005


def with_times(experiment: Experiment, hours: list[float], hardware: str = "") -> Experiment:
    """Return an experiment whose runs ended at these hours of the day."""
    runs = [
        replace(record, ended=f"2026-11-23T{int(hour):02}:{round(hour % 1 * 60):02}:00Z", hardware=hardware)
        for record, hour in zip(experiment.runs, hours, strict=True)
    ]
    return replace(experiment, runs=tuple(runs))


def drifted_night() -> list[Experiment]:
    """Return a ledger in which the machine became slower at noon."""
    before, after = [1.50, 1.51, 1.49, 1.50, 1.505], [1.60, 1.61, 1.595]
    baseline = with_times(nights.baseline([*before, *after]), [1, 3, 7, 10.5, 12, 12.5, 14, 15])
    kept = with_times(nights.better(1, 1.2, 1.30, 1.31, 1.41, 1.40), [2, 8, 11, 16, 17])
    return [baseline, kept, with_times(nights.discarded(2, 9.9, 9.9), [5, 6])]


def test_the_ledger_tells_of_drift_without_the_runs_that_were_picked() -> None:
    groups = unchanged_runs(drifted_night(), hardware="")
    assert [[score for _, score in group] for group in groups][1] == [1.30, 1.31, 1.41, 1.40]
    drift = drift_of(groups)
    assert drift is not None
    assert drift.form is Form.STEP
    assert drift.change == pytest.approx(0.1, abs=0.01)
    worse = drift_line(drift, lower_is_better=True)
    assert worse.startswith("the machine drifted: unchanged programs score +0.1")
    assert "(worse) since" in worse
    assert "(better) since" in drift_line(drift, lower_is_better=False)


def test_other_hardware_and_runs_without_a_time_say_nothing() -> None:
    old = [replace(e, runs=tuple(replace(r, ended="") for r in e.runs)) for e in drifted_night()]
    assert drift_of(unchanged_runs(old, hardware="")) is None
    edited = [replace(e, runs=tuple(replace(r, ended="noon") for r in e.runs)) for e in drifted_night()]
    assert drift_of(unchanged_runs(edited, hardware="")) is None
    other = [replace(e, runs=tuple(replace(r, hardware="H100") for r in e.runs)) for e in drifted_night()]
    assert drift_of(unchanged_runs(other, hardware="A100")) is None
    assert drift_of(unchanged_runs(other, hardware="H100")) is not None


def test_the_time_of_a_run_is_in_the_experiments_file() -> None:
    written = drifted_night()[0]
    assert parse_experiment(render_experiment(written)).runs == written.runs


def test_summary_and_report_tell_it() -> None:
    program = parse_program("---\nrun: a\nedit: [train.py]\nmetric: val_bpb\n---\n", files={"train.py"})
    lab = Lab("tiny", Path("/x"), Path("/x"), Path("/x/s"), program)
    summary = summarise(drifted_night(), lower_is_better=True)
    assert summary.drift is not None
    told = render_report(lab, summary, confirmed=None)
    assert "- The machine drifted: unchanged programs score +0.1" in told
    calm = summarise([nights.baseline()], lower_is_better=True)
    assert calm.drift is None
    assert "drifted" not in render_report(lab, calm, confirmed=None)
