"""The MCP server over standard input and output, for a client that starts it."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from mcp.server import MCPServer

_CHUNK = 65_536  # bytes
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def serve_stdio(server: MCPServer[Any]) -> None:
    """Serve until standard input ends. Raises KeyboardInterrupt after a signal to stop.

    The library keeps standard output for the protocol: what else is printed there goes to standard error.
    """
    with _stoppable_input() as stopped:
        server.run("stdio")
    if stopped.is_set():
        raise KeyboardInterrupt


@contextmanager
def _stoppable_input() -> Iterator[threading.Event]:
    """Let a signal end standard input for the block; what comes back is set if one did.

    The library reads in a thread that nothing can interrupt: at Ctrl-C it would wait for the client's next line. So it
    reads from a pipe, and whoever fills that can be woken.
    """
    given = os.dup(0)
    waiting, wake = os.pipe()
    source, sink = os.pipe()
    os.dup2(source, 0)
    os.close(source)
    stopped = threading.Event()

    def stop(number: int, frame: object) -> None:
        stopped.set()
        os.write(wake, b".")
        signal.signal(number, signal.SIG_DFL)  # whoever asks twice does not want to wait

    before = [signal.signal(number, stop) for number in _STOPPING]
    threading.Thread(target=_pass_on, args=(given, waiting, sink), daemon=True).start()
    try:
        yield stopped
    finally:
        for number, handler in zip(_STOPPING, before, strict=True):
            signal.signal(number, handler)


def _pass_on(given: int, waiting: int, sink: int) -> None:
    """Copy from `given` to `sink` until it ends or something comes from `waiting`, then end `sink`."""
    with suppress(OSError), open(sink, "wb", buffering=0) as file:  # OSError: nobody reads any more
        while waiting not in select.select([given, waiting], [], [])[0]:
            chunk = os.read(given, _CHUNK)
            if not chunk:
                return
            file.write(chunk)
