"""The benchmark of the busy share runs, and counts what it says."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parent.parent.parent / "benchmarks/busy_share.py"


def test_it_prints_a_row_for_each_case() -> None:
    command = [sys.executable, str(BENCHMARK), "ahead", "serial", "--seconds", "0.2", "--latency", "0.2", "--runs", "3"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stderr  # 1: runs of 0.2 s are too short for the target
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ran.stdout.splitlines() if line[:1] == "|"]
    assert [row[:2] for row in rows[2:]] == [["ahead", "3"], ["serial", "4"]]
    assert all(0 < float(row[-1]) <= 1 for row in rows[2:])
