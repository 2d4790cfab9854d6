"""The built-in worker's choices: Optuna's TPE, CMA-ES, and structure moves, made anew from the ledger each time.

A choice is a pure function of the trials so far and a seed, so that nothing needs saving and a killed night goes on as
if nothing had happened. TPE is Optuna's, multivariate. CMA-ES is the package `cmaes`, which Optuna's sampler wraps,
started warm from the trials: from a Gaussian over the best of them. It knows numbers only; truth values and choices
stay.

Every second choice carries what a method says over to a few knobs of the best program, so that a person can see what
made the difference; the others take over more, which goes further where the start is far from the best, but never very
many: in a program that works most knobs are near right, and a change of twenty at once only breaks it.

The only module that imports optuna, numpy and cmaes: they come with the extra `lab`.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal

from nightdesk.lab.constants import Value
from nightdesk.lab.knobs import Knob, key_of

Method = Literal["mixed", "tpe", "cma", "moves", "random"]
_ASKS = 20  # of one method for a choice that is new; then another method
_STARTUP = 6  # trials before a model of them has something to go by
_NEAR = 0.15  # of the unit interval: the standard deviation of the first steps around what is there
_SAME = 0.02  # of the unit interval: what lies nearer to the base is left as it is
_FEW, _MORE = 3, 8  # knobs that a choice changes, about: either so many or so many


@dataclass(frozen=True, slots=True)
class Trial:
    """What the ledger tells of one experiment: the values of its knobs and its score, None for a crash.

    `pending`: proposed and not yet judged.
    """

    values: Mapping[str, Value]
    score: float | None
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The next values of all knobs, and which method they come from."""

    values: Mapping[str, Value]
    method: str
    changed: Mapping[str, Value] = field(default_factory=dict)  # against the base


def choose(
    knobs: Sequence[Knob],
    base: Mapping[str, Value],
    trials: Sequence[Trial],
    *,
    seed: int,
    lower_is_better: bool = True,
    method: Method = "mixed",
    known: Callable[[Mapping[str, Value]], bool] = lambda values: False,
) -> Choice | None:
    """Return what to try next from `base`, the values of the best program; None where there is nothing left to try.

    It is none of the trials, and nothing that `known` knows. Trials that lack one of the knobs are passed over. A crash
    counts as a little worse than the worst score.
    """
    usable = [trial for trial in trials if all(k.name in trial.values and k.fits(trial.values[k.name]) for k in knobs)]
    history = _History(knobs, base, usable, lower_is_better=lower_is_better)
    tried = {key_of(history.own(values)) for values in (base, *(trial.values for trial in usable))}
    rng = Random(f"{seed} {len(usable)}")  # noqa: S311 - repeatable, not secret
    for name in _plan(method, len(usable)) if knobs else ():
        for values in _SOURCES[name](history, rng):
            if (key := key_of(values)) in tried:
                continue
            if not known(values):
                changed = {key: value for key, value in values.items() if value != base[key]}
                return Choice(values, name, changed)
            tried.add(key)
    return None


def _plan(method: Method, trials: int) -> tuple[str, ...]:
    """Return the methods to ask, in order: what comes later stands in where the one before has nothing new."""
    if method == "moves":
        return ("moves",)
    if method != "mixed":
        return (method, "random")
    turns = ("near", "moves") if trials < _STARTUP else ("tpe", "cma", "tpe", "moves")
    return (turns[trials % len(turns)], "tpe", "moves", "random")


