"""Ctrl-C and SIGTERM during a session: the first asks it to stop tidily, the second ends it at once."""

import contextlib
import signal
from collections.abc import Callable, Iterator

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def heeding_signals(tell: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Give the block a function that says whether the person asked to stop; the handlers before come back after it."""
    asked = False

    def heed(number: int, frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True
        tell("stopping: the run at work is ended and will be done again; once more ends nightdesk at once")

    before = {number: signal.signal(number, heed) for number in _SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
