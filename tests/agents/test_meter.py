"""Caps: what was allowed never adds up to more than a cap, from however many threads."""

import threading
from collections.abc import Callable

import pytest

from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.tasks import CapReachedError, Usage

NAN = float("nan")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def refused(call: Callable[[], object]) -> str:
    """Return why a call is refused, "" where it is not."""
    try:
        call()
    except CapReachedError as error:
        return str(error)
    return ""


def room(meter: Meter, *, least: int = 1) -> int:
    """Return how many tokens can still be set aside, found by asking; they are then set aside."""
    free = 0
    step = 1 << 20
    while step >= least:
        if refused(lambda step=step: meter.reserve(tokens=step, usd=0.0)):  # type: ignore[misc]
            step //= 2
        else:
            free += step
    return free


def test_without_caps_everything_is_allowed() -> None:
    meter = Meter()
    meter.settle(meter.reserve(tokens=10**12, usd=None), Usage())
    meter.add(Usage())
    meter.check()
    assert meter.seconds_left() is None


@pytest.mark.parametrize(
    ("caps", "fits", "too_much", "words"),
    [
        (Caps(tokens=100), (100, 0.0), (1, 0.0), "the cap of 100 tokens: 100 used, the next call may need 1"),
        (Caps(tokens=100), (60, None), (41, None), "60 used, the next call may need 41"),  # no cap in USD: no price
        (Caps(usd=1.0), (10**9, 1.0), (0, 0.001), "the cap of 1 USD: 1.0000 used, the next call may need 0.0010"),
        (Caps(usd=1.0), (5, 0.0), (5, None), "the price of this model is not known"),
        (Caps(usd=0.0), (5, 0.0), (5, 0.1), "the cap of 0 USD"),  # what costs nothing is allowed
    ],
)
def test_a_call_that_could_go_over_a_cap_is_refused(
    caps: Caps, fits: tuple[int, float | None], too_much: tuple[int, float | None], words: str
) -> None:
    meter = Meter(caps)
    meter.reserve(tokens=fits[0], usd=fits[1])
    assert words in refused(lambda: meter.reserve(tokens=too_much[0], usd=too_much[1]))
    meter.reserve(tokens=0, usd=0.0)  # what was refused was not set aside


@pytest.mark.parametrize(
    ("usage", "free"),
    [
        (Usage(input_tokens=30, output_tokens=10), 60),  # what was not used comes back
        (Usage(input_tokens=0, output_tokens=0), 100),  # a call that did not come about
        (Usage(input_tokens=30, cached_tokens=30, output_tokens=10), 60),  # cached ones are among the sent
        (Usage(), 20),  # unknown: all that was set aside counts
        (Usage(input_tokens=30), 20),  # so does half an answer
        (Usage(input_tokens=-(10**9), output_tokens=0), 20),  # a server cannot lift the cap
        (Usage(input_tokens=90, output_tokens=10), 0),  # more than was set aside: then that counts
    ],
)
def test_settling_gives_back_what_was_not_used(usage: Usage, free: int) -> None:
    meter = Meter(Caps(tokens=100))
    meter.settle(meter.reserve(tokens=80, usd=None), usage)
    assert room(meter) == free


@pytest.mark.parametrize(
    ("usd", "then", "allowed"),
    [
        (0.25, 0.75, True),
        (0.25, 0.76, False),
        (None, 0.5, True),  # unknown: the 0.5 that were set aside
        (None, 0.51, False),
        (NAN, 0.51, False),  # would make every comparison false, and so every call allowed
        (-5.0, 0.51, False),
    ],
)
def test_settling_money(usd: float | None, then: float, allowed: bool) -> None:
    meter = Meter(Caps(usd=1.0))
    meter.settle(meter.reserve(tokens=1, usd=0.5), Usage(usd=usd))
    assert (refused(lambda: meter.reserve(tokens=1, usd=then)) == "") is allowed


@pytest.mark.parametrize(
    ("caps", "usage", "words"),
    [
        (Caps(tokens=100), Usage(input_tokens=90, output_tokens=9), ""),
        (Caps(tokens=100), Usage(input_tokens=90, output_tokens=10), "the cap of 100 tokens is used up"),
        (Caps(usd=2.0), Usage(usd=1.99), ""),
        (Caps(usd=2.0), Usage(usd=2.5), "the cap of 2 USD is used up"),
        (Caps(tokens=100), Usage(usd=0.1), "does not tell its tokens"),  # unknown is not 0: the cap is blind
        (Caps(usd=2.0), Usage(input_tokens=1, output_tokens=1), "does not tell its price"),
        (Caps(usd=2.0), Usage(usd=NAN), "does not tell its price"),
        (Caps(tokens=9, usd=2.0), Usage(), "does not tell its price and tokens"),
        (Caps(minutes=1), Usage(), ""),  # what has no cap need not be told
    ],
)
def test_an_agent_is_stopped_after_the_call_that_used_a_cap_up(caps: Caps, usage: Usage, words: str) -> None:
    meter = Meter(caps)
    meter.check()
    meter.add(usage)
    assert words in refused(meter.check)
    assert bool(words) == bool(refused(meter.check))
    assert bool(words) == bool(refused(lambda: meter.reserve(tokens=1, usd=0.001)))


def test_time_is_up_when_the_clock_says_so() -> None:
    clock = Clock()
    meter = Meter(Caps(minutes=2), clock=clock)
    assert meter.seconds_left() == 120
    clock.seconds += 119
    assert meter.seconds_left() == 1
    meter.check()
    reserved = meter.reserve(tokens=1, usd=None)
    clock.seconds += 1
    assert meter.seconds_left() == 0
    for late in (meter.check, lambda: meter.reserve(tokens=1, usd=None)):
        assert refused(late) == "the cap of 2 minutes is used up"
    clock.seconds += 1000
    assert meter.seconds_left() == 0, "never less than nothing: it is given to calls as their time limit"
    meter.settle(reserved, Usage(input_tokens=1, output_tokens=0))  # the call under way is still counted


@pytest.mark.parametrize("told", [True, False])
def test_threads_together_never_go_over_a_cap(told: bool) -> None:
    """Each thread calls until it is refused; what is under way and done is counted apart from the meter."""
    caps = Caps(tokens=50_000, usd=5.0)
    meter = Meter(caps)
    lock, start = threading.Lock(), threading.Barrier(8)
    tokens, usd, most_tokens, most_usd, calls = 0, 0.0, 0, 0.0, 0

    def work(seed: int) -> None:
        nonlocal tokens, usd, most_tokens, most_usd, calls
        start.wait()
        for turn in range(10_000):
            need, price = 100 + (seed * 37 + turn * 13) % 400, 0.01
            try:
                reserved = meter.reserve(tokens=need, usd=price)
            except CapReachedError:
                return
            with lock:
                tokens, usd, calls = tokens + need, usd + price, calls + 1
                most_tokens, most_usd = max(most_tokens, tokens), max(most_usd, usd)
            used = Usage(input_tokens=need // 2, output_tokens=0, usd=price / 2) if told else Usage()
            with lock:  # before the meter gives back: at no moment may more be out than the cap
                if told:
                    tokens, usd = tokens - (need - need // 2), usd - price / 2
            meter.settle(reserved, used)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most_tokens <= 50_000
    assert most_usd <= 5.0 + 1e-9
    assert calls > 100, "the caps were used, not refused from the start"
    assert refused(lambda: meter.reserve(tokens=600, usd=0.01)), "and used up to the last call that fits"
