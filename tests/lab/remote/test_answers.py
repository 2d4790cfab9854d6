"""What a node answers: it comes back as it was, and nothing unsound is taken for a run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import Finished, Scored, Use
from nightdesk.lab.measurements import Measurements
from nightdesk.lab.remote import answers
from nightdesk.lab.remote.answers import Answer, answer_text, fault_text, read_answer

USE = Use(1.5, 1.25, 1000, 0.5, 0.125)
HERE = Path("/here")
FINISHED = Finished("0001-1", 7, 0, "", USE, Measurements({"loss": 0.5}, {"split": "test"}), "a log\n", HERE, "a kind")
WHOLE = Answer(FINISHED, Scored(0.5, "", {"loss": 0.5}, USE), "test")


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        Answer(replace(FINISHED, code=-9, failure="killed: over 5m"), None, "val"),
        Answer(FINISHED, Scored(None, "judge: exit code 1", {}), "val"),
    ],
)
def test_there_and_back(answer: Answer) -> None:
    assert read_answer(answer_text(answer), folder=HERE) == answer


def test_a_fault() -> None:
    fault = read_answer(fault_text(DeskError("the disk is full\x1b[2J", fix="make room")), folder=HERE)
    assert isinstance(fault, DeskError)
    assert (fault.message, fault.fix) == ("the disk is full", "make room")


def told(path: str, value: Any) -> str:
    """Return a whole answer with one thing in it changed."""
    document = json.loads(answer_text(WHOLE))
    *names, last = path.split("/")
    place = document
    for name in names:
        place = place[name]
    place[last] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '"fault"',
        '{"fault": "no way out"}',
        "[" * 100_000,
        told("split", "train"),
        told("scored", 3),
        told("scored/score", float("nan")),
        told("scored/score", "0.5"),
        told("scored/score", 1e300),
        told("scored/measured", {"loss": float("inf")}),
        told("scored/measured", {"loss": {}}),
        told("scored/use", {"wall_seconds": 1, "unknown": 2}),
        told("finished/use/cpu_seconds", "much"),
        told("finished/printed/numbers", {"loss": "low"}),
        told("finished/printed/numbers", []),
        told("finished/seed", "seven"),
        told("finished", None),
    ],
)
def test_unsound(text: str) -> None:
    assert read_answer(text, folder=HERE) is None


def test_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MOST_BYTES", 100)
    assert read_answer(answer_text(WHOLE), folder=HERE) is None


def test_a_log_is_for_reading_only() -> None:
    read = read_answer(told("finished/log", "\x1b[2Jdone\u202e"), folder=HERE)
    assert isinstance(read, Answer)
    assert read.finished.log == "done"
