"""The cores that a program was started on: it may not leave them, since others have runs of their own there."""

import os
import time
from dataclasses import dataclass, field

from nightdesk.base.process_trees import ProcessTree
from nightdesk.lab.machines.machine import own_cores

_LOOK_SECONDS = 1.0  # between two looks at where all threads may run
_SHARE_OF_LOOKING = 0.01  # of one core, at most
_MORE, _SETTLED_SECONDS = 1.05, 1.0  # than the CPU time that the cores have; what clocks may be off by


@dataclass(slots=True)
class HeldCores:
    """Those of the thread that makes this, and so of the program that it starts next."""

    own: frozenset[int] = field(default_factory=own_cores)
    _next: float = 0.0

    @property
    def held(self) -> frozenset[int] | None:
        """The cores, None where they are all that there are: then nobody can leave them."""
        return self.own if len(self.own) < (os.cpu_count() or 1) else None

    def fault(self, tree: ProcessTree, *, cpu_seconds: float, wall_seconds: float) -> str:
        """Return that the program left its cores, one line; "" where it did not, as far as a look now and then tells.

        What goes unseen between two looks still shows in the CPU time, where it is more than its cores have.
        """
        held = self.held
        if held is None:
            return ""
        left = cpu_seconds > _MORE * len(held) * wall_seconds + _SETTLED_SECONDS
        began = time.monotonic()
        if not left and began >= self._next:
            left = tree.strays(held)
            now = time.monotonic()
            self._next = now + max(_LOOK_SECONDS, (now - began) / _SHARE_OF_LOOKING)
        return f"it left the {len(held)} core{'s' * (len(held) > 1)} that it is held to" if left else ""
