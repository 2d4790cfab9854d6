"""Changes: edits applied exactly, and every reason against a hand-in that must not be run."""

import json
from typing import Any

import pytest

from nightdesk.lab.changes import MAX_EDITS, MAX_FILE, Change, check_change
from nightdesk.lab.fingerprints import fingerprint

TRAIN = (
    "import os\n\nLR = 0.01  # learning rate\n\ndef step(x):\n    return x * LR\n\ndef stop(x):\n    return x * LR\n"
)
FILES = {"train.py": TRAIN, "config.toml": "width = 2\n"}


def check(given: Any, files: dict[str, str] = FILES, **known: Any) -> tuple[Change | None, tuple[str, ...]]:
    text = given if isinstance(given, str) else json.dumps({"title": "T", "hypothesis": "H", **given})
    verified = check_change(text, files, **known)
    assert verified.accepted == (verified.result is not None)
    return verified.result, verified.reasons


def edit(search: str, replace: str, file: str = "train.py") -> dict[str, Any]:
    return {"edits": [{"file": file, "search": search, "replace": replace}]}


@pytest.mark.parametrize(
    ("given", "path", "text"),
    [
        (edit("LR = 0.01", "LR = 0.02"), "train.py", TRAIN.replace("0.01", "0.02")),
        (edit("LR = 0.01", "LR = 0.02", "./train.py"), "train.py", TRAIN.replace("0.01", "0.02")),
        (edit("def stop(x):\n    return x * LR\n", ""), "train.py", TRAIN[: TRAIN.index("def stop")]),
        ({"files": [{"file": "config.toml", "text": "width = 3\n"}]}, "config.toml", "width = 3\n"),
        (
            {"files": [{"file": "train.py", "text": "A = 1\n"}], **edit("A = 1", "A = 2")},  # edits come after
            "train.py",
            "A = 2\n",
        ),
        ({"edits": [*edit("0.01", "0.02")["edits"], *edit("0.02", "0.03")["edits"]], "files": None}, "train.py",
         TRAIN.replace("0.01", "0.03")),  # one after the other
    ],
)  # fmt: skip
def test_what_is_asked_for_is_done_and_nothing_else(given: dict[str, Any], path: str, text: str) -> None:
    change, reasons = check(given)
    assert reasons == ()
    assert change is not None
    assert change.files == {**FILES, path: text}
    assert (change.title, change.hypothesis) == ("T", "H")


def test_windows_line_ends_stay() -> None:
    files = {"train.py": "A = 1\r\nB = 2\r\n"}
    change, _ = check(edit("A = 1\nB = 2", "A = 1\nB = 3"), files)
    assert change is not None
    assert change.files == {"train.py": "A = 1\r\nB = 3\r\n"}
    change, _ = check({"files": [{"file": "", "text": "A = 4\nB = 2\n"}]}, files)  # the only file need not be named
    assert change is not None
    assert change.files == {"train.py": "A = 4\r\nB = 2\r\n"}


