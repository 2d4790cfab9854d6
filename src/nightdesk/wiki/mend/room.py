"""Mends for the agent in the room: the tasks that are open, and its hand-ins taken."""

from datetime import UTC, date, datetime
from typing import Any

from nightdesk.agents.handins import HandInFile, against_form
from nightdesk.agents.leases import Leases
from nightdesk.agents.room import RoomWorker
from nightdesk.agents.tasks import Task
from nightdesk.base.cache import open_cache
from nightdesk.base.desk import Desk
from nightdesk.base.settings import MEND
from nightdesk.base.stages import silent
from nightdesk.wiki.mend.mend import LINT_CACHE, Scope, do_mends, open_mends
from nightdesk.wiki.report import Report
from nightdesk.wiki.staff import Staff
from nightdesk.wiki.work import Submitted, briefs_of, ledger_of


def room_mends(desk: Desk, *, today: date) -> list[Task[Any]]:
    """Return the tasks of kind "mend" that are open on a desk."""
    with open_cache(desk.cache / LINT_CACHE) as kept:
        return list(open_mends(desk, lambda: briefs_of(desk), Scope(), today=today, kept=kept)[1])


def submit_mend(desk: Desk, hand_in: HandInFile, *, today: date) -> Submitted:
    """Check a hand-in and its lease, and apply it; nothing changes where it is not accepted."""
    leases = Leases(desk.cache)
    with open_cache(desk.cache / LINT_CACHE) as kept:
        seen, tasks = open_mends(desk, lambda: briefs_of(desk), Scope(), today=today, kept=kept)
        reason = leases.check(hand_in, tasks, now=datetime.now(UTC))
        mine = [task for task in tasks if task.id == hand_in.task]
        if reason is None:
            reason = against_form(hand_in, mine[0].brief())
        if reason is not None:
            return Submitted(False, (reason,), False, Report())
        room = RoomWorker(
            {hand_in.task: hand_in.text}, inputs={hand_in.task: hand_in.input}, holder=leases.holder_of(hand_in.lease)
        )
        staff = Staff({MEND: room}, briefs_of(desk), record=ledger_of(desk), attempts=2, remember=False)
        written = do_mends(desk, seen, mine, staff, today=today, stage=silent)
    if hand_in.task in room.rejected:
        return Submitted(False, room.rejected[hand_in.task], False, Report())
    leases.finish(hand_in, now=datetime.now(UTC))
    report = Report()
    report.published.written.extend(written.pages)
    report.commit = written.commit
    return Submitted(True, (), False, report)
