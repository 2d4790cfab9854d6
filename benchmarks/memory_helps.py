"""Measures what a second night gains from what the first one left, at equal runs: with memory against without.

    python benchmarks/memory_helps.py                         # a made-up landscape: some minutes
    python benchmarks/memory_helps.py --real --repeats 4      # the lab of the template `command`, real sandboxed runs

In each repeat a first night is played, its findings are compiled into the wiki, and then two second nights begin from
the same start as the first did, on copies of that desk, with as many runs each and the same seed of the optimiser: one
with memory, one without. What is compared is the gain of the program that the night ends with over the baseline, which
the search never measured: on the landscape the true one, in the real lab that of fresh runs (as `lab confirm` has it).

Workers: "builtin" is the optimiser, whose memory is the experiments of earlier branches (it reads no wiki). "reader" is
a small deterministic stand-in for somebody who thinks: it gets the brief that an AI gets, tries what the wiki's claims
say helped, keeps away from what did harm, and cites them; without notes it halves and doubles constants by chance. It
shows that the way from night to wiki to proposer works end to end. How much more a capable model makes of the notes is
*not* measured here: none was run.
"""

import argparse
import math
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.compare_optimisers import DIVERGED, NOISE, OPTIMUM, STARTS, landscape
from benchmarks.memory_reader import Reader

from nightdesk.agents.briefs import Briefs
from nightdesk.base.desk import Desk
from nightdesk.base.git import commit_paths, init_repository
from nightdesk.base.sandbox import why_not
from nightdesk.base.settings import Settings
from nightdesk.base.stages import silent
from nightdesk.lab.agent_proposer import AgentProposer
from nightdesk.lab.constants import Value, find_constants
from nightdesk.lab.creating import make_lab
from nightdesk.lab.experiments import FOLDER, Experiment, read_experiments
from nightdesk.lab.holding import ConfirmPlan, confirm_night
from nightdesk.lab.jobs import (
    ANYWHERE,
    Executor,
    Finished,
    Job,
    Place,
    Proposal,
    Proposer,
    Scored,
    Scorer,
    Search,
    Stopped,
    Use,
)
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.measurements import parse_measurements
from nightdesk.lab.measuring import undisturbed
from nightdesk.lab.memory.citations import links_of
from nightdesk.lab.memory.findings import write_findings
from nightdesk.lab.memory.recalling import recall
from nightdesk.lab.night import Night, Plan
from nightdesk.lab.propose_task import PACKAGE
from nightdesk.lab.proposers import TuningProposer
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of
from nightdesk.lab.student import quantile
from nightdesk.wiki.compile import compile_desk

NAME, FIRST, SECOND = "tiny", "first", "second"
WORKERS = ("builtin", "reader")


# --- the two labs


@dataclass
class Landscape:
    """Scores a program by its constants; the same repeat has the same luck in both arms."""

    seed: int
    sealed: bool = True
    held_out: bool = False
    done: dict[str, Finished] = field(default_factory=dict)

    def places(self) -> tuple[Place, ...]:
        """Return the one place."""
        return (ANYWHERE,)

    @contextmanager
    def turn(self, place: Place, *, stopped: Stopped, waiting: Callable[[str], None]) -> Iterator[bool]:
        """Wait for nobody."""
        yield True

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        """Return a run that took no time."""
        text = job.files["train.py"].decode()
        values = {constant.name: constant.value for constant in find_constants(text)}
        try:
            true = landscape(values)
        except (ValueError, ArithmeticError):  # a momentum of 2, a learning rate of 0
            true = math.inf
        score = true + random.Random(f"{self.seed} {job.key}").gauss(0, NOISE)
        failure = "" if true < OPTIMUM + DIVERGED else "exit code 1: diverged"
        log = "" if failure else f"---\nval_bpb: {score:.9f}\n"
        printed, use = parse_measurements(log), Use(wall_seconds=1.0, cpu_seconds=1.0)
        code = int(bool(failure))
        self.done[job.key] = Finished(job.key, job.seed, code, failure, use, printed, log, Path("/nowhere"))
        return self.done[job.key]

    def finished(self, key: str) -> Finished | None:
        """Return a run that is over."""
        return self.done.get(key)

    def forget(self, key: str) -> None:
        """Forget a run."""
        self.done.pop(key, None)

    def end_orphans(self) -> None:
        """End nothing."""

    def score(self, job: Job, finished: Finished, *, stopped: Stopped) -> Scored | None:
        """Return what the run printed."""
        return Scored(finished.printed.score("val_bpb"), "", {})


