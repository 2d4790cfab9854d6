"""The optimiser: repeatable, from the best program on, never twice the same."""

import math

import pytest

from nightdesk.lab.constants import Value, find_constants
from nightdesk.lab.knobs import key_of, make_knobs
from nightdesk.lab.optimiser import Method, Trial, choose

pytest.importorskip("optuna")
pytest.importorskip("cmaes")
KNOBS = make_knobs(find_constants("LR = 0.01\nDEPTH = 4\nBATCH = 64\nTIED = True\nNORM = 'a'  # a | b\n"))
BASE: dict[str, Value] = {knob.name: knob.start for knob in KNOBS}
START = Trial(BASE, 1.5)


def score(values: dict[str, object]) -> float:
    return abs(math.log(float(str(values["LR"])) / 0.04)) + 0.1 * abs(float(str(values["DEPTH"])) - 2)


@pytest.mark.parametrize("method", ["mixed", "tpe", "cma", "random"])
def test_never_twice_and_always_the_same(method: Method) -> None:
    trials = [START]
    for _ in range(25):
        choice = choose(KNOBS, BASE, trials, seed=3, method=method)
        assert choice is not None
        assert choose(KNOBS, BASE, trials, seed=3, method=method) == choice
        assert choice.changed
        assert {**BASE, **choice.changed} == choice.values
        trials.append(Trial(choice.values, score(dict(choice.values))))
    assert len({key_of(trial.values) for trial in trials}) == len(trials)


def test_every_method_has_its_turn() -> None:
    trials, methods = [START], set()
    for _ in range(16):
        choice = choose(KNOBS, BASE, trials, seed=1)
        assert choice is not None
        methods.add(choice.method)
        trials.append(Trial(choice.values, score(dict(choice.values))))
    assert methods == {"near", "moves", "tpe", "cma"}


def test_a_small_space_is_used_up() -> None:
    knobs = make_knobs(find_constants("A = True\nB = 'x'  # x | y | z\n"))
    base: dict[str, Value] = {knob.name: knob.start for knob in knobs}
    trials: list[Trial] = []
    while choice := choose(knobs, base, trials, seed=1):
        trials.append(Trial(choice.values, 1.0))
    assert len(trials) == 5, "all six but the base"
    assert choose((), {}, [], seed=1) is None


def test_what_is_known_elsewhere_is_not_chosen() -> None:
    knobs = make_knobs(find_constants("A = True\n"))
    assert choose(knobs, {"A": True}, [], seed=1) is not None
    assert choose(knobs, {"A": True}, [], seed=1, known=lambda values: values == {"A": False}) is None


def test_crashes_and_pending_ones_count_and_others_are_passed_over() -> None:
    trials = [START, Trial({**BASE, "LR": 0.5}, None), Trial({**BASE, "LR": 0.04}, 1.2)]
    trials += [Trial({**BASE, "LR": 0.03}, None, pending=True), Trial({"OTHER": 1}, 0.1)]
    trials += [
        Trial({**BASE, "LR": "fast"}, 0.2),
        Trial({**BASE, "NORM": "gone"}, 0.3),
        Trial({**BASE, "LR": math.nan}, 0),
    ]
    for seed in range(5):
        choice = choose(KNOBS, BASE, [*trials, *trials[1:3] * 3], seed=seed, method="tpe")
        assert choice is not None
        assert key_of(choice.values) not in {key_of(trial.values) for trial in trials}


def test_moves_change_one_thing_of_the_best() -> None:
    best = {**BASE, "LR": 0.04, "DEPTH": 2}
    choice = choose(KNOBS, best, [START, Trial(best, 1.2)], seed=1, method="moves")
    assert choice is not None
    assert len(choice.changed) == 1
    assert {**best, **choice.changed} == choice.values


@pytest.mark.parametrize("lower_is_better", [True, False])
def test_tpe_goes_where_the_scores_are_good(lower_is_better: bool) -> None:
    knobs = make_knobs(find_constants("LR = 0.1\n"))
    good, bad = (1.0, 2.0) if lower_is_better else (2.0, 1.0)
    trials = [Trial({"LR": 0.1 * 2 ** (n / 8)}, good + n / 1000) for n in range(8, 16)]
    trials += [Trial({"LR": 0.1 / 2 ** (n / 8)}, bad + n / 1000) for n in range(8, 16)]
    chosen = [
        choose(knobs, {"LR": 0.1}, trials, seed=seed, method="tpe", lower_is_better=lower_is_better)
        for seed in range(8)
    ]
    assert sum(float(choice.values["LR"]) > 0.1 for choice in chosen if choice is not None) >= 7
