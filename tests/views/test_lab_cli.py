"""`nightdesk lab` as a person or a script meets it."""

import importlib
import json
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.lab.budgets import Budget
from nightdesk.lab.experiments import FOLDER, read_experiments, write_experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.live import live_file
from nightdesk.lab.night import AtWork, Happening, Kind, Plan, Running, tell_running
from nightdesk.lab.running import Live
from nightdesk.views.cli.lab import COMMANDS
from nightdesk.views.cli.lab.board import Board, duration, left_of_run
from nightdesk.views.cli.lab.opening import require_trusted, trust_lab, trusted_keys
from tests.desks import git, run, start
from tests.lab.nights import baseline, better, crashed, discarded
from tests.views.quick_lab import make_desk, quick

CONFINED = why_not(network=False) is None
needs_sandbox = pytest.mark.skipif(not CONFINED, reason="programs cannot be confined here")
# A program that is done at once: its metric falls with A and has a little noise from the seed.
PROGRAM = """---
run: python work.py
edit: [work.py]
metric: loss
budget: 20s
---
Lower the loss.
"""
WORK = """import os
A = 4.0  # from 1 to 8
print(f"---\\nloss: {A * A + int(os.environ['NIGHTDESK_SEED']) % 100 / 1000}")
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Return a desk with a lab `quick` whose metric is self-reported."""
    return make_desk(tmp_path, program=PROGRAM, work=WORK)


def put_night(desk: Path) -> Lab:
    """Write a ledger as a session would have left it."""
    for experiment in (baseline((16.0, 16.1, 16.2)), better(1, 9.0, 9.1), discarded(2, 17.0), crashed(3)):
        write_experiment(desk / "lab/quick" / FOLDER, experiment)
    return quick(desk)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_is_the_commands_own(name: str) -> None:
    module, line = COMMANDS[name]
    command = importlib.import_module(f"nightdesk.views.cli.lab.{module}").command
    assert command.name == name
    assert command.help.split("\n\n")[0].replace("\n", " ") == line
    assert "xample" in command.epilog


def test_new_makes_a_lab_that_is_committed_and_never_twice(desk: Path) -> None:
    made = run(desk, "lab", "new", "faster", "--template", "command", "--budget", "5s cpu", "--json")
    assert made.code == 0, made.err
    assert made.document["made"] == ["judge/judge.py", "program.md", "routine.py", "run.py", "words.py"]
    assert git(desk, "status", "--porcelain") == ""
    assert "budget: 5s cpu" in (desk / "lab/faster/program.md").read_text()
    again = run(desk, "lab", "new", "faster")
    assert again.code == 2
    assert "there already" in again.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["new", "a b"], "cannot be a lab's name"),
        (["new", "tiny", "--data", "nowhere"], "there is no data"),
        (["new", "tiny", "--template", "x"], "not one of"),
        (["run", "none"], "there are quick"),
        (["run", "quick", "--count", "-1"], "not in the range"),
        (["run", "quick", "--hours", "0"], "not in the range"),
        (["run", "quick", "--baseline-runs", "2"], "not in the range"),
        (["run", "quick", "--worker", "gpt"], "proposes no experiments"),
        (["report", "quick", "--tag", "x"], "has no branch 'x'"),
        (["confirm", "quick"], "no experiments yet"),
        (["adopt", "quick"], "no experiments yet"),
        (["stop", "quick"], "is not running"),
        (["statsu"], "Did you mean 'status'?"),
    ],
)
def test_wrong_use_gives_a_clear_line_and_code_2(desk: Path, args: list[str], words: str) -> None:
    if args[:2] == ["run", "quick"] and "--worker" in args and not CONFINED:
        args = [*args, "--unsafe"]
    ran = run(desk, "lab", *args)
    assert ran.code == 2, ran.err
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_mistake_in_program_md_names_its_line(desk: Path) -> None:
    (desk / "lab/quick/program.md").write_text(PROGRAM.replace("budget: 20s", "budgte: 20s"))
    ran = run(desk, "lab", "run", "quick", "--count", "1")
    assert ran.code == 2
    assert 'line 5: unknown key "budgte", did you mean "budget"?' in ran.err
    status = run(desk, "lab", "status")  # one lab's mistake hides no other, and is told
    assert status.code == 1
    assert "budgte" in status.err


