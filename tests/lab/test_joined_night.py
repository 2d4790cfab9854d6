"""A whole night in which two runs overlap: what helped beside the best is joined with it, and nobody is asked."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.lab.jobs import ANYWHERE, Job
from nightdesk.lab.judging import Ground
from nightdesk.lab.night import Ended, Kind, Plan
from nightdesk.lab.searching.strategies import parse_strategy
from tests.lab.fakes import FakeExecutor, FakeProposer, desk_lab, ledger, play, setting

TWO = (ANYWHERE, replace(ANYWHERE, name="beside it"))
EDITS = [setting(GAIN=0.1), setting(FITTED=0.05)]  # both help; they stand at the two ends of the file


def together() -> FakeExecutor:
    """Return an executor in which the first two candidates run at the same time."""
    both = threading.Barrier(2)

    def on_run(job: Job) -> None:
        if job.key in ("0001-1", "0002-1"):
            both.wait(60)

    return FakeExecutor(at=TWO, on_run=on_run)


@pytest.mark.parametrize("strategy", ["greedy", "population:2"])
def test_what_helped_beside_the_best_is_joined_with_it(tmp_path: Path, strategy: str) -> None:
    lab = desk_lab(tmp_path / "desk")
    plan = Plan(count=3, strategy=parse_strategy(strategy))
    night, told = play(lab, proposer=FakeProposer(list(EDITS)), executor=together(), plan=plan)
    assert night.ended is Ended.DONE, told.happenings
    first, second, joined = ledger(lab)[1:]
    assert {first.parent, second.parent} == {ledger(lab)[0].commit}, "the two overlapped"
    assert (joined.merges, joined.parent, joined.worker) == ((1, 2), first.commit, "nightdesk")
    assert joined.verdict is not None
    assert joined.verdict.ground is Ground.BETTER
    assert night.best == joined.number
    assert second.verdict is not None
    assert second.verdict.ground in (Ground.BEHIND, Ground.BETTER)  # which of the two was judged first is chance


def test_what_does_not_merge_is_given_up_and_said(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    edits = [setting(GAIN=0.1), setting(GAIN=0.05)]
    night, told = play(lab, proposer=FakeProposer(edits), executor=together(), plan=Plan(count=3))
    assert night.ended is Ended.EXHAUSTED, told.happenings
    assert len(ledger(lab)) == 3
    assert "0001 and 0002" in " ".join(told.texts(Kind.DROPPED))
