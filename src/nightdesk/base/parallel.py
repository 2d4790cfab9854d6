"""The same function over many items, on all cores; results come in the items' order."""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from nightdesk.base.errors import DeskError

A = TypeVar("A")
R = TypeVar("R")

_PR_SET_PDEATHSIG = 1


def map_in_order(
    function: Callable[[A], R], items: Sequence[A], *, jobs: int, least: int = 16, chunk: int = 8
) -> Iterator[R]:
    """Yield `function(item)` for each item in order, in `jobs` processes (0: one for each core).

    Fewer than `least` items are done right here: starting processes would take longer. `function` must be importable
    by name; an exception in it is raised here.
    """
    jobs = jobs or os.cpu_count() or 1
    if jobs == 1 or len(items) < least:
        yield from map(function, items)
        return
    # fork shares what is loaded already and starts in milliseconds; nothing here has threads at this point. macOS
    # libraries do not bear a fork, so elsewhere the safe way.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_child, initargs=(os.getpid(),))
    try:
        yield from pool.map(function, items, chunksize=chunk)
    except BrokenProcessPool as error:
        raise DeskError(
            "a process was ended from outside; the machine may be out of memory", fix="set jobs lower, then try again"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start_child(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end with it: a killed parent must leave no process behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # to look for cycles in what the parent made would copy its memory
    gc.enable()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)
