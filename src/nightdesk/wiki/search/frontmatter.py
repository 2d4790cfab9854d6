"""Frontmatter as plain texts: all that a search looks at, read much faster than values, and nothing in it can grow."""

from collections.abc import Iterator
from itertools import islice

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_EVENTS = 20_000
_MAX_CHARS = 500  # of one value
_EMPTY = {"", "~", "null", "Null", "NULL"}


def front_texts(front: str) -> dict[str, tuple[str, ...]]:
    """Return for each top-level key the text of its value, or of each item of its list; what is read before a fault.

    White space is collapsed; empty values, aliases and what is nested deeper are left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    events = islice(yaml.parse(front, Loader=_LOADER), _MAX_EVENTS)
    try:
        if not isinstance(list(islice(events, 3))[-1], yaml.MappingStartEvent):  # after those of stream and document
            return {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = "".join(_texts(event, events))
            texts = tuple(text for text in _texts(next(events), events) if text)
            if key and texts:
                found.setdefault(key, texts)
    except (yaml.YAMLError, StopIteration):
        return found
    return found


def _texts(event: yaml.Event, events: Iterator[yaml.Event]) -> list[str]:
    """Return the texts of a scalar or of a list's scalars, reading to its end; none of a mapping."""
    if isinstance(event, yaml.ScalarEvent):
        empty = event.style is None and event.value in _EMPTY
        return ["" if empty else " ".join(event.value[:_MAX_CHARS].split())]
    listed = isinstance(event, yaml.SequenceStartEvent)
    found: list[str] = []
    depth = int(isinstance(event, yaml.CollectionStartEvent))
    while depth:
        event = next(events)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if listed and depth == 1 and isinstance(event, yaml.ScalarEvent):
            found += _texts(event, events)
    return found
