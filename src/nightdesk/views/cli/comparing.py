"""Claims compared by an AI worker: the options of the commands that do it, and the doing."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import click

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import COMPARE, read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.options import say, shown
from nightdesk.views.cli.progress import show_stage

if TYPE_CHECKING:
    from nightdesk.wiki.contradictions.comparing import Compared

F = TypeVar("F", bound=Callable[..., object])


def worker_options(command: F) -> F:
    """Add `--worker` and the caps to a command; it gets `worker`, `max_usd`, `max_tokens` and `max_minutes`."""
    for option in (
        click.option(
            "--max-minutes", type=click.FloatRange(0, min_open=True), help="Begin nothing after so many minutes."
        ),
        click.option("--max-tokens", type=click.IntRange(1), help="Stop before so many tokens are sent and received."),
        click.option("--max-usd", type=click.FloatRange(0, min_open=True), help="Stop before this much is spent."),
        click.option("--worker", metavar="NAME", help="Let this AI worker compare claims, for contradictions."),
    ):
        command = option(command)
    return command


def compare(
    desk: Desk,
    *,
    quiet: bool,
    worker: str | None,
    max_usd: float | None,
    max_tokens: int | None,
    max_minutes: float | None,
) -> "Compared":
    """Let the worker compare claims and put what it finds on the desk, as one commit; say what was done.

    Raises DeskError where no worker is named and none is set.
    """
    # imported here: lint needs all of it for this only
    from nightdesk.views.cli.workers import hired  # noqa: PLC0415
    from nightdesk.wiki.building import Errand  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415
    from nightdesk.wiki.contradictions.comparing import add_items, compare_claims  # noqa: PLC0415

    settings = read_settings(
        desk.settings, worker=worker, max_usd=max_usd, max_tokens=max_tokens, max_minutes=max_minutes
    )
    if settings.worker_for(COMPARE) == "room":
        raise DeskError("the agent in the room does not compare claims", fix="name a --worker")
    stage = silent if quiet else show_stage
    with hired(desk, settings, kinds=(COMPARE,), chosen=worker) as staff:
        if staff is None:
            raise DeskError(
                "the built-in worker compares claims at each compile, and reads nothing", fix="name a --worker"
            )
        compared = compare_claims(desk, staff, stage=stage)
        by = next(iter({item.found_by for item in compared.found}), "")
    if compared.found:

        def act(cache: Cache) -> list[str]:
            return add_items(desk, compared.found)

        errand = Errand("contradictions find", f"{len(compared.found)} by {by}", act)
        compile_desk(desk, read_settings(desk.settings), stage=stage, today=date.today(), errand=errand)
    for problem in compared.problems:
        say(shown(problem))
    left = f"; {compared.left:,} left: {compared.capped or 'run it again to go on'}" if compared.left else ""
    pairs, found = _count(compared.pairs, "pair"), _count(len(compared.found), "contradiction")
    say(shown(f"{pairs} of claims compared, {found} found{left}"))
    return compared


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
