"""A Ray cluster of two nodes on this machine, with one core each, and labs to run on it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

STORE_BYTES = 80_000_000  # of shared memory, for each node
PATIENCE_SECONDS = 60.0
LOOPBACK = "127.0.0.2"  # Ray takes 127.0.0.1 for the address of the machine in its network
# A node that was killed is known to be gone after two seconds instead of half a minute.
SOON_DEAD = {"health_check_period_ms": 500, "health_check_failure_threshold": 3, "health_check_timeout_ms": 1000}

JUDGE = """
import json, os, pathlib
left = json.loads(pathlib.Path(os.environ["NIGHTDESK_RUN"], "left.json").read_text())
answer = float(pathlib.Path(os.environ["NIGHTDESK_LAB"], "judge/answer.txt").read_text())
print(f"---\\nloss: {answer + left['seed'] % 1000 / 1000:.6f}\\nsplit: {os.environ['NIGHTDESK_SPLIT']}")
"""
PROGRAM = """
import json, os
open("left.json", "w").write(json.dumps({"seed": int(os.environ["NIGHTDESK_SEED"])}))
names = sorted(os.path.join(root, name) for root, _, names in os.walk(".") for name in names)
print(names, open("data/train.bin").read(), os.path.exists("judge"))
print(bool(os.environ.get("PYTHONUNBUFFERED")), [name for name in os.environ if name.startswith("RAY_")])
print("---\\nhalf: 0.5")
"""
JUDGED_WITH = {"judge/judge.py": JUDGE.encode(), "judge/answer.txt": b"2"}


@contextmanager
def two_nodes() -> Iterator[Any]:
    """Yield a cluster of a head and one more node; nothing of it is left behind."""
    cluster_utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    about = {"num_cpus": 1, "object_store_memory": STORE_BYTES, "node_ip_address": LOOPBACK}
    before = os.environ.get("RAY_USAGE_STATS_ENABLED")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {**about, "include_dashboard": False, "_system_config": SOON_DEAD}
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    try:
        cluster.add_node(**about)
        yield cluster
    finally:
        cluster.shutdown()
        if before is None:
            del os.environ["RAY_USAGE_STATS_ENABLED"]


def raylet_of(node: Any) -> int:
    """Return the process that a node of the cluster is."""
    return int(node.all_processes["raylet"][0].process.pid)


def wait_until(true: Callable[[], object], what: str) -> None:
    """Return when something is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, f"not within {PATIENCE_SECONDS:g} s: {what}"
        time.sleep(0.05)


def at_work(mark: str) -> list[int]:
    """Return the processes on this machine whose command line has the word `mark`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
