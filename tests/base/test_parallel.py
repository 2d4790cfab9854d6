"""The same results in the same order, in one process or many, and no process is left behind."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.parallel import map_as_done, map_in_order


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


@pytest.mark.parametrize("threads", [0, 1, 2, 4, 99])
@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_as_done_each_item_is_done_once(threads: int, count: int) -> None:
    assert sorted(map_as_done(double, range(count), threads=threads)) == [(n, 2 * n) for n in range(count)]


def test_as_done_the_first_that_is_done_comes_first() -> None:
    later = threading.Event()

    def wait_if_first(number: int) -> int:
        if number == 0:
            assert later.wait(30)
        return number

    found = []
    for n, _ in map_as_done(wait_if_first, range(3), threads=3):
        found.append(n)
        if len(found) == 2:
            later.set()
    assert sorted(found[:2]) == [1, 2]
    assert found[2] == 0


def test_as_done_so_many_are_under_way_at_once() -> None:
    together = threading.Barrier(3)
    done = dict(map_as_done(lambda _: together.wait(30), range(3), threads=3))  # passes only if all three are there
    assert sorted(done.values()) == [0, 1, 2]


@pytest.mark.parametrize(
    ("items", "threads"),
    [([0, 1, 2], 1), ([0, 1, 2], 0), ([0], 4)],  # one thread, none, one item: nothing to do at once
)
def test_as_done_with_one_thread_all_is_done_right_here(items: list[int], threads: int) -> None:
    here = threading.get_ident()
    assert [ident for _, ident in map_as_done(lambda _: threading.get_ident(), items, threads=threads)] == [
        here for _ in items
    ]


@pytest.mark.parametrize("threads", [1, 2])
def test_as_done_an_error_is_raised_here_and_what_is_not_begun_is_left(threads: int) -> None:
    begun: list[int] = []

    def fail_at_1(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise KeyError(number)
        if number > 1:
            assert failed.wait(30)
        return number

    failed = threading.Event()
    with pytest.raises(KeyError):
        list(map_as_done(fail_at_1, range(100), threads=threads))
    before = len(begun)
    failed.set()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon and "work" in thread.name:
            thread.join(30)
    assert before <= 1 + threads
    assert len(begun) <= before + 1, "each thread stops at its next item"


def test_as_done_a_taker_that_goes_away_ends_the_work() -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def note(number: int) -> int:
        begun.append(number)
        if number:
            assert go_on.wait(30)
        return number

    results = map_as_done(note, range(100), threads=2)
    assert next(results) == (0, 0)
    assert isinstance(results, Iterator)
    results.close()  # type: ignore[attr-defined]
    go_on.set()
    for thread in threading.enumerate():
        if thread.daemon and "work" in thread.name:
            thread.join(30)
    assert set(begun) <= {0, 1, 2}


AS_DONE = """
import threading
from nightdesk.base.parallel import map_as_done
def hang(n):
    if n == 2: print("hangs", flush=True)
    threading.Event().wait()
try:
    list(map_as_done(hang, range(3), threads=3))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_as_done_ctrl_c_ends_a_program_whose_threads_hang() -> None:
    with subprocess.Popen([sys.executable, "-c", AS_DONE], stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert running.stdout.readline() == b"hangs\n"
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=30)[0] == b"interrupted\n"
    assert running.returncode == 0
