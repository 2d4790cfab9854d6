"""Places on this machine: a graphics card or a share of the cores for each run at a time, and holding a run to it."""

import contextlib
import itertools
import os
from collections import Counter
from collections.abc import Iterator, Sequence

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import ANYWHERE, Place
from nightdesk.lab.machines.machine import NO_CARD, Card, can_hold, found_cards, processor_name, siblings, usable_cores

MOST_AT_ONCE = 256  # runs on one machine


def local_places(parallel: int, *, cards: Sequence[Card] | None = None) -> tuple[Place, ...]:
    """Return where `parallel` runs at a time happen on this machine; `cards` None: all that are found, if any.

    One run has the machine to itself and is held to nothing. Several get an even share of the cores each, and a
    graphics card, where there are as many. All shares have one size, so that runs can be compared: what does not
    divide evenly stays idle. Where cards of several kinds are to be had, those of the most frequent one come first.
    Raises DeskError where there is not enough for so many.
    """
    wished, cards = cards, found_cards() if cards is None else cards
    none = "" if wished is None else NO_CARD
    if parallel == 1:
        gpu = none if wished is None or not cards else ",".join(card.gpu for card in cards)
        return (Place(ANYWHERE.name, ", ".join([*_kinds(cards), _cores_told()]), gpu=gpu),)
    if not 1 <= parallel <= MOST_AT_ONCE:
        raise DeskError(f"{parallel} runs cannot be at work at a time", fix=f"--parallel 1 to {MOST_AT_ONCE}")
    if cards and len(cards) < parallel:
        raise DeskError(
            f"{_counted(len(cards), 'graphics card')} cannot be dealt out to {parallel} runs at a time",
            fix=f"--parallel {len(cards)}; or, if the runs need no card, set CUDA_VISIBLE_DEVICES=-1 before",
        )
    held = can_hold()
    every = usable_cores()
    shares = core_shares(every, parallel)
    told = _cores_told(len(shares[0])) + ("" if held else " (not held to them)")
    if not cards:
        word = "core" if len(shares[0]) == 1 else "cores"
        names = (f"{word} {core_ranges(share)}" if held else f"share {n}" for n, share in enumerate(shares, 1))
        return tuple(Place(name, told, share if held else (), none) for name, share in zip(names, shares, strict=True))
    often = Counter(card.kind for card in cards)
    dealt = sorted(cards, key=lambda card: -often[card.kind])[:parallel]  # stable: the system's order otherwise
    return tuple(
        Place(f"gpu {card.number}", f"{card.kind}, {told}", share if held else (), card.gpu)
        for card, share in zip(sorted(dealt, key=lambda card: card.number), shares, strict=True)
    )


@contextlib.contextmanager
def held_to(place: Place) -> Iterator[None]:
    """Hold the calling thread, and what it starts in the block, to the cores of a place of this machine.

    Nothing happens for a place without cores, and where the system cannot. Raises DeskError where this process may not
    use those cores (any more).
    """
    if not place.cores or place.remote or not can_hold():
        yield
        return
    before = os.sched_getaffinity(0)  # of this thread, unlike what its name says
    try:
        os.sched_setaffinity(0, place.cores)
    except (OSError, ValueError) as error:
        raise DeskError(
            f"{place.name}: this process may not use the cores {core_ranges(place.cores)}",
            fix="start again: what may be used is dealt out anew then",
        ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # those were taken away meanwhile
            os.sched_setaffinity(0, before)


def core_shares(cores: Sequence[int], parallel: int) -> list[tuple[int, ...]]:
    """Return as many shares of the cores, of equal size, neighbours together; whole physical cores if there are enough.

    `cores` are as `usable_cores` orders them. Raises DeskError where there are fewer cores than shares.
    """
    if len(cores) < parallel:
        raise DeskError(
            f"{_counted(len(cores), 'core')} cannot be dealt out to {parallel} runs at a time",
            fix="leave --parallel out" if len(cores) == 1 else f"--parallel {len(cores)}, or fewer",
        )
    groups = [list(group) for _, group in itertools.groupby(cores, key=siblings)]
    if len(groups) < parallel:
        groups = [[core] for core in cores]
    each = len(groups) // parallel
    dealt = [itertools.chain.from_iterable(groups[n * each : (n + 1) * each]) for n in range(parallel)]
    shares = [tuple(share) for share in dealt]
    size = min(map(len, shares))  # of some physical core only one half may be usable
    return [share[:size] for share in shares]


def core_ranges(cores: Sequence[int]) -> str:
    """Return cores as people write them: 0-3, 8."""
    told = []
    for _, pairs in itertools.groupby(enumerate(sorted(cores)), key=lambda pair: pair[1] - pair[0]):
        run = [core for _, core in pairs]
        told.append(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}")
    return ", ".join(told)


def _kinds(cards: Sequence[Card]) -> list[str]:
    often = Counter(card.kind for card in cards)
    return [kind if number == 1 else f"{number} x {kind}" for kind, number in often.items()]


def _cores_told(share: int | None = None) -> str:
    """Return the processor and how many of its cores a run has: neighbours share its caches and its memory."""
    part = "" if share is None else f"{share} of "
    return f"{processor_name()}, {part}{_counted(len(usable_cores()), 'core')}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
