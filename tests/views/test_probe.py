"""`nightdesk probe` as a person runs it: real desks, real compiles."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nightdesk.wiki.claims import parse_claims
from tests.desks import git, make_desk, run, snapshot

WORDS = ("red", "blue", "green", "long", "short", "wide", "bent", "thin")


def article(sections: int = 5) -> str:
    parts = [
        f"The relay called Beacon{s}x{n} carries {100 * s + n} watts through the {WORDS[n % 8]} coil of the station."
        for s in range(1, sections + 1)
        for n in range(20)
    ]
    return "# Beacons\n\n" + "".join(
        f"## Section {s + 1}\n\n{' '.join(parts[20 * s : 20 * s + 20])}\n\n" for s in range(sections)
    )


def claims(desk: Path) -> set[str]:
    pages = (desk / "wiki/sources").glob("*.md")
    return {claim.statement for page in pages for claim in parse_claims(page.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_desk(tmp_path_factory.mktemp("probe"), {"beacons.md": article()})
    assert run(folder, "compile").code == 0
    return folder


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    shutil.copytree(compiled, tmp_path / "desk", symlinks=True)
    return tmp_path / "desk"


def test_what_is_lost_is_listed_and_recorded(desk: Path) -> None:
    head, before = git(desk, "rev-parse", "HEAD"), snapshot(desk)
    ran = run(desk, "probe", "--count", "30", "--json")
    found = ran.document
    assert ran.code == 1
    assert found["questions"] == found["retention"]["of"] == 30
    assert 0 < found["retention"]["hits"] < 30
    lost = [fact for fact in found["facts"] if not fact["retained"]]
    assert len(lost) == 30 - found["retention"]["hits"]
    assert all(fact["quote"] not in claims(desk) for fact in lost)
    assert all(fact["quote"] in claims(desk) for fact in found["facts"] if fact["retained"])
    told = run(desk, "probe", "--count", "30")
    assert f"retention  {round(100 * found['retention']['share'])}%" in told.out
    assert all(fact["question"] in told.out for fact in lost[:10])
    assert (git(desk, "rev-parse", "HEAD"), snapshot(desk)) == (head, before), "a probe changes nothing of the wiki"
    rows = (desk / "probes.tsv").read_text(encoding="utf-8").splitlines()
    assert [row.split("\t")[1:3] for row in rows[1:]] == [["probe", "raw/beacons.md"]] * 2


def test_mending_brings_back_what_it_never_saw(desk: Path) -> None:
    known = claims(desk)
    ran = run(desk, "probe", "--mend", "--count", "40", "--json")
    found = ran.document
    after = found["after"]
    assert found["mended"] == ["raw/beacons.md"]
    assert after["seen"]["share"] == 1.0
    assert after["held_out"]["of"] == found["held_out"]["of"]
    assert after["held_out"]["hits"] > found["held_out"]["hits"] + found["held_out"]["of"] // 4
    assert known < claims(desk), "no claim is lost"
    cover = (desk / "cover.tsv").read_text(encoding="utf-8")
    held_out = {fact["quote"] for fact in found["facts"] if fact["held_out"]}
    assert held_out
    assert not any(quote in cover for quote in held_out), "what is held out stays unknown to whoever mends"
    assert "probe --mend: 1 source to be read again" in git(desk, "log", "-1", "--format=%s")
    assert "cover.tsv" in git(desk, "show", "--stat", "--format=", "HEAD")
    assert git(desk, "status", "--porcelain") in ("", " M probes.tsv\n")
    vitals = run(desk, "status", "--json").document["vitals"]["retention"]
    assert (vitals["hits"], vitals["held_out_only"]) == (after["held_out"]["hits"], True)


def test_a_mend_holds_without_the_cache_and_costs_nothing_twice(desk: Path) -> None:
    assert run(desk, "probe", "--mend", "--count", "40").code in (0, 1)
    mended = snapshot(desk)
    assert "nothing has changed" in run(desk, "compile").err
    shutil.rmtree(desk / ".nightdesk")
    assert run(desk, "compile").code == 0
    assert snapshot(desk) == mended
    (desk / "cover.tsv").unlink()
    assert run(desk, "compile").code == 0
    assert len(claims(desk)) < len(parse_claims(mended["wiki/sources/Beacons.md"].decode()))


def test_what_is_kept_needs_no_mending(tmp_path: Path) -> None:
    text = "# A\n\nThe engine of the ship Aurora weighs 300 kg when it is empty.\n"
    folder = make_desk(tmp_path, {"a.md": text})
    assert run(folder, "compile").code == 0
    ran = run(folder, "probe", "--mend")
    assert ran.code == 0, ran.err
    assert "100% (1 of 1" in ran.out
    assert not (folder / "cover.tsv").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--questions", "q.tsv", "--mend"], "goes with neither"),
        (["--baseline"], "goes with --questions"),
        (["--mend", "--scope", "desk"], "leave out --scope"),
        (["none.md"], "is no source of this desk"),
        (["../desk/nightdesk.toml"], "is no source of this desk"),
        (["--questions", "none.tsv"], "No such file"),
        (["--count", "0"], "0 is not in the range"),
    ],
)
def test_wrong_use_is_told(desk: Path, args: list[str], said: str) -> None:
    ran = run(desk, "probe", *args)
    assert ran.code == 2
    assert said in ran.err
    assert not (desk / "probes.tsv").exists()


def test_nothing_compiled_is_nothing_to_ask_about(tmp_path: Path) -> None:
    folder = make_desk(tmp_path)
    ran = run(folder, "probe")
    assert ran.code == 2
    assert "Run: nightdesk compile" in ran.err


def test_a_persons_questions_are_scored_with_the_baseline_beside_them(desk: Path) -> None:
    questions = "question\texpected\tsource\nHow many watts does the relay Beacon1x1 carry?\t101 watts\tbeacons.md\n"
    questions += "Who painted the ceiling of the Sistine Chapel?\t\t\n"
    (desk.parent / "q.tsv").write_text(questions, encoding="utf-8")
    ran = run(desk, "probe", "--questions", "../q.tsv", "--scope", "desk", "--baseline", "--json")
    assert ran.code == 0, ran.err
    found = ran.document
    assert found["contained"]["of"] == found["source"]["of"] == found["abstention_recall"]["of"] == 1
    assert found["citations"]["hits"] == found["citations"]["of"]
    assert found["baseline"]["questions"] == 2
    assert [one["question"] for one in found["asked"]][1].startswith("Who painted")
    told = run(desk, "probe", "--questions", "../q.tsv", "--table", "--baseline").out
    assert "BM25 passages" in told
    assert "Sistine" in told


def script(desk: Path, *replies: dict[str, Any]) -> str:
    lines = "".join(json.dumps(reply) + "\n" for reply in replies)
    (desk / "replies.jsonl").write_text(lines, encoding="utf-8")
    return "scripted:replies.jsonl"


TEXT = """# Aurora

