"""Who scores a lab: the sealed judge, a judge command, the run itself; what each takes and refuses."""

import os
import re
from pathlib import Path

import pytest

from nightdesk.lab.jobs import Finished, Scored, Split
from nightdesk.lab.judge_files import keep_plain_files
from nightdesk.lab.labs import Lab
from nightdesk.lab.measurements import Measurements, parse_measurements
from nightdesk.lab.run_figures import run_figures, with_metric
from nightdesk.lab.scoring import CommandScorer, PrintedScorer, scorer_of
from tests.lab.scored_labs import CONFINED, finish, make_job, make_lab, running

JUDGE = """
import json, os, sys
from pathlib import Path

lab, run = Path(os.environ["NIGHTDESK_LAB"]), Path(os.environ["NIGHTDESK_RUN"])
right = (lab / "judge" / "answers.txt").read_text()
given = (run / "answers.txt").read_text()
measured = json.loads(Path(os.environ["NIGHTDESK_MEASURED"]).read_text())
seed, split = os.environ["NIGHTDESK_SEED"], os.environ["NIGHTDESK_SPLIT"]
(Path("/tmp") / "scratch").write_text("a judge may write there")
if given != right:
    sys.exit(f"wrong answers for seed {seed}: \\x1b[31m{given}")
print("some words before")
print("---")
print(f"seconds: {measured['cpu_seconds']}")
print(f"words: {len(right)}")
print(f"split: {split}")
"""
FILES = {"judge/judge.py": JUDGE.encode(), "judge/answers.txt": b"42", "run.py": b"", "train.py": b""}


def judged_lab(tmp_path: Path, files: dict[str, bytes] | None = None) -> Lab:
    return make_lab(tmp_path, judge="python judge/judge.py", files=files or FILES, metric="seconds")


def judge(
    tmp_path: Path, *, files: dict[str, bytes] | None = None, answers: str | None = "42", split: Split = "val"
) -> Scored:
    lab = judged_lab(tmp_path, files)
    finished = finish(tmp_path, numbers={"seconds": 0.0, "cpu_seconds": 0.0, "extra": 5.0})
    if answers is not None:
        (finished.folder / "answers.txt").write_text(answers)
    found = scorer_of(lab, confined=CONFINED).score(make_job(files or FILES, split=split), finished, stopped=running)
    assert found is not None
    assert not list((lab.state / "scoring").iterdir())
    return found


def test_a_judge_command_scores_what_was_measured_from_outside(tmp_path: Path) -> None:
    found = judge(tmp_path)
    assert found.failure == ""
    assert found.score == 2.0, "the CPU seconds that were measured, not those that the run printed"
    assert found.measured["seconds"] == 2.0
    assert found.measured["words"] == 2
    assert found.measured["extra"] == 5.0
    assert found.use.wall_seconds > 0


def test_a_wrong_answer_is_told_in_the_judges_words(tmp_path: Path) -> None:
    found = judge(tmp_path, answers="41")
    assert (found.score, found.failure) == (None, "judge: wrong answers for seed 7: 41")
    assert "seconds" not in found.measured, "the run's own claim is no measurement"


def test_a_link_to_the_judges_answers_is_no_answer(tmp_path: Path) -> None:
    lab = judged_lab(tmp_path)
    finished = finish(tmp_path)
    (finished.folder / "answers.txt").symlink_to("/proc/self/cwd/judge/answers.txt")
    found = scorer_of(lab, confined=CONFINED).score(make_job(FILES), finished, stopped=running)
    assert found is not None
    assert found.score is None
    assert "FileNotFoundError" in found.failure


def test_only_plain_files_and_folders_are_kept(tmp_path: Path) -> None:
    (tmp_path / "left/deep").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("mine")
    (tmp_path / "left/deep/plain").write_text("kept")
    (tmp_path / "left/folder").symlink_to(tmp_path / "outside")
    (tmp_path / "left/deep/nowhere").symlink_to("nowhere")
    os.mkfifo(tmp_path / "left/pipe")
    keep_plain_files(tmp_path / "left")
    left = {path.relative_to(tmp_path / "left").as_posix() for path in (tmp_path / "left").rglob("*")}
    assert left == {"deep", "deep/plain"}
    assert (tmp_path / "outside/file").read_text() == "mine"


