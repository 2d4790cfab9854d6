"""Confined programs that answer over pipes, and such that run to their end."""

import mmap
import sys
import time
from pathlib import Path

import pytest

from nightdesk.lab.confined import Answering, NoAnswerError, StoppedError, run_confined, start_answering
from tests.lab.runs import BOTH_WAYS, confined_here

LINUX = sys.platform == "linux"
ECHO = "import sys\nwhile size := sys.stdin.buffer.read(1):\n  sys.stdout.buffer.write(size * 3)\n  sys.stdout.flush()"
SLEEP = "import time\ntime.sleep(600)"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights").write_text("w")
    return tmp_path / "model"


def ask(folder: Path, code: str, *, confined: bool, **options: object) -> Answering:
    given: dict[str, object] = {"folder": folder, "confined": confined, "seconds": 60.0, **options}
    return start_answering(["python", "-c", code], **given)  # type: ignore[arg-type]  # a table of cases


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_it_answers(folder: Path, confined: bool) -> None:
    with ask(folder, ECHO, confined=confined) as program:
        for letter in (b"a", b"b"):
            program.send(letter)
            assert program.receive(3, seconds=30) == letter * 3
        assert program.use().wall_seconds > 0
    assert program.end() == program.end()


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_much_is_sent_and_received(folder: Path, confined: bool) -> None:
    code = "import sys\ngot = sys.stdin.buffer.read(3_000_000)\nsys.stdout.buffer.write(got[::-1])\nsys.stdout.flush()"
    message = bytes(range(250)) * 12_000
    with ask(folder, code, confined=confined) as program:
        program.send(message)
        assert program.receive(len(message), seconds=60) == message[::-1]


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_memory_is_shared(folder: Path, tmp_path: Path, confined: bool) -> None:
    shared = tmp_path / "shared"
    shared.write_bytes(bytes(4096))
    code = (
        f"import mmap, sys\nwith open({str(shared)!r}, 'r+b') as f: m = mmap.mmap(f.fileno(), 4096)\n"
        "m[:5] = b'hello'\nsys.stdout.write('.'); sys.stdout.flush(); sys.stdin.read()"
    )
    with (
        shared.open("r+b") as file,
        mmap.mmap(file.fileno(), 4096) as mapped,
        ask(folder, code, confined=confined, shared=shared) as program,
    ):
        program.receive(1, seconds=30)
        assert mapped[:5] == b"hello"


NO_ANSWER = [
    ("raise SystemExit(3)", {}, "it closed its output with exit code 3", "it ends"),
    ("import os\nos.kill(os.getpid(), 9)", {}, "ended by signal 9", "it is killed"),
    (SLEEP, {}, "killed: no answer in 0.5 s", "it hangs"),
    ("import os\nos.close(1)\n" + SLEEP, {}, "killed: no answer in 0.5 s", "it hangs and will never answer"),
    (SLEEP, {"seconds": 0.2}, "killed: over 0.2 s", "its time is over"),
    ("import sys\nwhile True: sys.stderr.write('x' * 10_000)", {}, "killed: printed more than 200 MB", "it complains"),
]
if LINUX:
    NO_ANSWER += [
        ("x = bytearray(b'x') * 400_000_000\n" + SLEEP, {"memory_bytes": 10**8}, "killed: more than 0.1 GB", "memory"),
        ("while True: pass", {"cpu_seconds": 0.3}, "killed: used 0.", "it works without end"),
    ]


@pytest.mark.parametrize("confined", BOTH_WAYS)
@pytest.mark.parametrize(("code", "options", "reason", "why"), NO_ANSWER)
def test_no_answer(folder: Path, code: str, options: dict[str, object], reason: str, why: str, confined: bool) -> None:
    with ask(folder, code, confined=confined, **options) as program, pytest.raises(NoAnswerError) as told:
        program.receive(1, seconds=0.5 if "hangs" in why else 60)
    assert told.value.reason.startswith(reason), why


def test_its_complaints_are_told(folder: Path) -> None:
    with ask(folder, "import nosuch", confined=False) as program, pytest.raises(NoAnswerError) as told:
        program.receive(1, seconds=60)
    assert told.value.log.strip().endswith("ModuleNotFoundError: No module named 'nosuch'")


def test_sending_to_one_that_has_ended(folder: Path) -> None:
    with ask(folder, "", confined=False) as program, pytest.raises(NoAnswerError, match="it ended with exit code 0"):
        program.send(bytes(10_000_000))


def test_the_person_stops(folder: Path) -> None:
    began = time.monotonic()
    program = ask(folder, SLEEP, confined=False, stopped=lambda: time.monotonic() > began + 0.2)
    with program, pytest.raises(StoppedError):
        program.receive(1, seconds=600)


def test_no_such_program(folder: Path) -> None:
    with pytest.raises(NoAnswerError, match="no-such-program is not on PATH"):
        start_answering(["no-such-program"], folder=folder, confined=False, seconds=1)
    ran = run_confined(["no-such-program"], folder=folder, confined=False, seconds=1)
    assert ran is not None
    assert ran.failure == "cannot start: no-such-program is not on PATH"


@confined_here
@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("open('new', 'w')", "its folder is read-only"),
        ("open('weights', 'w')", "and what is in it"),
        ("open('../secret')", "nothing around it is seen"),
        ("open('{hidden}/val.bin')", "nor what is hidden"),
        ("import socket; socket.create_connection(('127.0.0.1', 9), 1)", "no network"),
    ],
)
def test_what_it_cannot(folder: Path, code: str, why: str) -> None:
    (folder.parent / "secret").write_text("s")
    hidden = folder.parent / "shown/hidden"
    hidden.mkdir(parents=True)
    (hidden / "val.bin").write_text("v")
    ran = run_confined(
        ["python", "-c", code.format(hidden=hidden)],
        folder=folder,
        confined=True,
        seconds=60,
        readable=(hidden.parent,),
        hidden=(hidden,),
    )
    assert ran is not None
    assert ran.failure == "exit code 1", why
    assert [path.name for path in folder.iterdir()] == ["weights"]


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_run_to_its_end(folder: Path, confined: bool) -> None:
    code = "import os, sys\nprint(open('weights').read(), os.environ['SPLIT'])\nsys.stderr.write('done')"
    ran = run_confined(["python", "-c", code], folder=folder, confined=confined, seconds=60, variables={"SPLIT": "val"})
    assert ran is not None
    assert (ran.code, ran.failure, ran.log.split()) == (0, "", ["w", "val", "done"])
    assert run_confined(["sleep", "600"], folder=folder, confined=confined, seconds=60, stopped=lambda: True) is None
    ran = run_confined(["sleep", "600"], folder=folder, confined=confined, seconds=0.3)
    assert ran is not None
    assert ran.failure == "killed: over 0.3 s"
