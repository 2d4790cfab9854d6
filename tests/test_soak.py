"""What the soak takes for growth."""

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def soak() -> ModuleType:
    """Return the benchmark as a module."""
    spec = importlib.util.spec_from_file_location("soak", Path(__file__).parent.parent / "benchmarks/soak.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module  # its dataclasses look for their module
    spec.loader.exec_module(module)
    return module


def rows(soak: ModuleType, memory: Sequence[float], handles: Sequence[int]) -> list[tuple[int, Any, float]]:
    base = soak.Sample(50.0, 9, 2, 0, 30, 0.2, 200, 0.8, 0.1)
    samples = [replace(base, memory_mb=mb, handles=n) for mb, n in zip(memory, handles, strict=True)]
    return [(25 * (n + 1), one, 0.4) for n, one in enumerate(samples)]


LEVEL = [50.0] * 20


@pytest.mark.parametrize(
    ("memory", "handles", "flat", "why"),
    [
        (LEVEL, [9] * 20, True, "nothing grows"),
        ([50 + n for n in range(20)], [9] * 20, True, "4 MB in 100 experiments are allowed"),
        ([50 + 1.5 * n for n in range(20)], [9] * 20, False, "6 MB are not"),
        ([20.0, 30.0, 40.0, *[50.0] * 17], [9] * 20, True, "what the first hundred take is left out"),
        (LEVEL, [9, 7, 9, 11, 7, 9, 7, 11, 9, 7, 7, 9, 11, 9, 7, 9, 11, 9, 7, 11], True, "runs at work have handles"),
        (LEVEL, [9 + n // 8 for n in range(20)], False, "one in two hundred experiments is lost"),
    ],
)
def test_growth_is_told_from_what_runs_at_the_moment(
    soak: ModuleType, memory: list[float], handles: list[int], flat: bool, why: str
) -> None:
    assert soak.told(rows(soak, memory, handles)) is flat, why


def test_a_sample_counts_what_this_process_has_open(soak: ModuleType, tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("there is no /proc here")
    with soak.short_lab() as lab:
        before = soak.sample(lab)
        with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"):
            assert soak.sample(lab).handles == before.handles + 2
        (lab.folder / "experiments").mkdir()
        (lab.folder / "experiments/0001.md").write_text("x" * 50_000)
        assert soak.sample(lab).ledger_mb >= 0.05
