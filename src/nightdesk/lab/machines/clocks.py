"""Clocks: the time that passed, with and without the machine's sleep, whatever happens to the clock on the wall.

The clock on the wall jumps: a person sets it, a time server does, summer time ends. So durations are never taken from
it. A machine that sleeps stops its programs and `time.monotonic` with them, but the morning comes all the same: a
night's hours are counted by the clock that goes on.
"""

import sys
import time
from collections.abc import Callable

LEAST_SLEEP_SECONDS = 1.0  # a shorter sleep disturbs no run

Clock = Callable[[], float]  # seconds since some moment in the past; it never goes back


def passed_seconds() -> float:
    """Return the time that passed, the machine's sleep included, since some moment in the past.

    Where the system has no such clock (Windows) it is `time.monotonic`, and no sleep is ever seen.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # there it goes on while the machine sleeps, unlike time.monotonic
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self, *, awake: Clock = time.monotonic, passed: Clock = passed_seconds) -> None:
        self._awake, self._passed = awake, passed
        # in this order, and below the other way round: a pause between the two readings must not look like sleep
        self._awake_then = awake()
        self._passed_then = passed()

    @property
    def wall_seconds(self) -> float:
        """Since it was made, as far as the machine was awake: what a run had for its work."""
        return max(0.0, self._awake() - self._awake_then)

    @property
    def passed_seconds(self) -> float:
        """Since it was made, sleep included: how much nearer the morning is."""
        return max(0.0, self._passed() - self._passed_then)

    @property
    def slept_seconds(self) -> float:
        """How long the machine slept since it was made; 0.0 where it did not."""
        passed = self.passed_seconds
        slept = passed - self.wall_seconds
        return slept if slept >= LEAST_SLEEP_SECONDS else 0.0


def slept_text(seconds: float) -> str:
    """Return how a sleep of the machine disturbed a run, one line; "" for none."""
    if seconds < LEAST_SLEEP_SECONDS:
        return ""
    minutes = round(seconds / 60)
    told = f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min"
    return f"the machine slept for {told if minutes < 60 else f'{minutes // 60} h {minutes % 60:02} min'} meanwhile"
