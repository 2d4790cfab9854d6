"""When a night is over by what the person wished: a number, some hours, a time of day, no gain for long."""

import contextlib
import re
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time

from nightdesk.base.errors import DeskError
from nightdesk.lab.night import Ended, Plan

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}.*", re.ASCII)
_FIX = "--until 07:30, or --until 2026-11-24T07:30"


def over(
    plan: Plan, *, passed_seconds: float, candidates: int, since_keep: int, now: datetime
) -> tuple[Ended, str] | None:
    """Return how and why the night is over, None where another experiment may begin.

    `passed_seconds` since the session began, the machine's sleep included (clocks.Stopwatch); `candidates` judged in
    it, without the baseline; `since_keep` of them in a row without a keep; `now` the clock on the wall, with its zone.
    """
    if plan.count is not None and candidates >= plan.count:
        return Ended.DONE, f"{_experiments(candidates)} judged, as asked for"
    if plan.without_gain is not None and since_keep >= plan.without_gain:
        return Ended.NO_GAIN, f"no gain in {_experiments(since_keep)} in a row"
    if plan.seconds is not None and passed_seconds >= plan.seconds:
        return Ended.TIME, "the time is over"
    if plan.until is not None and now >= plan.until:
        return Ended.TIME, f"it is {plan.until.astimezone():%H:%M}, as asked for"
    return None


def ends_by(plan: Plan, *, passed_seconds: float, now: datetime) -> datetime | None:
    """Return the moment (UTC) after which no experiment begins, as far as it is known now; None: there is none.

    It is later than it seemed before where the clock on the wall was set back meanwhile.
    """
    moments = [] if plan.until is None else [plan.until.astimezone(UTC)]
    if plan.seconds is not None:
        with contextlib.suppress(OverflowError):  # more years than there are dates for
            moments.append(now.astimezone(UTC) + timedelta(seconds=max(0.0, plan.seconds - passed_seconds)))
    return min(moments, default=None)


def moment_of(text: str, *, now: datetime) -> datetime:
    """Return the moment that `--until` names: the next such time of day here, or that of a date; `now` with its zone.

    A time that summer time leaves out is that much later; one that comes twice is the next of the two. Raises
    DeskError for what is no time, and for what is over.
    """
    text = text.strip()
    found = _CLOCK.fullmatch(text)
    try:
        if found:
            return _next_time(clock_time(int(found[1]), int(found[2])), now)
        moment = datetime.fromisoformat(text) if _DATE.fullmatch(text) else None
        if moment is not None:
            moments = [moment.astimezone(UTC)] if moment.tzinfo else _moments(moment.date(), moment.time())
            moment = next((m for m in moments if m > now), moments[-1])
    except (ValueError, OverflowError, OSError) as error:
        raise DeskError(f"{text!r} is no time", fix=_FIX) from error
    if moment is None:
        raise DeskError(f"{text!r} is no time", fix=_FIX)
    if moment <= now:
        raise DeskError(f"{text} is over", fix=_FIX)
    return moment


def _next_time(wanted: clock_time, now: datetime) -> datetime:
    today = now.astimezone().date()
    moments = [moment for days in range(3) for moment in _moments(today + timedelta(days=days), wanted)]
    return next(moment for moment in moments if moment > now)


def _moments(day: date, wanted: clock_time) -> list[datetime]:
    """Return when the clocks here show that time on a day: twice where summer time ends, later where it begins."""
    both = {datetime.combine(day, wanted.replace(fold=fold)).astimezone(UTC) for fold in (0, 1)}
    shown = sorted(moment for moment in both if moment.astimezone().time() == wanted)
    return shown or [max(both)]


def _experiments(count: int) -> str:
    return f"{count} experiment{'s' if count != 1 else ''}"
