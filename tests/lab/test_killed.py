"""kill -9 at random moments: real processes, real files."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from nightdesk.lab.experiments import State, read_experiments
from nightdesk.lab.ledger import COMMIT_DIGITS, read_results
from nightdesk.lab.recovery import branch_target

SCRIPT = Path(__file__).parent / "killed_night.py"
SOURCE = Path(__file__).parents[2] / "src"
COUNT = 40
KILLS = 50


def start(folder: Path) -> subprocess.Popen[bytes]:
    environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]}
    return subprocess.Popen([sys.executable, str(SCRIPT), str(folder), str(COUNT)], env=environment)


def has_started(folder: Path, pid: int) -> bool:
    path = folder / "started"
    return path.exists() and path.read_text() == str(pid)


def finished_runs(folder: Path) -> list[int]:
    log = folder / "finished.log"
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def test_no_finished_run_is_lost(tmp_path: Path) -> None:
    rng, kills = random.Random(11), 0
    began = time.monotonic()
    folder = tmp_path / "0"
    nights = 0
    while kills < KILLS:
        process = start(folder)
        while process.poll() is None and not has_started(folder, process.pid):
            time.sleep(0.005)  # an interpreter that still starts has nothing to lose
        time.sleep(rng.uniform(0.0, 0.35))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        whole_rows = read_results(folder / "results.tsv")
        assert len({row.commit for row in whole_rows}) == len(whole_rows)
        read_experiments(folder / "experiments")  # every file is whole
        if len(whole_rows) == COUNT:
            nights += 1
            folder = tmp_path / str(nights)
        assert time.monotonic() - began < 300
    assert start(folder).wait() == 0
    for number in range(nights + 1):
        ends_well(tmp_path / str(number))


def ends_well(folder: Path) -> None:
    experiments = read_experiments(folder / "experiments")
    assert [experiment.number for experiment in experiments] == list(range(COUNT))
    assert all(experiment.state is State.JUDGED and len(experiment.runs) == 1 for experiment in experiments)
    rows = read_results(folder / "results.tsv")
    assert sorted(row.commit for row in rows) == sorted(e.commit[:COMMIT_DIGITS] for e in experiments)
    assert (folder / "branch").read_text() == branch_target(experiments, "0" * 40)
    # the witness is written after a run is finished: a number twice was finished, lost, and run again
    runs = finished_runs(folder)
    assert len(set(runs)) == len(runs)
