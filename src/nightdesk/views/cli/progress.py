"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

import click

LINE_EVERY_SECONDS = 10.0


@contextlib.contextmanager
def show_stage(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how far a stage of `total` steps is; the block calls what it is given after each step."""
    if total == 0:
        yield lambda: None
    elif sys.stderr.isatty():
        with click.progressbar(length=total, label=f"{label:<10}", file=sys.stderr) as bar:
            yield lambda: bar.update(1)
    else:
        yield _plain_lines(label, total)


def _plain_lines(label: str, total: int) -> Callable[[], None]:
    done, told = 0, time.monotonic()

    def step() -> None:
        nonlocal done, told
        done += 1
        if done == total or time.monotonic() - told > LINE_EVERY_SECONDS:
            told = time.monotonic()
            click.echo(f"{label}: {done} of {total}", err=True)

    return step
