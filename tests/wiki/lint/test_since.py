import os
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.wiki.lint.since import changed_since
from tests.desks import git

FILES = ("a.md", "b c.md", "sub/é.md")


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A folder in a repository that has more than the vault."""
    root = tmp_path / "vault"
    (root / "sub").mkdir(parents=True)
    for path in FILES:
        (root / path).write_text(f"{path}\n", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first", "--date=2026-01-01T00:00:00Z")
    return root


def test_changed_and_new_files_are_those_that_git_does_not_hold_so(vault: Path) -> None:
    assert changed_since(vault, "HEAD", FILES) == frozenset()
    (vault / "sub/é.md").write_text("other\n", encoding="utf-8")
    (vault / "new.md").write_text("new\n", encoding="utf-8")
    assert changed_since(vault, "HEAD", (*FILES, "new.md")) == {"sub/é.md", "new.md"}


def test_a_date_is_the_last_commit_before_it(vault: Path) -> None:
    (vault / "a.md").write_text("other\n", encoding="utf-8")
    assert changed_since(vault, "2000-01-01", FILES) == set(FILES)
    assert changed_since(vault, "2099-01-01", FILES) == {"a.md"}


def test_without_git_the_files_own_times_count(tmp_path: Path) -> None:
    for path, day in (("a.md", 1_700_000_000), ("b.md", 1_800_000_000)):
        (tmp_path / path).write_text("x", encoding="utf-8")
        os.utime(tmp_path / path, (day, day))
    assert changed_since(tmp_path, "2026-01-01", ("a.md", "b.md", "gone.md")) == {"b.md"}
    with pytest.raises(DeskError, match="no git repository"):
        changed_since(tmp_path, "HEAD", ())


@pytest.mark.parametrize("since", ["HEAD~9", "nothing", "--help", "2026-99-99", ""])
def test_what_is_no_commit_and_no_date_is_refused(since: str, vault: Path) -> None:
    with pytest.raises(DeskError):
        changed_since(vault, since, FILES)


def test_nothing_that_a_foreign_repository_configures_is_run(vault: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    for key in ("core.fsmonitor", "filter.x.clean", "diff.external", "core.sshCommand", "core.pager"):
        git(tmp_path, "config", key, f"touch {trap}; cat")
    (tmp_path / ".gitattributes").write_text("*.md filter=x\n", encoding="utf-8")
    (vault / "a.md").write_text("other\n", encoding="utf-8")
    assert changed_since(vault, "HEAD", FILES) == {"a.md"}
    assert not trap.exists()
