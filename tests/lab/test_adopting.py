"""The winner comes into the working folder as one commit, and nothing of the person's is lost."""

from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.adopting import adopt
from nightdesk.lab.labs import Lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Kind, Plan, Told
from tests.lab.fakes import FakeExecutor, FakeProposer, FakeScorer, again, desk_lab, gains, git, own_lab, put, setting


def play(lab: Lab, edits: list[float]) -> Told:
    told = Told()
    proposer = FakeProposer([setting(GAIN=value) for value in edits])
    plan = Plan(count=len(edits))
    run_night(lab, proposer=proposer, executor=FakeExecutor(), scorer=FakeScorer(), plan=plan, tell=told)
    return told


def test_the_winner_is_one_commit(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, [0.1, -0.1, 0.3])
    put(lab.repository, {"notes.md": "edited\n", "staged.md": "x"})
    git(lab.repository, "add", "staged.md")
    before = git(lab.repository, "rev-parse", "HEAD").strip()
    adopted = adopt(lab)
    assert (adopted.winner, adopted.keeps, adopted.files, adopted.merged) == (3, (1, 3), ("train.py",), False)
    assert (lab.folder / "train.py").read_text().startswith("GAIN = 0.3 ")
    assert git(lab.repository, "rev-parse", "HEAD^").strip() == before
    assert git(lab.repository, "show", "--format=%s", "--name-only", "HEAD").split("\n")[:3] == [
        "lab tiny: adopt experiments 0001, 0003",
        "",
        "lab/tiny/train.py",
    ]
    assert "0003 try 3" in git(lab.repository, "show", "--format=%b", "-s", "HEAD")
    assert git(lab.repository, "status", "--porcelain") == " M notes.md\nA  staged.md\n"
    assert adopt(lab).commit is None, "it is there already"
    told = play(again(lab), [0.5])
    assert told.texts(Kind.TAG)[0].startswith("goes on with"), "the winner adopted, the search goes on from it"


def test_what_the_person_committed_meanwhile_is_merged(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, [0.1])
    text = (lab.folder / "train.py").read_text().replace("print(WIDTH)", "print(WIDTH, 'mine')")
    put(lab.folder, {"train.py": text})
    with pytest.raises(DeskError, match=r"train.py in .* has edits that are not committed"):
        adopt(lab)
    assert (lab.folder / "train.py").read_text() == text
    git(lab.repository, "commit", "-qam", "mine")
    adopted = adopt(lab)
    assert adopted.merged
    assert (lab.folder / "train.py").read_text() == text.replace("GAIN = 0.0", "GAIN = 0.1")


def test_what_does_not_merge_is_left_alone(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, [0.1])
    put(lab.folder, {"train.py": "GAIN = 0.7\n"})
    git(lab.repository, "commit", "-qam", "mine")
    with pytest.raises(DeskError, match="do not merge") as caught:
        adopt(lab)
    assert "git show lab/tiny/" in str(caught.value.fix)
    assert (lab.folder / "train.py").read_text() == "GAIN = 0.7\n"
    assert git(lab.repository, "status", "--porcelain") == ""


def test_nothing_to_adopt(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    with pytest.raises(DeskError, match="no experiments yet"):
        adopt(lab)
    play(lab, [-0.1])
    with pytest.raises(DeskError, match="nothing was kept"):
        adopt(lab)
    with pytest.raises(DeskError, match="no experiments with the tag other"):
        adopt(lab, "other")


def test_not_onto_the_labs_own_branch(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, [0.1])
    tag = git(lab.repository, "for-each-ref", "--format=%(refname:short)", "refs/heads/lab").strip()
    git(lab.repository, "switch", "-q", tag)
    with pytest.raises(DeskError):
        adopt(again(lab))
    git(lab.repository, "switch", "-q", "main")
    git(lab.repository, "switch", "-q", "--detach")
    with pytest.raises(DeskError, match="on no branch"):
        adopt(lab)


def test_a_commit_that_git_refuses_leaves_the_files(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, [0.1])
    before = (lab.folder / "train.py").read_text()
    (lab.repository / ".git/index.lock").touch()
    with pytest.raises(DeskError, match=r"index.lock"):
        adopt(lab)
    assert (lab.folder / "train.py").read_text() == before


def test_in_a_repository_of_ones_own(tmp_path: Path) -> None:
    lab = own_lab(tmp_path / "repo")
    play(lab, [0.2])
    (lab.folder / "train.py").chmod(0o755)
    git(lab.repository, "commit", "-qam", "mode")
    adopted = adopt(lab)
    assert adopted.commit == git(lab.repository, "rev-parse", "HEAD").strip()
    assert (lab.folder / "train.py").stat().st_mode & 0o111
    assert git(lab.repository, "status", "--porcelain") == ""
    assert len(gains([1.0])) == 1
