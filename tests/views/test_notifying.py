"""The command that is told when a night is over."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab
from nightdesk.lab.programs import parse_program
from nightdesk.views.cli.lab import notifying
from nightdesk.views.cli.lab.notifying import errors_told, notice, notifier_of, notify, summary_line

NIGHT: dict[str, Any] = {
    "lab": "tiny",
    "folder": "/desk/lab/tiny",
    "branch": "lab/tiny/2026-11-23",
    "metric": "val_bpb",
    "baseline": {"number": 0, "score": 1.5},
    "best": {"number": 3, "score": 1.4},
    "report": None,
    "session": {"ended": "time", "why": "the time is over", "judged": [0, 1, 2, 3], "kept": [3], "baseline": 0},
}
TOLD = f"""{sys.executable} -c "
import os, sys
open('told.json', 'wb').write(sys.stdin.buffer.read())
open('told.txt', 'w').write('\\n'.join(f'{{k}}={{v}}' for k, v in os.environ.items() if k.startswith('NIGHTDESK_')))
" """


def tell(command: str, folder: Path, document: dict[str, Any] | None = None, **environment: str) -> str:
    """Tell a command of a night and return what went wrong."""
    notifier = notifier_of(command, folder=folder, environment={**os.environ, **environment})
    assert notifier is not None
    return notifier.tell(document or NIGHT)


def told_in(folder: Path) -> dict[str, str]:
    lines = (folder / "told.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_it_gets_the_night_by_variables_and_as_json(tmp_path: Path) -> None:
    assert tell(TOLD, tmp_path) == ""
    assert json.loads((tmp_path / "told.json").read_text(encoding="utf-8")) == NIGHT
    told = told_in(tmp_path)
    assert told["NIGHTDESK_SUMMARY"] == "tiny: the time is over; 1 kept of 3; val_bpb 1.500000 -> 1.400000"
    assert (told["NIGHTDESK_ENDED"], told["NIGHTDESK_JUDGED"], told["NIGHTDESK_KEPT"]) == ("time", "3", "1")
    assert told["NIGHTDESK_REPORT"] == ""


def test_it_has_the_persons_own_environment_and_no_shell(tmp_path: Path) -> None:
    script = tmp_path / "mine"
    script.write_text('#!/bin/sh\necho "$MY_NAME $1" > out\n')
    script.chmod(0o755)
    assert tell("./mine '$MY_NAME; rm -rf /'", tmp_path, MY_NAME="t0") == ""
    assert (tmp_path / "out").read_text() == "t0 $MY_NAME; rm -rf /\n"


def test_a_shell_is_there_where_the_person_writes_one(tmp_path: Path) -> None:
    assert tell("""sh -c 'echo "$NIGHTDESK_LAB_NAME" | tr a-z A-Z > out'""", tmp_path) == ""
    assert (tmp_path / "out").read_text() == "TINY\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("sh -c 'echo no network >&2; exit 3'", "ended with code 3: no network"),
        ("sh -c 'yes'", "said too much"),
        ("sh -c 'kill -9 $$'", "ended with code -9"),
    ],
)
def test_what_goes_wrong_is_one_line(command: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "MOST_BYTES", 100_000)
    failure = tell(command, tmp_path)
    assert words in failure
    assert "\n" not in failure


def test_one_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "SECONDS", 0.3)
    assert "took longer than" in tell("sleep 60", tmp_path)


def test_one_that_is_ended_is_so_with_all_that_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifying, "MOST_BYTES", 100_000)
    assert "said too much" in tell("sh -c 'sleep 600 & echo $! > child; yes'", tmp_path)
    child = int((tmp_path / "child").read_text())
    until = time.monotonic() + 10
    while _lives(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("no-such-program-here", "is not on PATH"),
        ("./nowhere", "is not there"),
        ("a 'b", "cannot be read"),
        ("notify | more", "is not on PATH"),
    ],
)
def test_what_cannot_be_started_is_said_before_the_night(command: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=words) as raised:
        notifier_of(command, folder=tmp_path, environment=os.environ)
    assert raised.value.fix


@pytest.mark.parametrize("command", ["", "   "])
def test_nothing_is_no_command(command: str, tmp_path: Path) -> None:
    assert notifier_of(command, folder=tmp_path, environment=os.environ) is None
    notify(None, NIGHT)


def test_words_of_others_cannot_break_the_variables(tmp_path: Path) -> None:
    session = {**NIGHT["session"], "why": "a\0b\nNIGHTDESK_KEPT=99" + "x" * 5000}
    variables = notice({**NIGHT, "session": session})
    assert all("\0" not in value and len(value) <= 1000 for value in variables.values())
    assert tell(TOLD, tmp_path, {**NIGHT, "session": {**session, "why": "a\0b \ud800"}}) == ""


def test_an_error_is_told_too_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = parse_program("---\nrun: a\nedit: [train.py]\nmetric: loss\n---\n", files={"train.py"})
    lab = Lab("tiny", tmp_path, tmp_path, tmp_path / "s", program)
    notifier = notifier_of(TOLD, folder=tmp_path, environment=os.environ)
    with pytest.raises(DeskError, match="the disk is full"), errors_told(notifier, lab):
        raise DeskError("the disk is full", fix="make room")
    told = told_in(tmp_path)
    assert told["NIGHTDESK_ENDED"] == "error"
    assert told["NIGHTDESK_SUMMARY"] == "tiny: ended by an error: the disk is full (make room)"
    broken = notifier_of("sh -c 'exit 1'", folder=tmp_path, environment=os.environ)
    with pytest.raises(ZeroDivisionError), errors_told(broken, lab):
        raise ZeroDivisionError  # a bug keeps its traceback, whatever the command does
    assert "the notification failed" in capsys.readouterr().err


def test_a_night_without_scores_has_a_summary_too() -> None:
    assert (
        summary_line({"lab": "x", "session": {"why": "stopped", "judged": [], "kept": []}}) == "x: stopped; 0 kept of 0"
    )
    assert summary_line({}) == "None: None; 0 kept of 0"
