"""A night that lasts: it ends when it should, also on a machine that sleeps, and leaves little behind."""

import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nightdesk.lab.experiments import parse_experiment, render_experiment
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, Place, Stopped
from nightdesk.lab.lasting.logs import kept_runs, read_log
from nightdesk.lab.night import Ended, Kind, Plan
from tests.lab.fakes import FakeExecutor, desk_lab, gains, ledger, play, statuses
from tests.lab.nights import better


def test_a_night_without_gain_ends(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    night, told = play(lab, gains([0.0, 0.3, 0.1, 0.1, 0.1, 0.9]), plan=Plan(without_gain=3))
    assert night.ended is Ended.NO_GAIN
    assert statuses(lab) == ["keep", "discard", "keep", "discard", "discard", "discard"]
    assert told.texts(Kind.ENDED) == ["no gain in 3 experiments in a row"]
    night, _ = play(lab, gains([0.5]), plan=Plan(without_gain=1))  # each session counts for itself
    assert night.ended is Ended.EXHAUSTED


def test_a_night_ends_by_the_clock_on_the_wall(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    night, _ = play(lab, gains([0.1]), plan=Plan(until=datetime.now(UTC) - timedelta(seconds=1)))
    assert night.ended is Ended.TIME
    assert statuses(lab) == ["keep"]  # the baseline is measured all the same


@pytest.mark.skipif(sys.platform != "linux", reason="only there a test can move the clock that goes on in sleep")
def test_the_hours_of_a_night_pass_while_the_machine_sleeps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept = 0.0
    real = time.clock_gettime
    monkeypatch.setattr(time, "clock_gettime", lambda clock: real(clock) + slept * (clock == time.CLOCK_BOOTTIME))

    def fall_asleep(job: Job) -> None:
        nonlocal slept
        slept += 7200.0 if job.key == "0001-1" else 0.0

    night, _ = play(
        desk_lab(tmp_path / "desk"),
        gains([0.0, 0.1, 0.2]),
        executor=FakeExecutor(on_run=fall_asleep),
        plan=Plan(seconds=3600),
    )
    assert night.ended is Ended.TIME
    assert night.judged == (0, 1)  # the run that it slept in was finished


@dataclass
class SleepingExecutor(FakeExecutor):
    """The machine sleeps in some runs."""

    asleep: set[str] = field(default_factory=set)

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        finished = super().run(job, place=place, stopped=stopped)
        if finished is None or job.key not in self.asleep:
            return finished
        broken = replace(finished, failure="exit code 1", use=replace(finished.use, slept_seconds=10_920.0))
        self.done[job.key] = broken
        return broken


def test_a_run_in_which_the_machine_slept_does_not_count_and_is_done_again(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = SleepingExecutor(asleep={"0000-2", "0001-1"})  # the baseline too, though nothing is known of it yet
    _, told = play(lab, gains([0.3]), executor=executor)
    assert statuses(lab) == ["keep", "keep"]
    first = ledger(lab)[1].runs[0]
    assert first.disturbed
    assert first.note == "the machine slept for 3 h 02 min meanwhile"
    assert len(told.texts(Kind.DISTURBED)) == 2


def test_each_run_has_its_time_and_its_log(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, gains([0.3, 0.0]))
    for experiment in ledger(lab):
        assert kept_runs(lab, experiment.number) == list(range(1, len(experiment.runs) + 1))
        for record in experiment.runs:
            assert datetime.fromisoformat(record.ended).tzinfo is not None
    log = read_log(lab, "0001-1")
    assert log is not None
    assert "training\n---\nval_bpb: " in log


def test_an_old_ledger_has_no_times_and_is_read_as_it_is() -> None:
    old = better(1, 1.4, 1.4)
    text = render_experiment(old)
    assert "ended:" not in text
    assert parse_experiment(text) == old
