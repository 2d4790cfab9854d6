"""A run at work, as other processes see it."""

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from nightdesk.lab.live import MOST_POINTS, LiveFile, Seen, curve_of, live_file, live_folder, read_live
from nightdesk.lab.measurements import LogWindow
from nightdesk.lab.running import Live, LocalExecutor
from tests.lab.runs import job, make_lab


@pytest.mark.parametrize(
    ("log", "axis", "points"),
    [
        (" 27 % of the budget, step 18: loss 5.87\n 31 % of it, step 19: loss 5.7\n", "step", [(18, 5.87), (19, 5.7)]),
        # Karpathy's: carriage returns, and other figures behind the loss
        ("\rstep 00001 (0.3%) | loss: 9.01 | lr: 1\rstep 00002 (0.7%) | loss: 8.5 |\r", "step", [(1, 9.01), (2, 8.5)]),
        ("Epoch 1/3 - train_loss: 2.5 - val_loss: 2.9\nEpoch 2/3 - train_loss: 2e-1", "step", [(1, 2.5), (2, 0.2)]),
        ("10% reward=-3\n20% reward=-1\n", "%", [(10, -3), (20, -1)]),
        ("loss 3\nnothing\nloss 2\n", "line", [(0, 3), (1, 2)]),
        ("my_metric: 3\nmy_metric: 2\n", "line", [(0, 3), (1, 2)]),
        ("step 1 loss 3\nstep 2 loss 2\nstep 1 loss 1\n", "line", [(0, 3), (1, 2), (2, 1)]),  # begins anew
        ("step 1 loss 3\n---\nloss: 2.5\n", "step", [(1, 3)]),  # the block at the end stands at no step
        ("step 1 loss nan\nstep 2 loss inf\nstep 3 loss 1e999\nstep 4 loss 1.2.3\nloss", "", []),
        ("step 1 train_loss 3 loss 9\nstep 2 loss 9\nstep 3 train_loss 2", "step", [(1, 3), (3, 2)]),  # one name only
        ("step 9e999 loss 3", "line", [(0, 3)]),
        ("closs 3 lossy 4 loss: fine", "", []),
    ],
)  # fmt: skip
def test_a_curve_is_what_the_lines_tell(log: str, axis: str, points: list[tuple[float, float]]) -> None:
    curve = curve_of(log, "my_metric")
    assert (curve.axis, curve.points) == (axis, points)


def test_a_long_curve_is_thinned_and_keeps_both_ends() -> None:
    curve = curve_of("", "")
    for step in range(10_000):
        curve.feed(f"step {step} loss {step}\n")
    assert MOST_POINTS / 2 <= len(curve.points) <= MOST_POINTS
    assert (curve.points[0], curve.points[-1]) == ((0, 0), (9_999, 9_999))


def test_whole_lines_come_once_however_the_chunks_fall() -> None:
    window, place, seen = LogWindow(keep_bytes=8), 0, ""
    for chunk in (b"ab", b"c\nd", b"e\rf", b"0123456789" * 3, b"\n", b"last\n"):
        window.feed(chunk)
        printed, place = window.lines_since(place)
        seen += printed
    assert seen.startswith("abc\nde\r")
    assert seen.endswith("9\nlast\n")
    assert window.lines_since(place) == ("", place)


def test_a_run_in_one_process_is_seen_from_another(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    seen: list[Seen] = []

    def look(live: Live) -> None:
        found = read_live(lab, process=os.getpid(), key=live.key)
        assert found is not None
        seen.append(found)

    code = "import time\nprint('step 1: loss 4\\nstep 2: loss 3', flush=True)\ntime.sleep(600)"
    with closing(LiveFile(lab, then=look)) as live:
        executor = LocalExecutor(lab, confined=False, on_progress=live.progress)
        executor.run(job(code), stopped=lambda: bool(seen and seen[-1].points))
        assert (seen[-1].points, seen[-1].name, seen[-1].line) == ([(1, 4), (2, 3)], "loss", "step 2: loss 3")
        assert read_live(lab, process=os.getpid(), key="0002-1") is None, "another run's"
        assert read_live(lab, process=1, key=None) is None, "another session's"
    assert list(live_folder(lab).iterdir()) == []


GOOD = {
    "process": 7, "key": "0001-1", "wall_seconds": 1, "cpu_seconds": 1, "memory_bytes": 5, "line": "x", "name": "loss",
    "axis": "step", "points": [[1, 2]],
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "[" * 90_000, json.dumps(GOOD)[:-3], json.dumps(GOOD | {"points": [[1]]}),
     json.dumps(GOOD | {"points": [["a", "b"]]}), json.dumps(GOOD | {"wall_seconds": float("inf")}),
     json.dumps(GOOD | {"points": 7})],
)  # fmt: skip
def test_what_is_no_live_file_tells_nothing(tmp_path: Path, text: str) -> None:
    lab = make_lab(tmp_path)
    live_folder(lab).mkdir()
    live_file(lab, "0001-1").write_text(text)
    assert read_live(lab, process=7, key=None) is None
    assert read_live(lab, process=7, key="0001-1") is None


def test_a_hostile_live_file_is_bounded(tmp_path: Path) -> None:
    lab = make_lab(tmp_path)
    told = GOOD | {"line": "a\u202e\x1b[31m" * 900, "points": [[n, n] for n in range(9_000)]}
    live_folder(lab).mkdir()
    live_file(lab, "0001-1").write_text(json.dumps(told))
    seen = read_live(lab, process=7, key=None)
    assert seen is not None
    assert len(seen.points) <= MOST_POINTS + 1
    assert len(seen.line) <= 300
    assert "\u202e" not in seen.line


def test_several_runs_are_seen_each_by_its_key_until_it_is_forgotten(tmp_path: Path) -> None:
    lab, told = make_lab(tmp_path), list[str]()
    live_folder(lab).mkdir()
    live_file(lab, "0001-9").write_text("left by a session that was killed")
    live, here = LiveFile(lab, then=lambda live: told.append(live.key)), os.getpid()
    for step in (1, 2):
        for key, loss in (("0002-1", 5), ("0003-1", 7)):
            live.progress(Live(key, step, step, 1, "", f"step {step} loss {loss}\n"))
    both = [read_live(lab, process=here, key=key) for key in ("0002-1", "0003-1")]
    assert [one and one.points for one in both] == [[(1, 5), (2, 5)], [(1, 7), (2, 7)]]
    live.progress(Live("0002-1", 0, 0, 0, "", over=True))
    assert [path.name for path in live_folder(lab).iterdir()] == ["0003-1.json"]
    assert (seen := read_live(lab, process=here, key=None)) is not None
    assert seen.key == "0003-1"
    live.close()
    assert list(live_folder(lab).iterdir()) == []
    assert told == ["0002-1", "0003-1"] * 2, "that a run is over is no progress"


@pytest.mark.parametrize("key", ["../secret", "/etc/secret", "", "a/b", "x" * 101, "0001-1\n"])
def test_a_key_that_somebody_wrote_names_no_other_file(tmp_path: Path, key: str) -> None:
    lab = make_lab(tmp_path)
    live_folder(lab).mkdir()
    (lab.state / "secret.json").write_text(json.dumps(GOOD | {"key": key}))
    assert read_live(lab, process=7, key=key) is None
