"""Runs on this machine: what a program gets, what is recorded of it, how it is stopped, which limits it is told of."""

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.budgets import Budget, parse_budget
from nightdesk.lab.labs import Lab
from nightdesk.lab.running import Live, LocalExecutor
from nightdesk.lab.surroundings import budget_text, environment_of, found_command, split_command
from tests.lab.runs import BOTH_WAYS, confined_here, job, make_lab, run

LINUX = sys.platform == "linux"
BLOCK = "print('---\\nloss: 0.25\\nnum_steps: 12')\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_a_run(lab: Lab, confined: bool) -> None:
    code = """
import json, os, sys
here = sorted(os.listdir()), open("data/train.bin").read(), sys.prefix
print(json.dumps([here, [os.environ.get(n) for n in ("NIGHTDESK_SEED", "NIGHTDESK_BUDGET", "OMP_WAIT_POLICY")]]))
open("model.safetensors", "w").write("weights")
"""
    finished = run(lab, code + BLOCK, confined=confined)
    (files, data, prefix), variables = json.loads(finished.log.splitlines()[0])
    assert files == ["data", "kit", "prepare.py", "train.py"]
    assert (data, prefix) == ("this is train.bin", sys.prefix)
    assert variables == ["7", "60s cpu", "passive"]
    assert (finished.code, finished.failure, finished.seed) == (0, "", 7)
    assert finished.printed.numbers == {"loss": 0.25, "num_steps": 12}
    assert (finished.folder / "model.safetensors").read_text() == "weights"
    assert finished.use.wall_seconds > 0
    if LINUX:
        assert finished.use.cpu_seconds > 0
        assert (
            4e6 < finished.use.peak_memory_bytes < 4e9
        )  # a child that is looked at before it execs is as large as this


def test_it_gets_what_is_for_it(lab: Lab) -> None:
    names = ("judge/answers.txt", "experiments/0001.md", "results.tsv", "src/results.tsv", "a/judge")
    code = b"import os\nprint(sorted(os.path.join(r, f)[2:] for r, _, fs in os.walk('.') for f in fs))"
    finished = run(lab, "", confined=False, files=dict.fromkeys(names, b"x") | {"train.py": code})
    assert finished.log.strip() == "['a/judge', 'src/results.tsv', 'train.py']"


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_a_finished_run_is_kept_until_it_is_forgotten(lab: Lab, confined: bool) -> None:
    finished = run(lab, BLOCK, confined=confined)
    other = LocalExecutor(lab, confined=confined)  # another process, after a kill -9
    assert other.finished("0001-1") == finished
    assert other.finished("0001-2") is None
    other.forget("0001-1")
    other.forget("0001-1")
    assert other.finished("0001-1") is None


@pytest.mark.parametrize("record", ["", "{", "[]", '{"key": "0001-1"}'])
def test_half_a_record_is_no_finished_run(lab: Lab, record: str) -> None:
    folder = lab.runs / "0001-1"
    folder.mkdir(parents=True)
    (folder / "finished.json").write_text(record)
    assert LocalExecutor(lab, confined=False).finished("0001-1") is None


def test_a_run_starts_afresh(lab: Lab) -> None:
    code = "import os\nprint(os.path.exists('left'))\nopen('left', 'w')"
    assert [run(lab, code, confined=False).log.strip() for _ in range(2)] == ["False", "False"]


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_a_stopped_run_is_void(lab: Lab, confined: bool) -> None:
    started = lab.runs / "0001-1/work/started"
    code = "import time\nopen('started', 'w')\ntime.sleep(600)"
    executor = LocalExecutor(lab, confined=confined)
    assert executor.run(job(code), stopped=started.exists) is None
    assert executor.finished("0001-1") is None
    assert list(lab.runs.iterdir()) == []


def test_progress_is_told(lab: Lab) -> None:
    told: list[Live] = []
    executor = LocalExecutor(lab, confined=False, on_progress=told.append)
    code = "import time\nprint('step 1\\nstep 2', flush=True)\ntime.sleep(600)"
    executor.run(job(code), stopped=lambda: bool(told) and told[-1].line == "step 2")
    assert (told[-2].key, told[-2].line, told[-2].over) == ("0001-1", "step 2", False)
    assert (told[-1].key, told[-1].over) == ("0001-1", True), "it was stopped, and what it left is gone"


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        ("no-such-program train.py", "cannot start: no-such-program is not on PATH"),
        ("./nothing.sh", "cannot start: ./nothing.sh is not on PATH"),
        ("python missing.py", "exit code 2"),
        ("./run.sh 5", "exit code 5"),
        ("sh -c 'exit 4'", "exit code 4"),
    ],
)
@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_command(lab: Lab, command: str, failure: str, confined: bool) -> None:
    files = {"train.py": b"", "run.sh": b'#!/bin/sh\nexit "$1"\n'}
    assert run(lab, "", confined=confined, command=command, files=files).failure == failure


