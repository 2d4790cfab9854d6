"""The template that is no machine learning: its judge accepts right answers only, and its constants matter."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from nightdesk.lab.constants import find_constants, replace_constants
from nightdesk.lab.measurements import parse_measurements

FAST: dict[str, int | float | bool | str] = {"FIRST_LIMIT": 2, "LIMIT_STEP": 1, "BY_LENGTH": True, "SHRINK_LIMIT": True}
SMALL = ("DICTIONARY_SIZE = 1_200", "DICTIONARY_SIZE = 150"), ("QUERIES = 100", "QUERIES = 40")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Return the template with less to do."""
    with resources.as_file(resources.files("nightdesk.lab").joinpath("templates", "command")) as template:
        shutil.copytree(template, tmp_path / "lab", ignore=shutil.ignore_patterns("__pycache__"))
    words = tmp_path / "lab" / "words.py"
    text = words.read_text()
    for old, new in SMALL:
        assert old in text
        text = text.replace(old, new)
    words.write_text(text)
    return tmp_path / "lab"


def run(lab: Path, seed: int) -> None:
    environment = {**os.environ, "NIGHTDESK_SEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "run.py"], cwd=lab, env=environment, check=True, capture_output=True)


def judge(lab: Path, seed: int, *, split: str = "val") -> "subprocess.CompletedProcess[str]":
    (lab / "measured.json").write_text(json.dumps({"cpu_seconds": 2.0}))
    environment = {
        **os.environ,
        "NIGHTDESK_LAB": str(lab),
        "NIGHTDESK_RUN": str(lab),
        "NIGHTDESK_SEED": str(seed),
        "NIGHTDESK_SPLIT": split,
        "NIGHTDESK_MEASURED": str(lab / "measured.json"),
    }
    command = [sys.executable, "judge/judge.py"]
    return subprocess.run(command, cwd=lab, env=environment, check=False, capture_output=True, text=True)


def change(lab: Path, **values: int | float | bool | str) -> None:
    routine = lab / "routine.py"
    routine.write_text(replace_constants(routine.read_text(), values))


@pytest.mark.parametrize("gram", [0, 1, 2, 3])
@pytest.mark.parametrize("fast", [False, True])
def test_the_constants_change_how_fast_an_answer_is_found_never_which(lab: Path, gram: int, fast: bool) -> None:
    change(lab, GRAM=gram, **(FAST | {"MEMORY": 50} if fast else {}))
    run(lab, 5)
    judged = judge(lab, 5, split="test")
    assert judged.returncode == 0, judged.stderr
    measured = parse_measurements(judged.stdout)
    assert measured.score("log2_seconds") == pytest.approx(1.0)  # 2 s, measured from outside
    assert measured.texts["split"] == "test"
    assert "split" not in judge(lab, 5).stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda answers: [*answers[:-1], answers[0]], "the nearest word to"),
        (lambda answers: answers[:-1], "39 answers to 40 words"),
        (lambda answers: {"all": answers}, "no list"),
        (lambda answers: [None] * len(answers), "the nearest word to"),
        (lambda answers: [["x"] * 9] * len(answers), "the nearest word to"),
    ],
)
def test_wrong_answers_have_no_score(lab: Path, spoil: Callable[[Any], Any], words: str) -> None:
    run(lab, 5)
    outputs = lab / "outputs.json"
    outputs.write_text(json.dumps(spoil(json.loads(outputs.read_text()))))
    judged = judge(lab, 5)
    assert judged.returncode != 0
    assert words in judged.stderr
    assert "---" not in judged.stdout


def test_answers_to_another_seeds_words_and_links_have_no_score(lab: Path, tmp_path: Path) -> None:
    run(lab, 5)
    assert judge(lab, 6).returncode != 0
    answers = (lab / "outputs.json").rename(tmp_path / "elsewhere.json")
    (lab / "outputs.json").symlink_to(answers)
    assert "no plain file" in judge(lab, 5).stderr
    (lab / "outputs.json").unlink()
    assert "missing" in judge(lab, 5).stderr
    (lab / "outputs.json").write_text("[" * 100_000)
    assert "no JSON" in judge(lab, 5).stderr


def test_the_optimiser_finds_the_constants_and_their_ranges(lab: Path) -> None:
    found = {constant.name: constant for constant in find_constants((lab / "routine.py").read_text())}
    assert set(found) == {"FIRST_LIMIT", "LIMIT_STEP", "GRAM", "SHRINK_LIMIT", "BY_LENGTH", "MEMORY"}
    assert (found["FIRST_LIMIT"].low, found["FIRST_LIMIT"].high) == (1, 12)
    assert (found["GRAM"].low, found["GRAM"].high) == (0, 3)


def test_a_tuned_routine_does_less_work(lab: Path) -> None:
    def compared(**values: int | float | bool | str) -> int:
        """Count the cells that are computed, which no load of the machine disturbs."""
        change(lab, **values)
        routine = lab / "routine.py"
        counted = re.sub(r"above = row\[j\]", "above = row[j]; CELLS.append(1)", routine.read_text())
        counted += "\nCELLS = []\nfrom words import make_words\nnearest_words(*make_words(5))\nprint(len(CELLS))"
        done = subprocess.run([sys.executable, "-c", counted], cwd=lab, check=True, capture_output=True, text=True)
        return int(done.stdout)

    as_it_is = compared()
    assert compared(**FAST) < as_it_is / 2
