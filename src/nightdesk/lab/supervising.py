"""A program under supervision: started confined or kept, looked at while it is at work, ended with all it started."""

import contextlib
import functools
import json
import os
import select
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nightdesk.base.keeper import kept_command
from nightdesk.base.process_trees import (
    ProcessTree,
    Reading,
    cpu_seconds_of,
    free_memory_bytes,
    kill_descendants,
    machine_cpu_seconds,
    marked_processes,
)
from nightdesk.base.processes import NOTHING, PIPE, Child, Limits, Used, kill_group, start, wait_for
from nightdesk.base.sandbox import Confinement, start_confined
from nightdesk.lab.jobs import Use
from nightdesk.lab.machines.clocks import Stopwatch
from nightdesk.lab.machines.cores import HeldCores
from nightdesk.lab.run_folder import measure_folders

LOOK_SECONDS = 0.05  # between two looks at a program that is new; later twice that
MOST_PROCESSES, MOST_THREADS = 200, 2000
MOST_WRITTEN_BYTES = 2 * 10**9
MOST_PRINTED_BYTES = 200 * 10**6
MARK = "NIGHTDESK_STARTED_IN"  # names its working folder in the environment of a program that is not confined
_LONGEST_LOOK_SECONDS = 0.5
_NEW_SECONDS = 2.0  # for which a program is looked at twice as often: bombs go off at the start
_SHARE_OF_LOOKING = 0.01  # of one core: a look that costs more is taken less often
_LEFT_FREE_BYTES = 100 * 10**6  # on the disk
_MEASURE_SECONDS = 1.0  # between two walks over what it wrote
_GROWN_BYTES = 64 * 10**6  # that the disk lost since: a reason for a walk right away
_SETTLE_SECONDS = 10.0  # for the kernel to end a whole namespace
_ADDRESS_SPACE_BYTES = 4 << 30  # for libraries and what is reserved but not used, beyond the memory that is allowed
_THREAD_BYTES = 128 << 20  # of it for each core: a stack and an arena of the allocator
FREE_SHARE = 0.9  # of what is free may be used where no limit is given


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a program with all that it starts may use. The texts say in a failure what was allowed."""

    wall_seconds: float
    wall_text: str
    cpu_seconds: float | None = None
    cpu_text: str = ""
    memory_bytes: int | None = None  # None: nine tenths of what the machine has free when it starts
    memory_text: str = ""  # why no more
    processes: int = MOST_PROCESSES
    threads: int = MOST_THREADS
    written_bytes: int = MOST_WRITTEN_BYTES
    printed_bytes: int = MOST_PRINTED_BYTES


class Supervised:
    """A running program. Whoever has one calls `look` every `pause_seconds`, and `end` when it is done or to be killed.

    Wall and CPU time count from the start of the sandbox, which takes some hundredths of a second. What the kernel
    counted for all that was waited for is taken where it is more than what was seen by looking, as it may be where
    there is no sandbox: bubblewrap does not wait for what it holds.
    """

    def __init__(
        self,
        command: Sequence[str],
        confinement: Confinement,
        *,
        confined: bool,
        allowed: Allowed,
        watched: Sequence[Path] = (),
        stdin: int = NOTHING,
        stderr: int = PIPE,
    ) -> None:
        """Start it. `watched` are the folders that it can write to. Raises OSError or DeskError where that fails."""
        self._allowed = allowed
        self._memory_bytes = allowed.memory_bytes or int(FREE_SHARE * (free_memory_bytes() or 1 << 40))
        self._watched = tuple(watched)
        self._work = confinement.work.resolve()
        self._confined = confined
        self._final: Use | None = None  # when it has been ended
        self._cores = HeldCores()
        self._watch = Stopwatch()
        self._machine_began = machine_cpu_seconds(self._cores.held)
        self._own_began = time.thread_time()
        self._others_own = 0.0  # CPU time of bubblewrap or the keeper
        self._counted: Used | None = None  # by the kernel, when it has ended
        self._looks, self._look_cost = 0, 0.0
        self._measured, self._free_then = 0.0, 0
        self.reading = Reading()
        limits = Limits(
            memory_bytes=None if confinement.devices else self._address_space(),  # CUDA maps more than there is
            file_bytes=allowed.written_bytes,
            first_to_go=True,
        )
        if confined:
            told, tell = os.pipe()
            try:
                self.child: Child = start_confined(
                    command, confinement, limits=limits, told=tell, stdin=stdin, stdout=PIPE, stderr=stderr
                )
            except BaseException:
                os.close(told)
                raise
            finally:
                os.close(tell)
            self._first = _told_process(told)
        else:
            variables = {**confinement.variables, MARK: str(self._work)}
            self.child = start(
                kept_command(list(command)),
                folder=confinement.work,
                limits=limits,
                variables=variables,
                stdin=stdin,
                stdout=PIPE,
                stderr=stderr,
            )
            self._first = None
        self._handle = _handle_of(self._first)
        self._tree = ProcessTree(self._first or self.child.pid, namespace=self._first is not None)

    @property
    def over(self) -> bool:
        """Whether it has ended by itself."""
        self._counted = self._counted or wait_for(self.child, block=False)
        return self.child.returncode is not None

    @property
    def wall_seconds(self) -> float:
        """Since it was started, up to its end."""
        return self._final.wall_seconds if self._final else self._watch.wall_seconds

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next look, such that looking costs next to nothing."""
        usual = LOOK_SECONDS if self.wall_seconds < _NEW_SECONDS else 2 * LOOK_SECONDS
        return min(_LONGEST_LOOK_SECONDS, max(usual, self._look_cost / _SHARE_OF_LOOKING))

    def look(self, *, printed_bytes: int = 0) -> str:
        """Return why it must be killed, one line; "" while it keeps all limits."""
        self._looks += 1
        began = time.thread_time()
        self.reading = self._tree.read()
        self._look_cost = time.thread_time() - began
        if self._looks % 16 == 2 or not self._others_own:  # they work at the start only
            self._others_own = max(self._others_own, self._of_others())
        now, allowed = self.reading, self._allowed
        if allowed.cpu_seconds is not None and now.cpu_seconds > allowed.cpu_seconds:
            return f"killed: used {now.cpu_seconds:.1f} s of CPU time, {allowed.cpu_text}"
        if self.wall_seconds > allowed.wall_seconds:
            return f"killed: {allowed.wall_text}"
        if now.memory_bytes > self._memory_bytes:
            why = allowed.memory_text if allowed.memory_bytes else "no more was free"
            return f"killed: more than {self._memory_bytes / 1e9:.3g} GB of memory{why and f', {why}'}"
        if now.processes > allowed.processes:
            return f"killed: more than {allowed.processes} processes"
        if now.threads > allowed.threads:
            return f"killed: more than {allowed.threads} threads"
        if printed_bytes > allowed.printed_bytes:
            return f"killed: printed more than {_size(allowed.printed_bytes)}"
        if left := self._cores.fault(self._tree, cpu_seconds=now.cpu_seconds, wall_seconds=self.wall_seconds):
            return f"killed: {left}"
        return self._look_at_disk()

    def written_fault(self) -> str:
        """Return what is wrong with what it wrote, one line; a walk over all of it."""
        written = measure_folders(self._watched)
        if written.size_bytes > self._allowed.written_bytes:
            return f"wrote more than {_size(self._allowed.written_bytes)}"
        return written.fault

    def end(self) -> int:
        """End it with all that it started, wherever that went, and return its exit code (minus a signal's number).

        When this returns no process of it lives: what it wrote stays as it is.
        """
        if self._final is not None:
            return self._code()
        self.reading = self._tree.read()
        seen = self.use()
        if self._first is not None:
            _kill_namespace(self._first, self._handle)
        elif not self._confined:
            self._end_kept()
        kill_group(self.child)
        self._counted = self._counted or wait_for(self.child, block=True)
        self._final = self._with_counted(seen)
        for stream in (self.child.stdin, self.child.stdout, self.child.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was still to be written goes nowhere
                    stream.close()
        if self._handle is not None:
            os.close(self._handle)
        self._tree.close()
        return self._code()

    def use(self) -> Use:
        """Return what it used up to now or, when it was ended, in all. To be asked by the thread that started it."""
        if self._final is not None:
            return self._final
        wall, cpu = self.wall_seconds, self.reading.cpu_seconds
        harness = time.thread_time() - self._own_began + self._others_own
        others = 0.0
        machine = machine_cpu_seconds(self._cores.held)
        if machine is not None and self._machine_began is not None and wall > 0:
            others = max(0.0, (machine - self._machine_began - cpu - harness) / wall)
        slept, peak = self._watch.slept_seconds, self._tree.peak_memory_bytes
        return Use(wall, cpu, peak, others, harness, slept, len(self._cores.own))

    def _with_counted(self, seen: Use) -> Use:
        """Return the use with what the kernel counted, where that is more: it misses no process that was waited for."""
        if self._counted is None:
            return seen
        return replace(
            seen,
            cpu_seconds=max(seen.cpu_seconds, self._counted.cpu_seconds - self._others_own),
            peak_memory_bytes=max(seen.peak_memory_bytes, self._counted.peak_memory_bytes),
        )

    def _look_at_disk(self) -> str:
        if not self._watched:
            return ""
        disk = os.statvfs(self._watched[0])
        free = disk.f_bavail * disk.f_frsize
        if free < _LEFT_FREE_BYTES:
            return f"killed: the disk has less than {_size(_LEFT_FREE_BYTES)} left"
        now = time.monotonic()
        if now - self._measured > _MEASURE_SECONDS or self._free_then - free > _GROWN_BYTES:
            fault = self.written_fault()
            # a walk over many files costs: it may take a hundredth of the time at most
            self._measured = time.monotonic() + (time.monotonic() - now) / _SHARE_OF_LOOKING
            self._free_then = free
            if fault:
                return f"killed: {fault}"
        return ""

    def _address_space(self) -> int:
        return self._memory_bytes + _ADDRESS_SPACE_BYTES + (os.cpu_count() or 1) * _THREAD_BYTES

    def _of_others(self) -> float:
        return cpu_seconds_of(self.child.pid) + (cpu_seconds_of(self._first) if self._first else 0.0)

    def _end_kept(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.child.send_signal(signal.SIGTERM)  # the keeper ends all it holds
        until = time.monotonic() + _SETTLE_SECONDS / 2
        while not self.over and time.monotonic() < until:
            time.sleep(0.01)
        if not self.over:
            kill_descendants(self.child.pid)
        kill_marked(self._work)  # what is left where the program itself killed its keeper

    def _code(self) -> int:
        code = int(self.child.returncode)
        # bubblewrap ends with 128 + the number of the signal that ended the program, like a shell
        return 128 - code if self._confined and code - 128 in _signals() else code


def kill_marked(folder: Path) -> int:
    """Kill what was started unconfined in `folder` or below and still lives; return how many there were."""
    killed: set[int] = set()
    for _ in range(20):  # what forks meanwhile is found by the next look
        found = marked_processes(MARK, folder)
        if not found:
            break
        for number in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        killed.update(found)
        time.sleep(0.01)  # they end when the kernel comes to it
    return len(killed)


def _told_process(told: int) -> int | None:
    """Return the process id that bubblewrap tells, None where it ends without telling."""
    said = b""
    with os.fdopen(told, "rb", buffering=0) as file:
        while select.select([file], [], [], _SETTLE_SECONDS)[0] and (chunk := file.read(4096)):
            said += chunk
    try:
        return int(json.loads(said)["child-pid"])
    except (ValueError, KeyError):
        return None


def _handle_of(process: int | None) -> int | None:
    """Return a handle that cannot come to mean another process, None where the system has none."""
    try:
        return os.pidfd_open(process) if process is not None else None
    except (OSError, AttributeError):
        return None


def _kill_namespace(first: int, handle: int | None) -> None:
    """Kill the first process of a namespace, which ends them all, and wait until the last is gone."""
    if handle is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)
        return
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    select.select([handle], [], [], _SETTLE_SECONDS)  # readable when it is gone, which is after all others


@functools.cache
def _signals() -> frozenset[int]:
    return frozenset(int(number) for number in signal.valid_signals())


def _size(number: int) -> str:
    return f"{number / 1e9:g} GB" if number >= 10**9 else f"{number / 1e6:g} MB"