def test_what_the_brief_had_to_change_is_put_back() -> None:
    """A brief shows `<|eos|>` as `<\\|eos|>`; a worker that copies it must not change the program."""
    files = {"train.py": 'END = "<|eos|>"\nLR = 1\n'}
    change, reasons = check(edit('END = "<\\|eos|>"\nLR = 1\n', 'END = "<\\|eos|>"\nLR = 2\n'), files)
    assert reasons == ()
    assert change is not None
    assert change.files == {"train.py": 'END = "<|eos|>"\nLR = 2\n'}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "not valid JSON"),
        ("no json", "not valid JSON"),
        ("[1]", "not one JSON object"),
        ("[" * 50_000, "too deep"),
        ('{"title": "\\ud800"}', "half a character"),
        ({"title": 3}, '"title" must be a text'),
        ({"title": " \n"} | edit("0.01", "0.02"), '"title" is empty'),
        ({"title": "one\ntwo"} | edit("0.01", "0.02"), "must be one line"),
        ({"title": "x" * 121} | edit("0.01", "0.02"), "at most 120"),
        ({"hypothesis": ""} | edit("0.01", "0.02"), '"hypothesis" is empty'),
        ({"hypothesis": "x" * 3000} | edit("0.01", "0.02"), "longer than 2,000"),
        ({"edits": "LR = 2"}, '"edits" must be a list'),
        ({"edits": [{"file": "train.py", "search": "LR"}]}, "must all be there, as texts"),
        ({"edits": edit("a", "b")["edits"] * (MAX_EDITS + 1)}, "at most"),
        (
            edit("0.01", "0.02", "prepare.py"),
            "'prepare.py' is no file that may be changed; these are: train.py, config",
        ),
        (edit("0.01", "0.02", "../train.py"), "is no file that may be changed"),
        ({"files": [{"file": "new.py", "text": "A = 1"}]}, "'new.py' is no file"),
        (edit("", "x"), "edit 1: `search` is empty"),
        (edit("x * LR", "x"), "stands 2 times in train.py"),
        (edit("LR = 0.01 # learning rate", "LR = 1"), "nearest is line 3: 'LR = 0.01  # learning rate'"),
        (edit("def step(x):\n  return x * LR", "pass"), "its first line is line 5, but what follows differs"),
        (edit("return x * LR\n\ndef stop", "return (\n\ndef stop"), "train.py: it does not parse: line"),
        (edit("import os", "return 1"), "it does not parse: line 1: 'return' outside function"),
        (edit("width = 2", "width = = 2", "config.toml"), "config.toml: it does not parse"),
        (edit("import os", "import\0os"), "nobody sees (U+0000)"),
        (edit("import os", "import os  # \u202e"), "nobody sees (U+202E)"),
        ({"files": [{"file": "train.py", "text": " \n"}]}, "it would be empty"),
        ({"files": [{"file": "train.py", "text": "#" * (MAX_FILE + 1)}]}, "longer than 400,000"),
        ({"edits": []}, "it changes nothing"),
        (edit("  # learning rate", "  # the learning rate"), "it changes nothing"),
        (edit("0.01", "0.5"), "tried before"),
        ({"ranges": [{"name": "NONE", "low": 1, "high": 2}]} | edit("0.01", "0.02"), "there are LR"),
        ({"ranges": [{"name": "LR", "low": 2, "high": 1}]} | edit("0.01", "0.02"), "a low and a higher high"),
        ({"ranges": 3} | edit("0.01", "0.02"), '"ranges" must be a list'),
    ],
)
def test_what_must_not_be_run(given: Any, words: str) -> None:
    tried = {fingerprint({**FILES, "train.py": TRAIN.replace("0.01", "0.5")})}
    change, reasons = check(given, was_tried=tried.__contains__)
    assert change is None
    assert any(words in reason for reason in reasons), reasons


def test_what_was_hidden_before_may_stay_and_a_fence_is_taken_off() -> None:
    files = {"train.py": "A = '\u200b'\nB = 1\n"}
    fenced = "```json\n" + json.dumps({"title": "T", "hypothesis": "H", **edit("B = 1", "B = 2")}) + "\n```"
    change, reasons = check(fenced, files)
    assert reasons == ()
    assert change is not None


@pytest.mark.parametrize("ranges", [[{"name": "LR", "low": 0.001, "high": 1}], {"LR": [0.001, 1]}])
def test_ranges(ranges: Any) -> None:
    change, reasons = check({"ranges": ranges} | edit("0.01", "0.02"))
    assert reasons == ()
    assert change is not None
    assert change.ranges == {"LR": (0.001, 1.0)}


def test_every_reason_is_told_at_once() -> None:
    _, reasons = check({"title": "", **edit("nowhere", "x")})
    assert len(reasons) == 2
