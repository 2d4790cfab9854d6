"""What is to be done on a desk by whoever reads its briefs, and hand-ins taken from them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from nightdesk.agents.briefs import Briefs, desk_briefs
from nightdesk.agents.handins import HandInFile, against_form
from nightdesk.agents.leases import Leases
from nightdesk.agents.ledger import NAME as LEDGER
from nightdesk.agents.ledger import append_attempt
from nightdesk.agents.room import RoomWorker
from nightdesk.agents.tasks import Attempt, Task
from nightdesk.base.desk import Desk
from nightdesk.base.settings import KINDS, Settings
from nightdesk.base.stages import Stage, silent
from nightdesk.wiki.compile import compile_desk
from nightdesk.wiki.read_brief import PACKAGE
from nightdesk.wiki.report import Report
from nightdesk.wiki.staff import Staff

WAIT_SECONDS = 300.0  # for other submits and compiles


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a hand-in: applied, or what is wrong with it. Accepted with reasons means accepted in part."""

    accepted: bool
    reasons: tuple[str, ...]
    kept_good: bool
    report: Report


@dataclass(frozen=True, slots=True)
class Open:
    """The tasks that are to be done, readings first, and what was found on the way to them."""

    tasks: list[Task[Any]]
    report: Report


def open_tasks(desk: Desk, settings: Settings, *, stage: Stage = silent) -> Open:
    """Return all tasks that are to be done.

    The desk is brought up to date on the way, with the built-in worker's work in the places of what is to be done.
    """
    room = RoomWorker()
    _, report = _compile(desk, settings, room, stage=stage, today=date.today())
    return Open(sorted(room.open, key=lambda task: KINDS.index(task.kind)), report)


def submit(
    desk: Desk,
    settings: Settings,
    hand_in: HandInFile,
    *,
    keep_good: bool = False,
    today: date,
    stage: Stage = silent,
) -> Submitted:
    """Check a hand-in and its lease, and apply it; nothing changes where it is not accepted."""
    leases, now = Leases(desk.cache), datetime.now(UTC)
    tasks = {task.id: task for task in open_tasks(desk, settings, stage=stage).tasks}
    reason = leases.check(hand_in, tasks.values(), now=now)
    if reason is None:
        reason = against_form(hand_in, tasks[hand_in.task].brief())
    if reason is not None:
        return Submitted(False, (reason,), False, Report())
    room = RoomWorker(
        {hand_in.task: hand_in.text}, inputs={hand_in.task: hand_in.input}, holder=leases.holder_of(hand_in.lease)
    )
    staff, report = _compile(desk, settings, room, stage=stage, today=today, keep_good=keep_good)
    if hand_in.task in room.rejected:
        return Submitted(False, room.rejected[hand_in.task], False, report)
    if hand_in.task not in room.used:
        return Submitted(False, ("the desk changed meanwhile; take it anew with: nightdesk next",), False, report)
    done = tasks[hand_in.task]
    told = [left for left in staff.told if (left.kind, left.subject) == (done.kind, done.subject)]
    reasons = tuple(reason for left in told for reason in left.reasons)
    if any(left.state in ("failed", "left") for left in told):
        return Submitted(False, reasons, False, report)
    leases.finish(hand_in, now=datetime.now(UTC))
    return Submitted(True, reasons, bool(told), report)


def _compile(
    desk: Desk, settings: Settings, room: RoomWorker, *, stage: Stage, today: date, keep_good: bool = False
) -> tuple[Staff, Report]:
    staff = Staff(
        dict.fromkeys(KINDS, room),
        briefs_of(desk),
        record=ledger_of(desk),
        attempts=1 if keep_good else 2,  # asked a second time, the room has nothing better: the task stays open
        remember=False,
    )
    return staff, compile_desk(desk, settings, staff, stage=stage, today=today, wait_seconds=WAIT_SECONDS)


def briefs_of(desk: Desk) -> Briefs:
    """Return the desk's briefs: its own templates before those of the package."""
    return desk_briefs(desk.root, (PACKAGE,))


def ledger_of(desk: Desk) -> Callable[[Attempt], None]:
    """Return what writes a call into the desk's ledger."""
    return lambda attempt: append_attempt(desk.root / LEDGER, attempt, now=datetime.now(UTC))
