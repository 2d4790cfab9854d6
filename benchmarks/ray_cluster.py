"""Measures a night on a Ray cluster of two nodes on this machine, one of which is killed while it runs something.

    python benchmarks/ray_cluster.py                     # 20 experiments of 5 s each: some three minutes
    python benchmarks/ray_cluster.py --runs 4 --seconds 2

Printed: the runs, those that were lost and done again, the seconds that were lost with them, and whether each score is
the one that the same program gives on this machine with the same seed, without a cluster.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.lab_runs import printing_lab

from nightdesk.base.sandbox import why_not
from nightdesk.lab.branches import files_at
from nightdesk.lab.experiments import FOLDER, read_experiments
from nightdesk.lab.jobs import ANYWHERE, Finished, Job, LostError, Place, Proposal, Search, Stopped
from nightdesk.lab.labs import Lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.measuring import Bench, undisturbed
from nightdesk.lab.night import Plan
from nightdesk.lab.remote.cluster_executor import RayExecutor
from nightdesk.lab.remote.ray_executor import ray_executor
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of

PROGRAM = """import os
import random
import time

SHIFT = 0
time.sleep({seconds})
noise = random.Random(int(os.environ["NIGHTDESK_SEED"]) + 1000 * SHIFT).gauss(0, 0.01)
print(f"---\\nloss: {{1.5 + noise:.9f}}")
"""
ADDRESS = "127.0.0.2"  # Ray takes 127.0.0.1 for the address of the machine in its network
STORE_BYTES = 80_000_000


class Shifting:
    """Proposes the program with another constant each time."""

    name, at_once = "shifting", 0

    def __init__(self) -> None:
        self.made = 0

    def propose(self, search: Search) -> Proposal | None:
        self.made += 1
        text = search.files["train.py"].replace(f"SHIFT = {self.current(search)}", f"SHIFT = {self.made}")
        return Proposal(f"shift {self.made}", "", {"train.py": text}, self.name)

    def fix(self, search: Search, crashed: Any) -> Proposal | None:
        return None

    @staticmethod
    def current(search: Search) -> int:
        return int(search.files["train.py"].split("SHIFT = ")[1].split()[0])


@dataclass(slots=True)
class Counting(RayExecutor):
    """Counts runs, and kills a node in the middle of one."""

    victim: Any = None  # the node
    after: int = 0  # runs
    seconds: float = 0.0  # of a run
    begun: int = 0
    lost: list[float] = field(default_factory=list)  # seconds that lost runs had taken

    def run(self, job: Job, *, place: Place = ANYWHERE, stopped: Stopped) -> Finished | None:
        self.begun += 1
        seat = self.cluster.seats.get(place.name)
        if (
            self.victim is not None
            and seat is not None
            and seat.node == self.victim.node_id
            and self.begun > self.after
        ):
            raylet, self.victim = self.victim.all_processes["raylet"][0].process.pid, None
            threading.Timer(self.seconds / 2 + 1, os.kill, (raylet, signal.SIGKILL)).start()
        began = time.monotonic()
        try:
            return RayExecutor.run(self, job, place=place, stopped=stopped)
        except LostError:
            self.lost.append(time.monotonic() - began)
            raise


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Yield a cluster whose dead nodes are missed after two seconds; nothing of it is left behind."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    about = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "node_ip_address": ADDRESS}
    soon = {"health_check_period_ms": 500, "health_check_failure_threshold": 3, "health_check_timeout_ms": 1000}
    head = {**about, "include_dashboard": False, "_system_config": soon}
    cluster: Any = Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(**about)
        yield cluster
    finally:
        cluster.shutdown()


def differing(lab: Lab, *, confined: bool) -> tuple[int, int]:
    """Return how many runs of the ledger were done again here, and how many of them have another score."""
    executor, scorer = LocalExecutor(lab, confined), scorer_of(lab, confined=confined)
    bench = Bench(lab.program, executor, scorer, lambda: False)
    count, other = 0, 0
    for experiment in read_experiments(lab.folder / FOLDER):
        files = files_at(lab, experiment.commit)
        for record in experiment.runs:
            job = bench.job("again", files, record.seed, allowance_seconds=None)
            finished = executor.run(job, stopped=lambda: False)
            assert finished is not None
            scored = scorer.score(job.for_judge(), finished, stopped=lambda: False)
            count += 1
            other += scored is None or scored.score != record.run.score
    return count, other


def main() -> None:
    """Play the night and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="experiments")
    parser.add_argument("--seconds", type=float, default=5.0, help="of a run")
    given = parser.parse_args()
    confined = why_not(network=False) is None
    with printing_lab(PROGRAM.format(seconds=given.seconds)) as lab, two_nodes() as cluster:
        with ray_executor(lab, cluster.address, confined=confined, takes_turns=False) as made:
            victim = next(node for node in cluster.list_all_nodes() if not node.head)
            known = (made.lab, made.confined, made.scorer, made.cluster, made.copy, made.session, False)
            executor = Counting(*known, victim=victim, after=5 + given.runs // 2, seconds=given.seconds)
            places, began = len(executor.places()), time.monotonic()
            plan = Plan(count=given.runs, commit=False)
            night = run_night(
                lab, proposer=Shifting(), executor=executor, scorer=executor, plan=plan, disturbed=undisturbed
            )
            seconds = time.monotonic() - began
        count, other = differing(lab, confined=confined)
    experiments = len(night.judged)
    print("| places | experiments judged | runs begun | lost | done again | seconds lost | night, s | ended |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    again = executor.begun - count
    print(
        f"| {places} | {experiments} | {executor.begun} | {len(executor.lost)} | {again} | "
        f"{sum(executor.lost):.1f} | {seconds:.0f} | {night.why} |"
    )
    print(f"\nscores as on this machine: {'yes' if not other else 'no'} ({count - other} of {count})")
    assert experiments >= given.runs
    assert executor.lost
    assert other == 0


if __name__ == "__main__":
    main()
