"""What held: real gains are confirmed, luck and over-fitting are not, and an interrupted confirmation goes on."""

from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.adopting import adopt
from nightdesk.lab.confirmations import Confirmed, parse_confirmation, read_confirmations, render_confirmation
from nightdesk.lab.confirming import Held
from nightdesk.lab.holding import ConfirmPlan, confirm_night
from nightdesk.lab.jobs import Job
from nightdesk.lab.labs import Lab
from nightdesk.lab.loop import run_night
from nightdesk.lab.night import Kind, Plan, Told
from tests.lab.fakes import PROGRAM, FakeExecutor, FakeProposer, FakeScorer, again, desk_lab, git, put, setting


def play(lab: Lab, *edits: Any) -> None:
    proposer, plan = FakeProposer(list(edits)), Plan(count=len(edits))
    run_night(lab, proposer=proposer, executor=FakeExecutor(), scorer=FakeScorer(), plan=plan)


def check(lab: Lab, **given: Any) -> tuple[Confirmed, Told]:
    told = Told()
    given = {"executor": FakeExecutor(), "scorer": FakeScorer(), "plan": ConfirmPlan(), **given}
    return confirm_night(again(lab), tell=told, **given), told


def test_a_real_gain_holds_with_the_part_of_each_change(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(
        lab, setting(GAIN=0.02), lambda text: text.replace("print(WIDTH)", "print(1)\nFITTED = 0.03"), setting(WIDTH=9)
    )
    executor, scorer = FakeExecutor(), FakeScorer()
    confirmed, told = check(lab, executor=executor, scorer=scorer)
    assert {job.split for job in scorer.scored} == {"test"}
    assert sorted({job.key.rsplit("-", 1)[0] for job in executor.ran}) == [
        "confirm-01-baseline",
        "confirm-01-winner",
        "confirm-01-without-0001",
        "confirm-01-without-0002",
    ]
    assert executor.done == {}, "every run was forgotten once it was written down"
    used = {record.seed for records in confirmed.arms.values() for record in records}
    assert len(used) == 20
    result = confirmed.result
    assert result is not None
    assert result.held is Held.YES
    assert result.confirmed.gain == pytest.approx(0.02, abs=0.004), "FITTED helped on the search's split only"
    assert result.search_gain == pytest.approx(0.05, abs=0.004)
    assert confirmed.search[1] < 0.05 < confirmed.search[2]
    assert {name: a.held for name, a in result.ablations.items()} == {
        "without 0001": Held.YES,
        "without 0002": Held.NOT_SHOWN,
    }
    assert "**held**" in "\n".join(told.texts(Kind.CONFIRMED))
    assert read_confirmations(lab.folder) == (confirmed,)
    assert "lab/tiny/experiments/confirm-01.md" in git(lab.repository, "show", "--name-only", "--format=", "HEAD")
    assert adopt(lab).confirmed == "held"
    check(lab)
    assert read_confirmations(lab.folder)[1].before == 1, "asking again costs"


def test_what_only_the_search_saw_does_not_hold(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, setting(FITTED=0.05))
    confirmed, _ = check(lab)
    assert confirmed.winner == 1
    assert confirmed.result is not None
    assert confirmed.result.held is Held.NOT_SHOWN
    assert confirmed.result.ablations == {}, "without its only change the winner is the baseline"


def test_nothing_kept_runs_nothing(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    with pytest.raises(DeskError, match="no experiments yet"):
        check(lab)
    play(lab, setting(GAIN=-0.1))
    executor = FakeExecutor()
    confirmed, told = check(lab, executor=executor)
    assert (confirmed.winner, executor.ran) == (None, [])
    assert "nothing was kept" in told.texts(Kind.CONFIRMED)[0]
    assert read_confirmations(lab.folder) == ()


def test_without_a_held_out_split_the_tries_count(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, setting(GAIN=0.1), setting(WIDTH=7), setting(WIDTH=8))
    confirmed, told = check(lab, scorer=FakeScorer(sealed=False, held_out=False))
    assert confirmed.result is not None
    assert "times 3 tries" in confirmed.result.correction
    assert confirmed.split == "val"
    assert any("self-reported" in line for line in told.texts(Kind.CONFIRMED))


@pytest.mark.parametrize("moment", [1, 2, 5, 9])
def test_stopped_or_killed_it_goes_on(tmp_path: Path, moment: int) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, setting(GAIN=0.02))
    executor = FakeExecutor()
    confirmed, _ = check(lab, executor=executor, stopped=lambda: len(executor.ran) >= moment)
    assert not confirmed.done
    assert confirmed.result is None

    class PowerCutError(Exception):
        pass

    class Cut(FakeScorer):
        def score(self, *args: Any, **given: Any) -> Any:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        check(lab, executor=executor, scorer=Cut())
    confirmed, _ = check(lab, executor=executor)
    assert confirmed.done
    assert confirmed.number == 1
    assert len(executor.ran) == 10, "no finished run was done again"


def test_a_winner_that_fails_now_and_then_does_not_hold(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, setting(GAIN=0.05))

    class Flaky(FakeExecutor):
        def run(self, job: Job, **given: Any) -> Any:
            finished = super().run(job, **given)
            if finished is not None and job.key == "confirm-01-winner-3":
                finished = self.done[job.key] = type(finished)(
                    finished.key, finished.seed, 1, "exit code 1", finished.use, finished.printed, "", finished.folder
                )
            return finished

    confirmed, told = check(lab, executor=Flaky())
    assert confirmed.result is not None
    assert confirmed.result.held is Held.NOT_SHOWN
    assert "the winner failed in 1 runs: exit code 1" in told.texts(Kind.CONFIRMED)


def test_what_would_measure_something_else_is_refused(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, setting(GAIN=0.05))
    put(lab.folder, {"program.md": PROGRAM.replace("10s cpu", "20s cpu")})
    with pytest.raises(DeskError, match=r"budget, timeout_seconds in program.md changed"):
        check(lab)
    with pytest.raises(DeskError, match="1 runs show nothing"):
        ConfirmPlan(seeds=1)


def test_the_file_comes_back(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, setting(GAIN=0.05))
    confirmed, _ = check(lab)
    assert parse_confirmation(render_confirmation(confirmed)) == confirmed
    with pytest.raises(DeskError, match="damaged"):
        parse_confirmation("---\nnumber: x\n---\n")
