"""Which program is changed next: decided from the ledger alone, whatever is in it."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.experiments import Experiment, RunRecord
from nightdesk.lab.judging import Decision, Ground, Run, Verdict
from nightdesk.lab.searching.strategies import GREEDY, Combine, Extend, Move, Strategy, next_move, parse_strategy
from tests.lab.searches import experiment

THREE = parse_strategy("population:3")
BASELINE = replace(experiment(0, Decision.KEEP, parent=None), verdict=Verdict(Decision.KEEP, Ground.BASELINE, ""))


def keep(number: int, parent: int = 0, score: float = 1.4, **known: Any) -> Experiment:
    return replace(experiment(number, Decision.KEEP, parent=parent, score=score), **known)


def behind(number: int, parent: int = 0, score: float = 1.45, **known: Any) -> Experiment:
    made = experiment(number, Decision.DISCARD, parent=parent, score=score)
    return replace(made, verdict=Verdict(Decision.DISCARD, Ground.BEHIND, "behind"), **known)


def lost(number: int, parent: int = 0, **known: Any) -> Experiment:
    return replace(experiment(number, Decision.DISCARD, parent=parent, score=1.6), **known)


def crash(number: int, parent: int = 0, **known: Any) -> Experiment:
    return replace(experiment(number, Decision.CRASH, parent=parent, score=None, failure="exit code 1"), **known)


def moves(
    strategy: Strategy, experiments: Sequence[Experiment], best: int, count: int, given_up: Sequence[Combine] = ()
) -> list[Move]:
    """Return so many moves, each asked while those before it are in flight."""
    asked: list[Move] = list(given_up)
    for _ in range(count):
        asked.append(next_move(strategy, experiments, best=best, asked=asked))
    return asked[len(given_up) :]


@pytest.mark.parametrize(
    ("text", "strategy"),
    [
        ("greedy", GREEDY),
        ("population", THREE),
        ("population:2", Strategy(2, 20)),
        ("population:100", Strategy(100, 20)),
    ],
)
def test_strategies_are_named(text: str, strategy: Strategy) -> None:
    assert parse_strategy(text) == strategy
    assert parse_strategy(str(strategy)) == strategy


@pytest.mark.parametrize(
    "text", ["", "Greedy", "population:1", "population:0", "population:-2", "population:101", "population:", "greedy:2",
             "population:3 ", "population:٣", "population:" + "9" * 5000]
)  # fmt: skip
def test_any_other_name_is_refused_in_a_line_that_names_those_there_are(text: str) -> None:
    with pytest.raises(DeskError) as caught:
        parse_strategy(text)
    assert "greedy" in str(caught.value.fix)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("experiments", "best"),
    [
        ([], 0),
        ([BASELINE], 0),
        ([experiment(0, None, parent=None)], 0),  # nothing was measured yet
        ([crash(0)], 0),
        ([replace(experiment(0, Decision.CRASH, parent=None, score=None), parent="")], 0),  # a baseline that crashed
        ([BASELINE, keep(1), keep(2, 1), lost(3, 2), crash(4, 2)], 2),  # one after the other, as a serial night goes
        ([BASELINE, keep(1, order=1), keep(2, 1, order=2)], 2),
        ([keep(7, parent=99)], 7),  # the rest was moved away
        ([BASELINE], 12),  # the best is not known
        ([BASELINE, behind(1), behind(2), keep(3, merges=(1, 2))], 3),  # all that helped is in the best
    ],
)
def test_greedy_goes_on_from_the_best(experiments: Sequence[Experiment], best: int) -> None:
    assert moves(GREEDY, experiments, best, 5) == [Extend(best)] * 5


@pytest.mark.parametrize(
    ("experiments", "best", "pairs"),
    [
        ([BASELINE, keep(1), behind(2)], 1, [(1, 2, 0)]),
        ([BASELINE, keep(1), behind(2, score=1.45), behind(3, score=1.42)], 1, [(1, 3, 0), (1, 2, 0)]),  # more first
        ([BASELINE, keep(1), keep(2, parent=0, score=1.3)], 2, [(2, 1, 0)]),  # kept, and passed by one beside it
        ([BASELINE, keep(1), keep(2, 1), behind(3, parent=1), lost(4, parent=1)], 2, [(2, 3, 1)]),
        ([BASELINE, keep(1), behind(2), lost(3, 1, merges=(1, 2))], 1, []),  # tried, and no better
        ([BASELINE, keep(1), behind(2), crash(3, 1, merges=(2, 1))], 1, []),  # both orders are one
        ([BASELINE, keep(1), behind(2), experiment(3, None, parent=1, merges=(1, 2))], 1, []),  # at work
        ([BASELINE, keep(1), behind(2), lost(3, 1, merges=(1, 2)), keep(4, 1)], 4, []),  # with an earlier form of it
        ([BASELINE, keep(1), behind(2), keep(3, 1, merges=(1, 2)), behind(4, 1)], 3, [(3, 4, 1)]),
        ([BASELINE, keep(1), behind(2), keep(3, 0, 1.2), behind(4, 1, merges=(1, 2))], 3, [(3, 4, 0)]),  # a pair as one
        ([BASELINE, keep(1), behind(2), lost(3, 1, merges=(1, 2)), behind(4, 2)], 1, [(1, 4, 2)]),  # its own part only
        ([BASELINE, keep(1), behind(2), behind(3, 2)], 1, [(1, 3, 0)]),  # a branch as a whole
        ([BASELINE, keep(1), behind(2, parent=99)], 1, []),  # nothing that both come from is known
    ],
)
def test_what_helped_elsewhere_is_joined_with_the_best(
    experiments: Sequence[Experiment], best: int, pairs: list[tuple[int, int, int]]
) -> None:
    wanted = [Combine(*pair) for pair in pairs]
    for strategy in (GREEDY, parse_strategy("population:2")):
        found = moves(strategy, experiments, best, len(wanted) + 3)
        assert found[: len(wanted)] == wanted
        assert not any(isinstance(move, Combine) for move in found[len(wanted) :]), "each pair once"
    assert not any(isinstance(move, Combine) for move in moves(Strategy(merging=False), experiments, best, 9))


def test_a_pair_that_does_not_merge_is_given_up_by_being_asked() -> None:
    experiments = [BASELINE, keep(1), behind(2)]
    assert moves(GREEDY, experiments, 1, 2, given_up=[Combine(1, 2, 0)]) == [Extend(1), Extend(1)]


def test_a_population_goes_round_its_heads_the_best_half_of_the_time() -> None:
    experiments = [BASELINE, keep(1, score=1.3), behind(2, score=1.4), behind(3, score=1.35), behind(4, score=1.45)]
    found = moves(THREE, experiments, 1, 40)
    assert [move for move in found if isinstance(move, Combine)] == [
        Combine(1, 3, 0), Combine(1, 2, 0), Combine(1, 4, 0),  # the best with every head
        Combine(3, 2, 0),  # the other heads of the population with each other
    ]  # fmt: skip
    assert Counter(move.base for move in found if isinstance(move, Extend)) == {1: 18, 3: 9, 2: 9}
    assert {move.base for move in moves(parse_strategy("population:4"), experiments, 1, 40)} == {0, 1, 2, 3, 4}


def test_a_head_gives_way_to_what_was_made_from_it() -> None:
    experiments = [BASELINE, keep(1, score=1.3), behind(2), behind(3, parent=2, score=1.4), lost(4, 3)]
    found = moves(Strategy(2, merging=False), experiments, 1, 10)
    assert Counter(found) == {Extend(1): 5, Extend(3): 5}


def test_higher_may_be_better_and_scores_of_other_hardware_are_not_compared() -> None:
    def on(one: Experiment, hardware: str) -> Experiment:
        return replace(one, runs=tuple(replace(record, hardware=hardware) for record in one.runs))

    experiments = [BASELINE, keep(1, score=1.9), behind(2, score=1.6), behind(3, score=1.7)]
    assert next_move(GREEDY, experiments, best=1, lower_is_better=False) == Combine(1, 3, 0)
    # on the other kind the baseline has 0.9: there 0.85 is 0.05 gained, here 1.4 is 0.1
    baseline = replace(on(BASELINE, "a"), runs=(*on(BASELINE, "a").runs, RunRecord(Run(0.9), 2, hardware="b")))
    experiments = [baseline, keep(1, score=1.3), on(behind(2, score=0.85), "b"), on(behind(3, score=1.4), "a")]
    assert next_move(GREEDY, experiments, best=1) == Combine(1, 3, 0)
    # a kind on which the baseline never ran comes last
    experiments = [baseline, keep(1, score=1.3), on(behind(2, score=0.1), "c"), on(behind(3, score=1.49), "a")]
    assert next_move(GREEDY, experiments, best=1) == Combine(1, 3, 0)


def test_after_many_without_a_keep_every_other_proposal_goes_on_from_an_earlier_one() -> None:
    kept = [BASELINE, keep(1), keep(2, 1), keep(3, 2), keep(4, 3)]
    patient = [*kept, *(lost(n, 4) for n in range(5, 44))]
    assert moves(GREEDY, patient, 4, 4) == [Extend(4)] * 4
    stuck = [*patient, crash(44, 4)]
    assert Counter(moves(GREEDY, stuck, 4, 12)) == {Extend(4): 6, Extend(3): 2, Extend(2): 2, Extend(1): 2}
    assert set(moves(GREEDY, [*stuck, keep(45, 3)], 45, 4)) == {Combine(45, 4, 3), Extend(45)}, "until one is kept"
    assert set(moves(GREEDY, [BASELINE, *(lost(n) for n in range(1, 50))], 0, 4)) == {Extend(0)}, (
        "nothing to go back to"
    )
    assert set(moves(THREE, [*kept, *(lost(n, 4) for n in range(5, 25))], 4, 8)) > {Extend(4), Extend(3)}


def test_the_order_of_judging_counts_and_not_that_of_the_numbers() -> None:
    stuck = [BASELINE, *(lost(n, order=n) for n in range(2, 42))]
    assert set(moves(GREEDY, [*stuck, keep(1, order=50)], 1, 4)) == {Extend(1)}
    assert set(moves(GREEDY, [*stuck, keep(1, order=1)], 1, 4)) == {Extend(1), Extend(0)}


def test_a_population_that_is_stuck_goes_round_too() -> None:
    experiments = [BASELINE, keep(1), behind(2), *(lost(n, 1) for n in range(3, 40))]
    found = Counter(moves(replace(THREE, merging=False), experiments, 1, 40))
    assert found == {Extend(1): 10, Extend(2): 10, Extend(0): 20}


@pytest.mark.parametrize("seed", range(10))
def test_any_ledger_is_answered_and_a_move_names_what_is_there(seed: int) -> None:
    """Ledgers that no night wrote: circles, gaps, merges of what is not there, orders that repeat."""
    draw = random.Random(seed)
    numbers = range(1, 25)
    experiments = [] if seed % 5 == 0 else [BASELINE]
    for number in numbers:
        made = draw.choice([keep, behind, lost, crash])(number, draw.randrange(30))
        merges = tuple(draw.randrange(30) for _ in range(draw.choice([0, 0, 1, 2, 3])))
        experiments.append(replace(made, merges=merges, order=draw.choice([None, draw.randrange(30)])))
    best = draw.choice([1, 24])
    for strategy in (GREEDY, THREE):
        found = moves(strategy, experiments, best, 90)
        pairs = [frozenset((move.ours, move.theirs)) for move in found if isinstance(move, Combine)]
        assert len(set(pairs)) == len(pairs)
        assert all(len(pair) == 2 for pair in pairs)
        assert {move.base for move in found} <= {0, best, *numbers}
        assert any(isinstance(move, Extend) for move in found)
        assert moves(strategy, experiments, best, 90) == found, "decided by the ledger alone"


def test_a_ledger_of_thousands_is_answered_at_once() -> None:
    experiments = [BASELINE]
    for number in range(1, 2000):
        made = behind if number % 3 == 0 else keep if number % 7 == 0 else lost
        experiments.append(made(number, number - 1 if number % 7 == 1 else max(0, number - 9)))
    assert isinstance(next_move(THREE, experiments, best=1988), Combine)
