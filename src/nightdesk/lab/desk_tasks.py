"""All tasks that are open on a desk, the wiki's and those of labs that run, and hand-ins taken for either."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from nightdesk.agents.briefs import Briefs, desk_briefs
from nightdesk.agents.handins import HandInFile, against_form
from nightdesk.agents.leases import Leases
from nightdesk.agents.tasks import Attempt, Task, Usage
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import MEND, PROPOSE, Settings
from nightdesk.base.stages import Stage, silent
from nightdesk.lab import room
from nightdesk.lab.propose_task import PACKAGE, Material
from nightdesk.wiki.mend.room import room_mends, submit_mend
from nightdesk.wiki.report import Report
from nightdesk.wiki.work import Open, Submitted, ledger_of, open_tasks, submit


@dataclass(frozen=True, slots=True)
class LabTask:
    """A proposal that a lab waits for."""

    state: Path  # the lab's state folder
    task: Task[Material]


def lab_briefs(desk: Desk) -> Briefs:
    """Return the briefs of a desk's labs: its own templates before those of the package."""
    return desk_briefs(desk.root, (PACKAGE,))


def lab_tasks(desk: Desk) -> list[LabTask]:
    """Return the proposals that the desk's labs wait for now."""
    states = sorted(path.parent for path in (desk.cache / "lab").glob(f"*/{room.FOLDER}"))
    if not states:
        return []
    briefs = lab_briefs(desk)
    return [LabTask(state, task) for state in states for task in room.open_tasks(state, briefs)]


def desk_tasks(desk: Desk, settings: Settings, *, kind: str | None = None, stage: Stage = silent) -> Open:
    """Return all tasks that are to be done, of one kind or of all.

    A lab's come first: a machine waits for them. Pages are mended when nothing is to be read or written any more.
    """
    proposals = [found.task for found in lab_tasks(desk)] if kind in (None, PROPOSE) else []
    wiki = Open([], Report()) if kind == PROPOSE else open_tasks(desk, settings, stage=stage)
    mends = room_mends(desk, today=date.today()) if kind == MEND or (kind is None and not wiki.tasks) else []
    return Open([*proposals, *wiki.tasks, *mends], wiki.report)


def submit_to_desk(
    desk: Desk, settings: Settings, hand_in: HandInFile, *, keep_good: bool = False, today: date
) -> Submitted:
    """Check a hand-in and its lease, and apply it: to the wiki, or to the lab that waits for it."""
    leases = Leases(desk.cache)
    found = {one.task.id: one for one in lab_tasks(desk)}
    if leases.kind_of(hand_in.lease) == MEND:
        return submit_mend(desk, hand_in, today=today)
    if hand_in.task not in found and leases.kind_of(hand_in.lease) != PROPOSE:
        return submit(desk, settings, hand_in, keep_good=keep_good, today=today)
    reason = leases.check(hand_in, [one.task for one in found.values()], now=datetime.now(UTC))
    if reason is None:
        reason = against_form(hand_in, found[hand_in.task].task.brief())
    if reason is not None:
        return Submitted(False, (reason,), False, Report())
    one, holder = found[hand_in.task], leases.holder_of(hand_in.lease)
    reasons = room.hand_in(one.state, one.task, hand_in.text, holder=holder)
    _record(desk, one.task, holder, reasons)
    if not reasons:
        leases.finish(hand_in, now=datetime.now(UTC))
    return Submitted(not reasons, reasons, False, Report())


def _record(desk: Desk, task: Task[Material], holder: str, reasons: tuple[str, ...]) -> None:
    worker = f"room:{holder}" if holder else "room"
    outcome = "rejected" if reasons else "accepted"
    attempt = Attempt(
        task.id, task.kind, task.subject, worker, task.brief().template, 1, Usage(), outcome, next(iter(reasons), "")
    )
    try:
        ledger_of(desk)(attempt)
    except DeskError:  # what it cost is nothing we know; the hand-in itself must not be lost for it
        return
