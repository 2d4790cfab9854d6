"""Measures the lab with real runs: what it costs, what it keeps where nothing works, what it finds where it does.

    python benchmarks/lab_runs.py                       # all three with quick programs: some minutes
    python benchmarks/lab_runs.py overhead --seconds 30 # CPU seconds of nightdesk around a run
    python benchmarks/lab_runs.py same --count 20       # A/A: candidates that change nothing; --template gpt is slower
    python benchmarks/lab_runs.py planted               # power: improvements of known size

Nothing is simulated: each candidate is committed, sandboxed, run, scored and judged as in `nightdesk lab run`.
benchmarks/simulate_nights.py plays thousands of nights instead, with the same judge.
"""

import argparse
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.sandbox import why_not
from nightdesk.lab.creating import make_lab
from nightdesk.lab.experiments import FOLDER, Experiment, read_experiments
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.judging import Ground, Rule, minimal_gain
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Plan
from nightdesk.lab.noise import BASELINE_RUNS, Noise
from nightdesk.lab.preparing import is_prepared, needs_data, prepare_data
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of

BUSY = """import time

SECONDS = {seconds}
step = 0
while time.process_time() < SECONDS:
    step += sum(i * i for i in range(20_000)) > 0
    if step % 100 == 0:
        print("step", step, flush=True)
print(f"---\\nloss: {{1.0 / step:.6f}}\\nnum_steps: {{step}}")
"""
PLANTED = """import os
import random

SD = {sd}  # of the noise
{constants}
gains = {gains}
chosen = [{names}]
noise = random.Random(int(os.environ["NIGHTDESK_SEED"])).gauss(0, SD)
print(f"---\\nloss: {{1.5 - sum(g for g, on in zip(gains, chosen) if on) + noise:.9f}}")
"""
SIZES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # planted gains, in standard deviations of the noise


class Listed:
    """Proposes changes from a list, each on top of the best program."""

    name = "benchmark"
    at_once = 0

    def __init__(self, changes: list[tuple[str, Callable[[str], str]]]) -> None:
        self._changes = iter(changes)

    def propose(self, search: Search) -> Proposal | None:
        """Return the next change."""
        for title, change in self._changes:
            files = {name: change(text) for name, text in search.files.items()}
            return Proposal(title, title, files, self.name)
        return None

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Mend nothing."""
        return None


@contextmanager
def printing_lab(program: str, *, budget: str = "60s cpu") -> Iterator[Lab]:
    """Give the block a lab whose program prints its own metric: nothing is scored beside it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "lab")
        folder.mkdir()
        front = f"---\nrun: python train.py\nedit: [train.py]\nmetric: loss\nbudget: {budget}\n---\nA benchmark.\n"
        (folder / "program.md").write_text(front, encoding="utf-8")
        (folder / "train.py").write_text(program, encoding="utf-8")
        for command in (
            ["init", "-q"],
            ["add", "."],
            ["-c", "user.name=b", "-c", "user.email=b@b", "commit", "-qm", "0"],
        ):
            subprocess.run(["git", *command], cwd=folder, check=True)
        yield open_lab(".", desk=None, here=folder)


@contextmanager
def template_lab(template: str, budget: str | None) -> Iterator[Lab]:
    """Give the block a lab made from a template."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        (root / "nightdesk.toml").touch()
        (root / ".gitignore").write_text(".nightdesk/\n", encoding="utf-8")
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        desk = Desk(root)
        make_lab(desk, "same", template=template, budget=budget, gpu=False)
        lab = open_lab("same", desk=desk, here=root)
        if needs_data(lab) and not is_prepared(lab):
            prepare_data(lab, confined=confined(), stopped=lambda: False)
        yield lab


def confined() -> bool:
    """Say whether runs can be isolated here."""
    return why_not(network=False) is None


def play(lab: Lab, changes: list[tuple[str, Callable[[str], str]]]) -> list[Experiment]:
    """Play a night and return its experiments, the baseline first."""
    run_night(
        lab,
        proposer=Listed(changes),
        executor=LocalExecutor(lab, confined=confined()),
        scorer=scorer_of(lab, confined=confined()),
        plan=Plan(count=len(changes)),
    )
    return list(read_experiments(lab.folder / FOLDER))


def cpu_seconds() -> tuple[float, float]:
    """Return the CPU time of this process, and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own, children = (used.ru_utime + used.ru_stime for used in both)
    return own, children


def measure_overhead(seconds: float, count: int) -> bool:
    """Print what nightdesk itself costs for each run; return whether the targets are met."""
    with printing_lab(BUSY.format(seconds=seconds), budget=f"{2 * seconds:g}s cpu") as lab:
        changes = [(f"nothing {n}", appending(f"UNUSED_{n} = {n}\n")) for n in range(count)]
        confined()  # the probe happens once in a session
        before, began = cpu_seconds(), time.monotonic()
        experiments = play(lab, changes)
        own, children = (after - then for after, then in zip(cpu_seconds(), before, strict=True))
        wall = time.monotonic() - began
    runs = [record for experiment in experiments for record in experiment.runs]
    programs = sum(record.run.measured["cpu_seconds"] for record in runs)
    idle = wall - sum(record.run.measured["wall_seconds"] for record in runs)
    # git and bubblewrap are ours; the programs' own time is among the children's only where there is no sandbox
    each = (own + children - (programs if children > programs else 0.0)) / len(runs)
    share = each / (programs / len(runs))
    print(f"\noverhead, {len(runs)} runs of {programs / len(runs):.1f} CPU s, nothing scored beside the printed metric")
    print("| nightdesk, CPU s a run | of a run | wall s between runs | target |")
    print("| --- | --- | --- | --- |")
    met = each < 0.5 and (seconds < 30 or share < 0.02)
    print(f"| {each:.3f} | {share:.1%} | {idle / len(runs):.2f} | under 0.5, and 2 % of a 30-second run |")
    return met


