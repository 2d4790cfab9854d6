"""What happens at a node: it says what it is, runs and scores one job as the local executor would, and tidies up.

Nothing here knows of Ray but for what it is given to fetch chunks with.
"""

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nightdesk
from nightdesk.base.errors import DeskError
from nightdesk.base.sandbox import why_not
from nightdesk.lab.faults import disk_faults_told
from nightdesk.lab.jobs import Finished, Job, Place, Scored
from nightdesk.lab.labs import Lab
from nightdesk.lab.machines.hardware import held_to, local_places
from nightdesk.lab.machines.machine import can_hold, found_cards, usable_cores
from nightdesk.lab.machines.sharing import book_folder
from nightdesk.lab.programs import Program
from nightdesk.lab.remote.answers import Answer, answer_text, fault_text
from nightdesk.lab.remote.parcels import Piece, prune, unpack
from nightdesk.lab.run_folder import remove_folder
from nightdesk.lab.running import LocalExecutor
from nightdesk.lab.scoring import scorer_of
from nightdesk.lab.supervising import kill_marked

_LIKE_HERE = {"PYTHONUNBUFFERED": "", "PYTHONBREAKPOINT": ""}  # Ray sets them for its workers


@dataclass(frozen=True, slots=True)
class Offer:
    """What a node would do with so much of it: its places, and whether it can be trusted to do the same."""

    code: str  # of its nightdesk
    cannot_confine: str  # why; "": it can
    machine: str  # several nodes may be on one
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class LabCopy:
    """A lab as it travels."""

    name: str
    folder: Path  # on the machine that asks: hidden from runs, should it be here too
    repository: Path
    program: Program
    known_as: str  # tells apart labs and the versions of their data: the name of its folder here
    data: tuple[Piece, ...] | None
    sealed: tuple[Piece, ...] | None


@dataclass(frozen=True, slots=True)
class Order:
    """One run that is wanted of a node."""

    lab: LabCopy
    job: Job  # without the files that are in `SharedFiles`
    place: Place
    places: tuple[Place, ...]  # all of the node's, which share its memory
    confined: bool
    takes_turns: bool  # with the sessions of the node's own machine
    attempt: str  # tells apart two tries of one job, of which one may only seem to be over


@dataclass(frozen=True, slots=True)
class SharedFiles:
    """The files that all jobs of a session have in common: sent once."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    judged_with: Mapping[str, bytes] = field(default_factory=dict)


def code_version() -> str:
    """Return a hash of nightdesk's own files: two machines with the same one do the same."""
    root, digest = Path(nightdesk.__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def offer(*, cores: int, cards: int, parallel: int, taken: Sequence[int]) -> Offer | str:
    """Return what this node offers with so many of its cores and cards, or why nothing, one line.

    Each card is a place; without cards there are so many `parallel`, if it has the cores. `taken` are cores that
    another node on the same machine has.
    """
    free = [core for core in usable_cores() if core not in taken]
    mine = tuple(free[: max(1, cores)])
    if not mine:
        return "other nodes on its machine have all of its cores"
    count = cards or min(parallel, len(mine))
    try:
        with held_to(Place("node", "", mine)):
            places = local_places(count, cards=found_cards()[:cards] if cards else ())
    except DeskError as error:
        return str(error)
    if count == 1 and can_hold():
        places = (replace(places[0], cores=mine),)
    return Offer(code_version(), why_not(network=False) or "", machine(), places)


def carry_out(
    order: Order, shared: SharedFiles, *, fetch: Callable[[Any], bytes], left: Callable[[], bool]
) -> str | None:
    """Return the answer to an order, as text: a run and its score, or this node's own fault.

    None where it was `left` by those who wait for the answer; the run is ended then.
    """
    try:
        with _lab_here(order.lab, fetch) as lab, disk_faults_told(lab.state), held_to(order.place):
            return _run_and_score(order, lab, shared, left)
    except DeskError as error:
        return fault_text(error)


def tidy(known_as: str, *, only: str = "", but: str = "") -> None:
    """End what runs of a lab left at work here, and remove what they left: of one run, or of all `but` a session's."""
    for state in _sets().glob(f"{known_as.partition('-')[0]}-*"):
        for run in (state / "runs").glob("*"):
            if run.name == only or (not only and not run.name.endswith(but)):
                kill_marked(run)
                with contextlib.suppress(OSError):  # a run that just ends removes it too
                    remove_folder(run)


@contextlib.contextmanager
def _lab_here(copy: LabCopy, fetch: Callable[[Any], bytes]) -> Iterator[Lab]:
    """Yield the lab as this node has it, its data as they were sent."""
    state = _sets() / copy.known_as
    with disk_faults_told(state):
        state.mkdir(exist_ok=True)
        os.utime(state)
        lab = Lab(copy.name, copy.folder, copy.repository, state, copy.program)
        for pieces, folder in ((copy.data, lab.data), (copy.sealed, lab.sealed)):
            if pieces is not None:
                unpack(pieces, folder, fetch=fetch)
        prune(state.parent, keep=state)
    yield lab


def _run_and_score(order: Order, lab: Lab, shared: SharedFiles, left: Callable[[], bool]) -> str | None:
    key = order.job.key
    job = replace(
        order.job,
        key=f"{key}-{order.attempt}",
        files={**shared.files, **order.job.files},
        judged_with=shared.judged_with,
    )
    executor = LocalExecutor(
        lab,
        order.confined,
        variables=_LIKE_HERE,
        at=order.places,
        book=book_folder(None) if order.takes_turns else None,
    )
    with executor.turn(order.place, stopped=left, waiting=lambda line: None) as mine:
        if not mine:
            return None
        finished = executor.run(job, place=order.place, stopped=left)
        try:
            scored: Scored | None = None
            if finished is not None and not finished.failure:
                scored = scorer_of(lab, confined=order.confined).score(job.for_judge(), finished, stopped=left)
            if finished is None or left():
                return None
            return answer_text(Answer(_as_asked(finished, key), scored, job.split))
        finally:
            executor.forget(job.key)


def _as_asked(finished: Finished, key: str) -> Finished:
    return replace(finished, key=key)


def _sets() -> Path:
    """Return where labs lie here. Raises DeskError where others could have a hand in it."""
    folder = Path(tempfile.gettempdir()) / f"nightdesk-nodes-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or stat.S_IMODE(seen.st_mode) & 0o077:
        raise DeskError(f"{folder} is not this user's alone", fix="remove it, or set TMPDIR before ray start")
    return folder.resolve()


def machine() -> str:
    """Return what tells this machine apart: several nodes may be on one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return os.uname().nodename
