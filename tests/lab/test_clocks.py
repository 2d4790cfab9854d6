"""The machine sleeps, clocks jump: what a stopwatch says then."""

import time

import pytest

from nightdesk.lab.machines.clocks import Stopwatch, passed_seconds, slept_text


class Clocks:
    """Two clocks that are moved by hand."""

    def __init__(self) -> None:
        self.awake = self.passed = 1000.0

    def work(self, seconds: float) -> None:
        self.awake += seconds
        self.passed += seconds

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


def test_sleep_is_no_part_of_the_wall_time_and_the_morning_comes_all_the_same() -> None:
    clocks = Clocks()
    watch = Stopwatch(awake=lambda: clocks.awake, passed=lambda: clocks.passed)
    clocks.work(60)
    assert (watch.wall_seconds, watch.passed_seconds, watch.slept_seconds) == (60, 60, 0)
    clocks.sleep(3 * 3600)
    clocks.work(30)
    assert (watch.wall_seconds, watch.passed_seconds, watch.slept_seconds) == (90, 3 * 3600 + 90, 3 * 3600)


def test_a_pause_between_the_two_readings_is_no_sleep() -> None:
    clocks = Clocks()

    def awake() -> float:
        clocks.work(5)  # the process is held up before it comes to read this clock
        return clocks.awake

    watch = Stopwatch(awake=awake, passed=lambda: clocks.passed)
    assert watch.slept_seconds == 0


def test_no_duration_is_ever_negative() -> None:
    clocks = Clocks()
    watch = Stopwatch(awake=lambda: clocks.awake, passed=lambda: clocks.passed)
    clocks.awake, clocks.passed = 900.0, 800.0  # what no system should do
    assert (watch.wall_seconds, watch.passed_seconds, watch.slept_seconds) == (0, 0, 0)


def test_the_real_clocks_go_on_and_agree_while_the_machine_is_awake() -> None:
    watch, before = Stopwatch(), passed_seconds()
    time.sleep(0.02)
    assert passed_seconds() > before
    assert 0.02 <= watch.wall_seconds <= watch.passed_seconds + 0.01
    assert watch.slept_seconds == 0


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, ""),
        (0.99, ""),
        (1.0, "the machine slept for 1 s meanwhile"),
        (99.0, "the machine slept for 99 s meanwhile"),
        (600.0, "the machine slept for 10 min meanwhile"),
        (3 * 3600 + 120, "the machine slept for 3 h 02 min meanwhile"),
    ],
)
def test_a_sleep_is_told_in_one_line(seconds: float, told: str) -> None:
    assert slept_text(seconds) == told
