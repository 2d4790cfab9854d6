"""Runs beside each other: each on the cores of its place, seen by its own load alone, with its share of the memory."""

import os
import threading
import time
from pathlib import Path

import pytest

from nightdesk.base.process_trees import ProcessTree, machine_cpu_seconds
from nightdesk.lab import running
from nightdesk.lab.confined import run_confined
from nightdesk.lab.disturbance import disturbed_run
from nightdesk.lab.jobs import Finished, Place, Use
from nightdesk.lab.labs import Lab
from nightdesk.lab.machines.cores import HeldCores
from nightdesk.lab.machines.hardware import held_to
from nightdesk.lab.machines.machine import own_cores, usable_cores
from nightdesk.lab.measurements import Measurements
from nightdesk.lab.running import Live, LocalExecutor
from tests.lab.runs import BOTH_WAYS, job, make_lab

pytestmark = pytest.mark.skipif(len(usable_cores()) < 2, reason="needs two cores that can be held")
SHOW = "import os\nprint(sorted(os.sched_getaffinity(0)), os.environ.get('CUDA_VISIBLE_DEVICES'))"
WIDEN = "os.sched_setaffinity(0, range(os.cpu_count()))"
LEFT = "killed: it left the 1 core that it is held to"


# two places of one core each, whatever this machine has
PLACES = tuple(Place(f"core {core}", "half a machine", (core,), "GPU-7") for core in usable_cores()[:2])


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return make_lab(tmp_path)


def run_at(lab: Lab, place: Place, code: str, *, confined: bool) -> Finished:
    executor = LocalExecutor(lab, confined=confined, at=PLACES)
    with held_to(place):
        finished = executor.run(job(code), place=place, stopped=lambda: False)
    assert finished is not None
    return finished


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_a_run_is_held_to_its_place_and_told_of_its_card(lab: Lab, confined: bool) -> None:
    for place in PLACES:
        finished = run_at(lab, place, SHOW, confined=confined)
        assert (finished.failure, finished.log) == ("", f"[{place.cores[0]}] GPU-7\n")
        assert (finished.hardware, finished.use.cores) == ("half a machine", 1)
        again = LocalExecutor(lab, confined=confined).finished("0001-1")
        assert again == finished, "as another process finds it"


@pytest.mark.parametrize("confined", BOTH_WAYS)
def test_what_judges_a_run_is_told_of_the_same_card(tmp_path: Path, confined: bool) -> None:
    ran = run_confined(["python", "-c", SHOW], folder=tmp_path, confined=confined, seconds=60, gpu="GPU-7")
    assert ran is not None
    assert ran.log.endswith("GPU-7\n")


@pytest.mark.parametrize("confined", BOTH_WAYS)
@pytest.mark.parametrize(
    "code",
    [
        f"import os, time\n{WIDEN}\ntime.sleep(600)",
        f"import os, threading, time\nt = threading.Thread(target=lambda: ({WIDEN}, time.sleep(600)))\nt.start()",
        f"import os, subprocess as s, sys\ns.run([sys.executable, '-c', 'import os, time; {WIDEN}; time.sleep(600)'])",
    ],
    ids=["itself", "a thread", "a child"],
)  # fmt: skip
def test_a_program_that_leaves_its_cores_is_ended(lab: Lab, confined: bool, code: str) -> None:
    assert run_at(lab, PLACES[0], code, confined=confined).failure == LEFT


