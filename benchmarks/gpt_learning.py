"""How much the gpt template learns in a budget: bits per byte over seeds and budgets.

    python benchmarks/gpt_learning.py                                # Shakespeare: 6, 20 and 60 CPU s, three seeds
    python benchmarks/gpt_learning.py --data PATH --budgets "60s cpu" --seeds 1 2 3 4 5
    python benchmarks/gpt_learning.py --budgets "120s cpu" --threads 2    # what two idle cores do in 60 s
    python benchmarks/gpt_learning.py --gpu --data hf:climbmix       # of a size for a graphics card: 5 minutes a run
    python benchmarks/gpt_learning.py --small                        # a smoke run: a few steps

Every run is a process of its own with a bare environment, without a sandbox; it is scored by `prepare.py score`. Runs
come one after another, so that they do not disturb each other; other load shows in the tokens per CPU second.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nightdesk.lab
from nightdesk.lab.gpu_size import GPU_PROGRAM, files_for_gpu
from nightdesk.lab.measurements import parse_measurements

TEMPLATE = Path(nightdesk.lab.__file__).parent / "templates/gpt"


@dataclass(frozen=True, slots=True)
class Result:
    """One run: bits per byte of the split, and what the run printed of itself."""

    bpb: float
    steps: int
    tokens: float
    cpu_seconds: float  # of the whole process, start and export included
    start_seconds: float  # wall time before the budget began: reading the data, compiling
    mfu_percent: float | None  # of a graphics card that prepare.py knows
    peak_mb: float
    artifact_mb: float


def python(folder: Path, *arguments: str, env: dict[str, str]) -> str:
    """Return what a Python process printed. Raises SystemExit with its last line where it failed."""
    shown = {name: value for name, value in os.environ.items() if name.startswith("CUDA_VISIBLE")}
    bare = {"PATH": os.defpath, "HOME": str(folder), "OMP_WAIT_POLICY": "passive", **shown, **env}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=bare, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
    return done.stdout


def run(folder: Path, *, budget: str, seed: int, threads: int, split: str) -> Result:
    """Train once and score."""
    env = {"NIGHTDESK_BUDGET": budget, "NIGHTDESK_SEED": str(seed)}
    if threads > 1:
        env["OMP_NUM_THREADS"] = str(threads)
    printed = parse_measurements(python(folder, "train.py", env=env)).numbers
    scored = python(folder, "prepare.py", "score", "--split", split, env={})
    return Result(
        bpb=float(scored.split()[1]),
        steps=int(printed["num_steps"]),
        tokens=printed["total_tokens_M"] * 1e6,
        cpu_seconds=printed["cpu_seconds"],
        start_seconds=printed["total_seconds"] - printed["training_seconds"],
        mfu_percent=printed.get("mfu_percent"),
        peak_mb=printed["peak_vram_mb"],
        artifact_mb=(folder / "model.safetensors").stat().st_size / 2**20,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="shakespeare", help="as prepare.py takes it")
    parser.add_argument("--budgets", nargs="+", help="default: 6, 20 and 60 CPU s; with --gpu 5 minutes")
    parser.add_argument("--gpu", action="store_true", help="the size for a graphics card")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    usual = [GPU_PROGRAM["budget"]] if given.gpu else ["6s cpu", "20s cpu", "60s cpu"]
    budgets, seeds = (["12 steps"], [1, 2]) if given.small else (given.budgets or usual, given.seeds)
    source = str(Path(given.data).resolve()) if Path(given.data).exists() else given.data
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = {name: (TEMPLATE / name).read_bytes() for name in ("prepare.py", "train.py")}
        for name, content in (files_for_gpu(files) if given.gpu else files).items():
            (folder / name).write_bytes(content)
        print(python(folder, "prepare.py", "prepare", "--data", source, env={}), end="", flush=True)
        print(f"\n| budget | threads | {given.split}_bpb | sd | each seed | steps | tokens / CPU s | CPU s | peak MB |")
        print("| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |", flush=True)
        for budget in budgets:
            results = [
                run(folder, budget=budget, seed=seed, threads=given.threads, split=given.split) for seed in seeds
            ]
            scores = [result.bpb for result in results]
            spread = f"{statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
            each = ", ".join(f"{score:.4f}" for score in scores)
            speed = statistics.fmean(result.tokens / result.cpu_seconds for result in results)
            print(
                f"| {budget} | {given.threads} | {statistics.fmean(scores):.4f} | {spread} | {each} "
                f"| {statistics.fmean(result.steps for result in results):.0f} | {speed:,.0f} "
                f"| {statistics.fmean(result.cpu_seconds for result in results):.1f} "
                f"| {max(result.peak_mb for result in results):.0f} |",
                flush=True,
            )
    last = results[-1]
    print(f"\nbefore the budget begins: {last.start_seconds:.1f} s; model.safetensors: {last.artifact_mb:.0f} MB")
    if last.mfu_percent is not None:
        print(f"operations, of what the card's maker names: {last.mfu_percent:.1f} %")


if __name__ == "__main__":
    main()
