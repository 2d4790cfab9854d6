"""Drafts on disk: none that was paid for is lost, none is run twice, and none is taken for what it is not."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.drafting.book import Taken
from nightdesk.lab.drafting.files import DROPPED, FOLDER, MOST, Draft, note_dropped, read_drafts, write_draft
from nightdesk.lab.jobs import Proposal
from nightdesk.lab.judging import Decision, Ground
from nightdesk.lab.labs import Lab
from nightdesk.lab.night import Kind, Plan
from tests.lab.drafting import Gated, Hand, begin
from tests.lab.fakes import TRAIN, FakeProposer, again, desk_lab, put, setting

PROPOSAL = Proposal("try it", "It may help.", {"train.py": TRAIN + "A = 1\n"}, "fake", brief="abc")
DRAFT = Draft(3, PROPOSAL, "1" * 40, "t", "v", fixes=2, stays=True, if_kept=True)


def asked(lab: Lab, count: int = 2) -> Hand:
    """Return a session with drafts that were answered."""
    proposer = Gated([setting(GAIN=0.1), setting(WIDTH=9)])
    proposer.gate.release(count)
    hand = begin(lab, proposer)
    hand.tend(count)
    return hand


def files(lab: Lab) -> list[str]:
    return sorted(path.name for path in (lab.state / FOLDER).glob("*"))


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_draft(tmp_path, DRAFT)
    tuned = Proposal("LR", "", {"train.py": "LR = 1\n"}, "builtin", "tpe", {"LR": 1.5, "TIED": True, "NORM": "a"})
    write_draft(tmp_path, Draft(12, tuned, "2" * 40, "t", "v"))
    assert list(read_drafts(tmp_path)) == [DRAFT, Draft(12, tuned, "2" * 40, "t", "v")]


def test_two_who_were_asked_at_one_time_and_think_alike_are_heard_once(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    proposer = Gated([setting(WIDTH=100), lambda text: setting(WIDTH=101)(text) + "# another word\n"])
    proposer.gate.release(2)
    hand = begin(lab, proposer)
    hand.tend_until((lab.folder / DROPPED).is_file)
    assert hand.drafts.ready == 1
    assert "the same waits to be run already" in (lab.folder / DROPPED).read_text()


def test_a_killed_session_loses_no_draft_and_runs_none_twice(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    first = asked(lab)
    assert files(lab) == ["0001.json", "0002.json"]
    taken = first.take()
    assert files(lab) == ["0001.json", "0002.json"], "it is no experiment yet"
    second = begin(again(lab), FakeProposer([]))  # kill -9 here
    assert second.drafts.ready == 2
    assert second.take() == taken
    experiment = second.add(taken)
    third = begin(again(lab), FakeProposer([]))  # and here: it is an experiment, its draft is still on disk
    assert third.drafts.ready == 1
    assert files(lab) == ["0002.json"]
    third.keep(experiment)
    last = third.take()
    assert (last.proposal.title, last.base.number) == ("try 2", experiment.number)
    third.add(last)
    third.tend()
    assert files(lab) == []


def test_the_end_of_a_session_leaves_what_is_ready(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    hand = asked(lab)
    hand.add()
    hand.drafts.close()
    assert files(lab) == ["0002.json"]
    assert hand.session.records.open


def test_a_draft_for_something_else_is_dropped(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    asked(lab, 1)
    path = lab.state / FOLDER / "0001.json"
    draft = json.loads(path.read_text())
    for changes, why in (
        ({"tag": "another"}, "it was made for the branch another"),
        ({"program": "0" * 16}, "program.md was edited since it was made"),
        ({"commit": "1" * 40}, "the program that it changes is not known here"),
    ):
        path.write_text(json.dumps(draft | changes))
        hand = begin(lab, FakeProposer([]))
        assert hand.drafts.ready == 0
        assert hand.told.texts(Kind.DROPPED) == [f"try 1: {why}"]
        assert why in (lab.folder / DROPPED).read_text()
        assert files(lab) == []


def test_a_replay_leaves_the_drafts_of_other_branches(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    tag = asked(lab, 1).session.records.tag
    replay = begin(lab, FakeProposer([]), plan=Plan(tag="replay-1-a1"))
    replay.tend()
    assert (replay.drafts.ready, files(lab)) == (0, ["0001.json"])
    assert begin(lab, FakeProposer([]), plan=Plan(tag=tag)).drafts.ready == 1


def _proposal(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda told: told | {"proposal": told["proposal"] | changes}


@pytest.mark.parametrize(
    "edit",
    [
        lambda told: [],
        lambda told: {},
        lambda told: told | {"fixes": "x"},
        lambda told: told | {"commit": 5},
        lambda told: told | {"proposal": None},
        _proposal(files={"train.py": 5}),
        _proposal(files=["train.py"]),
        _proposal(title=["a"]),
        _proposal(values={"LR": float("nan")}),
        _proposal(values={"LR": [1]}),
    ],
)
def test_what_is_no_draft_is_removed(tmp_path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    write_draft(tmp_path, DRAFT)
    path = tmp_path / "0003.json"
    path.write_text(json.dumps(edit(json.loads(path.read_text()))))
    assert list(read_drafts(tmp_path)) == []
    assert not path.exists()


def test_hostile_files_are_no_drafts(tmp_path: Path) -> None:
    (tmp_path / "0001.json").write_bytes(b"[" * 100_000)
    (tmp_path / "0002.json").write_bytes(b"\xff\xfe")
    (tmp_path / "0003.json").mkdir()
    os.mkfifo(tmp_path / "0004.json")
    (tmp_path / "0005.json").symlink_to("/etc/passwd")
    (tmp_path / "x.json").write_text("{}")
    write_draft(tmp_path, Draft(6, PROPOSAL, "1" * 40, "t", "v"))
    assert [draft.number for draft in read_drafts(tmp_path)] == [6]
    for number in range(10, 10 + 2 * MOST):
        write_draft(tmp_path, Draft(number, PROPOSAL, "1" * 40, "t", "v"))
    assert len(list(read_drafts(tmp_path))) < MOST


def test_an_edited_draft_is_checked_like_any_proposal(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    asked(lab, 1)
    path = lab.state / FOLDER / "0001.json"
    draft = json.loads(path.read_text())
    for changes in (_proposal(files={"train.py": "x", "prepare.py": "y"}), _proposal(files={"train.py": "\ud800"})):
        path.write_text(json.dumps(changes(draft)))
        hand = begin(lab, FakeProposer([]))
        hand.tend()
        assert hand.drafts.take() is None
        assert len(hand.told.texts(Kind.DROPPED)) == 1
    odd = _proposal(title="a\nb\0\ud800\x1b[2J", worker="w\tx", hypothesis="\ud800")
    path.write_text(json.dumps(odd(draft) | {"fixes": 77}))  # and of an experiment that there is not
    experiment = begin(lab, FakeProposer([])).add()
    assert experiment.fixes is None
    assert "\x1b" not in experiment.title


def test_values_of_an_optimiser_are_dropped_where_the_best_changed(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    tuned = Proposal("WIDTH 4 -> 5", "", {"train.py": setting(WIDTH=5)(TRAIN)}, "builtin", "tpe", {"WIDTH": 5})
    records = begin(lab, FakeProposer([])).session.records
    write_draft(lab.state / FOLDER, Draft(7, tuned, records.baseline.commit, records.tag, lab.program.version))
    hand = begin(lab, FakeProposer([setting(GAIN=0.1)]))
    assert hand.drafts.ready == 1
    other = Proposal("another", "", {"train.py": setting(GAIN=0.2)(TRAIN)}, "w")
    hand.keep(hand.add(Taken(other, hand.session.records.best, None)))
    hand.tend()
    assert "its values were meant for" in hand.told.texts(Kind.DROPPED)[0]


def behind(hand: Hand, **change: float) -> int:
    """Judge a candidate that changes the baseline better than that, and not than the best; return its number."""
    records = hand.session.records
    proposal = Proposal(f"set {change}", "", {"train.py": setting(**change)(TRAIN)}, "w")
    experiment = records.add(proposal, base=records.baseline, fixes=None)
    return hand.judge(experiment, Decision.DISCARD, Ground.BEHIND, 1.4).number


def test_two_changes_that_helped_are_tried_together_before_anything_new(tmp_path: Path) -> None:
    hand = begin(desk_lab(tmp_path / "desk"), FakeProposer([setting(GAIN=0.1), setting(WIDTH=7)]))
    best = hand.keep(hand.add())
    other = behind(hand, WIDTH=9)
    conflict = behind(hand, GAIN=0.05)
    hand.tend()
    together, base, _ = (taken := hand.take()).proposal, taken.base, taken.fixes
    assert base.number == best.number
    assert together.title.startswith(f"{best.number:04d} and {other:04d} together: try 1; set ")
    assert (together.worker, together.merges, together.values) == ("nightdesk", (best.number, other), {})
    assert together.files["train.py"] == setting(GAIN=0.1, WIDTH=9)(TRAIN)
    hand.add(taken)
    assert len(hand.told.texts(Kind.DROPPED)) == 1
    assert hand.told.texts(Kind.DROPPED)[0].startswith(f"{best.number:04d} and {conflict:04d} together: ")
    hand.judge(hand.session.records.all[-1], Decision.DISCARD)
    hand.tend()
    assert hand.take().proposal.title == "try 2"
    assert len(hand.told.texts(Kind.DROPPED)) == 1, "each pair once"


def test_what_was_dropped_stays_one_line_and_within_bounds(tmp_path: Path) -> None:
    note_dropped(tmp_path, "w", "1" * 40, "=cmd\ta\nb\x1b[2J", "why\n\nnot")
    line = (tmp_path / DROPPED).read_text().splitlines()[1]
    assert line.split("\t")[1:] == ["w", "1111111", "'=cmd a b", "why not"]
    with (tmp_path / DROPPED).open("a") as file:
        file.write("old\n" * 300_000)
    note_dropped(tmp_path, "w", "1" * 40, "last", "why")
    lines = (tmp_path / DROPPED).read_text().splitlines()
    assert len(lines) < 200_000
    assert lines[0].startswith("time\t")
    assert "last" in lines[-1]


def test_a_table_that_cannot_be_written_does_not_end_the_night(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.folder / DROPPED, {"a": "somebody's folder"})
    hand = begin(lab, FakeProposer([lambda text: text] * 9))
    assert hand.drafts.take() is None
    assert hand.drafts.over is not None
    assert len(hand.told.texts(Kind.REFUSED)) == 5
    (note,) = hand.told.texts(Kind.NOTE)
    assert "dropped.tsv" in note
    with pytest.raises(DeskError):
        note_dropped(lab.folder, "w", "1" * 40, "t", "why")
