"""Commits of named paths in real repositories: the user's own work is never touched, and nothing of theirs runs."""

import os
import subprocess
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.git import (
    CHANGE,
    changed_paths,
    commit_contents,
    commit_paths,
    init_repository,
    is_repository,
    merge_texts,
    old_versions,
    run_git,
)

ODD_NAMES = [
    "with space.md",
    'quo"te.md',
    "it's.md",
    "[a]*.md",
    "-leading dash.md",
    ":colon.md",
    ":(exclude)x.md",
    "Größe 大小.md",
    "two\nlines.md",
    "back\\slash.md",
    "tab\there.md",
    "#hash.md",
    "!bang.md",
    "trailing .md",
    " leading blank.md",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh machine: no git settings at all."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("EMAIL", raising=False)
    return folder


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir()
    init_repository(folder)
    put(folder, "start.md", "start\n")
    assert commit_paths(folder, ["start.md"], "start")
    return folder


def put(folder: Path, path: str, text: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(text.encode("utf-8"))


def git(folder: Path, *args: str) -> str:
    """Run git as the user would, with a name of their own."""
    named = ["git", "-c", "user.name=User", "-c", "user.email=user@example.org", "-c", "core.quotePath=false", *args]
    finished = subprocess.run(named, cwd=folder, capture_output=True, check=True, text=True, stdin=subprocess.DEVNULL)
    return finished.stdout


def files_of(folder: Path, commit: str = "HEAD") -> set[str]:
    return set(git(folder, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")) - {""}


def test_only_the_named_paths_are_committed(repo: Path) -> None:
    put(repo, "user staged.md", "1")
    git(repo, "add", "user staged.md")
    put(repo, "start.md", "changed by the user\n")
    put(repo, "user untracked.md", "1")
    put(repo, "ours.md", "1")
    before = git(repo, "status", "--porcelain", "--", ":!ours.md")
    commit = commit_paths(repo, ["ours.md"], "ours")
    assert commit == git(repo, "rev-parse", "HEAD").strip()
    assert files_of(repo) == {"start.md", "ours.md"}
    assert git(repo, "status", "--porcelain") == before, "what the user staged, changed and left alone is as it was"
    assert git(repo, "show", ":user staged.md") == "1"


def test_a_path_that_the_user_staged_in_part_is_committed_as_it_is_on_disk(repo: Path) -> None:
    put(repo, "start.md", "staged\n")
    git(repo, "add", "start.md")
    put(repo, "start.md", "on disk\n")
    commit_paths(repo, ["start.md"], "all of it")
    assert git(repo, "show", "HEAD:start.md") == "on disk\n"
    assert git(repo, "status", "--porcelain") == ""


def test_nothing_changed_makes_no_commit(repo: Path) -> None:
    head = git(repo, "rev-parse", "HEAD")
    assert commit_paths(repo, ["start.md"], "again") is None
    assert commit_paths(repo, [], "none") is None
    assert commit_paths(repo, ["never there.md"], "none") is None
    os.utime(repo / "start.md", (1, 1))
    assert commit_paths(repo, ["start.md"], "only touched") is None
    assert git(repo, "rev-parse", "HEAD") == head


def test_deleted_paths_are_committed(repo: Path) -> None:
    put(repo, "folder/page.md", "1")
    commit_paths(repo, ["folder/page.md"], "made")
    (repo / "folder/page.md").unlink()
    (repo / "folder").rmdir()
    assert commit_paths(repo, ["folder/page.md", "never there.md"], "removed")
    assert files_of(repo) == {"start.md"}


def test_a_deletion_that_is_staged_already_is_committed_too(repo: Path) -> None:
    """A crash between staging and committing leaves this; the next run must not leave it staged for ever."""
    put(repo, "other.md", "1")
    commit_paths(repo, ["other.md"], "made")
    git(repo, "rm", "--quiet", "start.md")
    assert commit_paths(repo, ["start.md"], "removed")
    assert files_of(repo) == {"other.md"}
    assert git(repo, "status", "--porcelain") == ""


def test_odd_names_are_committed_each_as_one_file(repo: Path) -> None:
    for name in ODD_NAMES:
        put(repo, f"wiki/{name}", name)
        put(repo, name, name)
    put(repo, "wiki/a.md", "would match [a]*.md")
    paths = [f"wiki/{name}" for name in ODD_NAMES] + ODD_NAMES
    assert changed_paths(repo, paths) == set(paths)
    commit_paths(repo, paths, "odd")
    assert files_of(repo) == {"start.md", *paths}
    for path in paths:
        assert [version.decode() for version in old_versions(repo, path)] == [Path(path).name]
        (repo / path).unlink()
    commit_paths(repo, paths, "gone")
    assert files_of(repo) == {"start.md"}


def test_a_name_that_is_no_utf_8_is_committed(repo: Path) -> None:
    path = os.fsdecode(b"caf\xe9.md")
    put(repo, path, "1")
    assert changed_paths(repo) == {path}
    assert commit_paths(repo, [path], "latin")
    assert list(old_versions(repo, path)) == [b"1"]


def test_ignored_paths_are_left_out(repo: Path) -> None:
    put(repo, ".gitignore", "*.tmp\nprivate/\n")
    put(repo, "private/x.md", "1")
    put(repo, "a.tmp", "1")
    put(repo, "a.md", "1")
    commit_paths(repo, ["private/x.md", "a.tmp", "a.md", ".gitignore"], "some")
    assert files_of(repo) == {"start.md", "a.md", ".gitignore"}
    assert commit_paths(repo, ["private/x.md"], "none") is None


def test_what_lies_behind_a_link_is_left_out(repo: Path, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/paper.md", "1")
    (repo / "raw").symlink_to(tmp_path / "elsewhere")
    put(repo, "a.md", "1")
    assert commit_paths(repo, ["raw/paper.md", "a.md"], "some"), "git refuses to add raw/paper.md"
    assert files_of(repo) == {"start.md", "a.md"}


def test_a_desk_that_is_a_link_itself_works(repo: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(repo)
    put(link, "wiki/a.md", "1")
    assert commit_paths(link, ["wiki/a.md"], "through the link")
    assert files_of(repo) == {"start.md", "wiki/a.md"}


def test_without_a_name_of_the_user_nightdesk_commits(repo: Path) -> None:
    assert git(repo, "log", "-1", "--format=%an %ae %cn %ce").strip() == (
        "nightdesk nightdesk@localhost nightdesk nightdesk@localhost"
    )


@pytest.mark.parametrize(
    ("settings", "committer"),
    [
        ("[user]\n\tname = Ada\n\temail = ada@example.org\n", "Ada ada@example.org"),
        ("[user]\n\temail = ada@example.org\n", "nightdesk ada@example.org"),  # no name: git would refuse
        ("[user]\n\tname = Ada\n", "Ada nightdesk@localhost"),
        ("[user]\n\tuseConfigOnly = true\n", "nightdesk nightdesk@localhost"),
    ],
)
def test_the_user_is_the_committer(repo: Path, home: Path, settings: str, committer: str) -> None:
    (home / ".gitconfig").write_text(settings)
    put(repo, "a.md", "1")
    commit_paths(repo, ["a.md"], "a")
    assert git_log(repo, "%cn %ce") == committer
    assert git_log(repo, "%an") == "nightdesk"
    put(repo, "a.md", "2")
    commit_paths(repo, ["a.md"], "a person's", author=None)
    assert git_log(repo, "%an %ae") == committer


def git_log(folder: Path, form: str) -> str:
    return run_git(folder, "log", "-1", f"--format={form}").strip()


def test_hooks_do_not_run(repo: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "reference-transaction"):
        hook = repo / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> '{ran}'\nexit 1\n")
        hook.chmod(0o755)
    put(repo, "a.md", "1")
    assert commit_paths(repo, ["a.md"], "a")
    commit_contents(repo, {"a.md": b"2"}, "contents")
    assert not ran.exists()


def test_what_the_user_set_for_their_commits_does_not_bend_ours(repo: Path, home: Path) -> None:
    (home / ".gitconfig").write_text(
        "[commit]\n\tgpgSign = true\n\ttemplate = /nowhere\n\tverbose = true\n\tcleanup = strip\n"
        "[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = /nowhere/gpg\n[core]\n\tautocrlf = true\n\tsafecrlf = true\n"
        "\teditor = /nowhere/editor\n\tpager = /nowhere/pager\n\tfsmonitor = /nowhere/monitor\n"
        "[log]\n\tshowSignature = true\n\tfollow = true\n[status]\n\tshowUntrackedFiles = no\n\trelativePaths = true\n"
        "\tbranch = true\n[color]\n\tui = always\n[i18n]\n\tcommitEncoding = ISO-8859-1\n[diff]\n\trenames = copies\n"
    )
    put(repo, "wiki/a.md", "1\r\n2\n")
    message = "# not a comment\n\n\n\nGröße  "
    assert commit_paths(repo, ["wiki/a.md"], message)
    assert run_git(repo, "cat-file", "blob", "HEAD:wiki/a.md") == "1\r\n2\n", "line ends are committed as they are"
    written = run_git(repo, "cat-file", "commit", "HEAD").partition("\n\n")[2]
    assert written.rpartition(f"\n\n{CHANGE}: n")[0] == message.rstrip("\n")
    commit_contents(repo, {"wiki/a.md": b"3\r\n"}, "contents")
    assert list(old_versions(repo, "wiki/a.md")) == [b"1\r\n2\n", b"3\r\n", b"1\r\n2\n"]
    put(repo, "b.md", "new")
    assert changed_paths(repo) == {"b.md"}


def test_variables_of_an_outer_git_do_not_lead_elsewhere(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git hook that calls nightdesk has GIT_DIR and GIT_INDEX_FILE set."""
    other = tmp_path / "other"
    other.mkdir()
    init_repository(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    put(repo, "a.md", "1")
    assert commit_paths(repo, ["a.md"], "a")
    ours, base, theirs = (tmp_path / name for name in ("ours", "base", "theirs"))
    for file in (ours, base, theirs):
        file.write_text("x\n")
    assert merge_texts(repo, ours=ours, base=base, theirs=theirs) == ("x\n", 0)
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert files_of(repo) == {"start.md", "a.md"}


def test_contents_are_in_the_history_and_nowhere_else(repo: Path) -> None:
    put(repo, "wiki/page.md", "the person's\n")
    commit_paths(repo, ["wiki/page.md"], "edits by hand", author=None)
    put(repo, "wiki/page.md", "the person's, unsaved\n")
    put(repo, "staged.md", "1")
    git(repo, "add", "staged.md")
    before = git(repo, "status", "--porcelain")
    commit_contents(repo, {"wiki/page.md": b"nightdesk's\n", "wiki/new é.md": b"new\n"}, "own version\n\nWhy.")
    assert git(repo, "status", "--porcelain") == before
    assert (repo / "wiki/page.md").read_text() == "the person's, unsaved\n"
    assert files_of(repo) == {"start.md", "wiki/page.md"}
    assert list(old_versions(repo, "wiki/page.md")) == [b"the person's\n", b"nightdesk's\n", b"the person's\n"]
    assert b"new\n" in list(old_versions(repo, "wiki/new é.md"))
    told = git(repo, "log", "-1", "--skip=1", "--format=%an|%B").strip()
    assert told.rpartition(f"\n\n{CHANGE}: n")[0] == "nightdesk|own version\n\nWhy."


def test_a_later_commit_of_the_user_takes_nothing_back(repo: Path) -> None:
    put(repo, "page.md", "the person's\n")
    commit_paths(repo, ["page.md"], "edits by hand", author=None)
    commit_contents(repo, {"page.md": b"nightdesk's\n"}, "own version")
    put(repo, "theirs.md", "1")
    git(repo, "add", "theirs.md")
    git(repo, "commit", "--quiet", "-m", "a plain commit of the user")
    assert git(repo, "show", "--format=", "--name-only", "HEAD").split() == ["theirs.md"]
    assert git(repo, "status", "--porcelain") == ""
    assert git(repo, "show", "HEAD:page.md") == "the person's\n"


def test_contents_can_be_the_first_commit(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    init_repository(folder)
    assert list(old_versions(folder, "a.md")) == []
    commit_contents(folder, {"a.md": b"1"}, "first")
    assert list(old_versions(folder, "a.md")) == [b"1"]
    assert git(folder, "status", "--porcelain") == ""


def test_old_versions_come_newest_first(repo: Path) -> None:
    for text in ("1", "2", "3"):
        put(repo, "a.md", text)
        commit_paths(repo, ["a.md"], text)
    (repo / "a.md").unlink()
    commit_paths(repo, ["a.md"], "gone")
    put(repo, "a.md", "4")
    commit_paths(repo, ["a.md"], "again")
    assert list(old_versions(repo, "a.md")) == [b"4", b"3", b"2", b"1"]
    assert list(old_versions(repo, "b.md")) == []


def test_a_desk_in_another_repositorys_folder_has_its_own_history(repo: Path) -> None:
    inner = repo / "sub/desk"
    inner.mkdir(parents=True)
    assert not is_repository(inner)
    init_repository(inner)
    assert is_repository(inner)
    put(inner, "wiki/a.md", "1")
    assert commit_paths(inner, ["wiki/a.md"], "inner")
    assert files_of(inner) == {"wiki/a.md"}
    assert files_of(repo) == {"start.md"}


def test_a_folder_of_a_larger_repository_works_with_its_own_paths(repo: Path) -> None:
    """Someone keeps desks side by side in one repository."""
    desk = repo / "desks/my desk"
    put(desk, "wiki/a.md", "1")
    put(repo, "outside.md", "1")
    assert changed_paths(desk) == {"wiki/a.md"}
    assert commit_paths(desk, ["wiki/a.md"], "inner")
    assert files_of(repo) == {"start.md", "desks/my desk/wiki/a.md"}
    commit_contents(desk, {"wiki/a.md": b"2"}, "own")
    assert list(old_versions(desk, "wiki/a.md")) == [b"1", b"2", b"1"]


def test_a_commit_in_the_middle_of_a_merge_says_what_to_do(repo: Path) -> None:
    git(repo, "checkout", "--quiet", "-b", "side")
    put(repo, "start.md", "side\n")
    git(repo, "commit", "--quiet", "-am", "side")
    git(repo, "checkout", "--quiet", "main")
    put(repo, "start.md", "main\n")
    git(repo, "commit", "--quiet", "-am", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "merge", "side")
    put(repo, "a.md", "1")
    with pytest.raises(DeskError, match="partial commit during a merge") as caught:
        commit_paths(repo, ["a.md"], "a")
    assert caught.value.fix
    assert "finish" in caught.value.fix


def test_a_left_over_lock_says_what_to_do(repo: Path) -> None:
    (repo / ".git/index.lock").touch()
    put(repo, "a.md", "1")
    with pytest.raises(DeskError, match=r"index\.lock") as caught:
        commit_paths(repo, ["a.md"], "a")
    assert caught.value.fix == "if no other git runs in this desk, remove .git/index.lock"


def test_git_that_is_not_there_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(DeskError, match="git is not on PATH"):
        changed_paths(repo)


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "text", "conflicts"),
    [
        ("1\n2\n3\n", "1\n2\n3\n", "1\n2\nX\n", "1\n2\nX\n", 0),
        ("A\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n", "1\n2\n3\n4\nE\n", "A\n2\n3\n4\nE\n", 0),
        ("A\n", "1\n", "B\n", None, 1),
        ("A\n", "A\n", "B\n", "B\n", 0),
        ("ö\n", "o\n", "o\n", "ö\n", 0),
        ("a\0b\n", "a\0b\n", "a\0c\n", "", 1),  # git takes it for binary: not merged, and not a crash
    ],
)
def test_texts_are_merged(
    repo: Path, tmp_path: Path, ours: str, base: str, theirs: str, text: str | None, conflicts: int
) -> None:
    for name, content in (("ours", ours), ("base", base), ("theirs", theirs)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    merged = merge_texts(repo, ours=tmp_path / "ours", base=tmp_path / "base", theirs=tmp_path / "theirs")
    assert merged[1] == conflicts
    if text is not None:
        assert merged[0] == text


def test_more_conflicts_than_an_exit_code_can_count_are_conflicts(repo: Path, tmp_path: Path) -> None:
    for name, mark in (("ours", "o"), ("base", "b"), ("theirs", "t")):
        text = "".join(f"{mark}{n}\n\nsame {n}\n\n\n\nsame again {n}\n\n" for n in range(300))
        (tmp_path / name).write_text(text)
    _, conflicts = merge_texts(repo, ours=tmp_path / "ours", base=tmp_path / "base", theirs=tmp_path / "theirs")
    assert conflicts > 0
