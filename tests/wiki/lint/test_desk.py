"""What a desk's pages rest on, with one fault at a time."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.wiki.claims import Claim, claim_id, render_claim
from nightdesk.wiki.lint.findings import Finding
from nightdesk.wiki.lint.lint import lint_desk
from tests.desks import make_desk, run

TODAY = date(2026, 11, 23)
SOURCE, CONCEPT = "wiki/sources/Muon, explained.md", "wiki/concepts/Muon.md"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("lint"))
    assert run(desk, "compile").code == 0
    return desk


@pytest.fixture
def desk(compiled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(compiled, tmp_path / "desk"))


def lint(desk: Path) -> tuple[Finding, ...]:
    return lint_desk(Desk(desk), today=TODAY, jobs=1).findings


def change(desk: Path, path: str, edit: Callable[[str], str]) -> None:
    file = desk / path
    before = file.read_text(encoding="utf-8")
    after = edit(before)
    assert after != before
    file.write_text(after, encoding="utf-8")


def places(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(finding.rule, finding.file) for finding in findings}


def test_a_compiled_desk_has_no_findings(desk: Path) -> None:
    assert lint(desk) == ()


def replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


FAULTS = {
    "a number": (CONCEPT, replaced("runs five Newton", "runs seven Newton"), "unsupported"),
    "a denial": (CONCEPT, replaced("Muon does not need a long", "Muon needs a long"), "unsupported"),
    "no citation": (CONCEPT, replaced("\n## Further", "\nI think that it is neat.\n\n## Further"), "uncited-sentence"),
    "another claim": (CONCEPT, lambda text: re.sub(r"#\^c\w{4}", "#^c0000", text, count=1), "broken-citation"),
    "another page": (CONCEPT, replaced("[[Muon, explained#^", "[[Muon, untold#^"), "broken-citation"),
    "a claim's words": (SOURCE, replaced("- Muon runs five", "- Muon runs seven"), "changed-claim"),
    "a link": (CONCEPT, replaced("[[Optimiser|", "[[Optimizers|"), "broken-link"),
    "the raw file": ("raw/muon.md", replaced("Settings", "Options"), "stale-page"),
    "the type": (CONCEPT, replaced("type: concept\n", ""), "frontmatter-missing"),
    "the date": (CONCEPT, replaced("type: concept\n", "type: concept\nstale_after: 2026-11-01\n"), "stale-page"),
    "the index": ("wiki/index.md", lambda text: re.sub(r"- \[\[Muon\]\].*\n", "", text), "index-drift"),
    "a word without a link": (CONCEPT, replaced("[[AdamW]]", "AdamW"), "unlinked-mention"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_is_found_on_its_page(fault: str, desk: Path) -> None:
    path, edit, rule = FAULTS[fault]
    change(desk, path, edit)
    found = places(lint(desk))
    where = {"the raw file": SOURCE, "the index": CONCEPT}.get(fault, path)
    assert (rule, where) in found
    also = {"a claim's words": {("quote-gone", SOURCE)}}.get(fault, set())
    assert {entry for entry in found if entry[1] in (where, path)} <= {(rule, where), *also}


def test_the_line_of_a_finding_is_the_line_in_the_file(desk: Path) -> None:
    change(desk, CONCEPT, replaced("runs five Newton", "runs seven Newton"))
    (finding,) = lint(desk)
    assert "seven" in (desk / CONCEPT).read_text(encoding="utf-8").split("\n")[finding.line - 1]


def test_quotes_are_looked_up_once_their_text_has_changed(desk: Path) -> None:
    change(desk, "raw/muon.md", replaced("runs five Newton-Schulz steps", "runs some Newton-Schulz steps"))
    findings = [finding for finding in lint(desk) if finding.rule == "quote-gone"]
    (quote,) = findings
    assert quote.file == SOURCE
    assert "five Newton-Schulz" in (desk / SOURCE).read_text(encoding="utf-8").split("\n")[quote.line - 1]


def test_a_withdrawn_source_is_missed(desk: Path) -> None:
    (desk / "raw/muon.md").unlink()
    assert ("stale-page", SOURCE) in places(lint(desk))


def test_claims_of_two_sources_that_contradict_each_other_are_found(desk: Path) -> None:
    statement = "The learning rate of AdamW is usually 0.003."
    claim = Claim(claim_id(statement, statement), statement, statement, "", ())
    change(desk, "wiki/sources/Notes on schedules.md", lambda text: text.rstrip("\n") + "\n" + render_claim(claim))
    (found,) = [finding for finding in lint(desk) if finding.rule == "contradiction"]
    assert {found.file, *re.findall(r"wiki/sources/[^^]+\.md", found.message)} == {
        "wiki/sources/Notes on schedules.md",
        SOURCE,
    }
    assert "0.003" in found.message
    assert "0.001" in found.message


def test_a_version_set_aside_is_no_page(desk: Path) -> None:
    (desk / "wiki/set-aside").mkdir()
    shutil.copy(desk / CONCEPT, desk / "wiki/set-aside/Muon.md")
    assert lint(desk) == ()


def test_with_a_cache_the_findings_are_the_same_and_stay_in_step(desk: Path) -> None:
    def cached() -> tuple[Finding, ...]:
        with open_cache(desk / ".nightdesk/lint.db") as cache:
            return lint_desk(Desk(desk), today=TODAY, jobs=1, cache=cache).findings

    assert cached() == cached() == ()
    change(desk, CONCEPT, replaced("runs five Newton", "runs seven Newton"))
    assert cached() == cached() == lint(desk) != ()
    change(desk, CONCEPT, replaced("runs seven Newton", "runs five Newton"))
    assert cached() == ()
    (desk / ".nightdesk/lint.db").write_bytes(b"not a database" * 100)
    assert cached() == ()


def test_the_command_looks_through_the_desk_around_the_folder(desk: Path) -> None:
    assert run(desk / "raw", "lint").code == 0
    change(desk, CONCEPT, replaced("runs five Newton", "runs seven Newton"))
    told = run(desk, "lint", "--json")
    assert told.code == 1
    (finding,) = json.loads(told.out)["findings"]
    assert (finding["rule"], finding["file"]) == ("unsupported", CONCEPT)
