"""A page linted before it is written has the findings that it has once it is written."""

import shutil
from pathlib import Path

import pytest

from nightdesk.base.desk import Desk
from nightdesk.wiki.lint.lint import lint_desk, lint_vault
from nightdesk.wiki.lint.overlay import Seen, lint_changed, see_desk
from nightdesk.wiki.vault.reading import read_vault
from tests.desks import make_desk, run
from tests.wiki.lint.seeded import FAULTS, sound_vault
from tests.wiki.lint.test_desk import CONCEPT, SOURCE, TODAY, replaced


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = make_desk(tmp_path_factory.mktemp("overlay"))
    assert run(desk, "compile").code == 0
    return desk


@pytest.mark.parametrize(
    ("path", "old", "new", "rules"),
    [
        (CONCEPT, "", "", set()),
        (CONCEPT, "runs five Newton", "runs seven Newton", {"unsupported"}),
        (CONCEPT, "\n## ", "\nGo to [[Nowhere]].\n\n## ", {"broken-link", "uncited-sentence"}),
        (CONCEPT, "#^c", "#^d", {"broken-block"}),
        (SOURCE, "five", "seven", {"changed-claim"}),
    ],
)
def test_a_page_of_a_desk(path: str, old: str, new: str, rules: set[str], compiled: Path, tmp_path: Path) -> None:
    desk = Path(shutil.copytree(compiled, tmp_path / "desk"))
    seen = see_desk(Desk(desk))
    text = replaced(old, new)((desk / path).read_text(encoding="utf-8"))
    told = lint_changed(seen, {path: text}, today=TODAY)
    assert {finding.rule for finding in told} >= rules
    assert lint_changed(seen, {path: (desk / path).read_text(encoding="utf-8")}, today=TODAY) == ()
    (desk / path).write_text(text, encoding="utf-8")
    after = lint_desk(Desk(desk), today=TODAY, jobs=1).findings
    assert told == tuple(finding for finding in after if finding.file == path and finding.rule != "contradiction")


def test_a_new_page_is_found_by_the_links_of_others(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("[[b]] [[c]] and words", encoding="utf-8")
    (tmp_path / "c.md").write_text("[[a]] [[b]]", encoding="utf-8")
    seen = Seen(read_vault(tmp_path), None)
    found = lint_changed(seen, {"b.md": "[[a]] [[gone]]"}, today=TODAY)
    assert [(one.rule, one.file) for one in found] == [("broken-link", "b.md")]
    assert not (tmp_path / "b.md").exists()


@pytest.mark.parametrize("fault", ["a wikilink", "a heading", "a block", "YAML", "a copy", "mentions", "a merge"])
def test_a_fault_is_told_before_it_is_written(fault: str, tmp_path: Path) -> None:
    vault = sound_vault()
    vault.write(tmp_path)
    seen = Seen(read_vault(tmp_path), None)
    before = dict(vault.files)
    FAULTS[fault](vault)
    texts = {p: str(text) for p, text in vault.files.items() if p.endswith(".md") and before.get(p) != text}
    told = lint_changed(seen, texts, today=TODAY)
    vault.write(tmp_path)
    assert told == tuple(f for f in lint_vault(tmp_path, today=TODAY, jobs=1).findings if f.file in texts)
    assert {(one.rule, one.file, one.line) for one in told} == {e for e in vault.expected if e[1] in texts}
