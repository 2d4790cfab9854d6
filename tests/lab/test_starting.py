"""Which tag a session goes on with: the newest one as long as its scores still mean the same."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import read_experiments
from nightdesk.lab.labs import Lab, open_lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Kind, Plan, Told
from tests.lab.fakes import PROGRAM, FakeExecutor, FakeProposer, FakeScorer, again, desk_lab, git, put, setting

TODAY = date.today().isoformat()


def play(lab: Lab, *values: float, tag: str | None = None) -> str:
    told = Told()
    proposer = FakeProposer([setting(GAIN=value) for value in values])
    plan = Plan(count=len(values), tag=tag, baseline_runs=3)
    run_night(lab, proposer=proposer, executor=FakeExecutor(), scorer=FakeScorer(), plan=plan, tell=told)
    return told.texts(Kind.TAG)[0]


def tags(lab: Lab) -> list[str]:
    return [experiment.tag for experiment in read_experiments(lab.folder / "experiments")]


def test_it_goes_on_while_nothing_changed(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    assert play(lab, 0.1) == f"begins {TODAY} with a new baseline"
    assert play(again(lab), 0.2) == f"goes on with {TODAY}: 1 experiment so far, 1 kept"
    put(lab.folder, {"program.md": PROGRAM.replace("Make it better.", "Try the width first.")})
    assert play(again(lab), 0.3) == f"goes on with {TODAY}: 2 experiments so far, 2 kept"
    found = read_experiments(lab.folder / "experiments")
    assert [e.parent for e in found[1:]] == [e.commit for e in found[:3]]
    assert len({e.program for e in found}) == 2, "which instructions it was made by is kept"
    put(lab.repository, {"notes.md": "other\n"})
    git(lab.repository, "commit", "-qam", "the rest of the desk is no part of it")
    assert play(again(lab), 0.4).startswith("goes on")


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"prepare.py": "FIXED = 2\n"}, "prepare.py changed"),
        ({"extra.py": "1\n"}, "extra.py is new"),
        ({"train.py": "GAIN = 0.5\n"}, "train.py changed"),
        ({"program.md": PROGRAM.replace("10s cpu", "30s cpu")}, "budget, timeout_seconds in program.md changed"),
        ({"program.md": PROGRAM.replace("judge: nightdesk\n", "")}, "judge in program.md changed"),
        ({"judge/judge.py": "1\n"}, "judge/judge.py is new"),
    ],
)
def test_another_set_up_is_another_tag(tmp_path: Path, files: dict[str, str], why: str) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, 0.1)
    put(lab.folder, files)
    with pytest.raises(DeskError, match="cannot go on: ") as caught:
        play(again(lab), 0.2, tag=TODAY)
    assert why in str(caught.value)
    assert play(again(lab), 0.2) == f"begins {TODAY}-2 with a new baseline since {why}"
    assert tags(lab) == [TODAY, TODAY, f"{TODAY}-2", f"{TODAY}-2"]


def test_prepared_data_that_changed_is_another_set_up(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.state, {"prepared.json": '{"version": "one"}'})
    play(lab, 0.1)
    assert play(again(lab)).startswith("goes on")
    put(lab.state, {"prepared.json": '{"version": "two"}'})
    assert play(again(lab)) == f"begins {TODAY}-2 with a new baseline since the data changed"


def test_a_tag_by_name(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, 0.1, tag="first")
    play(again(lab), 0.1, tag="second")
    assert tags(lab) == ["first", "first", "second", "second"]
    assert play(again(lab), 0.2, tag="first") == "goes on with first: 1 experiment so far, 1 kept"
    assert play(again(lab), 0.3).startswith("goes on with second"), "the newest baseline"
    for wrong in ("a b", "../x", "x.lock"):
        with pytest.raises(DeskError, match="cannot be the name of a tag"):
            play(again(lab), 0.1, tag=wrong)
    git(lab.repository, "branch", "lab/tiny/mine")
    with pytest.raises(DeskError, match="a branch of that name without experiments"):
        play(again(lab), 0.1, tag="mine")


def test_a_clone_has_the_ledger_and_begins_anew(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.folder, {"train.py": "GAIN = 0.05\n"})  # not committed: the start is a commit of the lab's branch only
    play(again(lab), 0.1)
    git(tmp_path, "clone", "-q", "--no-local", "--single-branch", "--no-tags", str(lab.repository), "clone")
    assert lab.desk is not None
    desk = type(lab.desk)(tmp_path / "clone")
    clone = open_lab("tiny", desk=desk, here=desk.root)
    told = play(clone, 0.2)
    assert told.startswith(f"begins {TODAY}-2 with a new baseline since the commits of {TODAY} are not in this")
    assert tags(clone) == [TODAY, TODAY, f"{TODAY}-2", f"{TODAY}-2"]


def test_an_open_experiment_of_an_older_tag_waits(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")

    class PowerCutError(Exception):
        pass

    def cut(job: object) -> None:
        if "0001" in str(job):
            raise PowerCutError

    with pytest.raises(PowerCutError):
        run_night(
            lab,
            proposer=FakeProposer([setting(GAIN=0.1)]),
            executor=FakeExecutor(on_run=cut),
            scorer=FakeScorer(),
            plan=Plan(count=1),
        )
    put(lab.folder, {"prepare.py": "FIXED = 2\n"})
    play(again(lab), 0.2)
    put(lab.folder, {"prepare.py": "FIXED = 1\n"})
    assert play(again(lab), tag=TODAY).startswith("goes on")
    assert [e.status for e in read_experiments(lab.folder / "experiments")] == ["keep"] * 4