FAULTY = {
    "no block": ("print('fine')", "the log does not end in a block"),
    "another metric": ("print('---\\nspeed: 3')", "has no line seconds:"),
    "NaN": ("print('---\\nseconds: nan')", "no finite number"),
    "a fault": ("print('---\\nseconds: 1')\nraise ValueError('no\\nway')", "^judge: way$"),
    "a code": ("import os; os._exit(4)", "^judge: exit code 4"),
    "a program that is not there": (None, "judge: "),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_judge_that_gives_no_number_gives_none(tmp_path: Path, fault: str) -> None:
    script, expected = FAULTY[fault]
    files = {"run.py": b"", "train.py": b""} | ({"judge/judge.py": script.encode()} if script is not None else {})
    found = judge(tmp_path, files=files)
    assert found.score is None
    assert re.search(expected, found.failure), found.failure
    assert "\n" not in found.failure


def test_a_judge_has_a_test_split_if_it_asks_for_the_split_and_says_so(tmp_path: Path) -> None:
    lab = judged_lab(tmp_path / "a")
    assert scorer_of(lab, confined=True).held_out
    assert judge(tmp_path / "b", split="test").score == 2.0
    silent = FILES | {"judge/judge.py": b"print('---')\nprint('seconds: 1')\n"}
    assert not scorer_of(judged_lab(tmp_path / "c", silent), confined=True).held_out
    assert "split: test" in judge(tmp_path / "d", files=silent, split="test").failure
    assert judge(tmp_path / "e", files=silent).score == 1.0


def test_what_a_run_prints_is_self_reported(tmp_path: Path) -> None:
    scorer = scorer_of(make_lab(tmp_path, judge=None), confined=True)
    assert isinstance(scorer, PrintedScorer)
    assert not scorer.sealed
    assert not scorer.held_out
    job = make_job({})
    good = scorer.score(job, finish(tmp_path, numbers={"val_bpb": 1.5}), stopped=running)
    none = scorer.score(job, finish(tmp_path), stopped=running)
    died = scorer.score(job, finish(tmp_path, numbers={"val_bpb": 0.1}, failure="exit code 1"), stopped=running)
    assert good is not None
    assert none is not None
    assert died is not None
    assert (good.score, good.failure) == (1.5, "")
    assert (none.score, none.failure) == (None, "nothing was printed")
    assert (died.score, died.failure) == (None, "exit code 1")


def test_what_is_sealed(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    shakespeare, stdlib = make_lab(tmp_path / "a"), make_lab(tmp_path / "b", data="stdlib")
    assert scorer_of(shakespeare, confined=True).sealed
    assert scorer_of(shakespeare, confined=True).held_out
    assert not scorer_of(shakespeare, confined=False).sealed
    assert not scorer_of(stdlib, confined=True).sealed, "every run can read the library of its own interpreter"
    command = scorer_of(judged_lab(tmp_path / "c"), confined=False)
    assert isinstance(command, CommandScorer)
    assert not command.sealed


def test_a_failed_run_is_not_scored(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    lab, finished = make_lab(tmp_path), finish(tmp_path, numbers={"val_bpb": 0.1}, failure="killed: over 10m")
    found = scorer_of(lab, confined=CONFINED).score(make_job({}), finished, stopped=running)
    assert found is not None
    assert (found.score, found.failure) == (None, "killed: over 10m")
    assert "val_bpb" not in found.measured


def test_a_run_cannot_print_what_was_measured(tmp_path: Path) -> None:
    printed = {"cpu_seconds": 0.001, "peak_memory_mb": 1.0, "num_steps": 90.0, "total_tokens_M": 0.5, "val_bpb": 0.1}
    finished = finish(tmp_path, numbers=printed)
    figures = run_figures(finished, {"judge_cpu_seconds": 3.0}, reserved=("val_bpb",))
    assert figures["cpu_seconds"] == 2.0
    assert figures["peak_memory_mb"] == 100.0
    assert (figures["steps"], figures["tokens"], figures["tokens_per_cpu_second"]) == (90.0, 500_000.0, 250_000.0)
    assert "val_bpb" not in figures
    assert run_figures(_with(finished, {"total_tokens_M": 1e14}), {}).get("tokens") is None


def _with(finished: Finished, numbers: dict[str, float]) -> Finished:
    return Finished(finished.key, 1, 0, "", finished.use, Measurements(numbers), "", finished.folder)


BLOCK = "step 1\n---\ntraining_seconds: 300.1\nnum_steps: 953\n"
LOGS = {
    "a block": (BLOCK, "step 1\n---\nval_bpb:          0.997900\ntraining_seconds: 300.1\nnum_steps: 953\n"),
    "a claim": (
        "---\ntraining_seconds: 3\nval_bpb: 0.1\n",
        "---\nval_bpb:          0.997900\ntraining_seconds: 3\n",
    ),
    "words below": ("---\nnum_steps: 3\nbye\n", "---\nval_bpb:          0.997900\nnum_steps: 3\nbye\n"),
    "no block": ("step 1\n", "step 1\n---\nval_bpb:          0.997900\n"),
    "a line": ("a\n---\nno block\n", "a\n---\nno block\n---\nval_bpb:          0.997900\n"),
    "nothing": ("", "---\nval_bpb:          0.997900\n"),
}


@pytest.mark.parametrize("log", LOGS)
def test_the_log_ends_in_the_block_as_people_know_it(log: str) -> None:
    before, after = LOGS[log]
    assert with_metric(before, "val_bpb", 0.9979) == after
    assert parse_measurements(after).score("val_bpb") == 0.9979