class _History:
    """The trials as losses: lower is better, and every one is a number."""

    def __init__(
        self, knobs: Sequence[Knob], base: Mapping[str, Value], trials: Sequence[Trial], *, lower_is_better: bool
    ) -> None:
        self.knobs = knobs
        self.base = {knob.name: base[knob.name] for knob in knobs}
        self.trials = [trial for trial in trials if not trial.pending]
        self.pending = [trial for trial in trials if trial.pending]
        sign = 1.0 if lower_is_better else -1.0
        scores = [sign * trial.score for trial in self.trials if trial.score is not None]
        worst = max(scores, default=0.0)
        crash = worst + max(1e-9, 0.1 * (worst - min(scores, default=0.0)))
        self.losses = [crash if trial.score is None else sign * trial.score for trial in self.trials]

    def own(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values of the knobs alone."""
        return {knob.name: values[knob.name] for knob in self.knobs}

    def crossed(self, values: Mapping[str, Value], rng: Random) -> dict[str, Value]:
        """Return the base with a few of these values or with more, by turns as chance has it; with at least one."""
        names = [knob.name for knob in self.knobs if self._differs(knob, values[knob.name])]
        if not names:
            return dict(self.base)
        share = min(1.0, rng.choice((_FEW, _MORE)) / len(names))
        taken = [name for name in names if rng.random() < share] or [rng.choice(names)]
        return {**self.base, **{name: values[name] for name in taken}}

    def _differs(self, knob: Knob, value: Value) -> bool:
        """Whether a value lies far enough from the base's for a run to show it."""
        if knob.options or knob.whole:
            return value != self.base[knob.name]
        return abs(knob.unit(value) - knob.unit(self.base[knob.name])) > _SAME


def _moves(history: _History, rng: Random) -> Iterator[dict[str, Value]]:
    """Yield structure moves from the base, whole numbers and choices before other numbers."""
    moves = [(knob, value) for knob in history.knobs for value in knob.moves(history.base[knob.name])]
    rng.shuffle(moves)
    moves.sort(key=lambda move: not (move[0].whole or move[0].options))
    for knob, value in moves:
        yield {**history.base, knob.name: value}


def _near(history: _History, rng: Random) -> Iterator[dict[str, Value]]:
    """Yield small steps from the base."""
    for _ in range(_ASKS):
        values = {
            knob.name: rng.choice(knob.options)
            if knob.options
            else knob.value(knob.unit(history.base[knob.name]) + rng.gauss(0, _NEAR))
            for knob in history.knobs
        }
        yield history.crossed(values, rng)


def _random(history: _History, rng: Random) -> Iterator[dict[str, Value]]:
    for _ in range(50 * _ASKS):
        yield {knob.name: knob.value(rng.random()) for knob in history.knobs}


def _tpe(history: _History, rng: Random) -> Iterator[dict[str, Value]]:
    import optuna  # noqa: PLC0415 - an extra, and slow to import

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spaces: dict[str, Any] = {
        knob.name: optuna.distributions.CategoricalDistribution(knob.options)
        if knob.options
        else optuna.distributions.FloatDistribution(0.0, 1.0)
        for knob in history.knobs
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(
            multivariate=True, constant_liar=True, n_startup_trials=_STARTUP, seed=rng.randrange(2**31)
        )
    study = optuna.create_study(sampler=sampler)
    liar = max(history.losses, default=0.0)  # so the sampler keeps away from what is being tried
    for trial, loss in [*zip(history.trials, history.losses, strict=True), *((t, liar) for t in history.pending)]:
        study.add_trial(optuna.trial.create_trial(value=loss, params=_params(history, trial), distributions=spaces))
    for _ in range(_ASKS):
        asked = study.ask(spaces).params
        values = {
            knob.name: asked[knob.name] if knob.options else knob.value(asked[knob.name]) for knob in history.knobs
        }
        yield history.crossed(values, rng)


def _params(history: _History, trial: Trial) -> dict[str, Any]:
    return {
        knob.name: trial.values[knob.name] if knob.options else knob.unit(trial.values[knob.name])
        for knob in history.knobs
    }


def _cma(history: _History, rng: Random) -> Iterator[dict[str, Value]]:
    import numpy as np  # noqa: PLC0415 - extras, and slow to import
    from cmaes import CMA, get_warm_start_mgd  # type: ignore[import-untyped]  # noqa: PLC0415

    knobs = [knob for knob in history.knobs if not knob.options]
    if len(knobs) < 2 or len(history.trials) < _STARTUP:
        return
    told = [
        (np.array([knob.unit(trial.values[knob.name]) for knob in knobs]), loss)
        for trial, loss in zip(history.trials, history.losses, strict=True)
    ]
    mean, sigma, covariance = get_warm_start_mgd(told, gamma=0.25)
    bounds = np.tile([-0.05, 1.05], (len(knobs), 1))  # a little over, so that an end can be reached
    cma = CMA(mean=mean, sigma=sigma, cov=covariance, bounds=bounds, seed=rng.randrange(2**31))
    for _ in range(_ASKS):
        places = {knob.name: knob.value(float(place)) for knob, place in zip(knobs, cma.ask(), strict=True)}
        yield history.crossed({**history.base, **places}, rng)


_SOURCES: Mapping[str, Callable[[_History, Random], Iterator[dict[str, Value]]]] = {
    "tpe": _tpe,
    "cma": _cma,
    "moves": _moves,
    "near": _near,
    "random": _random,
}
