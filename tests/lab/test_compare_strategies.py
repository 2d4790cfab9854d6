"""The comparison of strategies runs, and says of each what it is compared with."""

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parent.parent.parent / "benchmarks/compare_strategies.py"


def test_it_prints_a_row_for_each_landscape_and_strategy() -> None:
    names = ["greedy, nothing joined", "greedy", "population:3"]
    small = ["--nights", "2", "--runs", "25", "--places", "4", "--landscapes", "apart", "traps"]
    command = [sys.executable, str(BENCHMARK), *small, "--strategies", *names]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ran.stdout.splitlines() if line[:1] == "|"]
    assert [row[:3] for row in rows[2:]] == [[land, "4", name] for land in ("apart", "traps") for name in names]
    assert all(float(row[3].split()[0]) > -5 for row in rows[2:]), "no night ends far below where it began"
    assert [bool(row[4]) for row in rows[2:]] == [False, True, True] * 2
