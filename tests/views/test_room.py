"""The agent in the room, on the command line: next and submit."""

import json
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.desks import ADAM, MUON, environment, git, make_desk, run, start

ROOT = Path(__file__).parent.parent.parent
SENTENCES = {  # of the sources: what an honest agent claims
    "raw/muon.md": "A common learning rate for Muon is 0.02.",
    "raw/adam.md": "A common weight decay for AdamW is 0.1.",
}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    return make_desk(tmp_path, {"muon.md": MUON, "adam.md": ADAM})


def take(desk: Path, *args: str) -> dict[str, Any]:
    ran = run(desk, "next", "--json", *args)
    assert ran.code == 0, ran.err
    (task,) = ran.document["tasks"]
    return dict(task)


def reading(task: dict[str, Any], *, quote: str | None = None, sentence: str = "") -> str:
    sentence = sentence or SENTENCES[task["subject"]]
    claim = {"statement": sentence, "quote": quote or sentence, "concepts": []}
    header = {key: task[key] for key in ("task", "input", "lease")}
    return json.dumps(header | {"claims": [claim], "summary": [0], "questions": [], "concepts": [], "pages": []})


def test_the_whole_way_with_nothing_but_next_and_submit(tmp_path: Path) -> None:
    program = tmp_path / "nightdesk"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nightdesk "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    script = str(ROOT / "tests/room.sh")
    played = subprocess.run(
        ["sh", script, str(program), str(tmp_path / "room")],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert "none twice" in played.stdout


def test_next_prints_a_brief_that_can_be_read_again(desk: Path) -> None:
    ran = run(desk, "next", "--as", "ada")
    assert ran.code == 0, ran.err
    assert re.match(r"# Task t[0-9a-f]{10}: read raw/", ran.out)
    assert "Leased to ada until " in ran.out
    assert "## How to hand in" in ran.out
    (file,) = (desk / ".nightdesk/tasks").iterdir()
    assert file.read_text(encoding="utf-8") == ran.out
    assert "A common" in ran.out, "the text is in it"


def test_next_gives_each_task_to_one(desk: Path) -> None:
    first, second = take(desk, "--as", "ada"), take(desk, "--as", "bob")
    assert {first["subject"], second["subject"]} == {"raw/muon.md", "raw/adam.md"}
    ran = run(desk, "next")
    assert ran.code == 2
    assert ran.out == ""
    assert "nothing is free: what can be done now is leased (2), the first until" in ran.err
    assert f"{first['task']} (read {first['subject']}): ada, until" in ran.err
    assert run(desk, "next", "--json").document["leased"][0]["holder"] in ("ada", "bob")
    assert run(desk, "next", "--release", second["task"]).code == 0
    assert take(desk)["task"] == second["task"]


def test_all_writes_briefs_and_prints_a_table(desk: Path) -> None:
    ran = run(desk, "next", "--all", "--as", "ada")
    assert ran.code == 0, ran.err
    rows = [line.split() for line in ran.out.splitlines()]
    assert sorted(row[3] for row in rows) == ["raw/adam.md", "raw/muon.md"]
    for identity, kind, file, _ in rows:
        assert kind == "read"
        assert (desk / file).read_text(encoding="utf-8").startswith(f"# Task {identity}: ")
    assert git(desk, "status", "--porcelain", "--", ".nightdesk") == "", "briefs are kept out of git"


def test_count_takes_no_more_than_asked_for(desk: Path) -> None:
    assert len(run(desk, "next", "--count", "1").out.splitlines()) == 1
    assert len(run(desk, "next", "--count", "9").out.splitlines()) == 1


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["next", "--as", "[[Muon]]"], "cannot be the name of a worker"),
        (["next", "--all", "--count", "2"], "exclude each other"),
        (["next", "--kind", "dance"], "is not one of"),
        (["next", "--release", "t0000000000"], "nobody has leased t0000000000"),
        (["next", "--minutes", "0"], "not in the range"),
        (["submit"], "Missing argument"),
        (["submit", "missing.json"], "does not exist"),
    ],
)
def test_wrong_use_gives_a_clear_line_and_code_2(desk: Path, args: list[str], words: str) -> None:
    ran = run(desk, *args)
    assert ran.code == 2, ran.err
    assert words in ran.err
    assert ran.out == ""