def made_desk(root: Path, *, real: bool) -> Desk:
    """Return a desk with the lab, committed."""
    root.mkdir()
    init_repository(root)
    (root / "nightdesk.toml").touch()
    (root / ".gitignore").write_text(".nightdesk/\n", encoding="utf-8")
    commit_paths(root, ["nightdesk.toml", ".gitignore"], "a desk")
    if real:
        make_lab(Desk(root), NAME, template="command", budget=None, gpu=False)
        return Desk(root)
    folder = root / "lab" / NAME
    folder.mkdir(parents=True)
    front = "run: python train.py\nedit: [train.py]\nmetric: val_bpb\nbudget: 10s cpu\njudge: nightdesk\n"
    program = f"---\n{front}---\nTune it.\n"
    for name, text in (("program.md", program), ("train.py", STARTS["untuned"]), ("prepare.py", "FIXED = 1\n")):
        (folder / name).write_text(text, encoding="utf-8")
    commit_paths(root, [f"lab/{NAME}/{name}" for name in ("program.md", "train.py", "prepare.py")], "a lab")
    return Desk(root)


def runners(lab: Lab, *, real: bool, seed: int) -> tuple[Executor, Scorer]:
    """Return who runs and who scores."""
    if real:
        confined = why_not(network=False) is None
        return LocalExecutor(lab, confined=confined), scorer_of(lab, confined=confined)
    simulated = Landscape(seed)
    return simulated, simulated


# --- the workers


class Rationed:
    """Lets a proposer propose until a night has had its runs: replicates cost as much as new candidates."""

    at_once = 0

    def __init__(self, proposer: Proposer, runs: int) -> None:
        self.name = proposer.name
        self._proposer = proposer
        self._runs = runs

    def propose(self, search: Search) -> Proposal | None:
        """Return the next proposal, None where there are no runs left."""
        used = sum(len(experiment.runs) for experiment in search.experiments)
        return self._proposer.propose(search) if used < self._runs else None

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Mend nothing."""
        return None


def proposer_of(worker: str, lab: Lab, seed: int, *, memory: bool) -> Proposer:
    """Return who proposes, with what earlier nights left or without."""
    if worker == "builtin":
        return TuningProposer(seed=seed, earlier=read_experiments(lab.folder / FOLDER) if memory else ())
    assert lab.desk is not None
    desk = lab.desk
    briefs = Briefs(None, (PACKAGE,), "")
    return AgentProposer(
        Reader(seed),
        briefs,
        lab=lab.name,
        wiki=lambda search: recall(desk, search, lab=lab.name).text if memory else "",
    )


# --- the measurement


def play(lab: Lab, proposer: Proposer, *, tag: str, runs: int, real: bool, seed: int) -> Night:
    """Play a night of so many runs, the baseline's among them, and return it."""
    executor, scorer = runners(lab, real=real, seed=seed)
    plan = Plan(tag=tag, commit=False)
    return run_night(
        lab, proposer=Rationed(proposer, runs), executor=executor, scorer=scorer, plan=plan, disturbed=undisturbed
    )


