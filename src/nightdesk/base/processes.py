"""Child processes with limits: start, kill with all descendants, die with the parent, a bare environment."""

import contextlib
import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
KEPT_PREFIX = "PYTHON"  # PYTHONPATH and PYTHONHOME: without them a user's own set-up finds no library
_LIMITS_FAILED = 125  # exit code of the launcher, as in nohup and timeout
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use at most; None is no limit of ours (an inherited one stays)."""

    memory_bytes: int | None = None  # address space, of each process by itself
    cpu_seconds: int | None = None  # of the whole life of each process
    file_bytes: int | None = None  # of each file that it writes


def start(
    command: Sequence[str],
    *,
    folder: Path,
    limits: Limits,
    variables: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Return a running child in its own session, with `folder` as working folder and home.

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
    )


def bare_environment(environment: Mapping[str, str], *, home: Path) -> dict[str, str]:
    """Return what a child may know of `environment`: where programs are and the language, no keys, no tokens."""
    kept = {
        name: value for name, value in environment.items() if name in KEPT_VARIABLES or name.startswith(KEPT_PREFIX)
    }
    return kept | {"HOME": str(home), "TMPDIR": str(home)}


def kill(process: subprocess.Popen[bytes]) -> int:
    """Kill `process` with its whole process group, wait for it, and return its exit code (minus a signal's number)."""
    # Its process id is its group's. The group is signalled even if its leader is gone: a grandchild may live on.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


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
