"""What a tree of processes uses, read from /proc: CPU time with that of the ended ones, memory, how many there are."""

import contextlib
import os
import signal
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_ENOUGH = 1.1  # shared pages are counted once where their being counted twice would make a new peak of so much


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tree uses. Where there is no /proc all of it is 0."""

    processes: int = 0
    threads: int = 0
    cpu_seconds: float = 0.0  # of all processes since the tree was first read, ended ones too
    memory_bytes: int = 0  # of those that live


@dataclass(frozen=True, slots=True)
class _Process:
    own: float  # CPU seconds
    waited: float  # of children that ended and were waited for, and theirs
    threads: int
    resident_bytes: int


class ProcessTree:
    """A process with all its descendants.

    Named by the first process of a PID namespace, whatever lives in the namespace is the tree: nothing can leave it,
    and reading costs nothing for the other processes of the machine. The first process itself (bubblewrap's)
    is not counted. Otherwise the tree is found by its parents' lists of children, below a `keeper`.

    CPU time is what lives, with what the kernel passed to parents of what ended. A child whose parent ignores SIGCHLD
    is passed to nobody; its last reading is counted. What remains: such a child that lives for less than the time
    between two readings (its time shows as load of others, which makes a run `disturbed`), and up to that time at the
    end. A cgroup would count both, but making one takes rights that a person rarely has.
    """

    def __init__(self, root: int, *, namespace: bool) -> None:
        self._root = root
        self._namespace = namespace
        self._folder: int | None = None  # the namespace's own /proc
        self._seen: dict[str, _Process] = {}  # by process id and start time
        self._lost = 0.0
        self._most = 0.0
        self.peak_memory_bytes = 0

    def read(self) -> Reading:
        """Return what the tree uses now."""
        now, ids = self._look()
        vanished = [process for key, process in self._seen.items() if key not in now]
        passed_on = sum(
            process.waited - (self._seen[key].waited if key in self._seen else 0.0) for key, process in now.items()
        )
        self._lost += max(0.0, sum(process.own + process.waited for process in vanished) - passed_on)
        if now:  # else it has ended: nothing tells more than the reading before
            self._most = max(self._most, self._lost + sum(process.own + process.waited for process in now.values()))
        self._seen = now
        memory = sum(process.resident_bytes for process in now.values())
        if len(ids) > 1 and memory > _ENOUGH * self.peak_memory_bytes:
            memory = sum(self._proportional_bytes(number) for number in ids) or memory
        self.peak_memory_bytes = max(self.peak_memory_bytes, memory)
        return Reading(len(ids), sum(process.threads for process in now.values()), self._most, memory)

    def strays(self, cores: Collection[int]) -> bool:
        """Return whether a thread of the tree, as it was last read, may run on other cores than these."""
        held = sum(1 << core for core in set(cores))
        return any(mask & ~held for key in self._seen for mask in self._masks(key.split()[0]))

    def close(self) -> None:
        """Give back what is open."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None

    def _look(self) -> tuple[dict[str, _Process], list[str]]:
        found: dict[str, _Process] = {}
        ids = []
        if self._namespace and self._folder is None:
            self._folder = _namespace_proc(self._root)
        numbers = self._listed() if self._folder is not None else _descendants(self._root)
        for number in numbers:
            stat = _stat(number, self._folder)
            if stat is None:
                continue
            cpu = [int(stat[place]) * _TICK_SECONDS for place in (11, 12, 13, 14)]
            first = (self._folder is not None and number == "1") or number == str(self._root)
            own = 0.0 if first else cpu[0] + cpu[1]
            if not first:
                ids.append(number)
            memory = 0 if first else int(stat[21]) * _PAGE_BYTES
            found[f"{number} {stat[19].decode()}"] = _Process(own, cpu[2] + cpu[3], int(stat[17]), memory)
        return found, ids

    def _listed(self) -> list[str]:
        try:
            return [name for name in os.listdir(self._folder) if name[0].isdigit()]
        except OSError:  # the namespace is gone
            return []

    def _masks(self, number: str) -> Iterator[int]:
        """Yield the cores that each thread of a process may run on."""
        with contextlib.suppress(OSError, ValueError):
            with _opened(f"{number}/task", self._folder, os.O_DIRECTORY) as folder:
                threads = os.listdir(folder)
            for thread in threads:
                with (
                    contextlib.suppress(OSError, ValueError),
                    _opened(f"{number}/task/{thread}/status", self._folder) as file,
                ):
                    yield _mask(file)

    def _proportional_bytes(self, number: str) -> int:
        """Return a process's memory with each shared page divided among those that share it; 0 where it is not told."""
        try:
            with _opened(f"{number}/smaps_rollup", self._folder) as file:
                line = next((line for line in os.read(file, 4096).split(b"\n") if line.startswith(b"Pss:")), b"Pss: 0")
            return int(line.split()[1]) * 1024
        except (OSError, ValueError):
            return 0


def _mask(file: int) -> int:
    """Return the cores that a /proc/…/status names as a number, a bit for each; 0 where it names none."""
    line = next((line for line in os.read(file, 8192).split(b"\n") if line.startswith(b"Cpus_allowed:")), b":0")
    return int(line.partition(b":")[2].replace(b",", b""), 16)


def _namespace_proc(first: int) -> int | None:
    """Return the folder /proc as the namespace sees it, once it is there and not ours."""
    try:
        folder = os.open(f"/proc/{first}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        os.readlink("self", dir_fd=folder)  # resolves only in the /proc of the reader's own namespace
    except FileNotFoundError:
        return folder
    except OSError:
        pass
    os.close(folder)
    return None


@contextlib.contextmanager
def _opened(path: str, folder: int | None, flags: int = 0) -> Iterator[int]:
    file = os.open(path if folder is not None else f"/proc/{path}", os.O_RDONLY | flags, dir_fd=folder)
    try:
        yield file
    finally:
        os.close(file)


def _stat(number: str, folder: int | None) -> list[bytes] | None:
    """Return the fields of /proc/NUMBER/stat from the third on, None where it has ended."""
    try:
        with _opened(f"{number}/stat", folder) as file:
            fields = os.read(file, 4096).rpartition(b")")[2].split()
    except OSError:
        return None
    return fields if len(fields) > 21 else None


def _descendants(root: int) -> list[str]:
    """Return the ids of `root` and all below it, as the lists of children have them."""
    found, waiting = [str(root)], [str(root)]
    while waiting:
        number = waiting.pop()
        try:
            tasks = os.listdir(f"/proc/{number}/task")
        except OSError:
            continue
        for task in tasks:
            with contextlib.suppress(OSError), _opened(f"{number}/task/{task}/children", None) as file:
                children = os.read(file, 65_536).decode().split()
                found += children
                waiting += children
    return found


def cpu_seconds_of(process: int) -> float:
    """Return the CPU time of one process by itself; 0.0 where it has ended or there is no /proc."""
    stat = _stat(str(process), None)
    return (int(stat[11]) + int(stat[12])) * _TICK_SECONDS if stat else 0.0


def machine_cpu_seconds(cores: Collection[int] | None = None) -> float | None:
    """Return the CPU time that these cores have used, with what the host took from them; None without /proc.

    `cores` None: the whole machine's, as also where the system does not tell it of each of them.
    """
    try:
        with open("/proc/stat", "rb") as file:
            lines = [line.split() for line in file if line.startswith(b"cpu")]
        wanted = {b"cpu%d" % core for core in cores or ()}
        own = [line for line in lines if line[0] in wanted]
        counted = own if own and len(own) == len(wanted) else lines[:1]
        # user, nice, system, interrupts, soft ones, stolen; idle and waiting for a disk are left out
        ticks = [int(line[place]) for line in counted for place in (1, 2, 3, 6, 7, 8)]
    except (OSError, ValueError, IndexError):
        return None
    return sum(ticks) * _TICK_SECONDS if ticks else None


def free_memory_bytes() -> int | None:
    """Return the memory that can be had without swapping, None where the system does not say."""
    try:
        with open("/proc/meminfo", "rb") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith(b"MemAvailable:")), None)
    except OSError:
        return None


