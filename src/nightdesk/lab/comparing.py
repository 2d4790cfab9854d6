"""Results by worker, by version of program.md and by branch: which instructions and which workers find more."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightdesk.lab.experiments import Experiment
from nightdesk.lab.labs import Lab
from nightdesk.lab.summary import Group, Point, grouped, summarise, tags_of


@dataclass(frozen=True, slots=True)
class Compared:
    """One lab's candidates in groups, those that gained most first."""

    lab: str
    metric: str
    self_reported: bool
    workers: tuple[Group, ...]
    programs: tuple[Group, ...]
    branches: tuple[Group, ...]


def compare_labs(lab: Lab, experiments: Sequence[Experiment]) -> Compared:
    """Return what each worker, each version of program.md and each branch of a lab found.

    A gain is over the best program of its own branch at its time, so that branches may be added up.
    """
    program = lab.program
    points: list[Point] = []
    for tag in tags_of(experiments):
        points += summarise(experiments, tag=tag, lower_is_better=program.lower_is_better).points
    return Compared(
        lab=lab.name,
        metric=program.metric,
        self_reported=program.self_reported,
        workers=grouped(experiments, points, by=lambda experiment: experiment.worker),
        programs=grouped(experiments, points, by=lambda experiment: experiment.program),
        branches=grouped(experiments, points, by=lambda experiment: experiment.tag),
    )