The engine of the ship Aurora weighs 300 kg when it is empty. The mast of the ship Aurora is 40 m high above the deck.
The crew of the ship Aurora has 12 members in winter. The hull of the ship Aurora was built by Vickers in 1931.
"""
SENTENCES = [sentence + "." for line in TEXT.splitlines()[2:] for sentence in line.rstrip(".").split(". ")]


def reading(*sentences: str) -> dict[str, Any]:
    made = [{"statement": sentence, "quote": sentence, "concepts": ["Aurora"]} for sentence in sentences]
    return {"claims": made, "summary": [0], "questions": [], "concepts": [], "pages": []}


def probe_reply() -> dict[str, Any]:
    asked = [
        ("How heavy is the engine of the Aurora?", "300 kg"),
        ("How high is the mast of the ship Aurora?", "40 m"),
        ("How large is the crew of the ship Aurora in winter?", "12 members"),
        ("Who built the hull of the ship Aurora?", "Vickers"),
    ]
    questions = [
        {"question": question, "answer": answer, "quote": quote}
        for (question, answer), quote in zip(asked, SENTENCES, strict=True)
    ]
    return {"kind": "probe", "subject": "*", "hand_in": {"questions": questions}}


def test_a_worker_writes_the_questions_and_reads_again_what_was_lost(tmp_path: Path) -> None:
    folder = make_desk(tmp_path, {"aurora.md": TEXT})
    first = {"kind": "read", "subject": "raw/aurora.md", "hand_in": reading(SENTENCES[0])}
    assert run(folder, "compile", "--worker", script(folder, first)).code == 0
    assert claims(folder) == {SENTENCES[0]}
    whole = {"kind": "read", "subject": "raw/aurora.md", "hand_in": reading(*SENTENCES)}
    ran = run(folder, "probe", "--mend", "--worker", script(folder, probe_reply(), whole), "--json")
    found = ran.document
    assert (found["made_by"], found["questions"]) == ("scripted", 4)
    assert found["retention"]["hits"] == 1
    missed = [fact for fact in found["facts"] if not fact["retained"] and not fact["held_out"]]
    assert missed, "else the halves of these four sentences leave nothing to mend"
    assert claims(folder) == set(SENTENCES)
    assert found["after"]["retention"]["hits"] == 4
    assert ran.code == 0
    costs = (folder / "costs.tsv").read_text(encoding="utf-8")
    assert "\tprobe\t" in costs
    shutil.rmtree(folder / ".nightdesk")
    refuses = {"kind": "read", "subject": "*", "fails": "nobody should be asked"}
    again = run(folder, "compile", "--worker", script(folder, refuses), "--json")
    assert again.document["problems"] == {}, "the page says for which task it was handed in"
    assert claims(folder) == set(SENTENCES)


def test_the_old_reading_stays_until_a_new_one_covers_what_was_missed(tmp_path: Path) -> None:
    folder = make_desk(tmp_path, {"aurora.md": TEXT})
    first = {"kind": "read", "subject": "raw/aurora.md", "hand_in": reading(SENTENCES[0])}
    assert run(folder, "compile", "--worker", script(folder, first)).code == 0
    fails = {"kind": "read", "subject": "*", "fails": "no network"}
    ran = run(folder, "probe", "--mend", "--worker", script(folder, probe_reply(), fails), "--json")
    assert ran.code == 1
    assert claims(folder) == {SENTENCES[0]}
    without = run(folder, "probe", "--mend")
    assert "read by an AI, whose reading stays" in without.err
    assert claims(folder) == {SENTENCES[0]}
    task = run(folder, "next", "--json").document
    assert "must be covered" in json.dumps(task), "the agent in the room is asked as well"
    cover = (folder / "cover.tsv").read_text(encoding="utf-8")
    part = [sentence for sentence in SENTENCES[1:] if sentence in cover]
    assert part
    again = {"kind": "read", "subject": "raw/aurora.md", "hand_in": reading(SENTENCES[0])}
    noted = run(folder, "compile", "--worker", script(folder, again), "--retry", "--json").document
    assert "no claim covers" in json.dumps(noted["notes"])
