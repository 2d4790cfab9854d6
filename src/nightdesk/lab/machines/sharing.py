"""Several sessions on one machine, run by run: a queue of tickets, first come, first served, that kill -9 cannot jam.

The book is a folder of the user's own. Whoever wants cores or a card puts a ticket there, a file with a number and what
is wanted, and holds a lock on it until its run is over and scored; the system releases the lock when its holder dies,
and the next to look removes the file. It is a ticket's turn when no living ticket with a smaller number wants any of
the same. So nobody starves, and two labs on one machine alternate. Nothing is reserved while nothing runs.
"""

import contextlib
import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import Place, Stopped
from nightdesk.lab.machines.hardware import core_shares
from nightdesk.lab.machines.machine import NO_CARD, plain, usable_cores
from nightdesk.lab.surroundings import has_cards

ANY_CARD = "*"
_LOOK_SECONDS = 0.1
_BOOK = "book"  # the lock under which a ticket is drawn
_TICKET = re.compile(r"\d{1,12}")
_MOST_BYTES = 100_000  # of a ticket that is read
_MINE = 0o700


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run takes of this machine."""

    who: str  # "the lab tiny"
    cores: frozenset[int]
    cards: frozenset[str] = frozenset()  # UUIDs; ANY_CARD: all that there are

    def meets(self, other: "Claim") -> bool:
        """Return whether both want something that only one can have."""
        every = (self.cards and ANY_CARD in other.cards) or (other.cards and ANY_CARD in self.cards)
        return bool(self.cores & other.cores or self.cards & other.cards or every)


def claim_of(place: Place, places: Sequence[Place], lab: str) -> Claim:
    """Return what a run at one of a session's places takes."""
    cores: Sequence[int] = place.cores or usable_cores()
    if not place.cores and len(places) > 1:  # this system holds nobody to cores: then they are counted, at least
        cores = core_shares(cores, len(places))[[other.name for other in places].index(place.name)]
    everything = not place.gpu and not place.cores and has_cards()
    cards = {ANY_CARD} if everything else set(place.gpu.split(",")) - {"", NO_CARD}
    return Claim(f"the lab {lab}", frozenset(cores), frozenset(cards))


def book_folder(runtime: str | None) -> Path:
    """Return where the sessions of a user meet: below XDG_RUNTIME_DIR, or where that usually is, else in /tmp."""
    usual = Path(f"/run/user/{os.getuid()}")
    folder = Path(runtime) if runtime and Path(runtime).is_absolute() else usual
    return folder / "nightdesk" if folder.is_dir() else Path(f"/tmp/nightdesk-{os.getuid()}")  # noqa: S108  # checked when it is opened


@contextlib.contextmanager
def turn(folder: Path, claim: Claim, *, stopped: Stopped, waiting: Callable[[str], None]) -> Iterator[bool]:
    """Hold what is claimed for the block: True; False where `stopped` ended the wait for it.

    `waiting` is told once, one line, when it has to wait. Where the book cannot be kept, `waiting` is told that and
    nothing is waited for. Different threads of one process may hold turns at the same time.
    """
    with contextlib.ExitStack() as stack:
        fault = ""
        try:
            book = stack.enter_context(_opened_book(folder))
            ticket = stack.enter_context(_drawn(book, claim))
        except (OSError, DeskError) as error:
            fault = f"other labs on this machine are not waited for: {_reason(error)}"
        if fault:
            waiting(fault)
        yield bool(fault) or _wait(book, ticket, claim, stopped, waiting)


def _wait(book: int, ticket: int, claim: Claim, stopped: Stopped, waiting: Callable[[str], None]) -> bool:
    told = False
    while (before := _before(book, ticket, claim)) is not None:
        if stopped():
            return False
        if not told:
            told = True
            waiting(f"waits for {before}")
        time.sleep(_LOOK_SECONDS)
    return True


def _before(book: int, ticket: int, claim: Claim) -> str | None:
    """Return who has to be waited for, None where it is this ticket's turn. Tickets of the dead are removed."""
    for number in sorted(_numbers(book)):
        if number >= ticket:
            return None
        with contextlib.suppress(FileNotFoundError), _opened(str(number), book, os.O_RDONLY) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _claim(os.read(file, _MOST_BYTES))
                if holder is None:
                    return "another session"  # a ticket that cannot be read may want anything
                if holder.meets(claim):
                    return holder.who
            else:
                # a number is drawn again only when no ticket is left, and this one's own is there
                os.unlink(str(number), dir_fd=book)
    return None


@contextlib.contextmanager
def _drawn(book: int, claim: Claim) -> Iterator[int]:
    """Draw the next number and hold its ticket."""
    with contextlib.ExitStack() as stack:
        with _opened(_BOOK, book, os.O_RDWR | os.O_CREAT) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # others hold it for a moment only
            number = max(_numbers(book), default=0) + 1
            ticket = stack.enter_context(_opened(str(number), book, os.O_RDWR | os.O_CREAT | os.O_EXCL))
            stack.callback(_remove, str(number), book)
            fcntl.flock(ticket, fcntl.LOCK_EX)
            told = {
                "who": claim.who,
                "process": os.getpid(),
                "cores": sorted(claim.cores),
                "cards": sorted(claim.cards),
            }
            os.write(ticket, json.dumps(told).encode())
        yield number


@contextlib.contextmanager
def _opened_book(folder: Path) -> Iterator[int]:
    """Open the book, made if need be. Raises OSError, and DeskError where others could have a hand in it."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=_MINE)
    book = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        told = os.fstat(book)
        if told.st_uid != os.getuid() or stat.S_IMODE(told.st_mode) & 0o077:
            raise DeskError(f"{folder} is not a folder of yours alone", fix=f"remove it, or chmod 700 {folder}")
        yield book
    finally:
        os.close(book)


@contextlib.contextmanager
def _opened(name: str, book: int, flags: int) -> Iterator[int]:
    file = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600, dir_fd=book)
    try:
        yield file
    finally:
        os.close(file)


def _remove(name: str, book: int) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=book)


def _numbers(book: int) -> list[int]:
    return [int(name) for name in os.listdir(book) if _TICKET.fullmatch(name)]


def _claim(text: bytes) -> Claim | None:
    """Return what a ticket says, None where it says nothing sound."""
    try:
        told = json.loads(text)
        who = f"{plain(str(told['who']))} (process {int(told['process'])})"
        return Claim(who, frozenset(map(int, told["cores"])), frozenset(map(str, told["cards"])))
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None


def _reason(error: OSError | DeskError) -> str:
    return error.message if isinstance(error, DeskError) else f"{error.filename or ''}: {error.strerror}".lstrip(": ")