def test_a_desk_without_sources_has_nothing_to_do(tmp_path: Path) -> None:
    ran = run(make_desk(tmp_path, {}), "next")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("nothing to do: the wiki is in step")


def test_what_is_accepted_becomes_a_page_and_a_commit(desk: Path) -> None:
    task = take(desk, "--as", "ada")
    (desk / task["hand_in_file"]).write_text(reading(task), encoding="utf-8")
    ran = run(desk, "submit", task["hand_in_file"])
    assert ran.code == 0, ran.out + ran.err
    assert "accepted" in ran.out
    (page,) = (path for path in (desk / "wiki/sources").glob("*.md") if "room:ada" in path.read_text(encoding="utf-8"))
    assert SENTENCES[task["subject"]] in page.read_text(encoding="utf-8")
    assert git(desk, "status", "--porcelain", "--", "wiki") == ""
    again = run(desk, "submit", task["hand_in_file"])
    assert again.code == 1
    assert "is done already: ada handed it in at" in again.out


def test_what_is_rejected_says_what_is_wrong_and_stays_ones_own(desk: Path) -> None:
    task = take(desk)
    head = git(desk, "rev-parse", "HEAD")
    ran = run(desk, "submit", "-", stdin=reading(task, quote="Muon is the best."))
    assert ran.code == 1
    assert "-: rejected" in ran.err
    assert "quote" in ran.out
    assert git(desk, "rev-parse", "HEAD") == head
    assert run(desk, "submit", "-", stdin=reading(task)).code == 0


def test_the_good_part_of_a_reading_can_be_kept(desk: Path) -> None:
    task = take(desk)
    whole = json.loads(reading(task))
    whole["claims"].append({"statement": "It is the best.", "quote": "It is the best of all.", "concepts": []})
    assert run(desk, "submit", "-", stdin=json.dumps(whole)).code == 1
    ran = run(desk, "submit", "--keep-good", "--json", "-", stdin=json.dumps(whole))
    (done,) = ran.document
    assert (done["accepted"], done["kept_good"]) == (True, True)
    assert ran.code == 1, "in part"
    assert any("best" in reason for reason in done["reasons"])
    pages = "".join(path.read_text(encoding="utf-8") for path in (desk / "wiki/sources").glob("*.md"))
    assert SENTENCES[task["subject"]] in pages
    assert "the best" not in pages


def test_a_stale_hand_in_is_refused(desk: Path) -> None:
    task = take(desk)
    (desk / task["subject"]).write_text("# Changed\n\nAnother text about Muon and its steps.\n", encoding="utf-8")
    ran = run(desk, "submit", "-", stdin=reading(task))
    assert ran.code == 1
    assert "is stale" in ran.out


def test_a_hand_in_for_a_source_that_is_gone_is_refused(desk: Path) -> None:
    task = take(desk)
    (desk / task["subject"]).unlink()
    ran = run(desk, "submit", "-", stdin=reading(task))
    assert ran.code == 1
    assert "no longer to be done" in ran.out


def test_each_of_several_files_is_judged_for_itself(desk: Path) -> None:
    first, second = take(desk), take(desk)
    (desk / "good.json").write_bytes(reading(first).encode("utf-16"))  # as PowerShell writes it
    (desk / "headless.json").write_text('{"claims": []}', encoding="utf-8")
    (desk / "binary.json").write_bytes(b"\x80\x81")
    (desk / "other.json").write_text(reading(second | {"lease": first["lease"]}), encoding="utf-8")
    ran = run(desk, "submit", "--json", "headless.json", "binary.json", "other.json", "good.json")
    assert ran.code == 1
    assert [done["accepted"] for done in ran.document] == [False, False, False, True]
    words = ["lacks task, input, lease", "is not UTF-8", "the lease of another task"]
    for done, wanted in zip(ran.document, words, strict=False):
        assert wanted in done["reasons"][0]


