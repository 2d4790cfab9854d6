"""Child processes: their limits, their environment, and that none of them outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.processes import KEPT_BYTES, Ended, Limits, attend, bare_environment, kill, start

NO_LIMITS = Limits()
WRITES = "import os; f = os.open('f', os.O_CREAT | os.O_WRONLY); [os.write(f, bytes(900)) for _ in 'abc']"
LINUX = sys.platform == "linux"


def run(code: str, folder: Path, limits: Limits = NO_LIMITS) -> tuple[int, str]:
    """Return the exit code of a Python child that runs `code`, and what it printed and complained."""
    child = start(
        [sys.executable, "-c", code], folder=folder, limits=limits, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = child.communicate()
    return child.returncode, said.decode()


def test_child_runs_in_its_folder_and_session(tmp_path: Path) -> None:
    code, said = run("import os; print(os.getcwd(), os.getsid(0) == os.getpid())", tmp_path)
    assert (code, said.split()) == (0, [str(tmp_path.resolve()), "True"])


@pytest.mark.parametrize(
    ("limits", "code", "expected"),
    [
        pytest.param(Limits(memory_bytes=300_000_000), "x = bytearray(10**9)", "MemoryError", id="memory",
                     marks=pytest.mark.skipif(not LINUX, reason="macOS does not enforce RLIMIT_AS")),
        (Limits(cpu_seconds=1), "while True: pass", ""),  # killed by the kernel: SIGXCPU, or SIGKILL at the hard limit
        (Limits(file_bytes=1000), WRITES, "File too large"),  # Python ignores SIGXFSZ and gets an error instead
    ],
)  # fmt: skip
def test_limits_hold(tmp_path: Path, limits: Limits, code: str, expected: str) -> None:
    status, said = run(code, tmp_path, limits)
    assert status != 0
    assert expected in said


def test_child_without_limits_runs(tmp_path: Path) -> None:
    assert run("x = bytearray(10**8); print(len(x))", tmp_path) == (0, "100000000\n")


def test_no_core_dumps(tmp_path: Path) -> None:
    assert run("import resource; print(resource.getrlimit(resource.RLIMIT_CORE))", tmp_path) == (0, "(0, 0)\n")


def test_cpu_limit_may_be_raised_for_each_job(tmp_path: Path) -> None:
    code = """
from nightdesk.base.processes import limit_cpu_from_now
import time
for _ in range(3):
    limit_cpu_from_now(1)
    end = time.process_time() + 0.8
    while time.process_time() < end: pass
print("done")
"""
    assert run(code, tmp_path) == (0, "done\n")


def test_cpu_limit_from_now_ends_a_loop(tmp_path: Path) -> None:
    code = "from nightdesk.base.processes import limit_cpu_from_now as l; l(1)\nwhile True: pass"
    assert run(code, tmp_path) == (-signal.SIGXCPU, "")


def test_command_that_is_not_there(tmp_path: Path) -> None:
    child = start(["no-such-program-here"], folder=tmp_path, limits=Limits(), stderr=subprocess.PIPE)
    _, said = child.communicate()
    assert (child.returncode, b"cannot start no-such-program-here" in said) == (127, True)


def test_secrets_stay_with_the_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    code, said = run("import os; print(sorted(os.environ)); print(os.environ['HOME'])", tmp_path)
    assert code == 0
    assert "OPENAI_API_KEY" not in said
    assert said.splitlines()[1] == str(tmp_path)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("PATH", True),  # programs are found
        ("LANG", True),
        ("PYTHONPATH", True),  # a user's own set-up of Python
        ("HOME", False),  # replaced: settings and keys lie there
        ("SSH_AUTH_SOCK", False),
        ("LD_PRELOAD", False),
    ],
)
def test_bare_environment(tmp_path: Path, name: str, kept: bool) -> None:
    given = bare_environment({name: "value"}, home=tmp_path)
    assert (given.get(name) == "value") is kept


def alive(process_id: int) -> bool:
    """Return whether the process is there and no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return bool(state.stdout.strip()) and not state.stdout.strip().startswith("Z")


def gone(process_id: int) -> bool:
    """Return whether the process ends within ten seconds."""
    for _ in range(200):
        if not alive(process_id):
            return True
        time.sleep(0.05)
    return False


def test_kill_takes_grandchildren_along(tmp_path: Path) -> None:
    code = "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    child = start([sys.executable, "-c", code], folder=tmp_path, limits=Limits(), stdout=subprocess.PIPE)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    assert alive(grandchild)
    assert kill(child) == -signal.SIGKILL
    assert gone(grandchild)
    child.stdout.close()


def test_kill_of_one_that_has_ended(tmp_path: Path) -> None:
    child = start([sys.executable, "-c", "raise SystemExit(3)"], folder=tmp_path, limits=Limits())
    child.wait()
    assert kill(child) == 3


@pytest.mark.skipif(not LINUX, reason="only Linux tells children of their parent's death")
def test_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent_code = f"""
import sys, time
from pathlib import Path
from nightdesk.base.processes import Limits, start
child = start(["sleep", "600"], folder=Path({str(tmp_path)!r}), limits=Limits())
print(child.pid, flush=True)
time.sleep(600)
"""
    parent = subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, env=dict(os.environ))
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(child)


def attended(code: str, folder: Path, **options: Any) -> tuple[Ended, bytes]:
    """Return how a Python child that runs `code` ended, and all of its standard output."""
    child = start(
        [sys.executable, "-c", code], folder=folder, limits=NO_LIMITS, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    taken = bytearray()
    ended = attend(child, take=taken.extend, **{"seconds": 30, **options})
    return ended, bytes(taken)


@pytest.mark.parametrize(
    ("code", "options", "status", "cause", "why"),
    [
        ("print('out')", {}, 0, "itself", "it is done"),
        ("raise SystemExit(3)", {}, 3, "itself", "it failed"),
        ("import time; time.sleep(600)", {"seconds": 0.3}, -9, "time", "it hangs"),
        ("import os, time; os.close(1); os.close(2); time.sleep(600)", {"seconds": 0.3}, -9, "time", "and is silent"),
        ("while True: print('x' * 1000)", {"most_bytes": 50_000}, -9, "output", "it talks without end"),
        ("import time; time.sleep(600)", {"stopped": lambda: True}, -9, "stopped", "it is not wanted any more"),
    ],
)
def test_attended_to_its_end(
    tmp_path: Path, code: str, options: dict[str, Any], status: int, cause: str, why: str
) -> None:
    ended, _ = attended(code, tmp_path, **options)
    assert (ended.code, ended.cause) == (status, cause), why


def test_output_is_taken_whole_and_its_end_is_kept(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.write('a' * 300_000 + 'end'); sys.stderr.write('b' * 300_000 + 'last')"
    ended, taken = attended(code, tmp_path)
    assert taken == b"a" * 300_000 + b"end"
    assert (len(ended.stdout), len(ended.stderr)) == (KEPT_BYTES, KEPT_BYTES)
    assert ended.stdout.endswith(b"aend")
    assert ended.stderr.endswith(b"blast")


def test_what_a_child_leaves_behind_does_not_hold_up(tmp_path: Path) -> None:
    code = "import subprocess; print('done', flush=True); subprocess.Popen(['sleep', '600'], start_new_session=False)"
    ended, taken = attended(code, tmp_path)
    assert (ended.cause, taken) == ("itself", b"done\n")
