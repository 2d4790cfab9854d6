"""The agent in the room of a lab: proposals over next and submit, and over MCP."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from tests.desks import MUON, environment, make_desk, run
from tests.lab.searches import TRAIN

ROOT = Path(__file__).parent.parent.parent
COUNT = 3


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return make_desk(tmp_path, {"muon.md": MUON})


@contextmanager
def loop(desk: Path, count: int) -> Iterator["subprocess.Popen[str]"]:
    """Start a loop that takes so many proposals."""
    command = [sys.executable, str(ROOT / "tests/views/waiting_lab.py"), str(desk / ".nightdesk/lab/tiny"), str(count)]
    known = environment(desk.parent / "home") | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=known, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def hand_in(task: dict[str, str], replacement: str, search: str = "LR = 0.01") -> str:
    edits = [{"file": "train.py", "search": search, "replace": replacement}]
    header = {key: task[key] for key in ("task", "input", "lease")}
    return json.dumps(header | {"title": replacement, "hypothesis": "Why.", "edits": edits, "files": []})


def take(desk: Path) -> dict[str, str]:
    """Return the next task, once the loop waits."""
    end = time.monotonic() + 30
    while (ran := run(desk, "next", "--kind", "propose", "--json", "--as", "ada")).code == 2:
        assert time.monotonic() < end, ran.err
    (task,) = ran.document["tasks"]
    return dict(task)


def test_the_whole_way_with_nothing_but_next_and_submit(desk: Path, tmp_path: Path) -> None:
    program = tmp_path / "nightdesk"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nightdesk "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    with loop(desk, COUNT) as running:
        played = subprocess.run(
            ["sh", str(ROOT / "tests/lab_room.sh"), str(program), str(desk), str(COUNT)],
            env=environment(tmp_path / "home"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert played.returncode == 0, played.stdout + played.stderr
        out, _ = running.communicate(timeout=30)
    proposals = [json.loads(line) for line in out.splitlines()]
    assert [one["worker"] for one in proposals] == ["room:player"] * COUNT
    assert len({one["files"]["train.py"] for one in proposals}) == COUNT
    assert proposals[0]["files"] == {"train.py": TRAIN.replace("LR = 0.01", "LR = 0.02")}
    costs = (desk / "costs.tsv").read_text(encoding="utf-8")
    assert costs.count("\taccepted\t") == COUNT
    assert costs.count("\trejected\t") >= 1


def test_a_lab_comes_before_the_wiki_and_needs_no_compile(desk: Path) -> None:
    with loop(desk, 1):
        task = take(desk)
        assert task["subject"] == "lab tiny: proposal 1"
        assert not (desk / "wiki/sources").exists(), "the wiki was left alone"
        ran = run(desk, "next", "--json")
        assert [one["kind"] for one in ran.document["tasks"]] == ["propose"]
        ran = run(desk, "next", "--json")
        assert [one["kind"] for one in ran.document["tasks"]] == ["read"], "both proposals are leased"
        ran = run(desk, "submit", "--json", "-", stdin=hand_in(task, "LR = 0.02"))
        assert ran.code == 0, ran.out + ran.err
        assert (ran.document[0]["accepted"], ran.document[0]["kind"]) == (True, "propose")


def test_without_a_loop_nothing_is_to_propose(desk: Path) -> None:
    ran = run(desk, "next", "--kind", "propose")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing to propose: no lab waits" in ran.err
    with loop(desk, 1):
        task = take(desk)
    ran = run(desk, "submit", "-", stdin=hand_in(task, "LR = 0.02"))
    assert ran.code == 1
    assert "no longer to be done" in ran.out
    assert run(desk, "next", "--kind", "propose").code == 2


def test_headers_of_others_are_refused(desk: Path) -> None:
    with loop(desk, 2):
        first, second = take(desk), take(desk)
        ran = run(desk, "submit", "-", stdin=hand_in(first | {"lease": second["lease"]}, "LR = 0.02"))
        assert (ran.code, "the lease of another task" in ran.out) == (1, True)
        ran = run(desk, "submit", "-", stdin=hand_in(first | {"lease": "k0000000000000000"}, "LR = 0.02"))
        assert (ran.code, "no lease of this desk" in ran.out) == (1, True)
        assert run(desk, "submit", "-", stdin=hand_in(first, "LR = 0.02")).code == 0
        again = run(desk, "submit", "-", stdin=hand_in(first, "LR = 0.03"))
        assert again.code == 1, "one task, one proposal"


def test_an_agent_can_wait_for_the_lab(desk: Path) -> None:
    command = [sys.executable, "-m", "nightdesk", "next", "--kind", "propose", "--wait", "2", "--json"]
    with subprocess.Popen(
        command, cwd=desk, env=environment(desk.parent / "home"), stdout=subprocess.PIPE, text=True
    ) as asking:
        time.sleep(1)
        with loop(desk, 1):
            out, _ = asking.communicate(timeout=60)
    assert json.loads(out)["tasks"][0]["subject"] == "lab tiny: proposal 1"
    ran = run(desk, "next", "--wait", "1")
    assert ran.code == 2
    assert "--wait goes with --kind propose" in ran.err


def test_the_same_over_mcp(desk: Path) -> None:
    pytest.importorskip("mcp")
    from nightdesk.views.mcp.work import next_task, submit  # noqa: PLC0415 - an extra

    where = Desk(desk)
    assert "no lab waits" in next_task(where, kind="propose", as_="ada").message
    with loop(desk, 1) as running:
        end = time.monotonic() + 30
        while not (tasks := next_task(where, kind="propose", as_="ada").tasks):
            assert time.monotonic() < end
            time.sleep(0.05)
        header = dict(
            line.strip().strip('",').split('": "') for line in tasks[0].brief.splitlines() if line.startswith('  "')
            and line.strip().startswith(('"task', '"input', '"lease'))
        )  # fmt: skip
        wrong = submit(where, hand_in(header, "LR = 0.02", search="LR = 9"))
        assert not wrong.accepted
        assert "does not stand in train.py" in wrong.reasons[0]
        done = submit(where, hand_in(header, "LR = 0.02"))
        assert done.accepted, done.reasons
        out, _ = running.communicate(timeout=30)
    assert json.loads(out)["worker"] == "room:ada"
