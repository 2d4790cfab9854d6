"""The tool that says what is on a desk and what waits."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from nightdesk.base.desk import Desk
from nightdesk.views.mcp.pages import line
from nightdesk.wiki.status import read_status

MAX_LISTED = 30
MAX_NAME = 40  # characters of a file ending or a folder


class Some(BaseModel):
    """How many there are, and the first of them."""

    count: int
    first: list[str]


class Figures(BaseModel):
    """What is on a desk and what waits. Paths are relative to the desk."""

    desk: str
    sources: int
    kinds: dict[str, int]
    pages: dict[str, int]
    waiting: Some
    unread: Some
    gone: Some
    edited: Some
    set_aside: Some
    uncommitted: int


def status(desk: Desk) -> Figures:
    """Say what is on the desk: sources, pages, and what waits to be compiled."""
    found = read_status(desk)
    return Figures(
        desk=str(desk.root),
        sources=found.sources,
        kinds=_counts(found.kinds),
        pages=_counts(found.pages),
        waiting=_some(found.waiting),
        unread=_some([f"{path}: {why}" for path, why in found.problems.items()]),
        gone=_some(found.gone),
        edited=_some(found.edited),
        set_aside=_some(found.set_aside),
        uncommitted=found.uncommitted,
    )


def _counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the most frequent ones: file endings and folders are names that somebody else may have given."""
    most = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MAX_LISTED]
    return {line(name)[:MAX_NAME]: count for name, count in sorted(most)}


def _some(items: Sequence[str]) -> Some:
    return Some(count=len(items), first=[line(item) for item in items[:MAX_LISTED]])
