"""From the name of a worker in the settings to the worker."""

from pathlib import Path

from nightdesk.agents.scripted import ScriptedWorker, read_script
from nightdesk.agents.tasks import Worker
from nightdesk.base.desk import Desk
from nightdesk.wiki.builtin import BuiltinWorker


def make_worker(name: str, desk: Desk) -> Worker:
    """Return the worker called `name`; a script's path is relative to the desk, and what it lacks the built-in does."""
    if name == "builtin":
        return BuiltinWorker()
    script = Path(name.removeprefix("scripted:"))
    return ScriptedWorker(read_script(desk.root / script), otherwise=BuiltinWorker())
