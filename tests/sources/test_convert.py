"""The pool of converters: bad files cost themselves, nothing else, and no child is left behind."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nightdesk.sources.convert import Bounds, Converters, Job, Outcome

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

HOSTILE = (sys.executable, "-P", str(Path(__file__).parent / "hostile_child.py"))
TIGHT = Bounds(wall_seconds=20, cpu_seconds=10, memory_bytes=100_000_000)
LINUX = sys.platform == "linux"


def jobs_of(samples: "Samples", kinds: Sequence[str]) -> list[Job]:
    """Return a job of each kind, in order, each with a file and a folder for images of its own."""
    return [
        Job(samples.file(f"{n}.txt", f"text {n}\n"), kind, samples.folder / f"assets-{n}", f"assets-{n}")
        for n, kind in enumerate(kinds)
    ]


def outcomes(samples: "Samples", kinds: Sequence[str], *, children: int = 1, bounds: Bounds = TIGHT) -> list[Outcome]:
    """Return what a pool of hostile children makes of files of these kinds, in the order of the jobs."""
    jobs = jobs_of(samples, kinds)
    with Converters(children, bounds=bounds, command=HOSTILE) as converters:
        done = {outcome.job: outcome for outcome in converters.convert_all(jobs)}
    return [done[job] for job in jobs]


def test_good_files_share_one_child(samples: "Samples") -> None:
    first, second = outcomes(samples, ["good", "good"])
    assert first.problem is None
    assert first.converted is not None
    assert second.converted is not None
    assert first.converted.markdown == "text 0\n"
    assert first.converted.title == "assets-0"
    assert first.converted.notes == ("a", "b")
    assert first.converted.author == second.converted.author  # one process id: Python started once
    assert (samples.folder / "assets-1" / "image-1.png").read_bytes() == b"image"


@pytest.mark.parametrize(
    ("kind", "bounds", "problem"),
    [
        ("loop", Bounds(wall_seconds=30, cpu_seconds=1), "took more than 1 s of processor time"),
        ("sleep", Bounds(wall_seconds=2), "took more than 2 s to convert"),
        pytest.param("hog", TIGHT, "needed more than 0.1 GB",
                     marks=pytest.mark.skipif(not LINUX, reason="macOS does not enforce RLIMIT_AS")),
        ("crash", TIGHT, "crashed its converter (signal 11)"),
        ("leave", TIGHT, "crashed its converter (exit code 7)"),
        ("refuse", TIGHT, "is encrypted"),
        ("bug", TIGHT, "cannot be converted (ZeroDivisionError: division by zero)"),
        ("recurse", TIGHT, "is nested too deep"),
    ],
)  # fmt: skip
def test_bad_file_is_blamed_and_the_others_go_on(samples: "Samples", kind: str, bounds: Bounds, problem: str) -> None:
    before, bad, after = outcomes(samples, ["good", kind, "good"], bounds=bounds)
    assert bad == Outcome(bad.job, None, problem)
    assert [o.converted.markdown for o in (before, after) if o.converted] == ["text 0\n", "text 2\n"]
    assert not bad.job.assets.exists()  # nothing of it is left


def test_noise_on_standard_output_forges_no_answer(samples: "Samples") -> None:
    assert [o.converted.markdown for o in outcomes(samples, ["noise", "good"]) if o.converted] == [
        "quiet\n",
        "text 1\n",
    ]


@pytest.mark.skipif(not LINUX, reason="macOS does not enforce RLIMIT_AS")
def test_memory_that_earlier_files_took_is_no_fault_of_the_next(samples: "Samples") -> None:
    found = outcomes(samples, ["leak", "leak", "leak", "leak"])  # not all fit into one child
    assert [outcome.problem for outcome in found] == [None] * 4


def test_many_files_over_several_children(samples: "Samples") -> None:
    kinds = ["good", "crash", "good", "leave", "good", "bug"] * 5
    found = outcomes(samples, kinds, children=3)
    assert [outcome.problem is None for outcome in found] == [kind == "good" for kind in kinds]


def test_file_that_is_gone(samples: "Samples") -> None:
    with Converters(1) as converters:
        job = Job(samples.folder / "gone.html", "html", samples.folder / "assets")
        assert list(converters.convert_all([job])) == [Outcome(job, None, "cannot be read: No such file or directory")]


def test_real_converter(samples: "Samples") -> None:
    path = samples.file("page.html", "<title>T</title><h1>T</h1><p>Some text.</p>")
    with Converters(2) as converters:
        (outcome,) = converters.convert_all([Job(path, "html", samples.folder / "assets")])
    assert outcome.converted is not None
    assert outcome.converted.markdown == "# T\n\nSome text.\n"


def test_no_module_is_loaded_from_where_the_user_stands(samples: "Samples", monkeypatch: pytest.MonkeyPatch) -> None:
    samples.file("lxml.py", "raise SystemExit('loaded from the desk')")
    path = samples.file("page.html", "<p>Some text.</p>")
    monkeypatch.chdir(samples.folder)
    with Converters(1) as converters:
        (outcome,) = converters.convert_all([Job(path, "html", samples.folder / "assets")])
    assert outcome.problem is None


def children_of_this_process() -> list[str]:
    """Return the commands of the converters that this process has."""
    listed = subprocess.run(["ps", "-wweo", "ppid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [row[2] for row in rows if row[0] == str(os.getpid()) and "hostile_child" in row[2] and row[1][0] != "Z"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_when_the_work_is_broken_off(samples: "Samples", error: type[BaseException]) -> None:
    jobs = jobs_of(samples, ["good", "sleep", "sleep", "good"])
    converters = Converters(2, bounds=TIGHT, command=HOSTILE)
    with pytest.raises(error), converters:  # noqa: PT012  # the error must rise while children are at work
        for _ in converters.convert_all(jobs):
            assert children_of_this_process()
            raise error
    assert children_of_this_process() == []
    assert not converters.folder.exists()


@pytest.mark.skipif(not LINUX, reason="only Linux tells children of their parent's death")
def test_children_die_with_a_parent_that_is_killed(samples: "Samples") -> None:
    path = samples.file("0.txt", "text")
    parent_code = f"""
from pathlib import Path
from nightdesk.sources.convert import Converters, Job
good = Job(Path({str(path)!r}), "good", Path({str(samples.folder / "assets")!r}))
sleep = Job(good.path, "sleep", good.assets)
with Converters(1, command={HOSTILE!r}) as converters:
    for outcome in converters.convert_all([good, sleep, sleep]):
        print(outcome.converted.author, flush=True)
"""
    parent = subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False)
        if not state.stdout.strip() or state.stdout.startswith("Z"):
            return
        time.sleep(0.05)
    pytest.fail("the converter outlived its parent")


def test_same_file_gives_the_same_bytes(samples: "Samples") -> None:
    path = samples.file("page.html", "<main><h1>A</h1>" + "<p class='b a' id=c>Text <b>bold</b></p>" * 50 + "</main>")
    job = Job(path, "html", samples.folder / "assets")
    texts = set()
    for _ in range(2):
        with Converters(1) as converters:
            texts |= {o.converted.markdown for o in converters.convert_all([job]) if o.converted}
    assert len(texts) == 1
