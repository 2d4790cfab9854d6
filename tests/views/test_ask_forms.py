"""`nightdesk ask --as` and `nightdesk page promote` on the command line."""

import json
from pathlib import Path

from tests.desks import MUON, git, make_desk, run

WHAT = "What is Muon?"


def test_forms_and_promotion_from_the_command_line(tmp_path: Path) -> None:
    desk = make_desk(tmp_path, {"muon.md": MUON})
    assert run(desk, "compile").code == 0

    ran = run(desk, "ask", "--as", "table", WHAT)
    assert ran.code == 1
    assert "nothing to compare" in ran.err
    assert "[1]" in ran.out  # the plain answer is given all the same

    page = (desk / "wiki/sources/Muon, explained.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if "runs five" in line and " ^c" in line)
    text = f"Muon runs five Newton-Schulz steps. [[Muon, explained#^{line.rpartition('^')[2]}|1]]"
    (desk / "replies.jsonl").write_text(json.dumps({"kind": "ask", "subject": "*", "hand_in": text}), "utf-8")
    ran = run(desk, "ask", "--as", "slides", "--worker", "scripted:replies.jsonl", "How many steps does Muon run?")
    assert ran.code == 0
    assert ran.out.startswith("---\nmarp: true\n")
    assert "- Muon runs five Newton-Schulz steps. [\\[1\\]](../sources/Muon%2C%20explained.md#^c" in ran.out

    document = run(desk, "ask", "--as", "slides", "--save", "--json", WHAT).document
    assert document["files"] == ["wiki/answers/What is Muon.md", "wiki/answers/What is Muon (slides).md"]
    assert document["document"].startswith("---\nmarp: true\n")
    found = json.loads(run(desk, "lint", "--json").out)["findings"]
    rules = {one["rule"] for one in found if one["file"].startswith("wiki/answers/")}
    assert not rules & {"uncited-sentence", "broken-link", "index-drift", "unsupported"}

    ran = run(desk, "page", "promote", "What is Muon", "--by", "Ada\nExample", "--json")
    assert (ran.code, ran.document["promoted"], ran.document["against"]) == (0, True, [])
    assert "by: Ada Example" in (desk / "wiki/answers/What is Muon.md").read_text(encoding="utf-8")
    assert "- Answer: [[What is Muon]]" in (desk / "wiki/concepts/Muon.md").read_text(encoding="utf-8")
    assert git(desk, "status", "--porcelain", "wiki") == ""
    assert run(desk, "undo").code == 0
    assert "- Answer:" not in (desk / "wiki/concepts/Muon.md").read_text(encoding="utf-8")
    assert run(desk, "page", "promote", "Muon").code == 2
