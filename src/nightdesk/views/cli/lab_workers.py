"""From the name of a worker to a lab's proposer: the one place that gives it keys and programs."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.ledger import NAME as COSTS
from nightdesk.agents.ledger import append_attempt
from nightdesk.agents.meter import Meter
from nightdesk.agents.scripted import ScriptedWorker, read_script
from nightdesk.agents.tasks import Attempt, Worker
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import HYBRID, PROPOSE, RANDOM, WORKERS, Settings
from nightdesk.base.trust import require_trust
from nightdesk.lab.agent_proposer import AgentProposer
from nightdesk.lab.desk_tasks import lab_briefs
from nightdesk.lab.experiments import FOLDER, Experiment, read_experiments
from nightdesk.lab.jobs import Proposer, Search, Stopped
from nightdesk.lab.labs import Lab
from nightdesk.lab.memory.recalling import recall
from nightdesk.lab.propose_task import PACKAGE
from nightdesk.lab.proposers import HybridProposer, TuningProposer
from nightdesk.lab.room import RoomProposer
from nightdesk.views.cli.trust import trust_store
from nightdesk.views.cli.workers import caps_of, make_worker
from nightdesk.wiki.work import ledger_of

BUILT_IN, ROOM = "builtin", "room"


def worker_of(settings: Settings) -> str:
    """Return who proposes where the command line names nobody.

    An agent in the room that keeps the wiki does not keep the lab unasked: the night would wait for it.
    """
    general = BUILT_IN if settings.worker == ROOM else settings.worker
    return settings.workers.get(PROPOSE, general)


@contextlib.contextmanager
def proposer_for(
    lab: Lab,
    settings: Settings,
    *,
    chosen: str | None = None,
    stopped: Stopped = lambda: False,
    on_text: Callable[[str], None] | None = None,
    anew: int | None = None,
) -> Iterator[Proposer]:
    """Give the block who proposes: `chosen` on the command line (which needs no trust), else whom the settings name.

    "builtin", "random", "room", any worker of the wiki's ("openai:…", "command:…", "acp:…", "scripted:…" …), or
    "hybrid:" before room or such a worker. With a seed `anew` the optimiser begins with that seed and without what
    other branches found. Raises DeskError for a name that is none, and for a worker that is not set up or came with the
    desk and is not trusted.
    """
    name = chosen or worker_of(settings)
    _check_name(name, lab)
    if name not in (BUILT_IN, RANDOM, ROOM) and lab.desk is not None:
        if chosen is None:
            require_trust(trust_store(os.environ), lab.desk.root, dataclasses.asdict(settings))
        elif not settings.confine_agents:
            require_trust(trust_store(os.environ), lab.desk.root, {"confine_agents": False})
    with contextlib.ExitStack() as stack:
        if name == RANDOM:
            yield TuningProposer(method="random", name=RANDOM, seed=anew or 0)
        elif name == BUILT_IN:
            yield _tuner(lab, anew)
        else:
            inner = name.removeprefix(HYBRID)
            thinker = _thinker(inner, lab, settings, stack, stopped=stopped, on_text=on_text, hybrid=inner != name)
            yield thinker if inner == name else HybridProposer(thinker, _tuner(lab, anew))


def _check_name(name: str, lab: Lab) -> None:
    inner = name.removeprefix(HYBRID)
    kind, colon, rest = inner.partition(":")
    if inner == ROOM and lab.desk is None:
        raise DeskError(
            "the agent in the room proposes to the labs of a desk", fix="make one with: nightdesk lab new NAME"
        )
    if name in (BUILT_IN, RANDOM) or inner == ROOM or (colon and kind in WORKERS and rest.strip()):
        return
    listed = ", ".join((BUILT_IN, RANDOM, ROOM, *(f"{provider}:…" for provider in WORKERS), f"{HYBRID}WORKER"))
    raise DeskError(f"{name!r} proposes no experiments", fix=f"there are {listed}")


def _tuner(lab: Lab, anew: int | None = None) -> TuningProposer:
    return TuningProposer(earlier=experiments_on_disk(lab)) if anew is None else TuningProposer(seed=anew)


def experiments_on_disk(lab: Lab) -> tuple[Experiment, ...]:
    """Return the experiments of all branches, none where a file is damaged."""
    try:
        return read_experiments(lab.folder / FOLDER)
    except DeskError:
        return ()  # the loop says which file is damaged; without it there is a little less to go by


def _thinker(
    name: str,
    lab: Lab,
    settings: Settings,
    stack: contextlib.ExitStack,
    *,
    stopped: Stopped,
    on_text: Callable[[str], None] | None,
    hybrid: bool,
) -> Proposer:
    desk = lab.desk

    def knows(search: Search) -> str:
        return recall(desk, search, lab=lab.name).text if desk is not None else ""

    if name == ROOM:
        room = RoomProposer(
            lab.state, lab.name, stopped=stopped, wiki=knows, ranges=hybrid, earlier=experiments_on_disk(lab)
        )
        return stack.enter_context(room)
    root = desk.root if desk is not None else lab.repository
    worker = _worker(name, root, settings, on_text)
    close = getattr(worker, "close", None)
    if close is not None:
        stack.callback(close)
    return AgentProposer(
        worker,
        lab_briefs(desk) if desk is not None else Briefs(None, (PACKAGE,), ""),
        lab=lab.name,
        record=ledger_of(desk) if desk is not None else _ledger_at(lab.state / COSTS),
        attempts=settings.attempts,
        wiki=knows,
        ranges=hybrid,
    )


def _worker(name: str, root: Path, settings: Settings, on_text: Callable[[str], None] | None) -> Worker:
    meter = Meter(caps_of(settings))
    kind, _, rest = name.partition(":")
    if kind == "scripted":
        return ScriptedWorker(read_script(root / Path(rest)), meter=meter)
    return make_worker(name, Desk(root), settings, meter, on_text)


def _ledger_at(path: Path) -> Callable[[Attempt], None]:
    """Return what writes a call into a ledger beside the run state: a repository of the person's own gets no file."""

    def append(attempt: Attempt) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        append_attempt(path, attempt, now=datetime.now(UTC))

    return append