def test_a_session_runs_and_all_views_tell_of_it(desk: Path) -> None:
    unsafe = [] if CONFINED else ["--unsafe"]
    ran = run(desk, "lab", "run", "quick", "--count", "2", "--baseline-runs", "3", "--worker", "random", *unsafe)
    assert ran.code == 0, ran.err
    assert ran.err.count("0000, run ") == 3
    assert "self-reported" in ran.err
    assert (desk / "lab/quick/report.md").read_text().count("**self-reported**") == 1
    assert (desk / "lab/quick/results.tsv").read_text().splitlines()[0].split("\t")[1] == "loss"
    assert git(desk, "status", "--porcelain") == ""
    status = run(desk, "lab", "status", "quick", "--json").document
    assert (status["experiments"], status["self_reported"], status["running"]) == (2, True, None)
    compared = run(desk, "lab", "compare", "quick", "--json").document
    assert [group["key"] for group in compared["labs"][0]["workers"]] == ["random"]
    more = run(desk, "lab", "run", "quick", "--count", "1", "--worker", "random", "--json", *unsafe)
    assert more.code == 0
    assert more.document["experiments"] == 3  # it went on with the branch, and measured no new baseline
    assert more.document["session"]["ended"] == "done"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_ends_the_run_tidily(desk: Path, sent: signal.Signals) -> None:
    (desk / "lab/quick/work.py").write_text("A = 1.0\nimport time\ntime.sleep(60)\n")
    unsafe = [] if CONFINED else ["--unsafe"]
    process = start(desk, "lab", "run", "quick", "--count", "1", "--worker", "random", *unsafe)
    wait_for(lambda: run(desk, "lab", "status", "quick", "--json").document["running"] is not None)
    wait_for(lambda: any((desk / ".nightdesk/lab/quick/runs").glob("*/work")))
    process.send_signal(sent)
    assert process.wait(30) == 130
    assert run(desk, "lab", "status", "quick", "--json").document["running"] is None
    assert [str(experiment.state) for experiment in read_experiments(desk / "lab/quick/experiments")] == ["running"]


def test_stop_ends_a_session_from_elsewhere(desk: Path) -> None:
    unsafe = [] if CONFINED else ["--unsafe"]
    process = start(desk, "lab", "run", "quick", "--worker", "random", *unsafe)
    wait_for(lambda: run(desk, "lab", "stop", "quick").code == 0)
    assert process.wait(60) == 0


def wait_for(happens: Any) -> None:
    end = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def test_report_is_written_from_the_ledger_alone(desk: Path) -> None:
    put_night(desk)
    first = run(desk, "lab", "report", "quick", "--json")
    assert first.code == 0, first.err
    text = Path(first.document["report"]).read_text()
    assert "1 kept as better" in text
    run(desk, "lab", "report", "quick")
    assert Path(first.document["report"]).read_text() == text
    assert git(desk, "status", "--porcelain") == ""


