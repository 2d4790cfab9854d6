"""Weeks of nights stay small on the disk, and nothing that anybody wants is lost."""

import os
from pathlib import Path

import pytest

from nightdesk.base.git import run_git, run_git_bytes
from nightdesk.lab.branches import candidate_commit, experiment_refs, keep_reachable, texts_at
from nightdesk.lab.labs import Lab
from nightdesk.lab.lasting.pruning import clear_leftovers, tidy
from tests.lab.fakes import TRAIN, again, git, own_lab

FEW = 4  # experiments; each costs a tenth of a second of git


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab in a repository of the person's own, with unsaved work and a stash in it."""
    lab = own_lab(tmp_path / "mine")
    (lab.folder / "train.py").write_text(TRAIN + "STASHED = 1\n")
    git(lab.folder, "stash")
    (lab.folder / "train.py").write_text(TRAIN + "UNSAVED = 1\n")
    git(lab.folder, "branch", "theirs")
    return again(lab)


def try_some(lab: Lab, first: int, count: int = FEW) -> None:
    """Make experiments as the loop does, the second one on top of the first, and so on."""
    parent = run_git(lab.repository, "rev-parse", "HEAD").strip()
    for number in range(first, first + count):
        commit = candidate_commit(lab, parent, {"train.py": f"{TRAIN}TRY = {number}\n"}, f"try {number}")
        keep_reachable(lab, number, commit, seen=None)
        parent = commit if number % 2 else parent


def loose_objects(lab: Lab) -> int:
    told = run_git(lab.repository, "count-objects", "-v")
    return int(told.splitlines()[0].partition(": ")[2])


def state(lab: Lab) -> list[str]:
    """Return what a person has in the repository."""
    tells = (["for-each-ref"], ["stash", "list"], ["status", "--porcelain"], ["log", "--all", "--format=%H"])
    return [run_git(lab.repository, *words) for words in tells]


def test_experiments_are_packed_and_all_are_still_there(lab: Lab) -> None:
    before_any = loose_objects(lab)
    try_some(lab, 0)
    refs, told = experiment_refs(lab), state(lab)
    assert tidy(lab, least=FEW) == FEW
    assert loose_objects(lab) == before_any  # the person's own objects are left as they are
    assert experiment_refs(lab) == refs
    assert state(lab) == told
    assert not list((lab.repository / ".git/refs/nightdesk/mine").glob("*"))
    assert texts_at(lab, (refs[FEW - 1],)) == [{"train.py": f"{TRAIN}TRY = {FEW - 1}\n"}]
    git(lab.repository, "fsck", "--strict")
    git(lab.repository, "gc", "--prune=now", "--quiet")  # what the person may do at any time
    assert experiment_refs(lab) == refs
    git(lab.repository, "fsck", "--strict")


def test_a_second_time_only_what_is_new_is_packed(lab: Lab) -> None:
    try_some(lab, 0)
    tidy(lab, least=FEW)
    assert tidy(lab, least=FEW) == 0
    packs = set((lab.repository / ".git/objects/pack").glob("*.pack"))
    try_some(lab, FEW)
    assert tidy(lab, least=FEW) == FEW
    (new,) = set((lab.repository / ".git/objects/pack").glob("*.pack")) - packs
    held = run_git_bytes(lab.repository, ["verify-pack", "-v", str(new)]).decode().splitlines()
    kinds = [line.split()[1] for line in held if len(line.split()) > 3 and len(line.split()[0]) == 40]
    assert kinds.count("commit") == FEW
    assert len(kinds) <= 3 * FEW  # commit, tree and blob of each: nothing of the person's history
    assert set(experiment_refs(lab)) == set(range(2 * FEW))


def test_few_experiments_are_left_for_later(lab: Lab) -> None:
    try_some(lab, 0, 2)
    assert tidy(lab, least=FEW) == 0
    assert (lab.repository / ".git/refs/nightdesk/mine/1").is_file()


def test_while_the_persons_git_packs_it_is_left_for_later(lab: Lab) -> None:
    try_some(lab, 0)
    for name in ("packed-refs.lock", "objects/maintenance.lock", "gc.pid"):
        mark = lab.repository / ".git" / name
        mark.write_text("")
        assert tidy(lab, least=FEW) == 0
        assert mark.exists()
        if name != "gc.pid":
            mark.unlink()
    os.utime(mark, (0, 0))  # git itself passes over one that is so old
    assert tidy(lab, least=FEW) == FEW


def test_a_repository_that_lost_a_commit_is_left_as_it_is(lab: Lab) -> None:
    try_some(lab, 0)
    commit = experiment_refs(lab)[2]
    (lab.repository / ".git/objects" / commit[:2] / commit[2:]).unlink()
    assert tidy(lab, least=FEW) == 0
    assert len(list((lab.repository / ".git/refs/nightdesk/mine").iterdir())) == FEW


def test_what_a_killed_session_left_goes_and_what_finished_stays(lab: Lab) -> None:
    for path in ("scoring/0001-1-val/lab/train.py", "runs/0001-1/work/half", "runs/0002-1/work/done", "data/kept"):
        (lab.state / path).parent.mkdir(parents=True)
        (lab.state / path).write_text("x")
    (lab.state / "runs/0002-1/finished.json").write_text("{}")
    clear_leftovers(lab)
    left = {path.relative_to(lab.state).as_posix() for path in lab.state.rglob("*") if path.is_file()}
    assert left == {"runs/0002-1/work/done", "runs/0002-1/finished.json", "data/kept"}
    clear_leftovers(lab)
