"""Groups of experiments: rates with intervals, what a confirmation says of whom, and differences in words."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.lab.comparison.attributing import attribute, weigh_branches
from nightdesk.lab.comparison.comparing import Compared, compare_labs
from nightdesk.lab.comparison.estimates import (
    A_DIFFERENCE,
    NO_DIFFERENCE,
    TOO_FEW,
    Estimate,
    mean_of,
    rate_of,
    weighted,
)
from nightdesk.lab.confirmations import BASELINE, WINNER, Confirmed
from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.labs import Lab
from nightdesk.lab.programs import parse_program
from nightdesk.lab.searching.lineage import lineage
from nightdesk.lab.summary import known_score, summarise
from tests.lab.fakes import PROGRAM
from tests.lab.nights import WALL, baseline, better, crashed, discarded

HOUR = 3600 / WALL  # runs

NIGHT = (
    baseline((1.50, 1.52, 1.48)),
    better(1, 1.40, 1.44, 1.42, worker="openai:m"),
    discarded(2, 1.50),
    replace(better(3, 1.30, 1.33, 1.33, worker="builtin"), parent=f"{1:040x}"),  # 2 was discarded
)


def lab_of(tmp_path: Path) -> Lab:
    program = parse_program(PROGRAM, files={"train.py"})
    return Lab("tiny", tmp_path, tmp_path, tmp_path, program)


def arm(*scores: float | None) -> tuple[RunRecord, ...]:
    return tuple(RunRecord(Run(score, {}, "" if score is not None else "exit code 1"), 7) for score in scores)


def confirmed(number: int, **arms: Sequence[float | None]) -> Confirmed:
    named = {name.replace("without_", "without "): arm(*scores) for name, scores in arms.items()}
    return Confirmed(1, "2026-11-23", 0, number, metric="val_bpb", seeds=3, split="test", arms=named, done=True)


WHOLE = {BASELINE: (1.50, 1.51, 1.49), WINNER: (1.34, 1.33, 1.35)}
PARTS = {"without_0001": (1.40, 1.41, 1.39), "without_0003": (1.43, 1.42, 1.44)}


def worker(experiment: Experiment) -> str:
    return experiment.worker


def test_a_winner_of_several_hands_is_dealt_out_by_what_it_loses_without_each_change() -> None:
    found = attribute(weigh_branches(NIGHT, [confirmed(3, **WHOLE, **PARTS)]), by=worker)
    model, built_in = found["openai:m"], found["builtin"]
    assert model.gain is not None
    assert model.gain.value == pytest.approx(0.06)  # 1.40 without it, 1.34 with it
    assert built_in.gain is not None
    assert built_in.gain.value == pytest.approx(0.09)
    assert (model.runs, built_in.runs) == (3, 4)
    assert model.per_run is not None
    assert model.per_run.value == pytest.approx(0.06 / 3)
    assert model.per_hour is not None
    assert model.per_hour.value == pytest.approx(0.06 / 3 * HOUR)
    # standard error of a difference of two means of three runs, each with sd 0.01
    assert model.gain.error == pytest.approx(0.01 * (2 / 3) ** 0.5)
    assert model.gain.degrees == pytest.approx(4)


def test_without_these_arms_nothing_is_guessed() -> None:
    found = attribute(weigh_branches(NIGHT, [confirmed(3, **WHOLE)]), by=worker)
    assert {key: (one.gain, one.known, one.of) for key, one in found.items()} == {
        "openai:m": (None, 0, 1),
        "builtin": (None, 0, 1),
    }
    assert "not attributable" in found["builtin"].why
    whole = attribute(weigh_branches(NIGHT, [confirmed(3, **WHOLE)]), by=lambda e: e.tag)["2026-11-23"]
    assert whole.gain is not None
    assert whole.gain.value == pytest.approx(0.16), "the branch itself has it all"


@pytest.mark.parametrize(
    ("night", "confirmations", "key", "gain", "known"),
    [
        ((NIGHT[0], NIGHT[2]), [], "builtin", 0.0, 1),  # nothing kept is nothing gained: leaving it out would flatter
        (
            (*NIGHT[:2], discarded(2, 1.50)),
            [confirmed(1, **WHOLE)],
            "builtin",
            0.0,
            1,
        ),  # the winner holds nothing of it
        ((*NIGHT[:2], discarded(2, 1.50)), [confirmed(1, **WHOLE)], "openai:m", 0.16, 1),  # all that it holds is its
        (NIGHT, [], "builtin", None, 0),  # nobody confirmed it
        ((*NIGHT[:2], discarded(2, 1.50)), [], "builtin", None, 0),  # nor has its zero a weight then
        (NIGHT, [confirmed(1, **WHOLE, **PARTS)], "builtin", None, 0),  # of an earlier winner
        (NIGHT, [replace(confirmed(3, **WHOLE, **PARTS), done=False)], "builtin", None, 0),
        (NIGHT, [confirmed(3, baseline=(1.5, 1.5, 1.5), winner=(1.3, None, None))], "builtin", None, 0),  # it failed
    ],
)
def test_what_is_known_of_a_branch(
    night: Sequence[Experiment], confirmations: list[Confirmed], key: str, gain: float | None, known: int
) -> None:
    found = attribute(weigh_branches(night, confirmations), by=worker)[key]
    assert found.known == known
    assert (found.gain.value if found.gain else None) == (None if gain is None else pytest.approx(gain))


def test_only_what_the_winner_descends_from_has_a_part_in_it() -> None:
    """A keep need not descend from the keep before it: what was beaten from beside has no part in the winner."""
    beside = replace(better(4, 1.20, 1.22, 1.22, worker="other"), parent=NIGHT[1].commit)
    joined = replace(better(5, 1.10, 1.12, 1.12, worker="nightdesk"), parent=beside.commit, merges=(4, 3))
    night = (*NIGHT, beside)
    assert [e.number for e in lineage(night, beside)] == [0, 1, 4]
    assert [e.number for e in lineage((*night, joined), joined)] == [0, 1, 3, 4, 5]
    held = weigh_branches((*night, joined), [])[0].held
    assert 5 not in [e.number for e in held], "what only joins others has changed nothing itself"
    round_and_round = replace(NIGHT[1], parent=NIGHT[3].commit)
    assert lineage((NIGHT[0], round_and_round, NIGHT[2], NIGHT[3]), NIGHT[3])[-1].number == 3


def compared(tmp_path: Path, night: Sequence[Experiment], *confirmations: Confirmed) -> Compared:
    return compare_labs(lab_of(tmp_path), night, confirmations)


def test_groups_and_their_differences(tmp_path: Path) -> None:
    entry = compared(tmp_path, NIGHT, confirmed(3, **WHOLE, **PARTS))
    assert set(entry.by) == {"workers", "programs", "branches"}, "one brief and one kind of hardware are no groups"
    (difference,) = entry.differences["workers"]
    assert (difference.one, difference.other, difference.confirmed) == ("builtin", "openai:m", True)
    assert difference.more.value == pytest.approx(0.09 / 4 - 0.06 / 3)
    assert difference.verdict == NO_DIFFERENCE
    unconfirmed = compared(tmp_path, NIGHT).differences["workers"][0]
    assert (unconfirmed.confirmed, unconfirmed.verdict) == (False, TOO_FEW)
    by_brief = compared(tmp_path, [replace(e, brief="one" if e.number > 1 else "two") for e in NIGHT])
    assert [found.group.key for found in by_brief.by["briefs"]] == ["one", "two"]
    assert compared(tmp_path, ()).by["branches"] == ()


def test_a_worker_that_finds_more_is_told_from_one_that_does_not(tmp_path: Path) -> None:
    score, night = 2.0, [baseline((2.0, 2.001, 1.999))]
    for number in range(1, 81):
        if number % 2 and number % 4 == 1:
            score -= 0.01
            night.append(better(number, score, worker="finds"))
        else:
            slight = number in (20, 60)
            score -= 0.001 if slight else 0.0
            one = (better if slight else discarded)(number, score, worker="luckless" if number % 2 == 0 else "finds")
            night.append(one)
    (difference,) = compared(tmp_path, night).differences["workers"]
    assert (difference.one, difference.other, difference.verdict) == ("finds", "luckless", A_DIFFERENCE)
    assert difference.more.value == pytest.approx(0.2 / 40 - 0.002 / 40)


@pytest.mark.parametrize(
    ("gains", "runs", "value", "known"),
    [
        ((), (), None, False),
        ((0.0, 0.0), (0, 0), None, False),  # nothing ran
        ((1.0, 1.0, 0.0), (1, 1, 1), 2 / 3, False),  # few tries
        ((1.0, 0.0, 0.0, 0.0, 0.0), (1, 1, 1, 1, 1), 0.2, False),  # one gain tells of no spread
        ((1.0, 0.0, 2.0, 0.0, 0.0), (3, 1, 3, 1, 1), 3 / 9, True),
    ],
)
def test_a_rate_says_when_too_little_is_known(
    gains: tuple[float, ...], runs: tuple[int, ...], value: float | None, known: bool
) -> None:
    rate = rate_of(gains, runs)
    if value is None:
        assert rate is None
        return
    assert rate is not None
    assert rate.value == pytest.approx(value)
    assert (rate.interval is not None) is known


def test_estimates_add_up_as_welch_has_it() -> None:
    one, other = mean_of((1.0, 2.0, 3.0)), mean_of((2.0, 2.5, 3.0, 4.5))
    more = weighted([(1.0, one), (-1.0, other)])
    assert more.value == pytest.approx(-1.0)
    assert more.error == pytest.approx((1 / 3 + (3.5 / 3) / 4) ** 0.5)
    assert more.degrees == pytest.approx((1 / 3 + 3.5 / 12) ** 2 / ((1 / 3) ** 2 / 2 + (3.5 / 12) ** 2 / 3))
    assert mean_of((1.0,)).interval is None
    assert Estimate(0.5, 0.0).interval == (0.5, 0.5)
    assert [e.told for e in (Estimate(0.0, 0.0), Estimate(-0.5), Estimate(0.25, 0.1))] == [
        "0 ± 0",
        "-0.5 ± ?",
        "+0.25 ± 0.2",
    ]


def on(experiment: Experiment, *kinds: str) -> Experiment:
    runs = tuple(replace(record, hardware=kind) for record, kind in zip(experiment.runs, kinds, strict=True))
    return replace(experiment, runs=runs)


def test_gains_are_between_runs_of_one_kind_of_hardware() -> None:
    night = (
        on(baseline((1.50, 1.50, 1.50, 2.50, 2.50)), "cpu", "cpu", "cpu", "gpu", "gpu"),
        on(better(1, 1.40), "cpu"),
        replace(on(better(2, 2.20), "gpu"), against=0),
        replace(on(discarded(3, 2.10), "gpu"), against=1),  # that one never ran there: nothing is known
    )
    summary = summarise(night, lower_is_better=True)
    assert summary.hardware == "cpu"
    assert [point.gain for point in summary.points] == [None, pytest.approx(0.1), pytest.approx(0.3), None]
    assert [point.number for point in summary.shown] == [0, 1]
    assert summary.search_gain(lower_is_better=True) == pytest.approx(0.3), "on the winner's own kind"
    assert known_score(night[0], "gpu") == pytest.approx(2.5)
    assert summary.noise is not None
    assert summary.noise.sd == 0, "the two kinds lie apart, and that is no noise"


def test_best_is_by_the_order_of_judging() -> None:
    """Two runs side by side: 2 was judged first, and 1 against it."""
    night = (
        replace(baseline((1.5, 1.5, 1.5)), order=0),
        replace(better(1, 1.30), order=2, against=2),
        replace(better(2, 1.40), order=1, against=0),
        replace(discarded(3, 1.35), order=3, against=1, verdict=Verdict(Decision.DISCARD, Ground.BEHIND, "behind")),
        replace(crashed(4), order=4),
    )
    summary = summarise(night, lower_is_better=True)
    assert [point.number for point in summary.points] == [0, 2, 1, 3, 4]
    assert [point.place for point in summary.points] == [0, 1, 2, 3, 4]
    assert summary.winner is not None
    assert summary.winner.number == 1
    assert [point.running_best for point in summary.points] == pytest.approx([1.5, 1.4, 1.3, 1.3, 1.3])
    assert [point.gain for point in summary.points][1:4] == pytest.approx([0.1, 0.1, -0.05])
