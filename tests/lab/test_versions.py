"""Versions of program.md: found by hash, revision or file, whatever became of the file meanwhile."""

import os
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash
from nightdesk.lab.comparison.replays import Replay, Version, write_replay
from nightdesk.lab.comparison.versions import find_version, with_instructions
from nightdesk.lab.labs import Lab
from tests.lab.fakes import PROGRAM, again, desk_lab, gains, git, ledger, play, put

SECOND, THIRD = PROGRAM + "Be bold.\n", PROGRAM + "Be shy.\n"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab that ran with a first version, with a second one that was committed later; a third one is there."""
    lab = desk_lab(tmp_path / "desk")
    play(lab, gains([-1.0]))
    put(lab.folder, {"program.md": SECOND})
    git(lab.repository, "commit", "-qam", "bold")
    play(again(lab), gains([-2.0]))
    put(lab.folder, {"program.md": THIRD})
    play(again(lab), gains([-3.0]))
    return again(lab)


def found(lab: Lab, given: str) -> Version:
    return find_version(lab, given, ledger(lab), here=lab.folder.parent)


def test_each_way_to_name_a_version(lab: Lab) -> None:
    put(lab.folder, {"program.md": PROGRAM})
    with pytest.raises(DeskError, match="its text is gone"):
        found(again(lab), short_hash(THIRD)[:12])
    put(lab.folder, {"program.md": THIRD})
    write_replay(lab.folder, Replay(1, (Version(THIRD + "x", "x.md"), Version(THIRD)), "w", 1, 1, 2))
    put(lab.folder, {"other.md": PROGRAM})
    for given, text in (
        (short_hash(PROGRAM), PROGRAM),  # in the commits of its experiments
        (short_hash(SECOND)[:6].upper(), SECOND),  # in git's history; experiments stand on the first one's files
        (short_hash(THIRD)[:12], THIRD),  # never committed: it is the file of today, and in a replay
        ("HEAD", SECOND),
        ("HEAD^{}", SECOND),
        ("tiny/program.md", THIRD),
        ("tiny/other.md", PROGRAM),
    ):
        assert found(lab, given).text == text, given
    put(lab.folder, {"program.md": PROGRAM})
    assert found(again(lab), short_hash(THIRD)[:12]).text == THIRD, "the replay keeps it"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nothing", "is no version of program.md"),
        ("HEAD:lab/tiny/train.py", "is no version"),  # not a revision, but a path within one
        ("--all", "is no version"),
        ("HEAD\nHEAD", "is no version"),
        ("", "is no version"),
        ("deadbeef", "is no version"),
        ("HEAD~99", "is no version"),
        ("tiny/link.md", "link.md"),  # no link that came with a cloned desk is followed
        ("tiny/large.md", "larger than 1 MB"),
        ("tiny/binary.md", "no UTF-8"),
    ],
)
def test_what_is_none_is_told(tmp_path: Path, given: str, words: str) -> None:
    lab = desk_lab(tmp_path / "desk")
    (lab.folder / "link.md").symlink_to("/etc/hostname" if os.path.exists("/etc/hostname") else "/etc/hosts")
    (lab.folder / "large.md").write_bytes(b"x" * 1_000_001)
    (lab.folder / "binary.md").write_bytes(b"\xff\xfe")
    with pytest.raises(DeskError, match=words):
        found(lab, given)


def test_only_prose_may_differ(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    bold = with_instructions(lab, Version(SECOND))
    assert (bold.program.instructions.strip().splitlines()[-1], bold.program.version) == (
        "Be bold.",
        short_hash(SECOND),
    )
    assert bold.program.run == lab.program.run
    for text, words in (
        (SECOND.replace("10s cpu", "10s"), "another budget, timeout_seconds"),
        (SECOND.replace("edit: [train.py]", "edit: [prepare.py]"), "another edit"),
        ("no frontmatter\n", "another"),  # it would be taken for autoresearch's layout
        ("---\nrun: [\n---\n", "not valid YAML"),
    ):
        with pytest.raises(DeskError, match=words):
            with_instructions(lab, Version(text))
