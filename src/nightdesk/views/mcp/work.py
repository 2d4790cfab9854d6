"""The tools that give out tasks and take hand-ins: the same tasks, leases and checks as on the command line."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from nightdesk.agents.handins import MAX_HAND_IN, compose_brief, parse_hand_in
from nightdesk.agents.leases import MINUTES, Leases, holder_name, in_turn, shown_time
from nightdesk.agents.tasks import Task
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import PROPOSE, ROOM_KINDS, read_settings
from nightdesk.views.mcp.pages import line

MAX_TASKS = 5  # in one answer; sub-agents ask for their own
MAX_CHARS = 120_000  # of the briefs in one answer; the first is always whole
MAX_LISTED = 50  # paths or reasons
HAND_IN = "Hand in with the tool `submit`: give it the text of the file, header included. No file needs to be written."


class Given(BaseModel):
    """A task that is yours until a time."""

    id: str
    kind: str
    subject: str
    until: str
    brief: str


class Tasks(BaseModel):
    """The tasks that you got; none where nothing is to be done, or others have all of it."""

    tasks: list[Given]
    open: int
    message: str


class Submission(BaseModel):
    """What became of a hand-in."""

    accepted: bool
    reasons: list[str]
    written: list[str]
    kept_good: bool
    message: str


def next_task(
    desk: Desk,
    count: Annotated[int, Field(ge=1, le=MAX_TASKS, description="How many you can do one after the other.")] = 1,
    kind: Annotated[str, Field(max_length=40, description=f"{' or '.join(ROOM_KINDS)}; empty for any.")] = "",
    as_: Annotated[str, Field(alias="as", max_length=60, description="Who you are; it stands in the pages.")] = "mcp",
) -> Tasks:
    """Take the next task: its brief says what to read, what to hand in, and what is checked. It is yours for an hour.

    A lab that waits comes first; sources are read before pages are written, and pages are mended last. Call it again
    after each submit, until it has nothing left.
    """
    if kind and kind not in ROOM_KINDS:
        raise DeskError(f'no task is of the kind "{line(kind)}"', fix=f"there are: {', '.join(ROOM_KINDS)}")
    # imported here: a client waits for the server to start, and this brings all that a compile needs
    from nightdesk.lab.desk_tasks import desk_tasks  # noqa: PLC0415

    holder = holder_name(as_)
    now = datetime.now(UTC)  # before the look at what is open: see Leases.lease
    tasks = desk_tasks(desk, read_settings(desk.settings), kind=kind or None).tasks
    leases = Leases(desk.cache)
    free = in_turn(tasks, kind=kind or None)
    leased = leases.lease(free, count=count, holder=holder, minutes=MINUTES, now=now)
    given: list[Given] = []
    try:
        for task, lease in leased:
            until = shown_time(lease.until)
            brief = compose_brief(task, lease.token, holder=holder, until=until, root=desk.root)
            if given and sum(len(one.brief) for one in given) + len(brief) > MAX_CHARS:
                break
            given.append(Given(id=task.id, kind=task.kind, subject=line(task.subject), until=until, brief=brief))
    finally:  # also where a brief cannot be made: nobody would do what nobody was told of
        for task, _ in leased[len(given) :]:
            leases.release(task.id, now=datetime.now(UTC))
    held = leases.held(free, now=now) if not given else []
    return Tasks(tasks=given, open=len(tasks), message=HAND_IN if given else _nothing(tasks, len(held), kind))


def _nothing(tasks: Sequence[Task[Any]], held: int, kind: str) -> str:
    if held:
        return f"Nothing is free: others have the {held} tasks that can be done now. Come back later."
    if kind == PROPOSE:
        return "Nothing to propose: no lab waits for it now. If one runs with the worker room, come back later."
    if tasks and kind:
        return f'Nothing to do of the kind "{kind}"; {len(tasks)} other tasks are open.'
    return "Nothing to do: the wiki is in step."


def submit(
    desk: Desk,
    hand_in: Annotated[
        str | dict[str, Any],
        Field(description="The whole hand-in as the brief asks for it, with its task, input and lease."),
    ],
    keep_good: Annotated[bool, Field(description="Take what is good although the rest is wrong.")] = False,
) -> Submission:
    """Hand in what a task asked for. It is checked by code; accepted, it becomes pages and a commit, or an experiment.

    Rejected, `reasons` say what is wrong: mend that and submit again with the same header.
    """
    # imported here: a client waits for the server to start, and this brings all that a compile needs
    from nightdesk.lab.desk_tasks import submit_to_desk  # noqa: PLC0415

    done = submit_to_desk(
        desk, read_settings(desk.settings), parse_hand_in(_as_text(hand_in)), keep_good=keep_good, today=date.today()
    )
    written = [*done.report.published.written, *done.report.published.merged]
    return Submission(
        accepted=done.accepted,
        reasons=[line(reason) for reason in done.reasons[:MAX_LISTED]],
        written=[line(path) for path in written[:MAX_LISTED]],
        kept_good=done.kept_good,
        message=_what_now(accepted=done.accepted, in_part=bool(done.reasons)),
    )


def _what_now(*, accepted: bool, in_part: bool) -> str:
    if not accepted:
        return "Rejected; mend what `reasons` say and submit again with the same header."
    part = " in part; `reasons` say what was left out" if in_part else ""
    return f"Accepted{part}. Call next_task for the next one."


def _as_text(hand_in: str | dict[str, Any]) -> str:
    """Return the hand-in as the text of a file: agents like to give JSON as what it is."""
    if isinstance(hand_in, dict):
        try:
            return json.dumps(hand_in)  # in plain letters: what is half a character is found when it is read
        except RecursionError as error:
            raise DeskError("the hand-in has lists too deep in lists", fix="mend it and submit again") from error
    if len(hand_in) > MAX_HAND_IN:
        raise DeskError(f"the hand-in is longer than {MAX_HAND_IN:,} characters", fix="hand in less")
    return hand_in
