"""Watching a program to its end: its output is taken, its limits are looked at, and why it ended is told."""

import os
import selectors
import time
from collections.abc import Callable

from nightdesk.lab.jobs import Stopped
from nightdesk.lab.measurements import LogWindow
from nightdesk.lab.supervising import Supervised

_CHUNK_BYTES = 1 << 20
_LITTLE_BYTES, _BREATH_SECONDS = 8192, 0.025  # a program that prints line by line need not wake the harness for each


def watch(
    program: Supervised, log: LogWindow, *, stopped: Stopped, tell: Callable[[], None] = lambda: None
) -> str | None:
    """Feed `log` until the program ends or must be killed: why, "" where it ended by itself, None where `stopped` says.

    It is not ended here. `tell` is called after each look at it.
    """
    output = program.child.stdout
    assert output is not None  # noqa: S101  # it was started with a pipe
    os.set_blocking(output.fileno(), False)
    looked = 0.0
    with selectors.DefaultSelector() as streams:
        streams.register(output, selectors.EVENT_READ)
        while True:
            over = program.over  # asked before reading: what it printed last is read still
            if _wait(streams, 0.0 if over else program.pause_seconds):
                chunk = os.read(output.fileno(), _CHUNK_BYTES)
                log.feed(chunk)
                if not chunk:
                    streams.unregister(output)
                elif len(chunk) < _LITTLE_BYTES and not over:
                    time.sleep(_BREATH_SECONDS)
            elif over:
                return ""
            now = time.monotonic()
            if now - looked < program.pause_seconds and streams.get_map():
                continue  # much output is no reason to look more often; its end is: the last processes end with it
            looked = now
            if failure := program.look(printed_bytes=log.bytes_seen):
                return failure
            if stopped():
                return None
            tell()


def exit_failure(code: int) -> str:
    """Return the failure that an exit code is, "" for 0; minus a signal's number."""
    if code < 0:
        return f"ended by signal {-code}"
    return f"exit code {code}" if code else ""


def _wait(streams: selectors.BaseSelector, seconds: float) -> bool:
    """Return whether there is something to read, after a moment at most."""
    if streams.get_map():
        return bool(streams.select(seconds))
    time.sleep(seconds)  # it closed its output
    return False
