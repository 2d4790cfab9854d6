"""The documents of a program are looked through for what is broken, and for nothing that only a wiki needs."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.wiki.lint.lint import WIKI_ONLY, lint_vault
from tests.wiki.lint.test_lint import lint, write

TODAY = date(2026, 11, 23)
FILES = {
    "package.json": "{}",
    "README.md": "[docs](docs/) [api](docs/api/index.html#the-call) [rule](/docs/api/rule) [gone](docs/gone.md)",
    "docs/api/README.md": "## The call\n\nSee rule. [beside](../rule) and [file](/packages/x/docs/api/rule.md)",
    "docs/api/index.md": "# API\n\n## The call\n\n[[Prototype]] and arr[[1, 2]]; [[Back to README]](../../README.md)",
    "docs/api/rule.md": "# Rule\n\n[out](/about) [site](/img/logo) ![x](/img/logo.png)\n\n"
    "[slot](${BASE}/a.md) [t](x/{{y}}.md)",
}


def test_what_sites_allow_is_no_finding(tmp_path: Path) -> None:
    linted = lint(write(tmp_path, FILES))
    assert [(one.rule, one.file, one.message) for one in linted.findings] == [
        ("broken-link", "README.md", "(docs/gone.md) leads nowhere")
    ]
    assert frozenset(linted.left_out) == WIKI_ONLY


@pytest.mark.parametrize("rule", ["orphan", "dead-end"])
def test_a_rule_for_wikis_is_applied_where_it_is_asked_for(rule: str, tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "docs/lonely.md": "alone"})
    asked = frozenset({rule})
    found = lint_vault(tmp_path, rules=asked, asked=asked, today=TODAY, jobs=1)
    assert "docs/lonely.md" in {one.file for one in found.findings}
    assert found.left_out == ()


def test_a_bracketed_link_is_no_wikilink_in_a_wiki_either(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "[[b]] [[12]](b.md) [[Back]](#top)\n", "b.md": "[[a]] [[x]](gone.md)"})
    assert [one.message for one in lint(tmp_path).findings] == ["(gone.md) leads nowhere"]


def test_a_wikilink_before_a_remark_in_brackets_stays_one(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "[[b]](the other)", "b.md": "[[a]] [[c]](gone)"})
    assert [one.message for one in lint(tmp_path).findings] == ["[[c]] leads nowhere"]
