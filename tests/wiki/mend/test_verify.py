"""Hand-ins of the task "mend": what is accepted, and everything that is not, with the words that say why."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.briefs import desk_briefs
from nightdesk.agents.tasks import Task
from nightdesk.base.desk import Desk
from nightdesk.wiki.lint.lint import lint_desk
from nightdesk.wiki.lint.overlay import Seen, see_desk
from nightdesk.wiki.mend.task import MendMaterial, mend_tasks
from nightdesk.wiki.mend.verify import verify_mend
from nightdesk.wiki.read_brief import PACKAGE
from tests.desks import git, make_desk, run

TODAY = date(2026, 11, 23)
PAGE = "wiki/concepts/Muon.md"
OLD = "runs seven Newton-Schulz"
MINE = "A person says 8 things here, see [[Nowhere at all]] and [[Warm-up]]."


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("verify"))
    assert run(desk, "compile").code == 0
    page = desk / PAGE
    page.write_text(page.read_text().replace("runs five Newton-Schulz", OLD) + f"\n{MINE}\n")
    return desk


@pytest.fixture(scope="module")
def seen(desk: Path) -> Seen:
    return see_desk(Desk(desk))


@pytest.fixture(scope="module")
def task(desk: Path, seen: Seen) -> Task[MendMaterial]:
    findings = lint_desk(Desk(desk), today=TODAY, jobs=1).findings
    [task] = mend_tasks(seen, findings, briefs=lambda: desk_briefs(desk, (PACKAGE,)))
    assert sorted(f.rule for f in task.material.findings) == ["broken-link", "unsupported"]
    return task


def number(task: Task[MendMaterial], rule: str) -> int:
    return 1 + [f.rule for f in task.material.findings].index(rule)


def hand_in(*edits: tuple[str, str], left: Any = (), page: str = PAGE) -> str:
    return json.dumps({"edits": [{"page": page, "old": old, "new": new} for old, new in edits], "left": list(left)})


RIGHT = ((OLD, "runs five Newton-Schulz"), ("[[Nowhere at all]]", "[[AdamW|Nowhere at all]]"))


def test_what_mends_all_is_accepted(seen: Seen, task: Task[MendMaterial]) -> None:
    verified = verify_mend(seen, task, hand_in(*RIGHT), today=TODAY)
    assert verified.reasons == ()
    assert verified.result is not None
    assert verified.result.left == ()
    assert "[[AdamW|Nowhere at all]]" in str(verified.result.text)


def test_what_cannot_be_mended_is_left_with_a_reason(seen: Seen, task: Task[MendMaterial]) -> None:
    link = number(task, "broken-link")
    verified = verify_mend(seen, task, hand_in(RIGHT[0], left=[{"finding": link, "why": "no page"}]), today=TODAY)
    assert verified.accepted
    assert verified.result is not None
    assert [(f.rule, why) for f, why in verified.result.left] == [("broken-link", "no page")]
    everything = [{"finding": n, "why": "no"} for n in (1, 2)]
    verified = verify_mend(seen, task, hand_in(left=everything), today=TODAY)
    assert verified.accepted
    assert verified.result is not None
    assert verified.result.text is None


CITED = "Muon tolerates a short [[Warm-up|warm-up]]."


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        ([], "neither mended nor left"),
        ([RIGHT[0]], "is still there: [[Nowhere at all]]"),
        ([RIGHT[1]], 'is still there: says "seven"'),
        ([(OLD, "runs six Newton-Schulz"), RIGHT[1]], 'a new finding, line 28: unsupported: says "six"'),
        ([*RIGHT, ("# Muon", "# Muon\n\n[[Elsewhere]]")], "a new finding"),
        ([RIGHT[0], ("[[Nowhere at all]]", "[[AdamW]]")], "words of a sentence that is a person's"),
        ([RIGHT[0], (MINE, "")], "words of a sentence that is a person's"),
        ([RIGHT[0], ("8 things here, see [[Nowhere at all]]", "9 things here")], "that is a person's"),
        ([*RIGHT, ("- A common ", "- One common ")], ""),  # a cited sentence may be put otherwise while it holds
        ([*RIGHT, ("status: verified\n", "")], "frontmatter was changed"),
        ([*RIGHT, ("title: Muon", "title: Moon")], "frontmatter was changed"),
        ([("Muon", "x"), *RIGHT], "stands there more than once"),
        ([("not on the page", "x"), *RIGHT], "does not stand on the page"),
        ([("", "x"), *RIGHT], "does not stand on the page"),
        ([*RIGHT, ("runs seven", "runs five")], "two edits overlap"),
        ([*RIGHT, ("Part of", "Part\x00 of")], "NUL"),
    ],
)
def test_reasons(edits: list[tuple[str, str]], reason: str, seen: Seen, task: Task[MendMaterial], desk: Path) -> None:
    assert CITED in (desk / PAGE).read_text()
    verified = verify_mend(seen, task, hand_in(*edits), today=TODAY)
    assert reason in "\n".join(verified.reasons)
    assert verified.accepted == (reason == "")


def test_a_citation_that_no_finding_is_about_stays(seen: Seen, task: Task[MendMaterial], desk: Path) -> None:
    line = next(line for line in (desk / PAGE).read_text().split("\n") if CITED in line)
    verified = verify_mend(seen, task, hand_in(*RIGHT, (line + "\n", "")), today=TODAY)
    assert any("is lost, and no finding is about it" in reason for reason in verified.reasons)
    wrong = next(line for line in (desk / PAGE).read_text().split("\n") if OLD in line)
    taken_out = verify_mend(seen, task, hand_in((wrong + "\n", ""), RIGHT[1]), today=TODAY)
    assert taken_out.accepted  # the sentence that the finding is about


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "7", '{"edits": {}}', '{"edits": [], "left": null}', "[" * 5000),
        *('{"edits": [7], "left": []}', '{"edits": [], "left": [{"finding": 0, "why": "x"}]}'),
        *('{"edits": [], "left": [{"finding": true, "why": "x"}]}', '{"edits": [], "left": [{"finding": 1}]}'),
        '{"edits": [{"page": "wiki/concepts/AdamW.md", "old": "AdamW", "new": "x"}], "left": []}',
        '{"edits": [{"page": "' + PAGE + '", "old": "runs seven", "new": "\\ud800"}], "left": []}',
    ],
)
def test_other_forms(text: str, seen: Seen, task: Task[MendMaterial]) -> None:
    verified = verify_mend(seen, task, text, today=TODAY)
    assert verified.result is None
    assert len(verified.reasons) == 1


def test_the_brief_has_what_it_takes(task: Task[MendMaterial]) -> None:
    brief = task.brief()
    assert brief.form == "json"
    for words in (MINE, 'says "seven"', "Muon runs five Newton-Schulz steps per update.", "Warm-up", PAGE):
        assert words in brief.material


def test_headings_that_others_link_to_stay(desk: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(desk, tmp_path / "desk"))
    other = copy / "wiki/concepts/Warm-up.md"
    other.write_text(other.read_text() + "\nSee [[Muon#Further]].\n")
    seen = see_desk(Desk(copy))
    findings = [f for f in lint_desk(Desk(copy), today=TODAY, jobs=1).findings if f.file == PAGE]
    [task] = mend_tasks(seen, findings, briefs=lambda: desk_briefs(copy, (PACKAGE,)))
    verified = verify_mend(seen, task, hand_in(*RIGHT, ("## Further", "## More")), today=TODAY)
    assert any("links to #Further on this page" in reason for reason in verified.reasons)


def submit(desk: Path, document: dict[str, Any]) -> Any:
    return run(desk, "submit", "-", "--json", stdin=json.dumps(document))


def test_a_scripted_worker_and_the_agent_in_the_room(desk: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(desk, tmp_path / "desk"))
    before = (copy / PAGE).read_text()
    right = json.loads(hand_in(*RIGHT))
    replies: list[Any] = [{"edits": []}, right]  # the first is rejected
    script = "".join(json.dumps({"kind": "mend", "subject": PAGE, "hand_in": reply}) + "\n" for reply in replies)
    (copy / "script.jsonl").write_text(script)
    ran = run(copy, "mend", "--worker", "scripted:script.jsonl", "--json")
    assert (ran.code, ran.document["mended"], ran.document["left"]) == (0, 2, [])
    assert "by scripted" in git(copy, "log", "-1", "--format=%b")
    assert run(copy, "compile").code == 0
    mended = (copy / PAGE).read_text()
    assert "status: verified" in mended  # as it would be after an edit by hand
    assert "[[AdamW|Nowhere at all]]" in mended
    assert run(copy, "undo").code == 0
    assert (copy / PAGE).read_text() == before
    given = run(copy, "next", "--kind", "mend", "--as", "ada", "--json").document["tasks"][0]
    header = {key: given[key] for key in ("task", "input", "lease")}
    wrong = submit(copy, header | {"edits": [], "left": []})
    assert (wrong.code, wrong.document[0]["accepted"]) == (1, False)
    taken = submit(copy, header | right)
    assert (taken.code, taken.document[0]["written"]) == (0, [PAGE])
    assert "by room:ada" in git(copy, "log", "-1", "--format=%b")
    assert submit(copy, header | right).document[0]["accepted"] is False
    assert run(copy, "next", "--kind", "mend").code == 2


def test_what_was_left_is_not_asked_again(desk: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(desk, tmp_path / "desk"))
    reply = {"edits": [], "left": [{"finding": 1, "why": "no page is meant"}, {"finding": 2, "why": "not sure"}]}
    (copy / "script.jsonl").write_text(json.dumps({"kind": "mend", "subject": "*", "hand_in": reply}) + "\n")
    ran = run(copy, "mend", "--worker", "scripted:script.jsonl", "--json")
    assert ran.code == 1
    assert sorted(left["why"] for left in ran.document["left"]) == ["no page is meant", "not sure"]
    assert run(copy, "next", "--kind", "mend").code == 2
