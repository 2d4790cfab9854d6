"""Plays a long night of very short experiments and measures what grows: memory, handles, processes, files, time.

    python benchmarks/soak.py                          # 500 experiments, two at a time: some minutes
    python benchmarks/soak.py --count 2000 --parallel 1
    python benchmarks/soak.py --worker builtin         # proposals by the optimiser instead of at random

Nothing is simulated but the length of a run: each candidate is drafted in a thread, committed, sandboxed, run, judged
by a command in a sandbox of its own, recorded, shown on the board. A line for every 25 experiments has the least that
was seen of each figure, so that what runs at that moment does not count. Ends with 1 where memory grows by more than
5 MB in 100 experiments, or handles, threads or processes grow at all, once the first 100 are done.
"""

import argparse
import itertools
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.sandbox import why_not
from nightdesk.base.settings import Settings
from nightdesk.lab.experiments import FOLDER, Experiment
from nightdesk.lab.jobs import Proposal, Search
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.live import LiveFile
from nightdesk.lab.loop import run_night
from nightdesk.lab.measuring import undisturbed
from nightdesk.lab.night import Happening, Kind, Plan
from nightdesk.views.cli.lab.board import Board
from nightdesk.views.cli.lab.executors import executor_for
from nightdesk.views.cli.lab_workers import proposer_for

EVERY = 25  # experiments between two lines
WARM = 100  # experiments that are left out: caches fill, libraries load
MOST_MB = 5.0  # that memory may grow by in 100 experiments
KNOBS = ("A", "B", "C", "D")
PROGRAM = """---
run: python train.py
edit: [train.py]
metric: loss
budget: 20s
judge: python judge/judge.py
---
Lower the loss.
"""
TRAIN = """import os
import random

{knobs}
luck = random.Random(int(os.environ["NIGHTDESK_SEED"])).gauss(0, 0.05)
loss = sum((x - 3.0) ** 2 for x in ({names})) + luck
for step in range(40):
    print(f"step {{step}} loss {{loss + 1 / (step + 1):.6f}}", flush=step % 10 == 0)
if A > 9:
    raise SystemExit("A is too large")
with open("loss.txt", "w") as file:
    file.write(str(loss))
"""
JUDGE = """import os
print("---")
print("loss:", float(open(os.path.join(os.environ["NIGHTDESK_RUN"], "loss.txt")).read(100)))
"""


class Walk:
    """Proposes steps at random, two at a time, from threads, as a model would; the titles are as long as a model's."""

    name = "walk"
    at_once = 2

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._numbers = itertools.count(1)

    def propose(self, search: Search) -> Proposal:
        """Return the program with one constant moved."""
        knob, value = self._random.choice(KNOBS), round(self._random.uniform(0, 10), 6)
        text = search.files["train.py"]
        start = text.index(f"\n{knob} = ") + 1
        text = f"{text[:start]}{knob} = {value}{text[text.index('  #', start) :]}"
        title = f"{next(self._numbers)}: {knob} to {value}, since it was not tried and the loss may be lower there"
        return Proposal(title, "It may help. " * 20, {"train.py": text}, self.name)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Mend nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Sample:
    """What is used at one moment."""

    memory_mb: float
    handles: int
    threads: int
    children: int
    state_files: int
    state_mb: float
    git_files: int
    git_mb: float
    ledger_mb: float


def sample(lab: Lab) -> Sample:
    """Return what this process and its lab use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    tasks = Path("/proc/self/task").iterdir()
    children = sum(len(read_if_there(task / "children").split()) for task in tasks)
    state_files, state_mb = size_of(lab.state)
    git_files, git_mb = size_of(lab.repository / ".git")
    return Sample(
        memory_mb=pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        handles=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        children=children,
        state_files=state_files,
        state_mb=state_mb,
        git_files=git_files,
        git_mb=git_mb,
        ledger_mb=size_of(lab.folder / FOLDER)[1],
    )


def read_if_there(path: Path) -> str:
    """Return a file of /proc, "" where its thread has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def size_of(folder: Path) -> tuple[int, float]:
    """Return the number of files below a folder and the MB that they take on the disk."""
    files, blocks = 0, 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                blocks += os.lstat(os.path.join(parent, name)).st_blocks
            except FileNotFoundError:  # it went while it was looked at
                continue
            files += 1
    return files, blocks * 512 / 1e6


