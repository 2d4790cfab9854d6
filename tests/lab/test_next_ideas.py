"""Next ideas: only what nobody has tried, here or on an earlier branch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.judging import Ground
from nightdesk.lab.memory.alterations import Alteration
from nightdesk.lab.memory.next_ideas import next_ideas, steps_to
from nightdesk.lab.summary import summarise
from tests.lab.nights import baseline, better, discarded

NEAR = 1.40  # best 1.41; the noise is 0.02


def made(
    of: Experiment, *lines: str, values: Mapping[str, Any] | None = None, parent: int = 0, **how: Any
) -> Experiment:
    text = "\n".join(line for old, new in (line.split(" -> ") for line in lines) for line in (f"-{old}", f"+{new}"))
    diff = f"--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n{text}"
    return replace(of, diff=diff, values=values or {}, parent=f"{parent:040x}", **how)


BEST = made(better(1, 1.40, 1.41), "LR = 0.02 -> LR = 0.03")
MISS = made(discarded(2, NEAR - 0.02), "DEPTH = 4 -> DEPTH = 5", parent=1)
TOLD = "Near miss, and nothing bolder was tried: a higher DEPTH (5 instead of 4)"


def ideas(*night: Experiment, earlier: Sequence[Experiment] = ()) -> list[str]:
    summary = summarise(night, lower_is_better=True)
    return [idea.text for idea in next_ideas((*earlier, *night), summary, lower_is_better=True)]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (made(discarded(3, 1.9), "DEPTH = 4 -> DEPTH = 3", parent=1), True),  # the other way
        (made(discarded(3, 1.9), "DEPTH = 4 -> DEPTH = 5", parent=1), True),  # as far, no further
        (made(discarded(3, 1.9), "DEPTH = 4 -> DEPTH = 6", parent=1), False),
        (made(discarded(3, 1.9), "DEPTH = 4 -> DEPTH = 6", "LR = 0.03 -> LR = 0.1", parent=1), False),  # with another
        (made(discarded(3, 1.9), "LR = 0.03 -> LR = 0.1", values={"DEPTH": 8, "LR": 0.1}, parent=1), False),
        (made(better(3, 1.30, 1.31), "DEPTH = 4 -> DEPTH = 5", parent=1), False),  # the best has it by now
    ],
)
def test_a_near_miss_is_told_as_long_as_nothing_bolder_was_tried(other: Experiment, told: bool) -> None:
    assert (TOLD in ideas(baseline(), BEST, MISS, other)) is told


def test_what_an_earlier_branch_tried_counts() -> None:
    bolder = made(discarded(9, 1.9, tag="2026-11-01"), "DEPTH = 4 -> DEPTH = 6")
    assert TOLD in ideas(baseline(), BEST, MISS)
    assert TOLD not in ideas(baseline(), BEST, MISS, earlier=[bolder])


def test_all_constants_of_a_bolder_form_must_go_on() -> None:
    miss = made(discarded(2, NEAR - 0.02), "DEPTH = 4 -> DEPTH = 5", "WIDTH = 8 -> WIDTH = 16", parent=1)
    half = made(discarded(3, 1.9), "DEPTH = 4 -> DEPTH = 6", parent=1)
    whole = made(discarded(4, 1.9), "DEPTH = 4 -> DEPTH = 6", "WIDTH = 8 -> WIDTH = 16", parent=1)
    told = (
        "Near miss, and nothing bolder was tried: a higher DEPTH (5 instead of 4) and a higher WIDTH (16 instead of 8)"
    )
    assert told in ideas(baseline(), BEST, miss, half)
    assert told not in ideas(baseline(), BEST, miss, half, whole)


@pytest.mark.parametrize(
    "change",
    [
        "DEPTH = 4  # from 1 to 5 -> DEPTH = 5  # from 1 to 5",  # there is nothing beyond
        "TIED = False -> TIED = True",
    ],
)
def test_what_has_no_bolder_form_is_no_idea(change: str) -> None:
    miss = made(discarded(2, NEAR - 0.02), change, parent=1)
    assert not [idea for idea in ideas(baseline(), BEST, miss) if "Near miss" in idea]


def test_a_change_of_code_is_told_by_its_title_until_it_comes_again() -> None:
    miss = made(discarded(2, NEAR - 0.02, title="use Muon"), "x = adam() -> x = muon()", parent=1)
    again = made(discarded(3, 1.9, title="Muon again"), "y = adam() -> y = muon()", parent=1)
    joined = made(discarded(3, 1.9), "a = 1 -> a = 2", parent=1, merges=(1, 2))
    told = "Near miss, worth a bolder form: use Muon"
    assert told in ideas(baseline(), BEST, miss)
    assert told not in ideas(baseline(), BEST, miss, again)
    assert told not in ideas(baseline(), BEST, miss, joined)


def test_a_best_value_at_the_end_of_what_was_tried_is_an_idea() -> None:
    told = "LR is best at 0.03, and nothing higher was tried"
    assert told in ideas(baseline(), BEST)
    assert told not in ideas(baseline(), BEST, made(discarded(2, 1.9), "LR = 0.03 -> LR = 0.04", parent=1))
    ended = made(better(1, 1.40, 1.41), "LR = 0.02  # from 0.01 to 0.03 -> LR = 0.03  # from 0.01 to 0.03")
    assert not ideas(baseline(), ended)


def test_constants_that_were_never_varied_are_told_once_enough_was_tried() -> None:
    night = [
        made(discarded(n, 1.9), f"LR = 0.02 -> LR = 0.{n}", values={"LR": n / 10, "DEPTH": 4, "TIED": True})
        for n in range(1, 9)
    ]
    told = "Constants that no experiment has varied: DEPTH, TIED"
    assert told in ideas(baseline(), *night)
    assert told not in ideas(baseline(), *night[:7])
    earlier = made(discarded(20, 1.9, tag="older"), "DEPTH = 4 -> DEPTH = 5")
    assert "Constants that no experiment has varied: TIED" in ideas(baseline(), *night, earlier=[earlier])


def test_two_changes_that_helped_are_to_be_joined_once() -> None:
    behind = made(discarded(2, 1.42), "DEPTH = 4 -> DEPTH = 5")
    assert behind.verdict is not None
    behind = replace(behind, verdict=replace(behind.verdict, ground=Ground.BEHIND))
    told = "Two changes that helped and were never tried together"
    summary = summarise((baseline(), BEST, behind), lower_is_better=True)
    found = [
        idea for idea in next_ideas((baseline(), BEST, behind), summary, lower_is_better=True) if idea.text == told
    ]
    assert [idea.experiments for idea in found] == [(1, 2)]
    assert told not in ideas(
        baseline(), BEST, behind, made(discarded(3, 1.9), "a = 1 -> a = 2", parent=1, merges=(1, 2))
    )


def test_a_ledger_that_leads_in_a_circle_ends() -> None:
    one, two = replace(BEST, parent=f"{2:040x}"), replace(MISS, parent=f"{1:040x}")
    assert ideas(baseline(), one, two) is not None
    assert steps_to(1, (one, two), {1: Alteration(), 2: Alteration()}) == ()
