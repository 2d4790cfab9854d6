"""The ledger as an optimiser sees it: trials, their scores made comparable where a change of structure lies between."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from nightdesk.lab.experiments import Experiment, State
from nightdesk.lab.jobs import Search
from nightdesk.lab.judging import Decision
from nightdesk.lab.optimiser import Trial
from nightdesk.lab.tunables import values_of


def trials_of(search: Search, earlier: Sequence[Experiment] = ()) -> tuple[Trial, ...]:
    """Return every experiment whose constants are known, what waits to be one, and the best program itself.

    `earlier` are experiments of other branches; those of another version of program.md are left out. A change that no
    optimiser made (a baseline, or what somebody proposed) begins a family. A trial of another family than the best
    program's is moved by as much as the roots of the two families lie apart: what is left is what its numbers did.
    """
    versions = {experiment.program for experiment in search.experiments} | {search.incumbent.program}
    known = {experiment.number: experiment for experiment in earlier if experiment.program in versions}
    known |= {experiment.number: experiment for experiment in search.experiments}
    family = _Families(tuple(known.values()))
    home = family.score(search.incumbent)
    trials = [Trial(values_of(search.files), search.score)]
    for experiment in known.values():
        if not experiment.values or experiment.number == search.incumbent.number:
            continue
        trial, root = trial_of(experiment), family.score(experiment)
        if trial.score is not None and root is not None and home is not None:
            trial = replace(trial, score=trial.score - root + home)
        trials.append(trial)
    trials += [Trial(dict(proposal.values), None, pending=True) for proposal in search.waiting if proposal.values]
    return tuple(trials)


def trial_of(experiment: Experiment) -> Trial:
    """Return one experiment with the mean score of its runs; what other load slowed does not count."""
    pending = experiment.state is not State.JUDGED
    return Trial(dict(experiment.values), None if pending else _score(experiment), pending)


def _score(experiment: Experiment) -> float | None:
    scores = [run.score for run in experiment.counted_runs() if run.score is not None]
    return fmean(scores) if scores and experiment.status != Decision.CRASH else None


class _Families:
    """Experiments by the last change of structure that they build on."""

    def __init__(self, experiments: Sequence[Experiment]) -> None:
        self._by_commit = {experiment.commit: experiment for experiment in experiments}

    def score(self, experiment: Experiment) -> float | None:
        """Return the score of the root of an experiment's family, None where it is not known."""
        seen: set[str] = set()
        while experiment.method and experiment.parent in self._by_commit and experiment.commit not in seen:
            seen.add(experiment.commit)  # a ledger that somebody edited may lead in a circle
            experiment = self._by_commit[experiment.parent]
        return _score(experiment)
