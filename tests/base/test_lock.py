"""One writer at a time, also after a crash."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from nightdesk.base import lock
from nightdesk.base.errors import DeskError
from nightdesk.base.lock import hold_lock

HOLDER = """
import sys
from pathlib import Path
from nightdesk.base.lock import hold_lock
with hold_lock(Path(sys.argv[1]), doing="compiling"):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(path: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/lock"
    with start_holder(path) as holder:
        with pytest.raises(DeskError) as caught, hold_lock(path, doing="adding"):
            pytest.fail("both hold the lock")
        assert caught.value.message == f"this desk is in use: compiling (process {holder.pid})"
        assert caught.value.fix
        assert path.read_text() == f"compiling (process {holder.pid})", "the refused one leaves the note alone"
        holder.communicate("")
    with hold_lock(path, doing="adding"):
        assert path.read_text().startswith("adding (process "), "the longer note of the last holder is gone"


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with start_holder(tmp_path / "lock") as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with hold_lock(tmp_path / "lock", doing="adding"):
            pass


def test_an_error_in_the_block_releases_it(tmp_path: Path) -> None:
    with pytest.raises(KeyError), hold_lock(tmp_path / "lock", doing="x"):
        raise KeyError
    path = tmp_path / "lock"
    with hold_lock(path, doing="y"), pytest.raises(DeskError, match="y"), hold_lock(path, doing="z"):
        pytest.fail("the same process holds it twice")


def test_what_stands_in_the_file_is_never_trusted(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"\xff" * 5000)
    with hold_lock(tmp_path / "lock", doing="x"):
        assert (tmp_path / "lock").read_text().startswith("x (")


def test_who_waits_gets_it_when_the_holder_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, looks = tmp_path / "lock", []
    with start_holder(path) as holder:

        def sleep(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 2:
                holder.communicate("")

        monkeypatch.setattr(lock, "time", SimpleNamespace(monotonic=time.monotonic, sleep=sleep))
        with hold_lock(path, doing="submitting", wait_seconds=60):
            assert path.read_text().startswith("submitting (")
    assert len(looks) == 2


def test_who_has_waited_long_enough_is_refused(tmp_path: Path) -> None:
    path, refused = tmp_path / "lock", pytest.raises(DeskError, match="in use: y")
    with hold_lock(path, doing="y"), refused, hold_lock(path, doing="z", wait_seconds=0.1):
        pytest.fail("the same process holds it twice")
