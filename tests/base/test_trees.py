"""Commits and branches without a checkout, in real repositories."""

from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.git import commit_tree, init_repository
from nightdesk.base.trees import (
    checked_out,
    delete_ref,
    head_branch,
    head_commit,
    known_commits,
    move_ref,
    read_objects,
    refs_below,
    snapshot_tree,
    tree_files,
    tree_of,
    tree_with,
)
from tests.lab.fakes import git, put


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    init_repository(folder)
    put(folder, {"a.md": "a\n", "lab/x/train.py": "1\n", "lab/x/run.sh": "#!/bin/sh\n", "lab/x/results.tsv": "old\n"})
    (folder / "lab/x/run.sh").chmod(0o755)
    (folder / "lab/x/link").symlink_to("train.py")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "start")
    return folder


def test_a_folder_as_it_is(repo: Path) -> None:
    folder = repo / "lab/x"
    head = head_commit(repo)
    assert head is not None
    assert snapshot_tree(folder) == tree_of(repo, head)
    put(repo, {"a.md": "changed\n", "b.md": "new\n", ".gitignore": "*.log\nexperiments/\n"})
    put(folder, {"train.py": "2\n", "new.py": "3\n", "out.log": "x", "results.tsv": "new\n", "experiments/0.md": "x"})
    (folder / "run.sh").unlink()
    git(repo, "add", "b.md")
    before = git(repo, "status", "--porcelain")
    tree = snapshot_tree(folder, without=["results.tsv", "experiments"])
    assert git(repo, "status", "--porcelain") == before
    found = tree_files(repo, tree, within="lab/x")
    assert set(found) == {"train.py", "new.py", "results.tsv", "link"}
    assert found["link"].mode == "120000"
    assert read_objects(repo, [found["train.py"].blob, found["results.tsv"].blob]) == [b"2\n", b"old\n"]
    assert git(repo, "show", f"{tree}:a.md") == "a\n", "outside the folder it is HEAD's"
    assert set(tree_files(repo, tree)) == {"a.md", *(f"lab/x/{path}" for path in found)}


def test_before_the_first_commit(tmp_path: Path) -> None:
    init_repository(tmp_path)
    put(tmp_path, {"a.py": "1\n"})
    assert head_commit(tmp_path) is None
    assert head_branch(tmp_path) == "refs/heads/main"
    tree = snapshot_tree(tmp_path)
    commit = commit_tree(tmp_path, tree, "first", [])
    assert set(tree_files(tmp_path, commit)) == {"a.py"}
    assert head_commit(tmp_path) is None


def test_other_contents(repo: Path) -> None:
    head = head_commit(repo)
    assert head is not None
    contents = {"lab/x/run.sh": b"\xff\r\n", "lab/x/Gr\u00f6\u00dfe.py": b"new"}
    tree = tree_with(repo, head, contents, modes={"lab/x/run.sh": "100755"})
    found = tree_files(repo, tree, within="lab/x")
    assert found["run.sh"].mode == "100755"
    assert read_objects(repo, [found["run.sh"].blob, f"{tree}:lab/x/Gr\u00f6\u00dfe.py"]) == [b"\xff\r\n", b"new"]
    assert git(repo, "status", "--porcelain") == ""
    assert read_objects(repo, [f"{head}:none", "0" * 40, f"{head}:a.md"]) == [None, None, b"a\n"]
    assert read_objects(repo, []) == []


def test_what_there_is_not(repo: Path) -> None:
    head = head_commit(repo)
    assert head is not None
    assert tree_files(repo, head, within="nowhere") == {}
    with pytest.raises(DeskError):
        tree_files(repo, "f" * 40, within="lab/x")
    with pytest.raises(DeskError):
        tree_files(repo, "f" * 40)
    blob = tree_files(repo, head)["a.md"].blob
    assert known_commits(repo, [head, "f" * 40, blob]) == {head}
    assert known_commits(repo, []) == frozenset()


def test_refs_move_only_from_where_they_were_seen(repo: Path) -> None:
    head = head_commit(repo)
    assert head is not None
    second = commit_tree(repo, tree_of(repo, head), "second", [head])
    move_ref(repo, "refs/nightdesk/x/0", head, seen=None, why="made")
    assert refs_below(repo, "refs/nightdesk/x") == {"0": head}
    with pytest.raises(DeskError):
        move_ref(repo, "refs/nightdesk/x/0", second, seen=None, why="made twice")
    with pytest.raises(DeskError):
        move_ref(repo, "refs/nightdesk/x/0", head, seen=second, why="seen elsewhere")
    move_ref(repo, "refs/nightdesk/x/0", second, seen=head, why="moved")
    with pytest.raises(DeskError):
        delete_ref(repo, "refs/nightdesk/x/0", seen=head)
    delete_ref(repo, "refs/nightdesk/x/0", seen=second)
    assert refs_below(repo, "refs/nightdesk/x") == {}
    assert refs_below(repo, "refs/nightdesk") == {}


def test_who_has_what_checked_out(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", "-b", "other", str(tmp_path / "second tree"))
    found = checked_out(repo)
    assert {ref: Path(place).name for ref, place in found.items()} == {
        "refs/heads/main": "repo",
        "refs/heads/other": "second tree",
    }
    git(repo, "checkout", "-q", "--detach")
    assert head_branch(repo) is None
