"""The keeper: the exit code of what it keeps, and that nothing of it lives when it ends, however it ends."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nightdesk.base.keeper import kept_command
from nightdesk.base.processes import Limits, start

ORPHAN = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            open("alive", "w").close()
            time.sleep(0.01)
    os._exit(0)
while not os.path.exists("alive"): time.sleep(0.01)
"""


def keep(code: str, folder: Path) -> "subprocess.Popen[bytes]":
    command = kept_command([sys.executable, "-S", "-c", code])
    return start(command, folder=folder, limits=Limits(), stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("", 0), ("raise SystemExit(3)", 3), ("import os\nos.kill(os.getpid(), 9)", -9), ("import os\nos.abort()", -6)],
)
def test_exit_code(tmp_path: Path, code: str, expected: int) -> None:
    with keep(code, tmp_path) as child:
        child.communicate()
    assert child.returncode == expected


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with start(
        kept_command(["no-such-program-here"]), folder=tmp_path, limits=Limits(), stderr=subprocess.PIPE
    ) as child:
        _, said = child.communicate()
    assert (child.returncode, said) == (127, b"cannot start no-such-program-here: No such file or directory\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans a new parent of our choice")
@pytest.mark.parametrize("after", ["it ends", "it is told to end"])
def test_no_orphan_is_left(tmp_path: Path, after: str) -> None:
    child = keep(ORPHAN + ("" if after == "it ends" else "time.sleep(600)"), tmp_path)
    while after != "it ends" and not (tmp_path / "alive").exists():
        time.sleep(0.01)
    if after != "it ends":
        child.send_signal(signal.SIGTERM)
    child.communicate()
    assert child.returncode == (0 if after == "it ends" else -9)
    before = (tmp_path / "alive").stat().st_mtime_ns
    time.sleep(0.2)
    assert (tmp_path / "alive").stat().st_mtime_ns == before