@pytest.mark.parametrize("command", ["", "python 'train.py"])
def test_no_command(command: str) -> None:
    with pytest.raises(DeskError):
        split_command(command)


@pytest.mark.parametrize(
    ("budget", "allowance", "timeout", "failure"),
    [
        (Budget(60, "wall"), 1.0, 0.5, "killed: over 0.5s"),
        (Budget(0.5, "wall"), 0.5, 60.0, "killed: over 1s: 0.5 s and 0.5 s for start-up and export are allowed"),
        (Budget(100, "steps"), 0.0, 1.0, "killed: over 1s"),
        (Budget(100, "steps"), None, 1.0, "killed: over 1s"),
    ],
)
def test_time(lab: Lab, budget: Budget, allowance: float | None, timeout: float, failure: str) -> None:
    options: dict[str, Any] = {"budget": budget, "allowance_seconds": allowance, "timeout_seconds": timeout}
    assert run(lab, "import time\ntime.sleep(600)", confined=False, **options).failure == failure


@pytest.mark.skipif(not LINUX, reason="CPU time of a tree is read from /proc")
def test_a_run_that_ends_over_its_budget_fails_too(lab: Lab) -> None:
    code = "import time\nwhile time.process_time() < 0.5: pass"
    options: dict[str, Any] = {"budget": Budget(0.1, "cpu"), "timeout_seconds": 60.0}
    assert "0.1 s and 0.1 s for start-up" in run(lab, code, confined=False, allowance_seconds=0.1, **options).failure
    assert run(lab, code, confined=False, allowance_seconds=None, **options).failure == "", "being calibrated"


@pytest.mark.parametrize("budget", [Budget(60, "cpu"), Budget(300, "wall"), Budget(1.5, "wall"), Budget(1e9, "steps")])
def test_a_budget_is_told_as_it_is_written(budget: Budget) -> None:
    assert parse_budget(budget_text(budget)) == budget


@confined_here
def test_confined_variables_and_folders(lab: Lab, tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    shown.mkdir()
    (shown / "file").write_text("told")
    executor = LocalExecutor(lab, confined=True, readable=(shown,), variables={"EXTRA": "1"})
    code = f"import os\nprint(os.environ['EXTRA'], open('{shown}/file').read())"
    finished = executor.run(job(code), stopped=lambda: False)
    assert finished is not None
    assert finished.log.strip() == "1 told"


@confined_here
def test_an_adopted_repository_brings_its_environment(tmp_path: Path) -> None:
    environment = tmp_path / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/python").symlink_to(sys.executable)
    (environment / "marker").write_text("its own")
    uv = tmp_path / "tools/uv"
    uv.parent.mkdir()
    uv.write_text('#!/bin/sh\ncat "$UV_PROJECT_ENVIRONMENT/marker"\necho " $UV_OFFLINE $UV_NO_SYNC"\n')
    uv.chmod(stat.S_IRWXU)
    lab = make_lab(tmp_path / "repo")
    lab = replace(lab, repository=tmp_path, program=replace(lab.program, adopted=True))
    assert run(lab, "", confined=True, command=f"{uv} run train.py").log.strip() == "its own 1 1"


def test_uv_is_not_asked_to_fetch(tmp_path: Path) -> None:
    folders, variables = environment_of(tmp_path, ("/usr/bin/uv", "run"))
    assert variables["UV_OFFLINE"] == variables["UV_NO_SYNC"] == "1"
    assert tmp_path not in folders
    assert "UV_OFFLINE" not in environment_of(tmp_path, ("python",))[1]


def test_python_is_this_interpreter(tmp_path: Path) -> None:
    assert found_command(("python3", "x.py"), folder=tmp_path) == (sys.executable, "x.py")


def test_a_full_disk_is_told(lab: Lab) -> None:
    long = "n" * 300  # any fault of the disk: this one can be made without filling it
    with pytest.raises(DeskError, match="make room"):
        LocalExecutor(lab, confined=False).run(job("", files={long: b"x"}), stopped=lambda: False)
