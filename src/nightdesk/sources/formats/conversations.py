"""A conversation as a value: who said what, when."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime

ASSISTANT = "(assistant)"  # ends the name of a model in headings; what stands below was not said by a person
_LATEST = 253402300799.0  # the last second of the year 9999


@dataclass(frozen=True, slots=True)
class Said:
    """One message, in Markdown as its writer meant it; `attached` are names of files."""

    speaker: str
    time: datetime | None
    text: str
    attached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation in order, and the program that it comes from."""

    origin: str
    title: str
    messages: tuple[Said, ...]

    @property
    def last_day(self) -> str | None:
        """The date of the last message that has one, ISO 8601."""
        times = [said.time for said in self.messages if said.time]
        return max(times).strftime("%Y-%m-%d") if times else None


def moment(seconds: object) -> datetime | None:
    """Return the time that a number of seconds since 1970 means, None for what is no such number."""
    try:
        value = float(seconds) if isinstance(seconds, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return datetime.fromtimestamp(value, UTC) if 0 < value <= _LATEST else None


def iso_moment(text: object) -> datetime | None:
    """Return the time that an ISO 8601 text means, None for what is none."""
    try:
        value = datetime.fromisoformat(str(text))
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
