"""From the names of workers in the settings to the workers: the one place that gives them keys and programs."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from nightdesk.agents.meter import Caps, Meter
from nightdesk.agents.room import RoomWorker
from nightdesk.agents.scripted import ScriptedWorker, read_script
from nightdesk.agents.tasks import Worker
from nightdesk.base.desk import Desk
from nightdesk.base.settings import KINDS, Settings
from nightdesk.base.trust import require_trust
from nightdesk.views.cli.trust import trust_store
from nightdesk.wiki.builtin import BuiltinWorker
from nightdesk.wiki.staff import Staff
from nightdesk.wiki.work import briefs_of, ledger_of


@contextlib.contextmanager
def hired(
    desk: Desk,
    settings: Settings,
    *,
    kinds: Sequence[str] = KINDS,
    chosen: str | None = None,
    on_text: Callable[[str], None] | None = None,
) -> Iterator[Staff | None]:
    """Give the block the AI workers that the settings name for these `kinds` of tasks, None where none is named.

    Without one the built-in code does all. `chosen` is the worker that the command line names, for every kind of task:
    it needs no trust. `on_text` is given a model's answers as they come. Raises DeskError for a worker that is not set
    up, and for one that came with the desk and is not trusted.
    """
    names = {kind: chosen or settings.worker_for(kind) for kind in kinds}
    if all(name == "builtin" for name in names.values()):
        yield None
        return
    if chosen is None:
        require_trust(trust_store(os.environ), desk.root, dataclasses.asdict(settings))
    elif not settings.confine_agents:
        require_trust(trust_store(os.environ), desk.root, {"confine_agents": False})
    meter = Meter(caps_of(settings))
    with contextlib.ExitStack() as stack:
        made: dict[str, Worker] = {}
        for name in sorted(set(names.values()) - {"builtin"}):
            made[name] = make_worker(name, desk, settings, meter, on_text)
            close = getattr(made[name], "close", None)
            if close is not None:
                stack.callback(close)
        yield Staff(
            {kind: made[name] for kind, name in names.items() if name != "builtin"},
            briefs_of(desk),
            record=ledger_of(desk),
            attempts=settings.attempts,
            parallel=settings.parallel,
        )


def planning(staff: Staff | None) -> tuple[Staff | None, RoomWorker]:
    """Return a staff that only notes what it is asked to do, in the `open` tasks of the worker beside it."""
    noting = RoomWorker(part_chars=2**40)
    if staff is None:
        return None, noting
    if "read" in staff.workers:
        noting.part_chars = staff.workers["read"].part_chars
    return dataclasses.replace(staff, workers=dict.fromkeys(staff.workers, noting)), noting


def caps_of(settings: Settings) -> Caps:
    """Return the caps that the settings put on one command."""
    return Caps(settings.max_usd or None, settings.max_tokens or None, settings.max_minutes or None)


def make_worker(
    name: str, desk: Desk, settings: Settings, meter: Meter, on_text: Callable[[str], None] | None
) -> Worker:
    """Return the worker of this name. Raises DeskError where it is not set up."""
    kind, _, rest = name.partition(":")
    if kind == "scripted":
        return ScriptedWorker(read_script(desk.root / Path(rest)), otherwise=BuiltinWorker(), meter=meter)
    if kind == "room":
        return RoomWorker()
    if kind in ("command", "acp"):
        return _coding_agent(name, desk, settings, meter, os.environ)
    # imported here: a model's library is an extra, and slow to load
    if kind == "local":
        from nightdesk.agents.local_model import LocalModelWorker  # noqa: PLC0415

        return LocalModelWorker(
            name,
            meter,
            on_text,
            folder=desk.root,
            context_tokens=settings.context_tokens,
            max_output_tokens=settings.max_output_tokens,
        )
    from nightdesk.agents.models import ModelWorker  # noqa: PLC0415
    from nightdesk.agents.providers import parse_model  # noqa: PLC0415

    model = parse_model(
        name,
        environment=os.environ,
        context_tokens=settings.context_tokens,
        max_output_tokens=settings.max_output_tokens,
        at_once=settings.parallel,
        send_images=settings.send_images,
    )
    return ModelWorker(model, meter, on_text)


def _coding_agent(name: str, desk: Desk, settings: Settings, meter: Meter, environment: Mapping[str, str]) -> Worker:
    from nightdesk.agents.coding import AgentSettings, make_coding_worker  # noqa: PLC0415 - only where one is named

    return make_coding_worker(
        name,
        settings=AgentSettings(
            minutes=settings.agent_minutes,
            confine=settings.confine_agents,
            at_once=settings.parallel,
            context_tokens=settings.context_tokens,
            send_images=settings.send_images,
            hidden=(desk.root,),
        ),
        meter=meter,
        environment=environment,
    )
