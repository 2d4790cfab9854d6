"""Replays: instructions that find more are shown to, the same ones twice are not, and what is interrupted goes on."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.comparison.estimates import A_DIFFERENCE, NO_DIFFERENCE, verdict_on
from nightdesk.lab.comparison.replaying import Tools, Weighed, open_replay, play_replay, tell_replay, weigh_replay
from nightdesk.lab.comparison.replays import Replay, Version, read_replays
from nightdesk.lab.confirmations import read_confirmations
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.jobs import Job, Proposal, Proposer, Search
from nightdesk.lab.labs import Lab
from nightdesk.lab.measuring import undisturbed
from nightdesk.lab.night import Ended, Plan
from nightdesk.lab.summary import newest_tag
from tests.lab.fakes import PROGRAM, FakeExecutor, FakeScorer, again, desk_lab, gains, ledger, play, put, setting

BOLD = Version(PROGRAM.replace("Make it better.", "Raise GAIN by 0.3 each time."), "bold.md")
SHY = Version(PROGRAM.replace("Make it better.", "Raise GAIN by -0.1 each time."), "shy.md")


@dataclass
class Obedient:
    """Does what program.md says."""

    seed: int
    name: str = "obedient"
    at_once: int = 0

    def propose(self, search: Search) -> Proposal | None:
        step = re.search(r"Raise GAIN by (\S+)", search.instructions)
        assert step is not None
        now = re.search(r"GAIN = (\S+)", search.files["train.py"])
        assert now is not None
        number = len(search.experiments)
        edit = setting(GAIN=float(now[1]) + float(step[1]), WIDTH=100 * self.seed + number)
        return Proposal(f"try {number}", "", {"train.py": edit(search.files["train.py"])}, self.name)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        return None


@dataclass
class Bench:
    """A replay's tools, which remember who was asked for what."""

    asked: list[tuple[str, int]] = field(default_factory=list)
    executor: FakeExecutor = field(default_factory=FakeExecutor)

    def tools(self, **given: Any) -> Tools:
        @contextlib.contextmanager
        def propose(lab: Lab, seed: int) -> Iterator[Proposer]:
            self.asked.append((lab.program.version, seed))
            yield Obedient(seed)

        given = {"executor": self.executor, "scorer": FakeScorer(), "baseline_runs": 3, **given}
        return Tools(propose, disturbed=undisturbed, **given)


def begin(lab: Lab, *versions: Version, **given: int) -> Replay:
    first, second = versions
    wish = {"count": 2, "repeats": 2, "seeds": 3, **given}
    return open_replay(lab, (first, second), worker="obedient", **wish)


def verdicts(weighed: Weighed) -> tuple[str, str]:
    assert weighed.more_per_run is not None
    assert weighed.more_per_hour is not None
    return verdict_on(weighed.more_per_run), verdict_on(weighed.more_per_hour)


