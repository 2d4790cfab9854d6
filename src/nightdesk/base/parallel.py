"""The same function over many items: on all cores, in their order; or in threads that wait, as they are done."""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import queue
import signal
import sys
import threading
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
    # fork shares what is loaded already and starts in milliseconds. A fork beside threads may inherit a lock that
    # nobody will release, and macOS libraries do not bear one: there the safe way.
    forks = sys.platform == "linux" and threading.active_count() == 1
    context = multiprocessing.get_context("fork" if forks else "spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_child, initargs=(os.getpid(),))
    try:
        yield from pool.map(function, items, chunksize=chunk)
    except BrokenProcessPool as error:
        raise DeskError(
            "a process was ended from outside; the machine may be out of memory", fix="set jobs lower, then try again"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def map_as_done(function: Callable[[A], R], items: Sequence[A], *, threads: int) -> Iterator[tuple[int, R]]:
    """Yield the index of each item and `function(item)` as they are done, in so many threads; with one, right here.

    For waiting on models and programs. An exception in `function` is raised here, and items not begun are left. The
    threads do not keep the interpreter alive: Ctrl-C ends it although a model still answers.
    """
    if threads <= 1 or len(items) < 2:
        yield from ((n, function(item)) for n, item in enumerate(items))
        return
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[int, R | BaseException]] = queue.SimpleQueue()
    stopped = threading.Event()
    for n in range(len(items)):
        waiting.put(n)

    def work() -> None:
        while not stopped.is_set():
            try:
                n = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((n, function(items[n])))
            except BaseException as error:  # raised again where the results are taken
                stopped.set()
                done.put((n, error))

    crew = [threading.Thread(target=work, daemon=True) for _ in range(min(threads, len(items)))]
    for thread in crew:
        thread.start()
    try:
        for _ in items:
            n, result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield n, result
    finally:
        stopped.set()
    for thread in crew:
        thread.join()


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
