"""The way to a Ray cluster: joined for a session, its nodes asked what they offer, the lab packed for them."""

import contextlib
import hashlib
import importlib.util
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab
from nightdesk.lab.remote.node import LabCopy
from nightdesk.lab.remote.parcels import pack, parcel_hash
from nightdesk.lab.scoring import scorer_of

if TYPE_CHECKING:
    from nightdesk.lab.remote.cluster_executor import RayExecutor

_LEAVE_SECONDS = 20.0


@contextlib.contextmanager
def ray_executor(
    lab: Lab,
    address: str,
    *,
    confined: bool,
    parallel: int = 1,
    takes_turns: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Iterator["RayExecutor"]:
    """Yield what runs and scores a lab's programs on a Ray cluster: `address` is auto or HOST:PORT.

    Each node runs so many `parallel`, or as many as it has graphics cards, and `takes_turns` with the sessions of its
    own machine. `say` is told of nodes that leave or are of no use. Raises DeskError where Ray is not installed, where
    no cluster is there, or where a node would do other things than this machine.
    """
    if importlib.util.find_spec("ray") is None:
        raise DeskError("a Ray cluster needs the extra 'ray'", fix="pip install 'nightdesk[ray]'")
    if confined and lab.program.network:
        raise DeskError(
            "a run with the network could reach Ray's own ports, and by them leave its sandbox",
            fix="set network: false in program.md, or run this lab without --ray",
        )
    from nightdesk.lab.remote.cluster import Cluster, put  # noqa: PLC0415  # Ray comes only with its extra
    from nightdesk.lab.remote.cluster_executor import RayExecutor  # noqa: PLC0415  # the same
    from nightdesk.lab.remote.joining import joined  # noqa: PLC0415  # the same

    with joined(address):
        copy, session = _copy_of(lab, put), secrets.token_hex(4)
        cluster = Cluster(confined, parallel, say, session, copy.known_as)
        looking = threading.Thread(target=cluster.keep_looking, name="cluster", daemon=True)
        looking.start()
        try:
            cluster.wait_for_nodes()
            yield RayExecutor(lab, confined, scorer_of(lab, confined=confined), cluster, copy, session, takes_turns)
        finally:
            cluster.leave()
            looking.join(_LEAVE_SECONDS)


def _copy_of(lab: Lab, put: Callable[[bytes], Any]) -> LabCopy:
    """Return the lab as it travels, its data put where nodes can fetch them."""
    data = pack(lab.data, put) if lab.data.is_dir() else None
    sealed = pack(lab.sealed, put) if lab.sealed.is_dir() else None
    name = hashlib.sha256(f"{socket.gethostname()}\0{lab.state.resolve()}".encode()).hexdigest()[:16]
    known_as = f"{name}-{parcel_hash(data, sealed)}"
    return LabCopy(lab.name, lab.folder, lab.repository, lab.program, known_as, data, sealed)
