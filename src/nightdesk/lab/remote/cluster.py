"""The nodes of a Ray cluster: looked at all the time, and given one run at a time for each of their places."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import LostError, Place, Stopped
from nightdesk.lab.machines.machine import plain
from nightdesk.lab.remote.joining import told_by
from nightdesk.lab.remote.node import Offer, Order, SharedFiles, carry_out, code_version, tidy

JOIN_SECONDS = 60.0  # in which a first node must have said what it is
_LOOK_SECONDS = 0.5
_WAIT_SECONDS = 0.2
_TIDY_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Seat:
    """One place of a node, with what Ray is to set aside for a run there."""

    shown: Place  # as the night knows it
    own: Place  # as the node itself does
    node: str
    cpus: float
    gpus: float
    all: tuple[Place, ...]  # of the node's own places


@dataclass(frozen=True, slots=True)
class _Found:
    """A node as Ray lists it."""

    node: str
    name: str
    cpus: float
    gpus: float

    @property
    def useful(self) -> bool:
        """Whether it has anything to run on: a head often has not."""
        return self.cpus >= 1 or self.gpus >= 1


@dataclass(slots=True)
class Cluster:
    """The nodes of a cluster. `seats` is what they offer now; a thread keeps it so."""

    confined: bool
    parallel: int  # runs at each node without graphics cards
    say: Callable[[str], None]
    session: str
    known_as: str  # of the lab, at a node
    seats: dict[str, Seat] = field(default_factory=dict)  # by the name of the place
    alive: frozenset[str] = frozenset()  # nodes
    refused: dict[str, str] = field(default_factory=dict)  # node -> why nothing is run there, one line
    all_known: bool = False  # whether every node has said what it is
    last_seen: float = field(default_factory=time.monotonic)  # when there was a place
    _asked: dict[str, tuple[Any, _Found]] = field(default_factory=dict)  # nodes whose offer is awaited
    _offers: dict[str, Offer] = field(default_factory=dict)
    _changing: threading.Lock = field(default_factory=threading.Lock)  # held while `seats` is replaced
    _looked: threading.Event = field(default_factory=threading.Event)
    _left: threading.Event = field(default_factory=threading.Event)

    def keep_looking(self) -> None:
        """Look at the nodes until `leave`; for a thread of its own."""
        while not self._left.is_set():
            with contextlib.suppress(RayError, ConnectionError, TimeoutError):  # its head is away: all stays as it was
                self._look()
            self._looked.set()
            self._left.wait(_LOOK_SECONDS)

    def leave(self) -> None:
        """Look no more."""
        self._left.set()

    def wait_for_nodes(self) -> None:
        """Return when every node that there is has said what it is, and at least one can run something.

        Raises DeskError where none can, or where one would do other things than this machine.
        """
        end = time.monotonic() + JOIN_SECONDS
        self._looked.wait(JOIN_SECONDS)
        while time.monotonic() < end and not (self.all_known and (self.seats or self.refused)):
            time.sleep(0.05)
        if self.refused:
            raise DeskError("; ".join(sorted(self.refused.values())), fix="mend these nodes, or take them out of it")
        if not self.seats:
            raise DeskError(
                f"no node of the Ray cluster could run anything within {JOIN_SECONDS:g} s",
                fix="see ray status; a node needs --num-cpus above 0",
            )

    def put_out(self, node: str, why: str) -> None:
        """Run nothing more at a node."""
        self.refused[node] = why
        self._drop_seats(node)

    def carry_out(self, order: Order, shared: Any, seat: Seat, *, stopped: Stopped) -> str | None:
        """Return what a node says of a run when it is over, None where `stopped` ended it there.

        Raises LostError; the node is no place then until it has said anew what it offers.
        """
        try:
            return self._carry_out(order, shared, seat, stopped)
        except LostError:
            self._offers.pop(seat.node, None)
            self._drop_seats(seat.node)
            raise

    def _carry_out(self, order: Order, shared: Any, seat: Seat, stopped: Stopped) -> str | None:
        task = at_node(_at_work, seat.node, cpus=seat.cpus, gpus=seat.gpus).remote(order, shared)
        try:
            while not ray.wait([task], timeout=_WAIT_SECONDS)[0]:
                if stopped():
                    self._end(task, order, seat)
                    return None
                if seat.node not in self.alive:
                    raise LostError(f"{seat.shown.name} is gone")  # Ray may wait for its answer for ever
            text: str | None = ray.get(task)
        except RayTaskError:
            raise  # a bug of ours, with its traceback
        except RayError as error:
            raise LostError(f"{seat.shown.name}: {told_by(error)}") from error
        if text is None:
            raise LostError(f"{seat.shown.name} was left alone")
        return text

    def _end(self, task: Any, order: Order, seat: Seat) -> None:
        """End a run at its node, with all that it started; return when it is gone, or the node is."""
        # The death of Ray's worker ends what is confined at once; what is not has a keeper, and is looked for.
        ray.cancel(task, force=True)
        run = f"{order.job.key}-{order.attempt}"
        ray.wait([at_node(tidy, seat.node).remote(order.lab.known_as, only=run)], timeout=_TIDY_SECONDS)

    def _look(self) -> None:
        found = [_found(told) for told in ray.nodes() if told["Alive"]]  # type: ignore[no-untyped-call]
        self.alive = frozenset(node.node for node in found)
        self._forget_the_dead()
        for node, (answer, about) in list(self._asked.items()):
            if ray.wait([answer], timeout=0)[0]:
                del self._asked[node]
                self._take(about, answer)
        fresh = [about for about in found if about.useful and about.node not in {*self._offers, *self.refused}]
        self.all_known = not fresh
        pending = {about.name for _, about in self._asked.values()}
        for about in fresh:
            if about.node not in self._asked and about.name not in pending:
                pending.add(about.name)  # nodes on one machine are asked one after the other: they share its cores
                self._asked[about.node] = (self._ask(about), about)
        if self.seats:
            self.last_seen = time.monotonic()

    def _forget_the_dead(self) -> None:
        for known in (self._asked, self._offers, self.refused):
            for node in set(known) - self.alive:
                if node in self._offers:
                    self.say("a node of the cluster is gone")
                known.pop(node, None)
        self._drop_seats(*{seat.node for seat in self.seats.values()} - self.alive)

    def _drop_seats(self, *nodes: str) -> None:
        with self._changing:  # runs that are lost say so from their own threads
            self.seats = {name: seat for name, seat in self.seats.items() if seat.node not in nodes}

    def _ask(self, about: _Found) -> Any:
        taken: dict[str, list[int]] = {}  # by machine
        for offer in self._offers.values():
            taken.setdefault(offer.machine, []).extend(core for place in offer.places for core in place.cores)
        own = {"cores": int(about.cpus), "cards": int(about.gpus), "parallel": self.parallel}
        return at_node(_offer_here(), about.node).remote(own, taken, (self.known_as, self.session))

    def _take(self, about: _Found, answer: Any) -> None:
        """Take in what a node offers."""
        try:
            offer = ray.get(answer)
        except RayTaskError as error:
            offer = f"cannot start nightdesk: {told_by(error)}"
        except RayError:
            return  # it went away, or is asked again
        why = offer if isinstance(offer, str) else self._why_not(offer)
        if why:
            self.refused[about.node] = f"node {about.name}: {why}"
            self.say(self.refused[about.node])
            return
        self._offers[about.node] = offer
        alone = len(offer.places) == 1
        names = {seat.shown.name for seat in self.seats.values()}
        for own in offer.places:
            name = f"node {about.name}" if alone else f"node {about.name}, {own.name}"
            name = f"{name} ({about.node[:6]})" if name in names else name
            seat = Seat(
                Place(name, own.hardware, own.cores, own.gpu, remote=True),
                own,
                about.node,
                float(int(about.cpus) // len(offer.places)),
                1.0 if about.gpus >= 1 else 0.0,
                offer.places,
            )
            with self._changing:
                self.seats = {**self.seats, name: seat}

    def _why_not(self, offer: Offer) -> str:
        if offer.code != (here := code_version()):
            return f"has another nightdesk ({offer.code}, here {here}): install the same one on all nodes"
        if self.confined and offer.cannot_confine:
            return f"programs cannot be confined there: {offer.cannot_confine}"
        return ""


def at_node(function: Callable[..., Any], node: str, *, cpus: float = 0, gpus: float = 0) -> Any:
    """Return the function as something that runs at a node, once: `.remote(…)` starts it."""
    there = NodeAffinitySchedulingStrategy(node, soft=False)
    return ray.remote(function).options(num_cpus=cpus, num_gpus=gpus, max_retries=0, scheduling_strategy=there)


def put(value: Any) -> Any:
    """Return where nodes can fetch a value from, as long as this is kept."""
    return ray.put(value)


def _at_work(order: Order, shared: SharedFiles) -> str | None:
    """Carry out an order, at a node. Ray's raylet is this process's parent: without it nobody waits for the answer."""
    parent = os.getppid()
    return carry_out(order, shared, fetch=ray.get, left=lambda: os.getppid() != parent)


def _offer_here() -> Callable[..., Any]:
    """Return what asks a node for its offer. It travels as code, so that a node without nightdesk can say so."""

    def offer_there(own: dict[str, Any], taken: dict[str, list[int]], session: tuple[str, str]) -> Any:
        try:
            from nightdesk.lab.remote import node  # noqa: PLC0415  # it may not be there
        except ImportError as error:
            return f"cannot import nightdesk: {error}"
        node.tidy(session[0], but=session[1])
        return node.offer(**own, taken=taken.get(node.machine(), ()))

    return offer_there


def _found(told: dict[str, Any]) -> _Found:
    resources = told.get("Resources", {})
    name = plain(str(told.get("NodeManagerAddress") or told["NodeID"][:6]))
    return _Found(str(told["NodeID"]), name, float(resources.get("CPU", 0)), float(resources.get("GPU", 0)))
