"""Disturbed runs: by other load and at the same program, never because a candidate is slower or smaller."""

from pathlib import Path

import pytest

from nightdesk.lab.disturbance import disturbed, disturbed_run
from nightdesk.lab.jobs import Finished, Use
from nightdesk.lab.measurements import Measurements

CALM = [Use(60, 59.5, other_load=0.02), Use(60, 59.0, other_load=0.03), Use(60, 59.4, other_load=0.9)]
SPEED = [{"total_tokens_M": 3.0, "cpu_seconds": 60.0}, {"total_tokens_M": 3.06, "cpu_seconds": 60.0}]
SLOW = {"total_tokens_M": 2.8, "cpu_seconds": 60.0}


@pytest.mark.parametrize(
    ("use", "cores", "expected", "why"),
    [
        (Use(60, 59, other_load=0.05), 2, "", "as calm as ever; one odd run of the calibration changes nothing"),
        (Use(60, 59, other_load=0.5), 2, "other programs kept 0.47 more cores busy than while calibrating", "load"),
        (Use(60, 59, other_load=3.5), 64, "", "60 cores were idle"),
        (Use(60, 30, other_load=0.03), 2, "", "a candidate that waits, or has fewer threads, is not disturbed"),
        (Use(60, 119, other_load=0.03), 2, "", "nor one with more"),
        (Use(0.4, 0.1, other_load=1.9), 2, "", "too short to tell"),
    ],
)
def test_any_program(use: Use, cores: int, expected: str, why: str) -> None:
    assert disturbed(use, CALM, printed=SLOW, calibration_printed=(), cores=cores) == expected, why


@pytest.mark.parametrize(
    ("use", "printed", "expected", "why"),
    [
        (Use(60, 59, other_load=0.03), SPEED[0], "", "the usual speed"),
        (Use(60, 59, other_load=0.03), SLOW, "it took 8% fewer tokens for each CPU second than while calibrating", ""),
        (Use(60, 59, other_load=0.03), {}, "", "nothing printed, nothing told"),
        (Use(70, 59, other_load=0.2), SPEED[0], "it got 0.84 cores, and 0.99 while calibrating", "kept waiting"),
        (Use(70, 59, other_load=0.0), SPEED[0], "", "kept waiting by nobody: its own disk, its own sleep"),
    ],
)
def test_the_same_program(use: Use, printed: dict[str, float], expected: str, why: str) -> None:
    calm = [Use(60, 59.4, other_load=0.15)] if use.other_load == 0.2 else CALM
    assert disturbed(use, calm, printed=printed, calibration_printed=SPEED, cores=2) == expected, why


def test_nothing_to_tell_by() -> None:
    assert disturbed(Use(60, 1, other_load=9), [], printed={}, calibration_printed=(), cores=2) == ""


def test_a_machine_that_slept_disturbed_the_run_whatever_the_load() -> None:
    slept = Use(60, 59, slept_seconds=7_300)
    told = disturbed(slept, [], printed={}, calibration_printed=(), cores=2)
    assert told == "the machine slept for 2 h 02 min meanwhile"


def test_from_what_experiments_keep(tmp_path: Path) -> None:
    def finished(load: float) -> Finished:
        return Finished("0001-1", 1, 0, "", Use(60, 59, other_load=load), Measurements(), "", tmp_path)

    calm = [{"wall_seconds": 60.0, "cpu_seconds": 59.0, "other_load": 0.01}, {"loss": 1.0}]
    assert disturbed_run(finished(0.01), calm) == ""
    assert "more cores busy" in disturbed_run(finished(900.0), calm)
    assert disturbed_run(finished(900.0), []) == ""
