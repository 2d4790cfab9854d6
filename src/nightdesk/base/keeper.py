"""A parent for a program that cannot be confined: it holds what the program starts, and ends with all of it.

A script that stands alone: `python -I -S keeper.py COMMAND…`, started by processes.start. On Linux orphans become its
children instead of the system's; elsewhere it can only kill the program's own process group.
"""

import contextlib
import ctypes
import os
import signal
import sys
import time
from types import FrameType

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LOOK_SECONDS = 0.05
_CANNOT_START = 127


def kept_command(command: list[str]) -> list[str]:
    """Return the command that runs `command` under a keeper. SIGTERM ends the keeper and all that it holds."""
    return [sys.executable, "-I", "-S", __file__, *command]


def _keep(command: list[str]) -> int:
    """Run `command` and return its exit code (minus a signal's number) when nothing of it lives any more."""
    parent = os.getppid()
    signal.signal(signal.SIGTERM, _ask_to_end)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)  # SIGKILL would leave orphans behind
    child = os.fork()
    if child == 0:
        _become(command)
    code = None
    while code is None and not _asked_to_end and os.getppid() == parent:
        code = _reap(child)
        if code is None:
            time.sleep(_LOOK_SECONDS)
    _end_all(child)
    return -signal.SIGKILL if code is None else code


_asked_to_end: list[int] = []  # a signal handler can only leave a note


def _ask_to_end(number: int, frame: FrameType | None) -> None:
    _asked_to_end.append(number)


def _become(command: list[str]) -> None:
    """In the child: a process group of its own, so that killing it by itself leaves the keeper alive."""
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606  # a list of arguments, no shell
    except OSError as error:
        sys.stderr.write(f"cannot start {command[0]}: {error.strerror}\n")
        sys.stderr.flush()
    os._exit(_CANNOT_START)


def _reap(child: int) -> int | None:
    """Wait for all that have ended; return the exit code of `child` if it is among them."""
    code = None
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if ended == 0:
            return code
        if ended == child:
            code = os.waitstatus_to_exitcode(status)


def _end_all(child: int) -> None:
    """Kill and wait for everything below this process, over and over until there is nothing."""
    while True:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child, signal.SIGKILL)
        for number in _children():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        try:  # whoever loses its parent by this becomes a child of this process, and is next
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:  # no /proc
        return []


if __name__ == "__main__":
    ended = _keep(sys.argv[1:])
    if ended < 0:
        signal.signal(-ended, signal.SIG_DFL) if -ended not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -ended)
    sys.exit(ended)