def appending(line: str) -> Callable[[str], str]:
    """Return a change that adds a line at the end of a file."""
    return lambda text: text + line


def measure_same(template: str, count: int, budget: str | None) -> bool:
    """Print how many of `count` candidates that change nothing are kept as better."""
    with template_lab(template, budget) as lab:
        experiments = play(lab, [(f"nothing {n}", appending(f"\nUNUSED_{n} = {n}\n")) for n in range(count)])
    baseline, candidates = experiments[0], experiments[1:]
    better = sum(e.verdict is not None and e.verdict.ground is Ground.BETTER for e in candidates)
    scores = [run.score for run in baseline.counted_runs() if run.score is not None]
    gains = [e.verdict.gain for e in candidates if e.verdict is not None and e.verdict.gain is not None]
    low, high = exact_interval(better, len(candidates))
    runs = sum(len(e.counted_runs()) for e in candidates)
    print(f"\nA/A, template {template}: {len(candidates)} candidates that change nothing, {runs} runs")
    print(f"noise of the baseline {statistics.stdev(scores):.4g}; gains that were seen: {interval(gains)}")
    print(f"kept as better: {better}, {better / len(candidates):.0%} (95 % interval {low:.1%} to {high:.1%})")
    print(f"stated: at most {Rule().false_keep_rate:.0%}")
    return low <= Rule().false_keep_rate


def measure_planted(sd: float, each: int) -> None:
    """Print which of the planted gains are found, each size `each` times, and as many changes that lose."""
    for size in SIZES:
        gains = [size * sd] * each + [-2 * sd] * each
        names = [f"CHANGE_{n}" for n in range(len(gains))]
        program = PLANTED.format(
            sd=sd, constants="\n".join(f"{name} = False" for name in names), gains=gains, names=", ".join(names)
        )
        with printing_lab(program) as lab:
            order = sorted(range(len(names)), key=lambda n: n % each)  # a gain, a loss, a gain …
            experiments = play(lab, [(names[n], turning_on(names[n])) for n in order])
        kept = {e.title for e in experiments if e.verdict is not None and e.verdict.ground is Ground.BETTER}
        found, false = len(kept & set(names[:each])), len(kept & set(names[each:]))
        low, high = exact_interval(found, each)
        print(f"| {size:g} sd | {found} of {each} | {low:.0%} to {high:.0%} | {false} of {each} |", flush=True)


def turning_on(name: str) -> Callable[[str], str]:
    """Return a change that makes a constant true."""
    return lambda text: text.replace(f"{name} = False", f"{name} = True")


def exact_interval(found: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Clopper and Pearson), by bisection."""

    def tail(share: float, at_least: int) -> float:
        return math.fsum(math.comb(of, n) * share**n * (1 - share) ** (of - n) for n in range(at_least, of + 1))

    def solve(at_least: int, wanted: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if tail(middle, at_least) < wanted else (low, middle)
        return low

    return (solve(found, 0.025) if found else 0.0), (solve(found + 1, 0.975) if found < of else 1.0)


def interval(values: list[float]) -> str:
    """Return a mean with its 95 % interval, for about twenty values and more."""
    mean, reach = statistics.fmean(values), 2.09 * statistics.stdev(values) / math.sqrt(len(values))
    return f"mean {mean:+.4g} ({mean - reach:+.4g} to {mean + reach:+.4g})"


def main() -> int:
    """Print the tables asked for; return 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["overhead", "same", "planted"], help="default: all")
    parser.add_argument("--seconds", type=float, default=5.0, help="CPU time of a run, for overhead")
    parser.add_argument("--count", type=int, default=20, help="candidates of same")
    parser.add_argument("--template", choices=["command", "gpt"], default="command")
    parser.add_argument("--budget", help='of a run of the template, such as "6s cpu"')
    parser.add_argument("--each", type=int, default=10, help="planted gains of each size")
    given = parser.parse_args()
    print(f"{'confined' if confined() else 'NOT confined'}, Python {sys.version.split()[0]}")
    met = True
    if given.what in (None, "overhead"):
        met &= measure_overhead(given.seconds, 3)
    if given.what in (None, "same"):
        met &= measure_same(given.template, given.count, given.budget)
    if given.what in (None, "planted"):
        first, last = (minimal_gain(Noise(1.0, 20), BASELINE_RUNS, look, rule=Rule()) for look in (1, Rule().looks))
        print(
            f"\npower; stated with 20 degrees of freedom: {first:.2f} sd at the first look, {last:.2f} sd at the last"
        )
        print("| planted | found | 95 % interval | false: changes that lose 2 sd |\n| --- | --- | --- | --- |")
        measure_planted(0.0055, given.each)
    print("\nall targets met" if met else "\na target is MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
