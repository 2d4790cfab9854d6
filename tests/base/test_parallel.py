"""The same results in the same order, in one process or many, and no process is left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.parallel import map_in_order


def double(number: int) -> int:
    return number * 2


def own_process(_: int) -> int:
    return os.getpid()


def fail_at_30(number: int) -> int:
    if number == 30:
        raise KeyError(number)
    return number


def die_at_30(number: int) -> int:
    if number == 30:
        os.kill(os.getpid(), signal.SIGKILL)  # as the system does when memory runs out
    return number


@pytest.mark.parametrize("jobs", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 100])
def test_results_come_in_order(jobs: int, count: int) -> None:
    assert list(map_in_order(double, range(count), jobs=jobs)) == list(range(0, 2 * count, 2))


def test_few_items_or_one_job_stay_in_this_process() -> None:
    assert set(map_in_order(own_process, range(15), jobs=2)) == {os.getpid()}
    assert set(map_in_order(own_process, range(50), jobs=1)) == {os.getpid()}
    assert os.getpid() not in set(map_in_order(own_process, range(50), jobs=2))


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_is_raised_here_after_the_results_before_it(jobs: int) -> None:
    done: list[int] = []
    with pytest.raises(KeyError):
        done.extend(take(map_in_order(fail_at_30, range(64), jobs=jobs, chunk=1), done))
    assert done == list(range(30))


def take(results: Iterator[int], done: list[int]) -> Iterator[int]:
    for result in results:
        done.append(result)
    yield from ()


def test_a_process_that_the_system_kills_is_an_error_with_a_way_out() -> None:
    with pytest.raises(DeskError) as caught:
        list(map_in_order(die_at_30, range(64), jobs=2))
    assert caught.value.fix == "set jobs lower, then try again"


def test_stopping_early_leaves_no_process(tmp_path: Path) -> None:
    pids = []
    for pid in map_in_order(own_process, range(1000), jobs=2):
        pids.append(pid)
        break
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


PARENT = """
import os, time
from nightdesk.base.parallel import map_in_order
def work(n):
    os.write(1, b"%d\\n" % os.getpid())  # in one piece, whoever else writes
    time.sleep(60)
list(map_in_order(work, range(16), jobs=2, chunk=1))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_killed_parent_takes_its_children_along() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        children = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(signal.SIGKILL)
        assert parent.stdout.read() == b"", "the pipe closes when the last of them is gone"
    assert len(set(children)) == 2
