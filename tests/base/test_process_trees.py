"""What a tree of processes uses: those that live, those that ended, and those that nobody waits for."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

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
from nightdesk.base.processes import Child, Limits, kill, start

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is /proc on Linux only")
SLEEP = "import time; time.sleep(600)"
BURN = "import time\nwhile time.process_time() < {}: pass\n"


def started(code: str, folder: Path) -> Child:
    return start([sys.executable, "-S", "-c", code], folder=folder, limits=Limits())


def read_until(child: Child, enough: Callable[[Reading], bool]) -> Reading:
    """Return the first reading that is enough; the child itself, being the root, is not counted."""
    tree = ProcessTree(child.pid, namespace=False)
    try:
        for _ in range(600):
            reading = tree.read()
            if enough(reading):
                return reading
            time.sleep(0.03)
        pytest.fail(f"never enough: {reading}")
    finally:
        kill_descendants(child.pid)
        kill(child)


def test_children_and_theirs_are_counted(tmp_path: Path) -> None:
    code = f"import os, time\nos.fork()\nos.fork()\nx = b'x' * 50_000_000\n{SLEEP}"
    reading = read_until(started(code, tmp_path), lambda reading: reading.memory_bytes > 150_000_000)
    assert reading.processes == 3
    assert reading.threads >= 3


@pytest.mark.parametrize(
    ("parent", "why"),
    [
        ("os.wait()\n", "the parent waits for each"),
        ("", "nobody waits: they stay as zombies"),
        ("signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n", "the parent does not want to know"),
    ],
)
def test_cpu_time_of_ended_children_stays(tmp_path: Path, parent: str, why: str) -> None:
    before = parent if "signal" in parent else ""
    after = parent if "wait" in parent else ""
    burn = BURN.format(0.4).replace("\n", "\n        ")
    code = (
        f"import os, signal, time\n{before}for _ in range(2):\n    if os.fork() == 0:\n        {burn}\n"
        f"        os._exit(0)\n    {after}\ntime.sleep(600)"
    )
    child = start(kept_command([sys.executable, "-S", "-c", code]), folder=tmp_path, limits=Limits())
    reading = read_until(child, lambda reading: reading.cpu_seconds > 0.7)
    assert reading.cpu_seconds < 1.5, why


def test_shared_memory_counts_once(tmp_path: Path) -> None:
    code = f"import os\nx = b'x' * 100_000_000\nfor _ in range(4):\n  if os.fork() == 0: break\n{SLEEP}"
    child = start(kept_command([sys.executable, "-S", "-c", code]), folder=tmp_path, limits=Limits())
    reading = read_until(child, lambda reading: reading.processes == 5)
    assert 90_000_000 < reading.memory_bytes < 300_000_000


def test_what_has_ended_is_read_no_more(tmp_path: Path) -> None:
    child = started("", tmp_path)
    kill(child)
    tree = ProcessTree(child.pid, namespace=False)
    assert tree.read() == Reading()
    assert cpu_seconds_of(child.pid) == 0
    tree.close()


def test_descendants_are_killed_and_the_root_is_not(tmp_path: Path) -> None:
    child = started(f"import os\nif os.fork() == 0:\n  os.setsid(); os.fork()\n{SLEEP}", tmp_path)
    tree = ProcessTree(child.pid, namespace=False)
    while tree.read().processes < 2:
        time.sleep(0.02)
    kill_descendants(child.pid)
    assert child.poll() is None
    kill(child)


def test_marked_processes(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    marked = subprocess.Popen(["sleep", "600"], env={"MARK": str(inner), "PATH": os.environ["PATH"]}, cwd="/")
    inside = subprocess.Popen(["sleep", "600"], cwd=inner, start_new_session=True)
    other = subprocess.Popen(["sleep", "600"], env={"MARK": "/elsewhere", "PATH": os.environ["PATH"]}, cwd="/")
    try:
        deadline = time.monotonic() + 20
        while (found := set(marked_processes("MARK", tmp_path))) != {marked.pid, inside.pid}:
            assert time.monotonic() < deadline, found
    finally:
        for process in (marked, inside, other):
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_the_machine() -> None:
    before = machine_cpu_seconds()
    assert before is not None
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    after = machine_cpu_seconds()
    assert after is not None
    assert after - before > 0.1
    free = free_memory_bytes()
    assert free is not None
    assert free > 10**6
