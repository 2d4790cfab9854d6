"""What a command on pages is to do, before it is done."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from nightdesk.base.cache import Cache
from nightdesk.wiki.page_moves.rewriting import Changed


def _nothing(cache: Cache) -> Sequence[str]:
    return ()


@dataclass(slots=True)
class Plan:
    """What a command is to do: `act` does it, under the desk's lock, and returns the paths that it touched."""

    operation: str  # "page rename"
    title: str  # what it does, in a line
    path: str  # of the page that comes out of it
    act: Callable[[Cache], Sequence[str]] = _nothing
    changed: Changed = field(default_factory=Changed)
