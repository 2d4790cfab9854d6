"""What lint finds, kept while nothing changes: looked for in a thread, so that no page waits for it."""

import contextlib
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import date

from nightdesk.base.cache import open_cache
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.vault_cache import cache_file_of
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.lint.lint import Linted, lint_desk, lint_vault

CACHE_NAME = "lint.db"  # the same as of the command
_LEAST_SECONDS = 2.0  # that an outcome counts; a file that is no page may have changed
_TIMES = 5  # as long as the last look took, where that is longer


class Looker:
    """Looks through the vault of one viewer, once at a time."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._seen: tuple[int, float, float] = (-1, 0.0, 0.0)  # generation, when it ended, how long it took
        self.linted: Linted | None = None  # the last outcome
        self.error = ""
        self.stage, self.done, self.total = "", 0, 0

    def look(self, wait_seconds: float) -> bool:
        """Begin to look where what is known may be old; say whether that is still under way after a moment."""
        with self._lock:
            if self._thread is None and self._is_old():
                self._thread = threading.Thread(target=self._run, name="lint", daemon=True)
                self._thread.start()
            thread = self._thread
        if thread is not None:
            thread.join(wait_seconds)
        return thread is not None and thread.is_alive()

    def _is_old(self) -> bool:
        generation, ended, took = self._seen
        if self.linted is None or generation != self._viewer.catalogue.generation:
            return True
        return time.monotonic() - ended > max(_LEAST_SECONDS, _TIMES * took)

    def _run(self) -> None:
        generation, begun = self._viewer.catalogue.generation, time.monotonic()
        try:
            self.linted, self.error = self._lint(), ""
        except DeskError as error:
            self.error = error.message
        except Exception as error:  # a fault of one look is told on the page; the traceback says where the bug is
            traceback.print_exc()
            self.error = f"nightdesk failed ({type(error).__name__}): see where it was started from"
        now = time.monotonic()
        with self._lock:
            self._seen, self._thread = (generation, now, now - begun), None

    def _lint(self) -> Linted:
        viewer = self._viewer
        if viewer.desk is not None:
            with open_cache(viewer.desk.cache / CACHE_NAME) as cache:
                return lint_desk(viewer.desk, today=date.today(), cache=cache, stage=self._told)
        file = cache_file_of(viewer.root, os.environ, folder="lint")
        with open_cache(file) if file else contextlib.nullcontext() as kept:
            return lint_vault(viewer.root, today=date.today(), cache=kept, stage=self._told)

    @contextlib.contextmanager
    def _told(self, name: str, steps: int) -> Iterator[Callable[[], None]]:
        self.stage, self.done, self.total = name, 0, steps

        def step() -> None:
            self.done += 1

        yield step
