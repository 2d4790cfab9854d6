"""Proposers that need no AI: the built-in optimiser, random search, and an optimiser beside somebody who thinks."""

import re
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

from nightdesk.agents.tasks import LeftError
from nightdesk.lab.constants import Value
from nightdesk.lab.experiments import Experiment
from nightdesk.lab.fingerprints import fingerprint
from nightdesk.lab.jobs import Proposal, Proposer, Search
from nightdesk.lab.knobs import make_knobs
from nightdesk.lab.optimiser import Choice, Method, choose
from nightdesk.lab.trials import trials_of
from nightdesk.lab.tunables import Range, tunables, with_values

EVERY = 4  # of so many proposals one is asked of whoever thinks, the others are the optimiser's
_MOST_NAMED = 5  # constants in a title
_REMEMBERED = 16  # proposals
_RANGES = "Ranges to search: "
_RANGE = re.compile(r"([\w.:/\[\]-]+) from (\S+) to (\S+?)(?:; |\.?$)")
_METHODS = {
    "tpe": "Optuna's TPE, a model of which values did well,",
    "cma": "CMA-ES, a cloud around the values that did best,",
    "moves": "A structure move, one constant halved, doubled or switched,",
    "near": "A step near the best program",
    "random": "Chance",
}


class GaveUpError(LeftError):
    """A worker made no proposal that can be run, however often it was asked; str() says why."""


