"""What long work tells of its progress: the name of a stage, how many steps it has, and each step done."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

Stage = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


@contextlib.contextmanager
def silent(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Tell nothing."""
    yield lambda: None
