"""The benchmarks run, and their corpus is what they say it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SOURCES, WORDS = 3, 250


def run(script: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / script), *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_corpus_is_the_same_each_time_and_of_the_size_asked_for(tmp_path: Path) -> None:
    counts = []
    for folder in ("one", "two"):
        made = run("corpus.py", str(tmp_path / folder), "--sources", str(SOURCES), "--words", str(WORDS))
        assert made.returncode == 0, made.stderr
        counts.append(int(made.stdout))
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in ("one", "two")
    )
    assert first == second
    assert len(first) == SOURCES
    assert counts[0] == sum(len(text.split()) for text in first.values())
    assert 0.7 * SOURCES * WORDS < counts[0] < 1.5 * SOURCES * WORDS


def test_the_speed_of_a_small_desk_is_measured_in_every_case(tmp_path: Path) -> None:
    measured = run("compile_speed.py", "--sizes", f"{SOURCES}x{WORDS}", "--keep", str(tmp_path))
    assert measured.returncode in (0, 1), measured.stderr  # 1: this machine is too slow for a target
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in measured.stdout.splitlines() if "|" in line]
    header, cases = rows[0], {row[1]: row for row in rows[2:]}
    assert list(cases) == [
        "nightdesk --help",
        "full compile",
        "nothing changed",
        "one source more",
        "one source changed",
        "one source less",
    ]
    assert [cases[case][header.index("sources")] for case in list(cases)[1:]] == ["3", "3", "4", "4", "3"]
    assert all(float(row[header.index("CPU s")]) > 0 for row in cases.values())
    assert "Core install:" in measured.stdout
    assert (tmp_path / f"{SOURCES}x{WORDS}" / "desk" / "wiki" / "index.md").is_file()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "a command that fails measures nothing"),
        ((sys.executable, "-c", "raise SystemExit(1)"), "nor does one that is done in part, unless that is allowed"),
    ],
)
def test_a_failing_command_is_no_measurement(command: tuple[str, ...], why: str) -> None:
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(BENCHMARKS)!r})
import compile_speed
compile_speed.measure({list(command)!r}, folder=Path({os.getcwd()!r}))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "RuntimeError" in ran.stderr, why
