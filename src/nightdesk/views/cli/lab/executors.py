"""Where the runs of a lab happen: this machine, dealt out to so many at a time, or a cluster."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import click

from nightdesk.lab.jobs import Executor, Place, Scorer
from nightdesk.lab.labs import Lab
from nightdesk.lab.machines.hardware import MOST_AT_ONCE, local_places
from nightdesk.lab.machines.machine import found_cards, visible_cards
from nightdesk.lab.machines.sharing import book_folder
from nightdesk.lab.running import Live, LocalExecutor
from nightdesk.lab.scoring import scorer_of
from nightdesk.views.cli.options import F, say


def machine_options(command: F) -> F:
    """Add the options that say where runs happen: `parallel` and `ray`, as `executor_for` takes them."""
    options = (
        click.option(
            "--parallel",
            type=click.IntRange(1, MOST_AT_ONCE),
            default=1,
            show_default=True,
            help="Runs at a time, on each machine, with an even share of it each: a graphics card, or cores.",
        ),
        click.option("--ray", metavar="ADDRESS", help="Run on this Ray cluster instead: auto, or HOST:PORT."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@contextmanager
def executor_for(
    lab: Lab, *, confined: bool, parallel: int, ray: str | None, on_progress: Callable[[Live], None] | None
) -> Iterator[tuple[Executor, Scorer]]:
    """Yield what runs a lab's programs and what scores them. Raises DeskError where there is not enough for so many."""
    if ray is not None:
        from nightdesk.lab.remote.ray_executor import ray_executor  # noqa: PLC0415  # ray comes only with its extra

        with ray_executor(lab, ray, confined=confined, parallel=parallel, say=say) as cluster:
            yield cluster, cluster
        return
    yield (
        LocalExecutor(
            lab,
            confined=confined,
            on_progress=on_progress,
            at=places_for(parallel, os.environ),
            book=book_folder(os.environ.get("XDG_RUNTIME_DIR")),
        ),
        scorer_of(lab, confined=confined),
    )


def places_for(parallel: int, environment: Mapping[str, str]) -> tuple[Place, ...]:
    """Return the places of this machine, with the graphics cards that CUDA_VISIBLE_DEVICES leaves."""
    wish = environment.get("CUDA_VISIBLE_DEVICES")
    return local_places(parallel, cards=None if wish is None else visible_cards(found_cards(), wish))