def kill_descendants(root: int) -> None:
    """Kill all that `root` started, wherever it went, but not `root`; by parents' lists of children (Linux)."""
    for _ in range(100):  # a fork may win against one look
        numbers = [int(number) for number in _descendants(root)[1:]]
        if not numbers:
            return
        for number in numbers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)


def marked_processes(name: str, folder: Path) -> list[int]:
    """Return the processes, but this one, that belong to `folder` though nobody may know their parents. Linux only.

    Either their environment was started with a variable `name` that names `folder` or a path in it, or they work there
    and have no terminal: a person's shell has one.
    """
    if sys.platform != "linux":
        return []
    numbers = [entry for entry in os.listdir("/proc") if entry.isdigit() and int(entry) != os.getpid()]
    return [int(number) for number in numbers if _belongs(number, name.encode() + b"=", folder)]


def _belongs(number: str, start: bytes, folder: Path) -> bool:
    with contextlib.suppress(OSError), _opened(f"{number}/environ", None) as file:
        marks = (entry for entry in os.read(file, 1 << 20).split(b"\0") if entry.startswith(start))
        if any(Path(os.fsdecode(mark[len(start) :])).is_relative_to(folder) for mark in marks):
            return True
    with contextlib.suppress(OSError):
        stat = _stat(number, None)
        works_there = Path(os.readlink(f"/proc/{number}/cwd")).is_relative_to(folder)
        return works_there and stat is not None and stat[4] == b"0"
    return False
