"""Builds an idea: a worker hands in files, code runs the acceptance checks, and what fails goes back a few times.

The worker writes nothing: its hand-in is a list of files, put into a folder with a git repository of its own.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nightdesk.agents.boundary import mark_data
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Attempt, Brief, Outcome, Task, Verified, Worker, perform
from nightdesk.base.errors import DeskError
from nightdesk.base.files import hash_text, write_atomically
from nightdesk.base.git import commit_paths, init_repository
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import IDEA
from nightdesk.wiki.escaping import escape_markdown
from nightdesk.wiki.ideas.checks import Check, checks_of
from nightdesk.wiki.ideas.form import Idea
from nightdesk.wiki.ideas.handed_files import SCHEMA, put_files, read_files
from nightdesk.wiki.ideas.trying import Tried, try_checks

REPORT = "BUILD.md"
_SAID = 300  # characters of a failing check's output that go back to the worker


@dataclass(frozen=True, slots=True)
class Built:
    """The files of one hand-in, and how the checks ended on them."""

    files: dict[str, str]
    tried: tuple[Tried, ...]

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(tried.passed for tried in self.tried)


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built, and how it is tried."""

    idea: Idea
    checks: tuple[Check, ...]
    network: bool = False
    hidden: tuple[Path, ...] = ()  # folders that no check sees
    told: Callable[[Tried], None] = lambda tried: None

    @property
    def digest(self) -> str:
        """SHA-256 of the idea's text, in hexadecimal."""
        return hash_text(self.idea.text)


def order_of(
    idea: Idea, *, network: bool = False, hidden: tuple[Path, ...] = (), told: Callable[[Tried], None] | None = None
) -> Order:
    """Return what is to be built. Raises DeskError where the idea has no checks that code can run."""
    order = Order(idea, checks_of(idea), network, hidden)
    return order if told is None else Order(idea, order.checks, network, hidden, told)


def build(
    order: Order,
    worker: Worker,
    briefs: Briefs,
    *,
    attempts: int,
    record: Callable[[Attempt], None] = lambda attempt: None,
) -> Outcome[Built]:
    """Let `worker` build the idea; the hand-in that passes most checks is the result, with reasons where some fail.

    Raises LeftError at a cap before there is any hand-in.
    """
    subject = f"build {order.idea.title}"[:200]
    task = Task(IDEA, subject, short_hash(f"{IDEA}\n{order.idea.text}"), order, lambda: build_brief(order, briefs))
    return perform(task, worker, partial(verify_build, order), attempts=attempts, record=record)


def build_brief(order: Order, briefs: Briefs) -> Brief:
    """Return the brief: the idea, which a stranger may have written, is data."""
    material = mark_data({"the idea": order.idea.text})
    return briefs.render(
        "idea_build",
        {"python": ".".join(map(str, sys.version_info[:2]))},
        material=material,
        form="json",
        schema=SCHEMA,
    )


def verify_build(order: Order, hand_in: str) -> Verified[Built]:
    """Check the files of a hand-in, then run the acceptance checks on them in a folder that is gone afterwards."""
    files, reasons = read_files(hand_in)
    if reasons:
        return Verified(None, reasons)
    with tempfile.TemporaryDirectory(prefix="nightdesk-build-") as folder:
        put_files(Path(folder), files)
        tried = try_checks(Path(folder), order.checks, network=order.network, hidden=order.hidden, told=order.told)
    built = Built(dict(files), tried)
    return Verified(built, tuple(_reason(one) for one in tried if not one.passed), worth=built.passed)


def _reason(tried: Tried) -> str:
    said = f"; it printed: {' '.join(tried.said.split())[-_SAID:]}" if tried.said else ""
    return f"check {tried.name!r}: {'; '.join(tried.why)}{said}"


def check_target(into: Path, *, within: Sequence[Path] = ()) -> Path:
    """Return the absolute path of the folder to build in.

    Raises DeskError where something is there already, or where it lies in one of the folders `within`.
    """
    target = Path(os.path.abspath(into))
    if os.path.lexists(target) and (target.is_symlink() or not target.is_dir() or any(target.iterdir())):
        raise DeskError(f"{into} is not an empty folder", fix="name a new one: a build gets a folder of its own")
    real = target.parent.resolve() / target.name
    for folder in within:
        if real == folder.resolve() or real.is_relative_to(folder.resolve()):
            raise DeskError(f"{into} lies in {folder.name}/ of a desk", fix="name a folder outside of it")
    return real


def put_build(target: Path, order: Order, built: Built, *, by: str, attempts: int, today: str, name: str) -> None:
    """Write the files and the report into `target` and commit them there. Raises DeskError where that fails."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise DeskError(f"{target} is not empty any more", fix="name another folder")
        init_repository(target)
        put_files(target, built.files)
        write_atomically(target / REPORT, report(order, built, by=by, attempts=attempts, today=today, name=name))
    except OSError as error:
        raise DeskError(f"{target}: {error.strerror}", fix="name a folder that you may write to") from error
    commit_paths(target, [*built.files, REPORT], f"build: {order.idea.title}")


def report(order: Order, built: Built, *, by: str, attempts: int, today: str, name: str) -> str:
    """Return BUILD.md: what was built, from which idea, by whom, and how each check ended."""
    state = "All checks passed." if built.passed == len(built.tried) else "**Not all checks passed.**"
    rows = "".join(_row(tried) for tried in built.tried)
    network = "with this machine's network" if order.network else "without network"
    files = "".join(f"- {escape_markdown(path)}\n" for path in sorted(built.files))
    idea = f"{escape_markdown(name)} (SHA-256 {order.digest})"
    return (
        f"# {escape_markdown(order.idea.title)}\n\n"
        f"Built on {today} from the idea file {idea} by {escape_markdown(by)}; hand-ins: {attempts}. {state}\n\n"
        "The checks were written by whoever wrote the idea and run by nightdesk, confined, each in a copy of this "
        f"folder, {network}. They prove what they say, no more.\n\n"
        f"| check | command | outcome | why |\n| --- | --- | --- | --- |\n{rows}\n## Files\n\n{files}"
    )


def _row(tried: Tried) -> str:
    outcome = "passed" if tried.passed else "failed"
    return f"| {_cell(tried.name)} | {_cell(' '.join(tried.run))} | {outcome} | {_cell('; '.join(tried.why))} |\n"


def _cell(text: str) -> str:
    return escape_markdown(text if len(text) <= 200 else text[:199] + "…") or " "
