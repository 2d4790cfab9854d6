"""The comparison of the optimiser with chance runs, and its landscape is what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parent.parent.parent / "benchmarks/compare_optimisers.py"


def test_it_prints_a_row_for_each_method_and_start() -> None:
    pytest.importorskip("optuna")
    command = [sys.executable, str(BENCHMARK), "--nights", "2", "--runs", "12", "--methods", "random", "mixed"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in ran.stdout.splitlines() if line[:1] == "|"]
    assert [row[:2] for row in rows[2:]] == [
        [start, method] for start in ("untuned", "tuned") for method in ("(the start)", "random", "mixed")
    ]
    assert all(1.6 <= float(row[2]) < 2 for row in rows[2:]), "no night ends below the optimum"