class TuningProposer:
    """Tunes the constants of the editable files. `earlier` are experiments of other branches that may guide it."""

    at_once = 0

    def __init__(
        self, *, method: Method = "mixed", seed: int = 0, earlier: Sequence[Experiment] = (), name: str = "builtin"
    ) -> None:
        self.name = name
        self._method: Method = method
        self._seed = seed
        self._earlier = tuple(earlier)

    def propose(self, search: Search) -> Proposal | None:
        """Return the next values of the constants, None where there are none or all was tried."""
        return self.tune(search, {})

    def tune(self, search: Search, ranges: Mapping[str, Range]) -> Proposal | None:
        """Return the next values of the constants, within `ranges` where one is named."""
        found = tunables(search.files, ranges)
        knobs = make_knobs(found.values())
        base = {knob.name: found[knob.name].value for knob in knobs}

        def was_run(values: Mapping[str, Value]) -> bool:
            return fingerprint(with_values(search.files, values)) in search.tried

        choice = choose(
            knobs,
            base,
            trials_of(search, self._earlier),
            seed=self._seed,
            lower_is_better=search.lower_is_better,
            method=self._method,
            known=was_run,
        )
        if choice is None:
            return None
        values = {name: choice.values.get(name, constant.value) for name, constant in found.items()}
        files = with_values(search.files, choice.values)
        return Proposal(title_of(choice, base), _why(choice), files, self.name, choice.method, values)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Return None: values that crash are passed over, the next ones come at once."""
        return None


def title_of(choice: Choice, base: Mapping[str, Value]) -> str:
    """Return what a choice changes, as a person would say it: "LR 0.02 -> 0.03, DEPTH 2 -> 3"."""
    changes = [f"{name} {base[name]} -> {value}" for name, value in choice.changed.items()]
    more = f" and {len(changes) - _MOST_NAMED} more" if len(changes) > _MOST_NAMED else ""
    return ", ".join(changes[:_MOST_NAMED]) + more


def _why(choice: Choice) -> str:
    what = "this value" if len(choice.changed) == 1 else "these values"
    return f"{_METHODS[choice.method]} suggests {what}, from the experiments so far."


class HybridProposer:
    """Asks somebody who thinks for structure and ranges, and an optimiser for the numbers in between.

    Whose turn it is and which ranges hold is read from the ledger and from what waits to be run, so that a killed night
    goes on as it was. Several questions may be answered at the same time.
    """

    def __init__(self, thinker: Proposer, tuner: TuningProposer, *, every: int = EVERY) -> None:
        self._thinker = thinker
        self._tuner = tuner
        self._every = every
        self._asked_in_vain = -1  # at how many experiments the thinker had nothing
        self._asked_at: int | None = None  # how many were tuned when the thinker was asked last, in this session
        self._tuned: deque[Proposal] = deque(maxlen=_REMEMBERED)  # and neither run nor seen to wait yet
        self._lock = threading.Lock()  # of all this

    @property
    def at_once(self) -> int:
        """How many questions it can be asked at a time; the tuner answers at once."""
        return max(1, self._thinker.at_once)

    @property
    def name(self) -> str:
        """Who it is; the ledger names for each proposal the one of the two that made it."""
        return f"hybrid:{self._thinker.name}"

    def propose(self, search: Search) -> Proposal | None:
        """Return the next proposal of whoever's turn it is, of the other one where that has none."""
        if self._take_turn(search):
            thought = self._thought(search)
            if thought is not None:
                return thought
            self._asked_in_vain = len(search.experiments)
        tuned = self._tune(search)
        return tuned if tuned is not None else self._thinker.propose(search)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Return a mended form where the thinker made the experiment."""
        return None if crashed.method else self._thinker.fix(search, crashed)

    def _take_turn(self, search: Search) -> bool:
        """Say whether it is the thinker's turn, and if so take it."""
        # what joins two experiments was nobody's turn
        methods = [e.method for e in search.experiments if not e.is_baseline and not e.merges]
        methods += [proposal.method for proposal in search.waiting if not proposal.merges]
        with self._lock:
            tuned = sum(bool(method) for method in methods) + len(self._on_their_way(search))
            asked_at = self._asked_at
            if asked_at is None and "" in methods:
                last = len(methods) - 1 - methods[::-1].index("")
                asked_at = sum(bool(method) for method in methods[:last])
            first = asked_at is None and tuned == 0  # the first proposal of all is the thinker's
            due = first or tuned - (asked_at or 0) >= self._every - 1
            if due and self._asked_in_vain != len(search.experiments):
                self._asked_at = tuned
                return True
        return False

    def _tune(self, search: Search) -> Proposal | None:
        """Return the optimiser's next proposal: none that another question was just given."""
        with self._lock:
            waiting = (*search.waiting, *self._on_their_way(search))
            tried = search.tried | {fingerprint(proposal.files) for proposal in waiting}
            search = replace(search, tried=tried, waiting=waiting)
            tuned = self._tuner.tune(search, ranges_of(search.experiments))
            if tuned is not None:
                self._tuned.append(tuned)
            return tuned

    def _on_their_way(self, search: Search) -> Sequence[Proposal]:
        """Return what was tuned and is not seen to wait or to have run; the others need not be remembered."""
        known = search.tried | {fingerprint(proposal.files) for proposal in search.waiting}
        for proposal in [one for one in self._tuned if fingerprint(one.files) in known]:
            self._tuned.remove(proposal)
        return tuple(self._tuned)

    def _thought(self, search: Search) -> Proposal | None:
        """Return the thinker's proposal, None where it failed: the numbers can be tuned all the same."""
        try:
            return self._thinker.propose(search)
        except GaveUpError:
            return None  # a cap, in contrast, ends the night: the person said "no further"


def with_ranges(hypothesis: str, ranges: Mapping[str, Range]) -> str:
    """Return a hypothesis with the ranges that it calls for in its last line, for people and for `ranges_of`."""
    if not ranges:
        return hypothesis
    told = "; ".join(f"{name} from {low:g} to {high:g}" for name, (low, high) in ranges.items())
    return f"{hypothesis.rstrip()}\n\n{_RANGES}{told}"


def ranges_of(experiments: Sequence[Experiment]) -> dict[str, Range]:
    """Return the ranges that the hypotheses of a ledger name, the latest of each constant."""
    ranges: dict[str, Range] = {}
    for experiment in experiments:
        last = experiment.hypothesis.rpartition("\n")[2]
        if not experiment.method and last.startswith(_RANGES):
            for name, low, high in _RANGE.findall(last.removeprefix(_RANGES)):
                try:
                    ends = float(low), float(high)
                except ValueError:
                    continue
                if ends[0] < ends[1]:
                    ranges[name] = ends
    return ranges