def test_where_nothing_can_be_isolated_it_says_so_before_it_starts(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightdesk.views.cli.lab.opening.why_not", lambda **_: "user namespaces are forbidden")
    opening = importlib.import_module("nightdesk.views.cli.lab.opening")
    with pytest.raises(DeskError, match="cannot be isolated here: user namespaces") as raised:
        opening.isolation(quick(desk), unsafe=False)
    assert "--unsafe" in (raised.value.fix or "")
    assert opening.isolation(quick(desk), unsafe=True) is False


@pytest.mark.parametrize(
    ("keys", "needed"),
    [
        ("", {}),
        ("network: true\n", {"program.network": True}),
        ("data: stdlib\n", {}),
        ("data: inside.txt\n", {}),
        ("data: ../../raw\n", {"program.data": "../../raw"}),
        ("data: /etc/passwd\n", {"program.data": "/etc/passwd"}),
        ("data: hf:a/b\n", {"program.data": "hf:a/b"}),
    ],
)
def test_what_a_cloned_lab_asks_for_needs_trust(
    desk: Path, tmp_path: Path, keys: str, needed: dict[str, object]
) -> None:
    (desk / "lab/quick/program.md").write_text(PROGRAM.replace("budget", f"{keys}budget"))
    lab, environment = quick(desk), {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    assert trusted_keys(lab) == needed
    if not needed:
        require_trusted(lab, environment)
        return
    with pytest.raises(DeskError, match=r"quick's program\.md says program") as raised:
        require_trusted(lab, environment)
    assert "--trust" in (raised.value.fix or "")
    trust_lab(lab, environment)
    require_trusted(lab, environment)
    (desk / "lab/quick/program.md").write_text(PROGRAM.replace("budget", "network: true\ndata: /home\nbudget"))
    with pytest.raises(DeskError, match="not trusted"):  # trusted is only what was there then
        require_trusted(quick(desk), environment)


@needs_sandbox
def test_a_lab_that_wants_the_network_is_refused_before_anything_runs(desk: Path) -> None:
    (desk / "lab/quick/program.md").write_text(PROGRAM.replace("budget", "network: true\nbudget"))
    ran = run(desk, "lab", "run", "quick", "--count", "1")
    assert ran.code == 2
    assert "you have not trusted it with that" in ran.err
    assert not (desk / "lab/quick/experiments").exists()


def test_an_adopted_repository_gets_nothing_but_untracked_files(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    git(own, "init", "-q", "-b", "main")
    for name, text in (("program.md", PROGRAM), ("work.py", WORK)):
        (own / name).write_text(text)
    git(own, "add", "-A")
    git(own, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "mine")
    unsafe = [] if CONFINED else ["--unsafe"]
    ran = run(tmp_path, "lab", "run", "own", "--count", "1", "--baseline-runs", "3", "--worker", "random", *unsafe)
    assert ran.code == 0, ran.err
    assert git(own, "status", "--porcelain") == ""
    assert git(own, "log", "--format=%s") == "mine\n"
    assert sorted(path.name for path in own.iterdir()) == [
        ".git",
        "experiments",
        "program.md",
        "results.tsv",
        "work.py",
    ]
    assert (own / "experiments/report.md").is_file()


class Shown:
    """A board on a session that a test tells of."""

    def __init__(self, desk: Path, **plan: Any) -> None:
        self.board = Board(quick(desk), Plan(**plan), (), live=False, quiet=True)

    def lines(self, width: int = 100) -> list[str]:
        return self.board.lines(width)


def test_the_board_shows_the_running_best_the_last_verdicts_and_what_runs(desk: Path) -> None:
    shown = Shown(desk, count=20, seconds=3600)
    assert "the baseline is being measured" in "\n".join(shown.lines())
    night = [
        baseline((16.0, 16.1, 16.2)),
        better(1, 9.0, 9.1),
        *(discarded(n, 17.0) for n in range(2, 12)),
        crashed(12),
    ]
    for experiment in night:
        shown.board.tell(Happening(Kind.JUDGED, "told", experiment))
    shown.board.tell(Happening(Kind.RUNNING, "0013 A 4 -> 2, run 1", night[-1]))
    shown.board.progress(Live("0013-1", 12.0, 11.0, 500 * 2**20, "step 3"))
    text = "\n".join(shown.lines())
    assert "loss (lower is better, self-reported)" in text
    assert "best 9.100000, baseline 16.100000" in text
    assert "12 tried: 1 kept, 10 discarded, 1 crashed; 8 to go" in text
    assert "left of the night" in text
    assert "0013 A 4 -> 2, run 1: 8 s left, 500 MB" in text
    assert text.count("change ") == 8  # the last verdicts only
    assert all(len(line) <= 60 + 9 for line in shown.lines(60))  # and the codes of a colour


def test_the_board_has_a_line_for_each_place_and_no_more_than_the_terminal_holds(desk: Path) -> None:
    shown = Shown(desk)
    lab = quick(desk)
    works = [
        AtWork(f"{n:04d}-1", n, f"title {n}", 1, f"core {n}", "scoring" if n == 2 else "running", "")
        for n in range(1, 30)
    ]
    running = Running("t", os.getpid(), "", "running", "", works=tuple(works), drafts=3, busy_share=0.972)
    tell_running(lab, running)
    shown.board.progress(Live("0001-1", 12.0, 11.0, 500 * 2**20, "step 3"))
    shown.board.progress(Live("0003-1", 2.0, 2.0, 50 * 2**20, ""))
    text = "\n".join(shown.board.lines(100, 24))
    assert "3 proposals wait, busy 97 % of the time" in text
    assert "now   core 1   0001 title 1, run 1: 8 s left, 500 MB" in text
    assert "      core 2   0002 title 2, run 1: scoring" in text
    assert "      core 3   0003 title 3, run 1: 18 s left, 50 MB" in text
    assert [len(shown.board.lines(100, height)) for height in (10, 24, 30)] == [9, 23, 29]
    assert "and 12 more" in text
    tell_running(lab, replace(running, works=tuple(works[:1])))
    assert "now   0001 title 1, run 1: 8 s left, 500 MB" in "\n".join(shown.lines())
    tell_running(lab, replace(running, works=(), doing="waiting for a proposal"))
    assert "now   waiting for a proposal" in shown.lines()


def test_status_lists_the_runs_at_work_and_what_waits(desk: Path) -> None:
    lab = quick(desk)
    live_file(lab, "0001-1").parent.mkdir(parents=True)
    told = {"process": os.getpid(), "key": "0001-1", "wall_seconds": 12, "cpu_seconds": 1, "memory_bytes": 5}
    live_file(lab, "0001-1").write_text(json.dumps(told | {"line": "", "name": "", "axis": "", "points": []}))
    works = tuple(
        AtWork(f"{n:04d}-1", n, f"title {n}\x1b[2J", 1, f"core {n}", "running", "2026-11-23T01:00:00Z") for n in (1, 2)
    )
    tell_running(lab, Running("t", os.getpid(), "", "running", "", works=works, drafts=2, busy_share=0.5))
    told_status = run(desk, "lab", "status", "quick").out
    assert "now        2 runs at work; 2 proposals wait, busy 50 % of the time" in told_status
    assert "  core 1: 0001 title 1" in told_status
    assert "running, 12 s" in told_status
    assert "\x1b" not in told_status
    document = run(desk, "lab", "status", "quick", "--json").document["running"]
    assert [(work["place"], work["wall_seconds"]) for work in document["works"]] == [("core 1", 12.0), ("core 2", None)]
    assert (document["drafts"], document["busy_share"]) == (2, 0.5)


def test_titles_from_outside_cannot_drive_the_terminal(desk: Path) -> None:
    shown = Shown(desk)
    shown.board.tell(Happening(Kind.RUNNING, "0001 \x1b]0;evil\x07 \u202eback"))
    assert not any("\x07" in line or "\u202e" in line for line in shown.lines())


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(60, "cpu"), "20 s CPU left"),
        (Budget(300, "wall"), "4 min left"),
        (Budget(30, "cpu"), "10 s CPU over, for start-up and export"),
        (Budget(2000, "steps"), "50 s of wall time"),
    ],
)
def test_what_a_run_has_left_of_its_budget(budget: Budget, words: str) -> None:
    assert left_of_run(budget, Live("k", 50.0, 40.0, 0, "")) == words


def test_durations_read_as_a_person_says_them() -> None:
    assert [duration(seconds) for seconds in (0, 99, 100, 3599, 3600, 30_000)] == [
        "0 s",
        "99 s",
        "2 min",
        "1 h 00 min",
        "1 h 00 min",
        "8 h 20 min",
    ]
