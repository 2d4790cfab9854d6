"""Child processes with limits: start, kill with all descendants, die with the parent, a bare environment."""

import contextlib
import ctypes
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
KEPT_PREFIX = "PYTHON"  # PYTHONPATH and PYTHONHOME: without them a user's own set-up finds no library
_LIMITS_FAILED = 125  # exit code of the launcher, as in nohup and timeout
_PR_SET_PDEATHSIG = 1
Child = subprocess.Popen[bytes]  # what `start` returns, for modules that start nothing themselves
NOTHING, PIPE, TOGETHER = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT  # for its standard streams
KEPT_BYTES = 16_384  # the end of what a child said, for messages
MOST_OUTPUT_BYTES = 200_000_000
_LOOK_SECONDS = 0.2  # how often `attend` looks at the clock
_DRAIN_SECONDS = 1.0  # how long the output of an ended child may stay open through what it left behind


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use at most; None is no limit of ours (an inherited one stays)."""

    memory_bytes: int | None = None  # address space, of each process by itself
    cpu_seconds: int | None = None  # of the whole life of each process
    file_bytes: int | None = None  # of each file that it writes
    first_to_go: bool = False  # a machine that runs out of memory ends it before all else (Linux)


def start(
    command: Sequence[str],
    *,
    folder: Path,
    limits: Limits,
    variables: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    passed: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Return a running child in its own session, with `folder` as working folder and home.

    Of the parent's open files it gets its standard streams and those with the descriptors `passed`.

    On Linux it is killed when the *thread* that called this ends, so that thread must outlive it. Raises OSError if the
    launcher cannot start; a command that cannot start exits with 125 or 127.
    """
    # A small program sets the limits and becomes the command: preexec_fn may deadlock in a parent with threads.
    launcher = [sys.executable, "-I", "-S", __file__, json.dumps(asdict(limits)), str(os.getpid()), *command]
    return subprocess.Popen(
        launcher,
        cwd=folder,
        env=bare_environment(os.environ, home=folder) | dict(variables or {}),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
        pass_fds=passed,
    )


def bare_environment(environment: Mapping[str, str], *, home: Path) -> dict[str, str]:
    """Return what a child may know of `environment`: where programs are and the language, no keys, no tokens."""
    kept = {
        name: value for name, value in environment.items() if name in KEPT_VARIABLES or name.startswith(KEPT_PREFIX)
    }
    return kept | {"HOME": str(home), "TMPDIR": str(home)}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended."""

    code: int  # minus a signal's number
    cause: str  # "itself", "time", "output" (it said too much) or "stopped": who ended it
    stdout: bytes  # the last KEPT_BYTES of it
    stderr: bytes


def attend(
    child: Child,
    *,
    seconds: float,
    most_bytes: int = MOST_OUTPUT_BYTES,
    take: Callable[[bytes], None] = lambda chunk: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Ended:
    """Read the pipes of `child` until it ends or has to be ended, kill what is left of its group, and say how it went.

    `take` gets its standard output as it comes; of all else only the end is kept in memory.
    """
    deadline = time.monotonic() + seconds
    drained_by, cause, said_bytes = float("inf"), "itself", 0
    tails = {stream: bytearray() for stream in (child.stdout, child.stderr) if stream}
    with selectors.DefaultSelector() as streams:
        for stream in tails:
            streams.register(stream, selectors.EVENT_READ)
        try:
            while (streams.get_map() or child.poll() is None) and time.monotonic() < drained_by:
                for key, _ in streams.select(_LOOK_SECONDS) if streams.get_map() else _pause(child):
                    chunk = os.read(key.fd, 65_536)
                    if not chunk:
                        streams.unregister(key.fileobj)
                        continue
                    said_bytes += len(chunk)
                    if key.fileobj is child.stdout:
                        take(chunk)
                    tail = tails[key.fileobj]  # type: ignore[index]  # the streams that were registered above
                    tail += chunk
                    del tail[:-KEPT_BYTES]
                if child.poll() is not None:
                    drained_by = min(drained_by, time.monotonic() + _DRAIN_SECONDS)
                elif stopped() or time.monotonic() > deadline or said_bytes > most_bytes:
                    cause = "stopped" if stopped() else "time" if time.monotonic() > deadline else "output"
                    break
        finally:
            code = kill(child)
            for stream in tails:
                stream.close()
    kept = [bytes(tails[stream]) if stream else b"" for stream in (child.stdout, child.stderr)]
    return Ended(code, cause, *kept)


def wait_at_most(child: Child, *, seconds: float) -> None:
    """Wait until `child` has ended, but no longer than that."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(seconds)


def _pause(child: Child) -> tuple[tuple[selectors.SelectorKey, int], ...]:
    """Wait a moment for a child whose output is closed."""
    wait_at_most(child, seconds=_LOOK_SECONDS)
    return ()


def kill(process: subprocess.Popen[bytes]) -> int:
    """Kill `process` with its whole process group, wait for it, and return its exit code (minus a signal's number)."""
    kill_group(process)
    return process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill `process` with its whole process group."""
    # Its process id is its group's. The group is signalled even if its leader is gone: a grandchild may live on.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Used:
    """What the kernel counted for a child that was waited for, together with all that it waited for itself."""

    cpu_seconds: float
    peak_memory_bytes: int  # of the largest single process


def wait_for(process: subprocess.Popen[bytes], *, block: bool) -> Used | None:
    """Wait for a child that has ended (with `block`, for its end) and return what it used.

    None where it still runs or was waited for before.
    """
    if process.returncode is not None:
        return None
    number, status, usage = os.wait4(process.pid, 0 if block else os.WNOHANG)
    if number == 0:
        return None
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def limit_this_process(limits: Limits) -> None:
    """Put `limits` on the calling process and what it will start, and write no core dumps."""
    _lower(resource.RLIMIT_CORE, 0)
    if limits.memory_bytes is not None:
        # macOS knows the name and refuses the value; a child without this limit is still ended by the clock.
        with contextlib.suppress(ValueError, OSError):
            _lower(resource.RLIMIT_AS, limits.memory_bytes)
    if limits.cpu_seconds is not None:
        _lower(resource.RLIMIT_CPU, limits.cpu_seconds)
    if limits.file_bytes is not None:
        _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    if limits.first_to_go:
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
            score.write("1000")


def limit_cpu_from_now(seconds: int) -> None:
    """Let the calling process use `seconds` more of CPU time; past that SIGXCPU ends it. May be called again."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))


def die_with_parent(parent: int) -> None:
    """Have the kernel kill the calling process when its parent's thread ends (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(_LIMITS_FAILED)


def _lower(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _launch(arguments: Sequence[str]) -> None:
    """Become the command `arguments[2:]` under the limits `arguments[0]`, dying with the parent `arguments[1]`."""
    try:
        limit_this_process(Limits(**json.loads(arguments[0])))
        die_with_parent(int(arguments[1]))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"cannot set limits: {error}\n")
        sys.exit(_LIMITS_FAILED)
    try:
        os.execvp(arguments[2], list(arguments[2:]))  # noqa: S606  # a list of arguments, no shell
    except OSError as error:
        sys.stderr.write(f"cannot start {arguments[2]}: {error}\n")
        sys.exit(127)


if __name__ == "__main__":
    _launch(sys.argv[1:])
