"""Which experiments' changes a program holds: its parents up to the baseline, and what was joined on the way."""

from collections.abc import Sequence

from nightdesk.lab.experiments import Experiment, judged_in_order


def lineage(experiments: Sequence[Experiment], last: Experiment) -> tuple[Experiment, ...]:
    """Return the experiments of one branch whose changes `last` holds, in judged order, itself and the baseline too.

    What is not known (a commit that the ledger does not name) ends its line.
    """
    by_commit = {experiment.commit: experiment for experiment in experiments}
    by_number = {experiment.number: experiment for experiment in experiments}
    held: set[int] = set()
    left = [last]
    while left:
        experiment = left.pop()
        if experiment.number in held:  # a ledger that somebody edited may lead in a circle
            continue
        held.add(experiment.number)
        beneath = [by_commit.get(experiment.parent), *(by_number.get(number) for number in experiment.merges)]
        left += [found for found in beneath if found is not None]
    return tuple(experiment for experiment in judged_in_order(experiments) if experiment.number in held)
