"""Waits for changes in raw/."""

from collections.abc import Callable

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import say


def watch_raw(desk: Desk, once: Callable[[], int], *, tell: Callable[[], None]) -> None:
    """Call `once` after each burst of changes in raw/, until Ctrl-C."""
    # imported here: only --watch needs it
    from watchfiles import watch  # noqa: PLC0415

    desk.raw.mkdir(exist_ok=True)
    tell()
    for _ in watch(desk.raw, debounce=1600, step=200, raise_interrupt=False):
        try:
            once()
        except DeskError as error:  # another compile may run just now: the next change tries again
            say(f"nightdesk: {error}")