def gain_of(lab: Lab, night: Night, *, real: bool, seed: int, fresh: int) -> float:
    """Return what the night's best program truly gains: by fresh runs, or by the landscape itself."""
    if night.best == night.baseline:
        return 0.0
    if not real:
        known = {e.number: e for e in read_experiments(lab.folder / FOLDER)}
        texts = [
            subprocess.run(
                ["git", "show", f"{known[number].commit}:lab/{NAME}/train.py"],
                cwd=lab.repository,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for number in (night.baseline, night.best)
        ]
        values: list[dict[str, Value]] = [{c.name: c.value for c in find_constants(text)} for text in texts]
        return landscape(values[0]) - landscape(values[1])
    executor, scorer = runners(lab, real=real, seed=seed)
    plan = ConfirmPlan(night.tag, fresh, ablations=False, commit=False)
    confirmed = confirm_night(lab, executor=executor, scorer=scorer, plan=plan, disturbed=undisturbed)
    return confirmed.result.confirmed.gain if confirmed.result is not None else 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """One repeat of one worker."""

    first: float  # what the first night gained: whoever adopts its winner has as much without a second one
    without: float
    memory: float
    cited: int  # claims that the second night's hypotheses rest on


def repeat(root: Path, worker: str, seed: int, given: argparse.Namespace) -> Pair:
    """Play the first night, compile, play both second nights, and return what they gained."""
    desk = made_desk(root / "desk", real=given.real)
    lab = open_lab(NAME, desk=desk, here=desk.root)
    proposer = proposer_of(worker, lab, seed, memory=False)
    night = play(lab, proposer, tag=FIRST, runs=given.first, real=given.real, seed=2 * seed)
    write_findings(lab, read_experiments(lab.folder / FOLDER), tag=FIRST)
    compile_desk(desk, Settings(jobs=1), stage=silent, today=date(2026, 11, 24))
    first = gain_of(lab, night, real=given.real, seed=seed, fresh=given.fresh)
    found: dict[bool, float] = {}
    cited = 0
    for memory in (False, True) if seed % 2 else (True, False):  # so that a drift of the machine hits both
        copy = Desk(shutil.copytree(desk.root, root / f"memory-{memory}", symlinks=True))
        own = open_lab(NAME, desk=copy, here=copy.root)
        proposer = proposer_of(worker, own, seed + 1_000, memory=memory)
        night = play(own, proposer, tag=SECOND, runs=given.second, real=given.real, seed=2 * seed + 1)
        found[memory] = gain_of(own, night, real=given.real, seed=seed, fresh=given.fresh)
        if memory:
            second = [e for e in read_experiments(own.folder / FOLDER) if e.tag == SECOND]
            cited = sum(bool(links_of(experiment.hypothesis)) for experiment in second)
    return Pair(first, found[False], found[True], cited)


def interval(values: list[float]) -> str:
    """Return a mean with its 95 % interval."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return f"{mean:+.4f} (one repeat: no interval)"
    reach = quantile(0.025, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return f"{mean:+.4f} ({mean - reach:+.4f} to {mean + reach:+.4f})"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", action="store_true", help="the template `command`, sandboxed, instead of a landscape")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--first", type=int, default=25, help="runs of the first night, the baseline's 5 among them")
    parser.add_argument("--second", type=int, default=15, help="runs of each second night, the baseline's among them")
    parser.add_argument("--fresh", type=int, default=5, help="fresh runs of baseline and best program, with --real")
    parser.add_argument("--workers", nargs="+", default=WORKERS, choices=WORKERS)
    given = parser.parse_args()
    where = "real runs of the template command (log2 of CPU seconds)" if given.real else "a made-up landscape (bits)"
    print(f"{where}; first night {given.first} runs, second nights {given.second} runs each, {given.repeats} repeats\n")
    print(
        "| worker | first night | second without memory | second with memory | paired difference | better in | cited |"
    )
    print("| --- " * 7 + "|")
    began = time.monotonic()
    for worker in given.workers:
        pairs: list[Pair] = []
        for seed in range(given.repeats):
            with tempfile.TemporaryDirectory() as made:
                pairs.append(repeat(Path(made), worker, seed, given))
            print(f"  {worker} {seed}: {pairs[-1]}", file=sys.stderr, flush=True)
        gained = [pair.memory - pair.without for pair in pairs]
        better = f"{sum(one > 0 for one in gained)} of {len(gained)}, worse in {sum(one < 0 for one in gained)}"
        cited = statistics.fmean(pair.cited for pair in pairs)
        gains = [interval([getattr(pair, key) for pair in pairs]) for key in ("first", "without", "memory")]
        print(f"| {worker} | {' | '.join(gains)} | {interval(gained)} | {better} | {cited:.1f} a night |", flush=True)
    print(f"\n{time.monotonic() - began:.0f} s. It shows what these workers gain on this lab; an interval with 0 in it")
    print("shows no difference. What a capable model gains from the same notes was not run.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
