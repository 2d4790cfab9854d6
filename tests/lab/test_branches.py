"""A lab's refs: only they move, never off a person's work, and never under a person's checkout."""

import shutil
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.branches import (
    TAG,
    branches,
    candidate_commit,
    experiment_refs,
    files_at,
    in_ref,
    put_branch,
    start_commit,
    texts_at,
)
from nightdesk.lab.experiments import read_experiments
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Kind, Plan, Told
from tests.lab.fakes import FakeExecutor, FakeProposer, FakeScorer, again, desk_lab, gains, git, own_lab, put


def play(lab: Lab, *values: float, **given: object) -> Told:
    told = Told()
    proposer, plan = FakeProposer(gains(values)), Plan(count=len(values), baseline_runs=3)
    executor = given.get("executor", FakeExecutor())
    run_night(lab, proposer=proposer, executor=executor, scorer=FakeScorer(), plan=plan, tell=told)  # type: ignore[arg-type]
    return told


@pytest.mark.parametrize(
    ("name", "ref"), [("tiny", "tiny"), ("my lab", "my-lab"), ("a..b~^:?*[", "a-b"), ("...", "lab"), ("Größe", "Größe")]
)
def test_a_name_in_refs(name: str, ref: str) -> None:
    assert in_ref(name) == ref