def test_submits_at_the_same_time_wait_for_each_other(tmp_path: Path) -> None:
    said = {f"raw/note-{n}.md": f"The common weight decay for AdamW number {n} is 0.1." for n in range(6)}
    desk = make_desk(tmp_path, {path.removeprefix("raw/"): f"# Note\n\n{text}\n" for path, text in said.items()})
    for task in run(desk, "next", "--all", "--json").document["tasks"]:
        hand_in = reading(task, sentence=said[task["subject"]])
        (desk / f"{Path(task['subject']).stem}.json").write_text(hand_in, encoding="utf-8")
    with ThreadPoolExecutor(6) as pool:
        ended = list(pool.map(lambda n: run(desk, "submit", f"note-{n}.json"), range(6)))
    assert [ran.code for ran in ended] == [0] * 6, [ran.out + ran.err for ran in ended]
    assert len(list((desk / "wiki/sources").glob("*.md"))) == 6


def test_a_long_source_is_read_in_parts_by_several(tmp_path: Path) -> None:
    said = "AdamW needed {} hours in run {}."
    sections = [f"## Run {n}\n\n{said.format(n + 3, n)} {'Nothing else was noted. ' * 20}\n" for n in range(70)]
    desk = make_desk(tmp_path, {"long.md": "# Long\n\n" + "\n".join(sections)})
    first, second = run(desk, "next", "--all", "--json").document["tasks"]
    assert [task["subject"] for task in (first, second)] == ["raw/long.md (part 1 of 2)", "raw/long.md (part 2 of 2)"]
    ran = run(desk, "submit", "-", stdin=reading(second, sentence=said.format(72, 69)))
    assert ran.code == 0, ran.out + ran.err
    assert "accepted; kept, no page changes yet" in ran.out
    page = desk / "wiki/sources/Long.md"
    assert "by: room" not in page.read_text(encoding="utf-8")
    assert run(desk, "submit", "-", stdin=reading(first, sentence=said.format(3, 0))).code == 0
    text = page.read_text(encoding="utf-8")
    assert "by: room" in text
    assert said.format(72, 69) in text
    assert said.format(3, 0) in text


def test_a_deleted_cache_costs_a_new_lease(desk: Path) -> None:
    task = take(desk)
    shutil.rmtree(desk / ".nightdesk")
    ran = run(desk, "submit", "-", stdin=reading(task))
    assert ran.code == 1
    assert "no lease of this desk" in ran.out
    again = {one["task"]: one for one in run(desk, "next", "--all", "--json").document["tasks"]}
    assert run(desk, "submit", "-", stdin=reading(task | {"lease": again[task["task"]]["lease"]})).code == 0


def test_a_killed_submit_costs_at_most_itself(desk: Path) -> None:
    task = take(desk)
    (desk / "hand-in.json").write_text(reading(task), encoding="utf-8")
    lock = desk / ".nightdesk/lock"
    before = lock.read_bytes() if lock.exists() else b""
    with start(desk, "submit", "hand-in.json") as running:
        while (lock.read_bytes() if lock.exists() else b"") in (before, b""):
            time.sleep(0.01)  # until it holds the lock, and so has begun
        running.kill()
    ran = run(desk, "submit", "hand-in.json")
    assert ran.code == 0 or "no longer to be done" in ran.out, ran.out + ran.err
    assert run(desk, "compile").code == 0
    pages = "".join(path.read_text(encoding="utf-8") for path in (desk / "wiki/sources").glob("*.md"))
    assert "by: room" in pages
    assert git(desk, "status", "--porcelain", "--", "wiki", "raw") == ""
