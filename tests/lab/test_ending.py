"""How a session ends, and what the next one finds: stops, kills, caps, a full disk."""

import errno
from pathlib import Path
from typing import Any

import pytest

from nightdesk.agents.tasks import CapReachedError, LeftError
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.lab import experiments as experiments_module
from nightdesk.lab.experiments import State
from nightdesk.lab.jobs import Finished, Job, Proposal, Search
from nightdesk.lab.ledger import read_results
from nightdesk.lab.night import Ended, Kind, Plan, ask_to_stop, read_running, stop_file
from tests.lab.fakes import (
    FakeExecutor,
    FakeProposer,
    FakeScorer,
    again,
    branch,
    desk_lab,
    gains,
    ledger,
    play,
    put,
    setting,
    statuses,
)


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (CapReachedError("5 USD a night"), Ended.CAP),
        (LeftError("nobody is there"), Ended.LEFT),
        (None, Ended.EXHAUSTED),
    ],
)
@pytest.mark.parametrize("at_once", [0, 1])
def test_the_worker_gives_up(tmp_path: Path, error: Exception | None, ended: Ended, at_once: int) -> None:
    lab = desk_lab(tmp_path / "desk")
    proposer = FakeProposer([setting(GAIN=0.2)], at_once=at_once)
    first = proposer.propose

    def propose(search: Search) -> Proposal | None:
        if not proposer.edits and error is not None:
            raise error
        return first(search)

    proposer.propose = propose  # type: ignore[method-assign]
    night, _ = play(lab, proposer=proposer, plan=Plan())
    assert night.ended is ended
    assert statuses(lab) == ["keep", "keep"]


def test_a_bug_of_a_proposer_keeps_its_traceback_and_the_ledger(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    with pytest.raises(ZeroDivisionError):
        play(lab, [setting(GAIN=0.2), lambda text: str(1 // 0)])
    assert statuses(lab) == ["keep", "keep"]
    assert not (lab.state / "running.json").exists()


def test_stopped_in_a_run_it_is_void_and_run_again(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    asked: list[bool] = []

    def stop(job: Job) -> None:
        if job.key == "0002-1":
            asked.append(True)

    executor = FakeExecutor(on_run=stop)
    night, _ = play(lab, gains([-0.1, 0.2, 0.3]), executor=executor, stopped=lambda: bool(asked))
    assert night.ended is Ended.STOPPED
    assert [e.state for e in ledger(lab)] == [State.JUDGED, State.JUDGED, State.RUNNING]
    assert len(read_results(lab.folder / "results.tsv")) == 2
    night, told = play(again(lab), gains([0.4]), executor=FakeExecutor())
    assert statuses(lab) == ["keep", "discard", "keep"]
    assert told.texts(Kind.RECOVERED) == ["0002 was left running: it goes on"]
    assert night.judged == (2,)


def test_a_finished_run_is_taken_up(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor, scored = FakeExecutor(), FakeScorer()

    class PowerCutError(Exception):
        pass

    class Cut(FakeScorer):
        def score(self, job: Job, finished: Finished, **given: Any) -> Any:
            if job.key == "0001-1":
                raise PowerCutError
            return super().score(job, finished, **given)

    with pytest.raises(PowerCutError):
        play(lab, gains([0.2]), executor=executor, scorer=Cut())
    assert len(executor.ran) == 6
    seed = executor.ran[-1].seed
    play(again(lab), [], executor=executor, scorer=scored)
    assert len([job for job in executor.ran if job.key == "0001-1"]) == 1, "it was not run again"
    assert ledger(lab)[1].runs[0].seed == scored.scored[0].seed == seed
    assert statuses(lab) == ["keep", "keep"]


def test_wind_down_ends_after_the_run(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")

    def ask(job: Job) -> None:
        running = read_running(lab)
        assert running is not None
        assert running.doing == "running"
        if job.key == "0001-1":
            assert ask_to_stop(lab, at_once=False)

    night, _ = play(lab, gains([0.2, 0.3]), executor=FakeExecutor(on_run=ask))
    assert night.ended is Ended.WOUND_DOWN
    assert statuses(lab) == ["keep", "keep"]
    assert not ask_to_stop(lab, at_once=True), "no session is there"
    assert stop_file(lab).exists()
    night, _ = play(again(lab), gains([0.4]))
    assert night.ended is Ended.DONE, "an old wish ends no new session"


def test_stop_now(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")

    def ask(job: Job) -> None:
        assert ask_to_stop(lab, at_once=True)

    night, _ = play(lab, gains([0.2]), executor=FakeExecutor(on_run=ask))
    assert (night.ended, night.judged) == (Ended.STOPPED, ())


def test_the_time_is_over(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    night, _ = play(lab, gains([0.2]), plan=Plan(seconds=1e-9))
    assert (night.ended, night.judged) == (Ended.TIME, (0,)), "the baseline is measured all the same"


def test_a_baseline_that_fails_is_said(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    put(lab.folder, {"train.py": "CRASH = 1\n"})
    with pytest.raises(DeskError, match="unchanged program gives no score: exit code 1") as caught:
        play(again(lab), gains([0.1]))
    assert "0000.md" in str(caught.value.fix)
    assert statuses(lab) == ["crash"]
    put(lab.folder, {"train.py": "GAIN = 0.0\n"})
    night, told = play(again(lab), gains([0.1]))
    assert statuses(lab) == ["crash", "keep", "keep"]
    assert "did not run" in told.texts(Kind.TAG)[0]
    assert night.tag.endswith("-2")
    assert len(read_results(lab.folder / "results.tsv")) == 3


@pytest.mark.parametrize("nth", [1, 2, 3, 5, 8, 11, 14])
def test_a_full_disk_stops_it_with_a_consistent_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    lab = desk_lab(tmp_path / "desk")
    count = 0

    def full(path: Path, content: str | bytes, *, durable: bool = True) -> None:
        nonlocal count
        count += 1
        if count >= nth:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_atomically(path, content, durable=durable)

    with monkeypatch.context() as patch:
        patch.setattr(experiments_module, "write_atomically", full)
        with pytest.raises(DeskError, match="No space left"):
            play(lab, gains([-0.1, 0.2]))
    night, _ = play(again(lab), gains([-0.1, 0.2]))
    assert night.ended in (Ended.DONE, Ended.EXHAUSTED)
    found = ledger(lab)
    assert all(e.state is State.JUDGED for e in found)
    assert sorted(r.commit for r in read_results(lab.folder / "results.tsv")) == sorted(e.commit[:7] for e in found)
    assert branch(lab, night.tag) == [e.commit for e in found if e.status == "keep"][-1]


def test_a_full_disk_anywhere_else_is_told_too(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")

    def full(job: Job) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    with pytest.raises(DeskError, match="/somewhere: No space left") as caught:
        play(lab, gains([0.1]), executor=FakeExecutor(on_run=full))
    assert "make room" in str(caught.value.fix)


def test_one_session_at_a_time(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    errors: list[str] = []

    def second(job: Job) -> None:
        if job.key == "0000-1":
            with pytest.raises(DeskError, match="running experiments of the lab tiny") as caught:
                play(lab, [])
            errors.append(str(caught.value))

    play(lab, [], executor=FakeExecutor(on_run=second))
    assert len(errors) == 1


def test_what_a_session_wishes_is_checked() -> None:
    wishes: tuple[dict[str, Any], ...] = ({"count": -1}, {"seconds": 0.0}, {"baseline_runs": 2})
    for wrong in wishes:
        with pytest.raises(DeskError):
            Plan(**wrong)
