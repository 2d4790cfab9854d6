"""kill -9 at 50 random moments of the real loop: no finished run is lost, and the branch holds only judged keeps."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from nightdesk.lab.experiments import State, read_experiments
from nightdesk.lab.ledger import COMMIT_DIGITS, read_results
from nightdesk.lab.recovery import branch_target
from tests.lab.fakes import PROGRAM, desk_lab, git

SCRIPT = Path(__file__).parent / "night_to_kill.py"
SOURCE = Path(__file__).parents[2] / "src"
COUNT = 12  # candidates of one night
KILLS = 36
OWN = PROGRAM.replace("judge: nightdesk\n", "")


def start(root: Path) -> subprocess.Popen[bytes]:
    environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], "HOME": str(root.parent)}
    command = [sys.executable, str(SCRIPT), str(root), str(COUNT)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)


def has_started(root: Path, pid: int) -> bool:
    path = root / ".nightdesk/lab/tiny/started"
    return path.exists() and path.read_text() == str(pid)


def new_night(folder: Path) -> Path:
    root = folder / "desk"
    folder.mkdir()
    desk_lab(root, program=OWN, files={"train.py": "WIDTH = 0.0\n"})
    return root


def test_no_finished_run_is_lost(tmp_path: Path) -> None:
    rng, kills, nights = random.Random(11), 0, [new_night(tmp_path / "0")]
    began = time.monotonic()
    while kills < KILLS:
        root = nights[-1]
        process = start(root)
        while process.poll() is None and not has_started(root, process.pid):
            time.sleep(0.005)  # an interpreter that still starts has nothing to lose
        time.sleep(rng.uniform(0.0, 1.2))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        _, complaint = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), complaint.decode()
        stands_on_keeps(root)
        if process.returncode == 0:
            nights.append(new_night(tmp_path / str(len(nights))))
        assert time.monotonic() - began < 500
    process = start(nights[-1])
    _, complaint = process.communicate()
    assert process.returncode == 0, complaint.decode()
    for root in nights:
        ends_well(root)


def stands_on_keeps(root: Path) -> None:
    """Check what must hold at any moment, before anything recovers it."""
    experiments = read_experiments(root / "lab/tiny/experiments")  # every file is whole
    refs = git(root, "for-each-ref", "--format=%(objectname)", "refs/heads/lab").split()
    kept = {e.commit for e in experiments if e.status == "keep" or e.is_baseline}
    assert set(refs) <= kept, "an unjudged commit stands on the branch"
    assert git(root, "symbolic-ref", "HEAD").strip() == "refs/heads/main"


def ends_well(root: Path) -> None:
    lab = root / "lab/tiny"
    experiments = read_experiments(lab / "experiments")
    assert len(experiments) == COUNT + 1
    assert all(experiment.state is State.JUDGED for experiment in experiments)
    rows = read_results(lab / "results.tsv")
    assert sorted(row.commit for row in rows) == sorted(e.commit[:COMMIT_DIGITS] for e in experiments)
    tag = experiments[0].tag
    assert {experiment.tag for experiment in experiments} == {tag}
    assert git(root, "rev-parse", f"refs/heads/lab/tiny/{tag}").strip() == branch_target(experiments, "")
    for experiment in experiments:
        assert git(root, "rev-parse", f"refs/nightdesk/tiny/{experiment.number}").strip() == experiment.commit
    # the witness is written after a run is finished: a run twice in it was finished, lost, and run again
    finished = Counter((root / ".nightdesk/lab/tiny/finished.log").read_text().split())
    assert [key for key, times in finished.items() if times > 1] == []
    recorded = {f"{e.number:04d}-{n}" for e in experiments for n in range(1, len(e.runs) + 1)}
    assert set(finished) <= recorded, "a finished run is in no experiment"
    assert not list((root / ".nightdesk/lab/tiny/runs").iterdir()), "what was recorded is forgotten"
    assert git(root, "status", "--porcelain") == "", "the results are committed"