def test_a_lab_whose_name_git_would_refuse(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk", name="my lab..x")
    play(lab, 0.2)
    assert list(branches(lab).values()) == [read_experiments(lab.folder / "experiments")[1].commit]


@pytest.mark.parametrize("tag", ["2026-11-23", "a.b", "x" * 60, "mar5_2"])
def test_tags(tag: str) -> None:
    assert TAG.fullmatch(tag)


@pytest.mark.parametrize("tag", ["", "a b", "-x", ".x", "a..b", "x.lock", "x.", "a/b", "x" * 61, "a~1", "x\n"])
def test_what_is_no_tag(tag: str) -> None:
    assert not TAG.fullmatch(tag)


def test_a_candidate_keeps_modes_and_everything_else(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    (lab.folder / "train.py").chmod(0o755)
    (lab.folder / "link").symlink_to("train.py")
    _, start = start_commit(lab)
    commit = candidate_commit(lab, start, {"train.py": "GAIN = 1\r\n"}, "try")
    assert git(lab.repository, "show", "--format=%s %an", "--name-only", commit).split() == [
        *("try", "nightdesk", "lab/tiny/train.py")
    ]
    assert git(lab.repository, "ls-tree", commit, "lab/tiny/train.py").startswith("100755")
    files = files_at(lab, commit)
    assert files.contents["train.py"] == b"GAIN = 1\r\n"
    assert "link" not in files.contents, "no link leads a run out of its folder"
    assert files.fixed_texts == {"prepare.py": "FIXED = 1\n"}
    assert texts_at(lab, (start, "f" * 40, commit))[1:] == [None, {"train.py": "GAIN = 1\r\n"}]


def test_the_judges_folder_is_for_nobody_else(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk", files={"judge/judge.py": "SECRET = 1\n", "big.txt": "x" * 300_000, "bin": "\0"})
    files = files_at(lab, start_commit(lab)[1])
    assert "judge/judge.py" in files.contents
    assert set(files.for_runs) == {"program.md", "train.py", "prepare.py", "big.txt", "bin"}
    assert set(files.fixed_texts) == {"prepare.py"}


def test_an_editable_file_that_git_ignores(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.folder, {".gitignore": "train.py\n"})
    git(lab.repository, "rm", "-q", "--cached", "lab/tiny/train.py")
    git(lab.repository, "commit", "-q", "-m", "ignored")
    with pytest.raises(DeskError, match=r"git ignores train.py"):
        start_commit(lab)


def test_an_editable_file_that_is_no_text(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    (lab.folder / "train.py").write_bytes(b"\xff\xfe")
    with pytest.raises(DeskError, match="no UTF-8 text"):
        play(again(lab), 0.2)


def test_a_branch_in_somebodys_hands_is_not_begun_with(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, 0.2)
    (tag,) = branches(lab)
    git(lab.repository, "worktree", "add", "-q", str(tmp_path / "look"), f"lab/tiny/{tag}")
    with pytest.raises(DeskError, match="is checked out in") as caught:
        play(again(lab), 0.3)
    assert "git switch main" in str(caught.value.fix)
    git(lab.repository, "worktree", "remove", str(tmp_path / "look"))
    play(again(lab), 0.3)


def test_checked_out_in_the_night_the_branch_waits_and_the_night_goes_on(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    look = tmp_path / "look"

    def check_out(job: object) -> None:
        if not look.exists() and branches(lab):
            git(lab.repository, "worktree", "add", "-q", str(look), f"lab/tiny/{next(iter(branches(lab)))}")

    told = play(lab, 0.2, -0.2, 0.3, executor=FakeExecutor(on_run=check_out))
    found = read_experiments(lab.folder / "experiments")
    assert [e.status for e in found] == ["keep", "keep", "discard", "keep"]
    assert list(branches(lab).values()) == [found[0].commit]
    assert len(told.texts(Kind.BRANCH)) == 2
    assert git(look, "status", "--porcelain") == ""
    git(lab.repository, "worktree", "remove", str(look))
    play(again(lab))
    assert list(branches(lab).values()) == [found[3].commit]


def test_a_persons_commit_on_the_branch_is_not_moved_off(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, 0.2)
    (tag,) = branches(lab)
    git(lab.repository, "branch", "-f", f"lab/tiny/{tag}", "main")  # main has the results: no commit of the lab
    mine = git(lab.repository, "rev-parse", "main").strip()
    with pytest.raises(DeskError, match="no commit of this lab") as caught:
        play(again(lab), 0.3)
    assert "git branch -f" in str(caught.value.fix)
    assert branches(lab) == {tag: mine}


def test_moved_in_the_night_it_is_told(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")

    def move(job: object) -> None:
        for tag in branches(lab):
            tree = git(lab.repository, "write-tree").strip()
            commit = git(lab.repository, "commit-tree", "-m", "mine", tree).strip()
            git(lab.repository, "branch", "-f", f"lab/tiny/{tag}", commit)

    told = play(lab, 0.2, executor=FakeExecutor(on_run=move))
    assert "no commit of this lab" in told.texts(Kind.BRANCH)[0]
    assert read_experiments(lab.folder / "experiments")[1].status == "keep"


def test_a_branch_deleted_is_made_again(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, 0.2)
    before = branches(lab)
    git(lab.repository, "branch", "-q", "-D", f"lab/tiny/{next(iter(before))}")
    play(again(lab))
    assert branches(lab) == before


@pytest.mark.parametrize("name", ["lab", "lab/tiny"])
def test_a_branch_that_stands_in_the_way(tmp_path: Path, name: str) -> None:
    lab = desk_lab(tmp_path / "desk")
    git(lab.repository, "branch", name)
    with pytest.raises(DeskError, match="no branch lab/tiny/") as caught:
        play(lab, 0.2)
    assert "git branch -m" in str(caught.value.fix)
    git(lab.repository, "branch", "-m", name, "other")
    assert play(again(lab), 0.2).texts(Kind.ENDED) == ["1 experiment judged, as asked for"]


def test_a_lock_that_a_power_cut_left(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, 0.2)
    (tag,) = branches(lab)
    (lab.repository / f".git/refs/heads/lab/tiny/{tag}.lock").touch()
    (lab.repository / ".git/refs/nightdesk/tiny/2.lock").touch()
    play(again(lab), 0.3)
    assert sorted(experiment_refs(lab)) == [0, 1, 2]


def test_before_the_first_commit_of_a_repository(tmp_path: Path) -> None:
    lab = own_lab(tmp_path / "repo")
    shutil.rmtree(lab.repository / ".git")
    git(lab.repository, "init", "-q")
    told = play(again(lab), 0.2)
    assert told.texts(Kind.ENDED) == ["1 experiment judged, as asked for"]
    assert git(lab.repository, "status", "--porcelain") == "?? prepare.py\n?? program.md\n?? train.py\n"


def test_after_git_has_cleaned_up(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, -0.2, 0.2)
    git(lab.repository, "gc", "-q", "--prune=now")
    play(again(lab), -0.3, 0.3)
    assert sorted(experiment_refs(lab)) == [0, 1, 2, 3, 4]


def test_a_second_work_tree_has_a_ledger_of_its_own(tmp_path: Path) -> None:
    lab = own_lab(tmp_path / "repo")
    play(lab, 0.2)
    git(lab.repository, "worktree", "add", "-q", str(tmp_path / "other/repo"))
    second = open_lab(".", desk=None, here=tmp_path / "other/repo")
    refs = experiment_refs(lab)
    play(second, 0.3)
    assert refs.items() <= experiment_refs(lab).items(), "the refs of the first one stay"
    assert [e.number for e in read_experiments(second.folder / "experiments")] == [2, 3]
    play(again(lab), 0.4)
    assert [e.number for e in read_experiments(lab.folder / "experiments")] == [0, 1, 4]


def test_put_branch_only_from_where_it_was_seen(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    _, start = start_commit(lab)
    put_branch(lab, "x", start, seen=None, why="made")
    other = candidate_commit(lab, start, {"train.py": "1\n"}, "try")
    with pytest.raises(DeskError):
        put_branch(lab, "x", other, seen=other, why="from elsewhere")
    assert branches(lab) == {"x": start}
