"""Hard caps on money, tokens and time: what a call may use is set aside before it is sent."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from nightdesk.agents.tasks import CapReachedError, Usage


@dataclass(frozen=True, slots=True)
class Caps:
    """What a person allows one command to use; None is no cap."""

    usd: float | None = None
    tokens: int | None = None  # sent and received together
    minutes: float | None = None  # by the clock


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may use at most."""

    tokens: int
    usd: float | None  # None: its price is not known


class Meter:
    """Counts what is used by all threads, and refuses a call that could go over a cap."""

    def __init__(self, caps: Caps | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.caps = caps or Caps()
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._tokens = 0  # used and set aside
        self._usd = 0.0
        self._untold: set[str] = set()  # "tokens", "price": what a call that is over never told

    def reserve(self, *, tokens: int, usd: float | None) -> Reservation:
        """Set aside what a call may use at most. Raises CapReachedError where that goes over a cap."""
        with self._lock:
            self._refuse_late()
            self._refuse_untold()
            caps = self.caps
            if caps.tokens is not None and self._tokens + tokens > caps.tokens:
                raise CapReachedError(
                    f"the cap of {caps.tokens:,} tokens: {self._tokens:,} used, the next call may need {tokens:,}"
                )
            if caps.usd is not None and usd is None:
                raise CapReachedError(
                    "the cap in USD: the price of this model is not known; cap tokens or minutes instead"
                )
            if caps.usd is not None and usd is not None and self._usd + usd > caps.usd:
                raise CapReachedError(
                    f"the cap of {caps.usd:g} USD: {self._usd:.4f} used, the next call may need {usd:.4f}"
                )
            self._tokens += tokens
            self._usd += usd or 0.0
            return Reservation(tokens, usd)

    def settle(self, reserved: Reservation, usage: Usage) -> None:
        """Replace what was set aside by what was used; what is not known counts as all that was set aside."""
        tokens, usd = _tokens(usage), _amount(usage.usd)
        with self._lock:
            if tokens is not None:
                self._tokens += tokens - reserved.tokens
            if usd is not None:
                self._usd += usd - (reserved.usd or 0.0)

    def add(self, usage: Usage) -> None:
        """Count what a worker used whose calls cannot be seen before they are made (a coding agent).

        Where it does not tell what a cap is on, the cap cannot be kept any more, and no other call is allowed.
        """
        tokens, usd = _tokens(usage), _amount(usage.usd)
        with self._lock:
            self._tokens += tokens or 0
            self._usd += usd or 0.0
            if tokens is None and self.caps.tokens is not None:
                self._untold.add("tokens")
            if usd is None and self.caps.usd is not None:
                self._untold.add("price")

    def check(self) -> None:
        """Raise CapReachedError where a cap is used up."""
        with self._lock:
            self._refuse_late()
            self._refuse_untold()
            if self.caps.tokens is not None and self._tokens >= self.caps.tokens:
                raise CapReachedError(f"the cap of {self.caps.tokens:,} tokens is used up")
            if self.caps.usd is not None and self._usd >= self.caps.usd:
                raise CapReachedError(f"the cap of {self.caps.usd:g} USD is used up")

    def seconds_left(self) -> float | None:
        """Return how long a call may still take, None where time has no cap."""
        if self.caps.minutes is None:
            return None
        return max(0.0, self.caps.minutes * 60 - (self._clock() - self._began))

    def _refuse_late(self) -> None:
        if self.seconds_left() == 0.0:
            raise CapReachedError(f"the cap of {self.caps.minutes:g} minutes is used up")

    def _refuse_untold(self) -> None:
        if self._untold:
            what = " and ".join(sorted(self._untold))
            raise CapReachedError(f"a cap cannot be kept: the worker does not tell its {what}; cap minutes instead")


def _tokens(usage: Usage) -> int | None:
    sent, received = _amount(usage.input_tokens), _amount(usage.output_tokens)
    return None if sent is None or received is None else int(sent + received)


def _amount(value: float | None) -> float | None:
    """Return a count that came from outside, None where it is none: less than nothing would lift the caps."""
    return value if value is not None and math.isfinite(value) and value >= 0 else None
