"""Tells open pages that files changed: one watcher of the disk, and a stream of events to each page."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any

from watchfiles import Change, DefaultFilter, watch

_QUIET_SECONDS = 15.0  # after which a stream says that it is still there
_MOST_WAITING = 100  # events that a page may be behind; a slower one is told to load again
_MOST_TOLD = 200  # paths in one event
_DEBOUNCE_MS, _STEP_MS = 400, 50
_POLL_SECONDS = 2.0  # between two looks where the system cannot watch


class Bell:
    """Open pages, each with a queue of what is to be told. Rung from any thread."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[str | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._closed = False

    def ready(self) -> None:
        """Say that the vault has been read for the first time."""
        self._ready.set()
        self.tell("ready", {})

    def wait_ready(self, seconds: float) -> bool:
        """Wait until the vault has been read; False where that takes longer."""
        return self._ready.wait(seconds)

    def ring(self, paths: Iterable[str]) -> None:
        """Tell that these files (relative to the root) changed; none told apart where they are very many."""
        changed = sorted(paths)
        self.tell("changed", {"paths": changed[:_MOST_TOLD], "more": len(changed) > _MOST_TOLD})

    def tell(self, event: str, value: Any) -> None:
        """Send an event to every open page."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            message = f"event: {event}\ndata: {json.dumps(value)}\n\n"
            loop.call_soon_threadsafe(self._put, message)

    def close(self) -> None:
        """End all streams, so that the server can end; may be called from a signal's handler."""
        self._closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, None)

    @property
    def closed(self) -> bool:
        """Whether the server is ending: a stream of a view's own ends then too."""
        return self._closed

    def _put(self, message: str | None) -> None:
        for page in list(self._pages):
            if page.qsize() < _MOST_WAITING or message is None:
                page.put_nowait(message)
            elif page.qsize() == _MOST_WAITING:
                page.put_nowait("event: behind\ndata: {}\n\n")

    async def events(self) -> AsyncIterator[str]:
        """Yield what is told from now on, as server-sent events; ends when the bell is closed."""
        self._loop = asyncio.get_running_loop()
        page: asyncio.Queue[str | None] = asyncio.Queue()
        self._pages.add(page)
        try:
            yield "retry: 1000\n\n"
            if self._ready.is_set():
                yield "event: ready\ndata: {}\n\n"
            while not self._closed:
                try:
                    message = await asyncio.wait_for(page.get(), _QUIET_SECONDS)
                except TimeoutError:
                    message = ": still here\n\n"
                if message is None:
                    return
                yield message
        finally:
            self._pages.discard(page)


def watch_files(root: Path, stop: threading.Event, changed: Callable[[frozenset[str] | None], None]) -> None:
    """Call `changed` with the paths below `root` that were written, until `stop`; None where they are not known.

    Runs in a thread of its own. Where the system has no more watches to give it looks at all files now and then.
    """
    base = root.resolve()
    try:
        for found in watch(
            base, watch_filter=_Filter(base), stop_event=stop, debounce=_DEBOUNCE_MS, step=_STEP_MS, rust_timeout=1_000
        ):
            changed(frozenset(Path(path).relative_to(base).as_posix() for _, path in found))
    except (OSError, RuntimeError):  # its own error for a system without watches left is an OSError
        while not stop.wait(_POLL_SECONDS):
            changed(None)


class _Filter(DefaultFilter):
    """What pages show: no caches, no git, nothing hidden."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self._skipped = len(str(base)) + 1

    def __call__(self, change: Change, path: str) -> bool:
        parts = path[self._skipped :].split("/")
        return not any(part.startswith(".") or part in ("node_modules", "__pycache__") for part in parts)