@pytest.mark.parametrize(
    ("cpu", "wall", "cores", "fault"),
    [
        (11.4, 10.0, 1, ""),  # clocks are not exact
        (11.6, 10.0, 1, "it left the 1 core that it is held to"),
        (21.9, 10.0, 2, ""),
        (22.1, 10.0, 2, "it left the 2 cores that it is held to"),
        (0.9, 0.0, 1, ""),
    ],
)
def test_more_cpu_time_than_its_cores_have_was_used_elsewhere(
    cpu: float, wall: float, cores: int, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    nobody = ProcessTree(1, namespace=False)  # was never read: it has no processes
    assert HeldCores(frozenset(range(cores))).fault(nobody, cpu_seconds=cpu, wall_seconds=wall) == fault


def test_who_has_all_cores_cannot_leave_them() -> None:
    every = HeldCores(frozenset(range(os.cpu_count() or 1)))
    assert every.held is None
    assert every.fault(ProcessTree(os.getpid(), namespace=False), cpu_seconds=1e9, wall_seconds=1.0) == ""


def test_a_tree_is_found_outside_only_where_a_thread_of_it_is() -> None:
    tree = ProcessTree(os.getpid(), namespace=False)
    tree.read()
    everything = frozenset(range(4096))
    assert not tree.strays(everything)
    assert tree.strays(everything - own_cores())
    tree.close()


def test_a_neighbour_on_other_cores_is_no_load_of_others(lab: Lab) -> None:
    """The neighbour keeps its core busy the whole time; a machine-wide count would show it."""
    here, there = PLACES
    done = threading.Event()

    def neighbour() -> None:
        with held_to(there):
            LocalExecutor(lab, confined=False, at=PLACES).run(
                job("while True: pass", key="0002-1"), place=there, stopped=done.is_set
            )

    thread = threading.Thread(target=neighbour)
    thread.start()
    try:
        cores = frozenset(here.cores)
        while _busy(frozenset(there.cores), 0.1) < 0.5:
            pass
        before, began = machine_cpu_seconds(cores), time.monotonic()
        finished = run_at(lab, here, "import time\ntime.sleep(0.6)", confined=False)
        mine = ((machine_cpu_seconds(cores) or 0) - (before or 0)) / (time.monotonic() - began)
    finally:
        done.set()
        thread.join()
    # whatever else this machine does on that core now is seen; what it does on the other one is not
    assert finished.use.other_load <= mine + 0.1
    assert finished.use.cores == 1


def _busy(cores: frozenset[int], seconds: float) -> float:
    before = machine_cpu_seconds(cores) or 0.0
    time.sleep(seconds)
    return ((machine_cpu_seconds(cores) or 0.0) - before) / seconds


def test_load_is_that_of_the_cores_that_the_run_had(tmp_path: Path) -> None:
    def finished(load: float, cores: int) -> Finished:
        use = Use(60, 59, other_load=load, cores=cores)
        return Finished("0001-1", 1, 0, "", use, Measurements(), "", tmp_path)

    calm = [{"wall_seconds": 60.0, "cpu_seconds": 59.0, "other_load": 0.01}]
    assert "more cores busy" in disturbed_run(finished(0.2, 1), calm), "a fifth of its one core"
    assert disturbed_run(finished(0.2, 2), calm) == "", "a tenth of its two"
    assert disturbed_run(finished(0.2, 64), calm) == ""


def test_each_of_several_runs_has_a_share_of_the_memory(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "free_memory_bytes", lambda: 400 * 2**20)
    code = "import time\nkept = bytearray(b'x') * (250 << 20)\ntime.sleep(600)"
    finished = run_at(lab, PLACES[0], code, confined=False)
    assert finished.failure == "killed: more than 0.189 GB of memory, its share of what was free"
    shown = "import time, os\nkept = bytearray(b'x') * (100 << 20)\n"
    assert run_at(lab, PLACES[0], shown, confined=False).failure == ""


def test_what_others_of_the_session_took_already_counts_as_theirs(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second run finds little free, since the first one has its share: it gets the same all the same."""
    monkeypatch.setattr(running, "free_memory_bytes", lambda: 800 * 2**20)
    here, there = PLACES
    told: list[Live] = []
    executor = LocalExecutor(lab, confined=False, at=(here, there), on_progress=told.append)
    big = "import time\nkept = bytearray(b'x') * (200 << 20)\nprint('big', flush=True)\ntime.sleep(600)"
    done = threading.Event()

    def first() -> None:
        with held_to(there):
            executor.run(job(big, key="0002-1"), place=there, stopped=done.is_set)

    thread = threading.Thread(target=first)
    thread.start()
    try:
        while not any(live.line == "big" and live.memory_bytes > 200 << 20 for live in told):
            time.sleep(0.02)
        monkeypatch.setattr(running, "free_memory_bytes", lambda: 600 * 2**20)
        with held_to(here):
            small = executor.run(
                job("kept = bytearray(b'x') * (330 << 20)\nimport time\ntime.sleep(0.3)"),
                place=here,
                stopped=lambda: False,
            )
    finally:
        done.set()
        thread.join()
    assert small is not None
    assert small.failure == "", "nine twentieths of 800 MB"