class Watch:
    """Takes a sample at each verdict and prints the least of each figure every so many."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._window: list[Sample] = []
        self._began = time.monotonic()
        self.judged = 0
        self.rows: list[tuple[int, Sample, float]] = []  # experiments, the least since the row before, seconds for each

    def tell(self, happening: Happening) -> None:
        """Take what happened."""
        if happening.kind is not Kind.JUDGED or happening.experiment is None or happening.experiment.is_baseline:
            return
        self.judged += 1
        if self.judged % EVERY > EVERY - 10:  # walking over the files costs: the last ten of a window are enough
            self._window.append(sample(self._lab))
        elif self.judged % EVERY == 0:
            window = [*self._window, sample(self._lab)]
            least = Sample(*(min(getattr(one, field.name) for one in window) for field in fields(Sample)))
            each = (time.monotonic() - self._began) / EVERY
            self.rows.append((self.judged, least, each))
            print(row(self.judged, least, each), flush=True)
            self._window, self._began = [], time.monotonic()


def row(judged: int, least: Sample, each: float) -> str:
    """Return one line of the table."""
    return (
        f"{judged:>11} {least.memory_mb:>8.1f} {least.handles:>7} {least.threads:>7} {least.children:>8} "
        f"{least.state_files:>6} {least.state_mb:>8.2f} {least.git_files:>6} {least.git_mb:>7.2f} "
        f"{least.ledger_mb:>9.2f} {each:>6.2f}"
    )


HEAD = "experiments   RSS MB handles threads children  state state MB   .git .git MB ledger MB s each"


def slope(rows: Sequence[tuple[int, float]]) -> float:
    """Return by how much a figure grows in 100 experiments, by least squares."""
    middle, mean = sum(x for x, _ in rows) / len(rows), sum(y for _, y in rows) / len(rows)
    squares = sum((x - middle) ** 2 for x, _ in rows)
    return 100 * sum((x - middle) * (y - mean) for x, y in rows) / squares if squares else 0.0


@contextmanager
def short_lab() -> Iterator[Lab]:
    """Give the block a desk's lab whose runs are over at once."""
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        knobs = "\n".join(f"{name} = 8.0  # from 0.0 to 10.0" for name in KNOBS)
        files = {
            "nightdesk.toml": "",
            ".gitignore": ".nightdesk/\n",
            "lab/soak/program.md": PROGRAM,
            "lab/soak/train.py": TRAIN.format(knobs=knobs, names=", ".join(KNOBS)),
            "lab/soak/judge/judge.py": JUDGE,
        }
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        named = ["-c", "user.name=b", "-c", "user.email=b@b"]
        for command in (["init", "-q"], ["add", "."], [*named, "commit", "-qm", "0"]):
            subprocess.run(["git", *command], cwd=root, check=True)
        yield open_lab("soak", desk=Desk(root), here=root)


def play(lab: Lab, *, count: int, parallel: int, worker: str | None) -> Watch:
    """Play the night and return what was seen."""
    confined = why_not(network=False) is None
    if not confined:
        print("programs cannot be confined here: they run as they are")
    plan = Plan(count=count)
    watch, board = Watch(lab), Board(lab, plan, (), live=False, quiet=True)
    live = LiveFile(lab, then=board.progress)

    def tell(happening: Happening) -> None:
        board.tell(happening)
        board.lines(100)
        watch.tell(happening)

    with (
        executor_for(lab, confined=confined, parallel=parallel, ray=None, on_progress=live.progress) as machine,
        proposer_for(lab, Settings(), chosen=worker or "random") as proposer,
    ):
        executor, scorer = machine
        run_night(
            lab,
            proposer=proposer if worker else Walk(),
            executor=executor,
            scorer=scorer,
            plan=plan,
            tell=tell,
            disturbed=undisturbed,  # the load of a busy machine is no matter here
        )
    return watch


def told(rows: Sequence[tuple[int, Sample, float]]) -> bool:
    """Print what grows in 100 experiments; return whether nothing grows that must not."""
    warm = [one for one in rows if one[0] >= WARM] if rows[-1][0] > 2 * WARM else list(rows[1:] or rows)
    print(f"\ngrowth in 100 experiments, from number {warm[0][0]} to {warm[-1][0]}:")
    grows = {field.name: slope([(n, getattr(least, field.name)) for n, least, _ in warm]) for field in fields(Sample)}
    grows["seconds_each"] = slope([(n, each) for n, _, each in warm])
    for name, by in grows.items():
        print(f"  {name:<12} {by:+.3f}")
    flat = grows["memory_mb"] <= MOST_MB
    half = (len(warm) + 1) // 2
    for name in ("handles", "threads", "children"):  # the least of each half: what runs at a moment has some of its own
        first, last = (min(getattr(least, name) for _, least, _ in part) for part in (warm[:half], warm[-half:]))
        print(f"  {name}: {first} at least in the first half, {last} in the second")
        flat = flat and last <= first
    print("flat" if flat else "NOT flat")
    return flat


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description="A long night of very short experiments: what grows?")
    parser.add_argument("--count", type=int, default=500, help="experiments")
    parser.add_argument("--parallel", type=int, default=min(2, os.cpu_count() or 1), help="runs at a time")
    parser.add_argument("--worker", help="who proposes, as nightdesk lab run has it; default: steps at random")
    args = parser.parse_args()
    began = time.monotonic()
    with short_lab() as lab:
        print(HEAD, flush=True)
        watch = play(lab, count=args.count, parallel=args.parallel, worker=args.worker)
    seconds = time.monotonic() - began
    print(f"\n{watch.judged} experiments in {seconds:.0f} s, {seconds / max(1, watch.judged):.2f} s each")
    if not watch.rows:
        print(f"too few to tell: at least {EVERY}")
        return 2
    return 0 if told(watch.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
