"""`nightdesk ask` on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.desks import MUON, git, make_desk, run

FIVE = "How many Newton-Schulz steps does Muon run per update?"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("ask"))
    assert run(desk, "compile").code == 0
    return desk


def script(desk: Path, *hand_ins: str, **more: Any) -> str:
    """Write a script that hands in these answers one after the other, and return the worker's name."""
    lines = [json.dumps({"kind": "ask", "subject": "*", "hand_in": text, **more}) for text in hand_ins]
    (desk / "replies.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return "scripted:replies.jsonl"


def claim(desk: Path, words: str) -> str:
    """Return the citation of the claim with these words."""
    page = desk / "wiki/sources/Muon, explained.md"
    line = next(line for line in page.read_text(encoding="utf-8").splitlines() if words in line and " ^c" in line)
    return f"[[Muon, explained#^{line.rpartition('^')[2]}|1]]"


def test_an_answer_with_its_quote_and_what_was_read(shared: Path) -> None:
    ran = run(shared, "ask", *FIVE.split())
    assert ran.code == 0
    assert "Muon runs five Newton-Schulz steps per update. [1]" in ran.out
    assert '[1] "' in ran.out
    assert "raw/muon.md, 2025-03-04" in ran.out
    assert "no AI was asked" in ran.err


def test_what_it_does_not_know(shared: Path) -> None:
    ran = run(shared, "ask", "What is the capital of Portugal?")
    assert ran.code == 1
    assert ran.out.startswith("The desk does not know.\n")
    assert '"portugal"' in ran.out
    assert "nightdesk add" in ran.out


@pytest.mark.parametrize(("question", "known"), [(FIVE, True), ("Who is the king of Norway?", False)])
def test_json_is_one_document(shared: Path, question: str, known: bool) -> None:
    ran = run(shared, "ask", "--json", question)
    assert ran.document["known"] is known
    assert bool(ran.document["citations"]) is known
    assert (ran.document["answer"] is not None) is known
    assert ran.document["read"].keys() == {"pages", "texts", "statements", "files"}
    assert ran.err == ""


def test_a_question_from_standard_input(shared: Path) -> None:
    assert "five" in run(shared, "ask", "-", stdin=f"{FIVE}\n").out


@pytest.mark.parametrize(
    ("args", "stdin", "said"),
    [
        (["-"], "", "there is no question"),
        (["x" * 3000], None, "shorter"),
        (["--scope", "moon", "why"], None, "scope"),
    ],
)
def test_wrong_use(shared: Path, args: list[str], stdin: str | None, said: str) -> None:
    ran = run(shared, "ask", *args, stdin=stdin)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_a_question_goes_on_from_the_last(shared: Path) -> None:
    assert run(shared, "ask", "What is the usual learning rate of AdamW?").code == 0
    assert "0.02" not in run(shared, "ask", "--limit", "1", "And of Muon?").out
    assert run(shared, "ask", "What is the usual learning rate of AdamW?").code == 0
    assert "0.02" in run(shared, "ask", "--limit", "1", "--continue", "And of Muon?").out
    asked = json.loads((shared / ".nightdesk/asked.json").read_text(encoding="utf-8"))["asked"]
    assert len(asked) == 2
    (shared / ".nightdesk/asked.json").write_text('{"asked": [[1]', encoding="utf-8")
    assert "nothing was asked before" in run(shared, "ask", "--continue", FIVE).err


def test_an_ai_answers_and_only_what_holds_is_shown(shared: Path) -> None:
    good = f"Muon runs five Newton-Schulz steps. {claim(shared, 'runs five')}"
    wrong = good.replace("five", "nine")
    usage = {"input_tokens": 100, "output_tokens": 20, "usd": 0.001}
    ran = run(shared, "ask", "--worker", script(shared, wrong, good, usage=usage), FIVE)
    assert ran.code == 0
    assert ran.out.startswith("Muon runs five Newton-Schulz steps. [1]\n")
    assert "nine" not in ran.out
    assert "2 calls of scripted, 200 tokens sent, 40 received, 0.0020 USD" in ran.err
    rows = (shared / "costs.tsv").read_text(encoding="utf-8").splitlines()
    assert [row.split("\t")[2] for row in rows[1:]] == ["ask", "ask"]


@pytest.mark.parametrize(
    ("hand_in", "why"),
    [
        ("Muon runs nine Newton-Schulz steps. {claim}", "a number that the claim has not"),
        ("Muon runs five Newton-Schulz steps.", "no citation"),
        ("Muon runs five Newton-Schulz steps. [[Muon, explained#^c0000000000|1]]", "a claim that does not exist"),
        ("![x](https://example.org/leak.png) {claim}", "an image"),
        ("", "nothing"),
    ],
)
def test_what_does_not_hold_gives_way_to_the_built_in_answer(shared: Path, hand_in: str, why: str) -> None:
    text = hand_in.replace("{claim}", claim(shared, "runs five"))
    ran = run(shared, "ask", "--worker", script(shared, text), FIVE)
    assert ran.code == 1, why
    assert "gave no answer that holds" in ran.err
    assert "Muon runs five Newton-Schulz steps per update. [1]" in ran.out
    assert "nine" not in ran.out
    assert "leak" not in ran.out


def test_an_ai_that_does_not_know_says_what_would_help(shared: Path) -> None:
    worker = script(shared, "The desk does not know. A source on \x1b[31mMuon's memory would help.")
    ran = run(shared, "ask", "--worker", worker, "How much memory does Muon need?")
    assert ran.code == 1
    assert ran.out.startswith("The desk does not know.\nA source on ")
    assert "\x1b" not in ran.out


def test_words_of_a_text_can_be_cited(tmp_path: Path) -> None:
    table = "# Sizes\n\n| Model | Layers |\n| --- | --- |\n| Tiny-1 | 12 |\n"
    desk = make_desk(tmp_path, {"sizes.md": table, "muon.md": MUON})
    assert run(desk, "compile").code == 0
    ran = run(desk, "ask", "--save", "How many layers does Tiny-1 have?")
    assert ran.code == 0
    assert "raw/sizes.md:5" in ran.out
    page = (desk / "wiki/answers/How many layers does Tiny-1 have.md").read_text(encoding="utf-8")
    assert "([raw/sizes.md](../../raw/sizes.md), Sizes, line 5)" in page or "(../../raw/sizes.md)" in page


def test_a_cap_stops_the_worker(shared: Path) -> None:
    usage = {"input_tokens": 100_000, "output_tokens": 20, "usd": 0.001}
    worker = script(shared, "nothing", usage=usage)
    ran = run(shared, "ask", "--worker", worker, "--max-tokens", "1000", FIVE)
    assert ran.code == 3
    assert "cap" in ran.err
    assert "five" in ran.out


def test_a_filed_answer_stays_and_is_no_evidence(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    assert run(desk, "compile").code == 0
    ran = run(desk, "ask", "--save", "--json", FIVE)
    path = ran.document["saved"]
    assert path == "wiki/answers/How many Newton-Schulz steps does Muon run per update.md"
    page = (desk / path).read_text(encoding="utf-8")
    assert page.startswith("---\ntype: answer\n")
    assert "status: verified" in page
    assert "[[Muon, explained#^" in page
    assert git(desk, "log", "-1", "--format=%s").startswith("ask")
    assert git(desk, "status", "--porcelain") == ""
    index = (desk / "wiki/index.md").read_text(encoding="utf-8")
    assert "## Answers\n\n- [[How many Newton-Schulz steps" in index

    (desk / "raw/more.md").write_text("# More\n\nMuon is kind to small batches of 32 sequences.\n", encoding="utf-8")
    assert run(desk, "compile").code == 0
    assert (desk / path).read_text(encoding="utf-8") == page
    assert "## Answers" in (desk / "wiki/index.md").read_text(encoding="utf-8")
    assert path not in run(desk, "ask", "--json", FIVE).document["read"]["files"] or all(
        one["page"] != Path(path).stem for one in run(desk, "ask", "--json", FIVE).document["statements"]
    )

    assert run(desk, "ask", "--save", FIVE).code == 0  # the same question: the same page
    assert len(list((desk / "wiki/answers").iterdir())) == 1


def test_an_answer_that_a_person_edited_is_in_git_before_it_is_replaced(tmp_path: Path) -> None:
    desk = make_desk(tmp_path)
    assert run(desk, "compile").code == 0
    path = desk / run(desk, "ask", "--save", "--json", FIVE).document["saved"]
    path.write_text(path.read_text(encoding="utf-8") + "\nMy own note.\n", encoding="utf-8")
    assert run(desk, "ask", "--save", FIVE).code == 0
    assert "My own note." in git(desk, "log", "-p", "--", "wiki/answers")


def test_nothing_is_filed_where_the_desk_does_not_know(shared: Path) -> None:
    ran = run(shared, "ask", "--save", "Who is the king of Norway?")
    assert ran.code == 1
    assert not (shared / "wiki/answers").exists()
