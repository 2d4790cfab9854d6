"""Python's search for cycles of references, put off where much is made that has none."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def without_cycles() -> Iterator[None]:
    """Look for no cycles in a block that makes none: to look takes a third of the time of reading a large vault."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
