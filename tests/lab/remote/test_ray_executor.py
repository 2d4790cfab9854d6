"""A cluster of two real nodes: the same results as here, runs that are ended, nodes and hosts that are killed."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import Finished, Job, LostError, Place, Scored
from nightdesk.lab.labs import Lab
from nightdesk.lab.remote.ray_executor import ray_executor
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of
from tests.lab.remote.clusters import JUDGED_WITH, PROGRAM, at_work, raylet_of, two_nodes, wait_until
from tests.lab.runs import confined_here, job, make_lab

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks for processes in /proc")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as cluster:
        yield cluster


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path, judge="python judge/judge.py")


def judged(key: str, seed: int, code: str = PROGRAM) -> Job:
    return job(code, key=key, seed=seed, judged_with=JUDGED_WITH)


def never() -> bool:
    return False


def sleeper(mark: str) -> str:
    return f"import subprocess\nsubprocess.run(['sleep', '{mark}'])"


def outcome(executor: Any, scorer: Any, job: Job, place: Place | None = None) -> tuple[Any, ...]:
    """Return of a run what does not depend on where it was."""
    finished: Finished = executor.run(job, stopped=never, **({"place": place} if place else {}))
    scored: Scored | None = scorer.score(job.for_judge(), finished, stopped=never)
    assert scored is not None
    told = (finished.key, finished.seed, finished.code, finished.failure, finished.printed, finished.log)
    return *told, scored.score, scored.failure


@confined_here
def test_as_here(cluster: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    jobs = [judged("0001-1", 7), judged("0001-2", 8), judged("0002-1", 9, "import sys\nsys.exit(3)")]
    here, scorer = LocalExecutor(lab, confined=True), scorer_of(lab, confined=True)
    local = [outcome(here, scorer, job) for job in jobs]
    for done in jobs:
        here.forget(done.key)
    with ray_executor(lab, cluster.address, confined=True, takes_turns=False) as ray:
        places = ray.places()
        assert len(places) == 2
        assert {place.cores for place in places} == {(core,) for core in sorted(os.sched_getaffinity(0))[:2]}
        assert [outcome(ray, ray, job, places[n % 2]) for n, job in enumerate(jobs)] == local
        assert (ray.sealed, ray.held_out) == (scorer.sealed, scorer.held_out)
        finished = ray.finished("0001-1")
        assert finished is not None
        assert finished.hardware == places[0].hardware
        again = replace(ray, session="later")  # after a kill -9
        assert again.finished("0001-1") == finished
        assert again.score(jobs[0], finished, stopped=never) == ray.score(jobs[0], finished, stopped=never)
        with pytest.raises(LostError, match="is not there"):  # it was scored on another split
            again.score(replace(jobs[0], split="test"), finished, stopped=never)
        assert again.finished("0001-1") is None
        assert here.finished("0001-2") is None  # the next session without a cluster runs it again: it has no artifact


def test_a_stopped_run_is_gone(cluster: Any, lab: Lab) -> None:  # without a sandbox, which would end it by itself
    mark = f"4321.{os.getpid()}1"
    with ray_executor(lab, cluster.address, confined=False, takes_turns=False) as ray:
        stopped = lambda: bool(at_work(mark))  # noqa: E731
        assert ray.run(judged("0001-1", 7, sleeper(mark)), place=ray.places()[1], stopped=stopped) is None
        assert at_work(mark) == []
        assert ray.finished("0001-1") is None
        assert list(left_at_nodes(ray.copy.known_as)) == []


def test_a_killed_host_leaves_nothing_at_work(cluster: Any, lab: Lab, tmp_path: Path) -> None:
    mark = f"4321.{os.getpid()}2"
    program = f"""
from pathlib import Path
from nightdesk.lab.remote.ray_executor import ray_executor
from tests.lab.remote.test_ray_executor import judged, never, sleeper
from tests.lab.runs import make_lab
lab = make_lab(Path({str(tmp_path / "other")!r}))
with ray_executor(lab, {cluster.address!r}, confined=False, takes_turns=False) as ray:
    ray.run(judged("0001-1", 7, sleeper({mark!r})), place=ray.places()[0], stopped=never)
"""
    host = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        wait_until(lambda: at_work(mark), "the run is at work")
    finally:
        host.kill()
        host.wait()
    wait_until(lambda: not at_work(mark), "the run has ended")


def left_at_nodes(lab: str) -> Iterator[Path]:
    """Yield what runs of a lab left at the nodes, which are on this machine."""
    return Path(tempfile.gettempdir()).glob(f"nightdesk-nodes-{os.getuid()}/{lab}/runs/*")


def test_another_nightdesk(cluster: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightdesk.lab.remote.cluster.code_version", lambda: "0123456789ab")
    told: list[str] = []
    other = ray_executor(lab, cluster.address, confined=False, say=told.append)
    with pytest.raises(DeskError, match=r"node \S+: has another nightdesk \(\w+, here 0123456789ab\)"), other:
        pass
    assert len(told) == 2


def test_a_node_is_killed(cluster: Any, lab: Lab) -> None:
    mark = f"4321.{os.getpid()}4"
    with ray_executor(lab, cluster.address, confined=False, takes_turns=False) as ray:
        second = next(node for node in cluster.list_all_nodes() if not node.head)
        place = next(seat.shown for seat in ray.cluster.seats.values() if seat.node == second.node_id)
        lost: list[BaseException] = []

        def run() -> None:
            try:
                ray.run(judged("0001-1", 7, sleeper(mark)), place=place, stopped=never)
            except LostError as error:
                lost.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        wait_until(lambda: at_work(mark), "the run is at work")
        os.kill(raylet_of(second), signal.SIGKILL)
        thread.join(60)
        assert [str(error).startswith(place.name) for error in lost] == [True]
        wait_until(lambda: not at_work(mark), "the run has ended, though Ray's worker lives on")
        (other,) = ray.places()
        assert other.hardware == place.hardware
        finished = ray.run(judged("0001-1", 7), place=other, stopped=never)
        assert finished is not None
        assert finished.failure == ""
        with pytest.raises(LostError):
            ray.run(judged("0001-1", 7), place=place, stopped=never)