def test_instructions_that_find_more_are_shown_to(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    play(lab, gains([-1.0]))
    bench = Bench()
    replay, ended, _ = play_replay(lab, begin(lab, BOLD, SHY, count=1), bench.tools())
    assert (replay.done, ended) == (True, Ended.DONE)
    # A B, then B A: drift hits both; the optimiser's seed goes with the pair
    assert bench.asked == [(BOLD.hash, 1), (SHY.hash, 1), (SHY.hash, 2), (BOLD.hash, 2)]
    weighed = weigh_replay(lab, replay)
    assert [(night.tag, night.tried, night.kept) for night in weighed.nights] == [
        ("replay-1-a1", 1, 1),
        ("replay-1-b1", 1, 0),
        ("replay-1-b2", 1, 0),
        ("replay-1-a2", 1, 1),
    ]
    assert {e.program for e in ledger(lab) if e.tag == "replay-1-a2"} == {BOLD.hash}
    assert verdicts(weighed)[0] == A_DIFFERENCE
    assert weighed.per_run[0] is not None
    assert weighed.per_run[0].value == pytest.approx(0.3, abs=0.01)
    assert "A over B" in tell_replay(weighed)[-1]
    text = (lab.folder / "experiments/replay-01.md").read_text()
    assert tell_replay(weighed)[-1] in text
    # the lab itself goes on with its own search, not with a replay's night
    night, _ = play(again(lab), gains([-2.0]), plan=Plan(count=1))
    assert not night.tag.startswith("replay")
    assert newest_tag(ledger(lab)) == night.tag
    assert begin(again(lab), BOLD, SHY, count=1).number == 2, "what is done is not gone on with"


def test_the_same_text_twice_shows_no_difference(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    replay, _, _ = play_replay(lab, begin(lab, BOLD, BOLD, count=1), Bench().tools())
    weighed = weigh_replay(lab, replay)
    assert verdicts(weighed) == (NO_DIFFERENCE, NO_DIFFERENCE)
    assert weighed.pairs == 2
    assert weighed.more_per_run is not None
    assert weighed.more_per_run.interval is not None


def test_one_night_each_has_the_doubt_of_measuring(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    replay, _, _ = play_replay(lab, begin(lab, BOLD, SHY, count=1, repeats=1), Bench().tools())
    lines = tell_replay(weigh_replay(lab, replay))
    assert "A over B" in lines[2]
    assert "±" in lines[2]
    assert "?" not in lines[2]
    assert lines[3].startswith("one pair of nights")


def test_interrupted_anywhere_it_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    executor = FakeExecutor(keep=tmp_path)
    ran: list[str] = []
    stops = iter([2, 7, 12, 17, 22])
    limit = [next(stops)]

    def on_run(job: Job) -> None:
        ran.append(job.key)

    executor.on_run = on_run
    rounds = 0
    while True:
        bench = Bench(executor=executor)
        # the command finds it again by what was asked, as after kill -9
        replay = begin(again(lab), BOLD, SHY, repeats=1)
        replay, ended, why = play_replay(again(lab), replay, bench.tools(stopped=lambda: len(ran) >= limit[0]))
        rounds += 1
        if ended is Ended.DONE:
            break
        assert ended is Ended.STOPPED, why
        limit[0] = next(stops, 1_000)
    assert rounds > 3
    assert replay.number == 1
    nights = weigh_replay(lab, replay).nights
    assert [night.tried for night in nights] == [2, 2]
    assert len([c for c in read_confirmations(lab.folder) if c.done]) == 1, "nothing was kept with the shy one"
    finished = [record for e in ledger(lab) for record in e.runs]
    confirmed = [record for c in read_confirmations(lab.folder) for arm in c.arms.values() for record in arm]
    assert len({record.seed for record in (*finished, *confirmed)}) == len(finished) + len(confirmed)


def test_what_would_not_be_equal_terms_is_refused(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    other = Version(BOLD.text.replace("10s cpu", "20s cpu"), "other.md")
    with pytest.raises(DeskError, match=r"another budget, timeout_seconds than program\.md has now"):
        play_replay(lab, begin(lab, BOLD, other), Bench().tools())
    assert ledger(lab) == ()
    replay = begin(lab, BOLD, SHY, count=1)
    first = replace(replay, repeats=1)
    play_replay(lab, first, Bench().tools())
    put(lab.folder, {"prepare.py": "FIXED = 2\n"})
    with pytest.raises(DeskError, match=r"cannot go on: prepare\.py changed since it began"):
        play_replay(again(lab), replace(replay, ended=("replay-1-a1", "replay-1-b1")), Bench().tools())


def test_a_file_that_somebody_changed_is_told(tmp_path: Path) -> None:
    lab = desk_lab(tmp_path / "desk")
    replay = begin(lab, BOLD, SHY)
    assert read_replays(lab.folder) == (replay,)
    path = lab.folder / "experiments/replay-01.md"
    text = path.read_text()
    for damage in (text.replace("0.3 each", "0.5 each"), text.replace("count: 2", "count: many"), "---\n---\n", "\0"):
        path.write_text(damage)
        with pytest.raises(DeskError, match=r"replay-01\.md cannot be read"):
            read_replays(lab.folder)
