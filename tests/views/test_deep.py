"""`nightdesk ask --deep`: a report whose every statement leads to the desk that was asked, with and without an AI."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.desk import Desk
from nightdesk.base.names import name_key
from nightdesk.wiki.claims import find_citations, parse_claims
from nightdesk.wiki.research.temporary_desk import PREFIX
from tests.desks import git, make_desk, run, snapshot

WHOLE = "Compare Muon and AdamW"
STEPS = "How many Newton-Schulz steps does Muon run?"
RATE = "What is the usual learning rate of AdamW?"
SPLIT = f"parts of: {WHOLE}"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("deep"))
    assert run(desk, "compile").code == 0
    return desk


def claims(desk: Path) -> dict[tuple[str, str], str]:
    """Return the statement of each claim of a desk, by page and id."""
    return {
        (name_key(page.stem), claim.id): claim.statement
        for page in (desk / "wiki" / "sources").glob("*.md")
        for claim in parse_claims(page.read_text(encoding="utf-8"))
    }


def cite(desk: Path, words: str) -> str:
    page, identity = next(key for key, statement in claims(desk).items() if words in statement)
    name = next(path.stem for path in (desk / "wiki/sources").glob("*.md") if name_key(path.stem) == page)
    return f"[[{name}#^{identity}|1]]"


def script(desk: Path, *replies: tuple[str, Any], usage: dict[str, Any] | None = None) -> str:
    rows = [{"kind": "ask", "subject": subject, "hand_in": text, "usage": usage or {}} for subject, text in replies]
    (desk / "replies.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return "scripted:replies.jsonl"


def left_behind() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def test_a_report_without_ai_cites_claims_of_the_desk_and_leaves_nothing_behind(shared: Path) -> None:
    before, there = snapshot(shared), left_behind()
    ran = run(shared, "ask", "--deep", "--json", "What is Muon and how many steps of warm-up protect AdamW?")
    assert ran.code in (0, 1)
    document = ran.document
    known = claims(shared)
    cited = [(name_key(c.page), c.id) for c in find_citations(document["answer"]) if c.id.startswith("c")]
    assert cited
    assert set(cited) <= set(known)
    for reference in document["citations"]:
        if not reference["claim"]:  # only the close reading has it
            line = int(reference["place"].rpartition("line ")[2])
            assert (
                reference["quote"].split()[0] in (shared / reference["path"]).read_text("utf-8").splitlines()[line - 1]
            )
        assert reference["quote"] in " ".join((shared / reference["path"]).read_text(encoding="utf-8").split())
    assert {part["question"] for part in document["deep"]["parts"]} >= {"What is Muon?", "What is AdamW?"}
    assert "4,000 steps" in document["answer"]
    assert snapshot(shared) == before
    assert left_behind() <= there


def test_a_question_on_nothing_that_is_there(shared: Path) -> None:
    ran = run(shared, "ask", "--deep", "Who built the lighthouse of Alexandria?")
    assert ran.code == 1
    assert ran.out.startswith("The desk does not know.\n")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--keep", "k", "Muon"], "--deep"),
        (["--deep", "--as", "table", "Muon"], "--as"),
        (["--deep", "--keep", "../full", "Muon"], "not empty"),
    ],
)
def test_wrong_use(shared: Path, args: list[str], said: str) -> None:
    (shared.parent / "full").mkdir(exist_ok=True)
    (shared.parent / "full" / "a").write_text("", encoding="utf-8")
    ran = run(shared, "ask", *args)
    assert ran.code == 2
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_the_temporary_desk_can_be_kept_and_is_a_desk_of_its_own(shared: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    head = git(shared, "rev-parse", "HEAD")
    ran = run(shared, "ask", "--deep", "--keep", str(kept), STEPS)
    assert ran.code == 0, ran.err
    assert Desk(kept).settings.is_file()
    assert (kept / "wiki" / "index.md").is_file()
    assert (kept / ".git").is_dir()
    assert git(shared, "rev-parse", "HEAD") == head
    same = claims(kept).keys() & claims(shared).keys()
    assert same, "claims that both desks have are the same by id"
    assert all(claims(kept)[key] == claims(shared)[key] for key in same)
    raw = next(path for path in (kept / "raw").iterdir() if path.suffix == ".md")
    raw.write_text("changed", encoding="utf-8")  # a copy: the desk that was asked keeps its own
    assert (shared / "raw" / raw.name).read_text(encoding="utf-8") != "changed"


def test_an_ai_takes_the_question_apart_and_answers_each_part(shared: Path, tmp_path: Path) -> None:
    desk = shutil.copytree(shared, tmp_path / "desk")
    five, rate = cite(desk, "runs five"), cite(desk, "usually 0.001")
    usage = {"input_tokens": 10, "output_tokens": 5, "usd": 0.001}
    worker = script(
        desk,
        (SPLIT, {"questions": [STEPS, RATE, "How is the weather on the moon today?"]}),
        (WHOLE, f"Muon runs five Newton-Schulz steps per update. {five}"),
        (STEPS, f"## What is not known\n\nMuon runs five Newton-Schulz steps. {five}"),
        (RATE, f"The learning rate of AdamW is usually 0.001. {rate}"),
        ("How is the weather on the moon today?", "The desk does not know. A weather report would help."),
        usage=usage,
    )
    ran = run(desk, "ask", "--deep", "--save", "--worker", worker, WHOLE)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("Muon runs five Newton-Schulz steps per update. [1]\n")
    assert f"## {RATE}\n\nThe learning rate of AdamW is usually 0.001. [2]" in ran.out
    assert "### What is not known" in ran.out, "an AI's heading cannot pass for one of the report"
    assert "- How is the weather on the moon today?" in ran.out.partition("\n## What is not known")[2]
    assert "3 of 4 sub-questions" in ran.err
    page = (desk / "wiki/answers" / f"{WHOLE}.md").read_text(encoding="utf-8")
    assert five in page
    assert "status: verified" in page
    rows = (desk / "costs.tsv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(rows) >= 5
    assert run(desk, "lint", "--json").document["counts"].get("broken-citation", 0) == 0


def test_a_cap_holds_over_all_calls_and_leaves_what_was_found(shared: Path, tmp_path: Path) -> None:
    desk = shutil.copytree(shared, tmp_path / "desk")
    five = cite(desk, "runs five")
    worker = script(
        desk,
        (SPLIT, {"questions": [STEPS]}),
        (WHOLE, f"Muon runs five Newton-Schulz steps per update. {five}"),
        (STEPS, f"Muon runs five Newton-Schulz steps. {five}"),
        usage={"input_tokens": 40, "output_tokens": 10, "usd": 0.01},
    )
    ran = run(desk, "ask", "--deep", "--worker", worker, "--max-tokens", "120", WHOLE)
    assert ran.code == 3
    assert ran.out.startswith("Muon runs five Newton-Schulz steps per update. [1]\n")
    assert "cap of 120 tokens" in ran.err
    rows = [line.split("\t") for line in (desk / "costs.tsv").read_text(encoding="utf-8").splitlines()]
    assert [row[3] for row in rows if row[2] == "ask"] == [SPLIT, WHOLE], "two calls fit into the cap"


def test_where_sources_disagree_until_somebody_decides(tmp_path: Path) -> None:
    one = (
        "# One\n\nMuon is an optimiser. The usual learning rate of Muon is 0.02. It remains unclear why Muon is fast.\n"
    )
    other = "# Two\n\nAdamW is an optimiser. The usual learning rate of Muon is 0.05. AdamW is older than Muon.\n"
    desk = make_desk(tmp_path, {"one.md": one, "two.md": other})
    assert run(desk, "compile").code == 0
    ran = run(desk, "ask", "--deep", "What is the usual learning rate of Muon?")
    told = ran.out.partition("## Where sources disagree\n")[2]
    assert "0.02" in told
    assert "against it: The usual learning rate of Muon is 0.05." in told
    identity = run(desk, "contradictions", "--json").document["contradictions"][0]["id"]
    right = cite(desk, "Muon is 0.02").partition("^")[2].partition("|")[0]
    resolve = ["--keep", right, "--other", "wrong", "--because", "a slip"]
    assert run(desk, "contradictions", "resolve", identity, *resolve).code == 0
    out = run(desk, "ask", "--deep", "What is the usual learning rate of Muon?").out
    assert "0.02" in out
    assert "disagree" not in out
    assert "0.05" not in out, "what was found to be wrong is no answer"
