"""When a night is over: each rule, and the clock on the wall with its jumps."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.lab.lasting.stop_rules import ends_by, moment_of, over
from nightdesk.lab.night import Ended, Plan

EVENING = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
# as POSIX writes zones, which needs no list of them on the machine
TOKYO, PACIFIC, BERLIN = "JST-9", "PST8PDT,M3.2.0,M11.1.0", "CET-1CEST,M3.5.0,M10.5.0/3"
MORNING = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Return what puts this process into a time zone; the one before comes back."""

    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("plan", "known", "ended", "why"),
    [
        (Plan(), {"passed_seconds": 1e9, "candidates": 10**6, "since_keep": 10**6}, None, "no wish: it goes on"),
        (Plan(count=12), {"candidates": 11}, None, "one to go"),
        (Plan(count=12), {"candidates": 12}, Ended.DONE, "as many as wished"),
        (Plan(count=0), {}, Ended.DONE, "the baseline alone"),
        (Plan(seconds=3600), {"passed_seconds": 3599.9}, None, "a moment to go"),
        (Plan(seconds=3600), {"passed_seconds": 3600.0}, Ended.TIME, "the hours passed, asleep or awake"),
        (Plan(until=MORNING), {"now": MORNING - timedelta(seconds=1)}, None, "a second before"),
        (Plan(until=MORNING), {"now": MORNING}, Ended.TIME, "the clock on the wall says so"),
        (Plan(until=MORNING), {"now": EVENING, "passed_seconds": 1e6}, None, "the clock was set back: it counts"),
        (Plan(without_gain=3), {"since_keep": 2, "candidates": 40}, None, "a keep not long ago"),
        (Plan(without_gain=3), {"since_keep": 3, "candidates": 40}, Ended.NO_GAIN, "three in a row"),
        (Plan(count=3, without_gain=3), {"since_keep": 3, "candidates": 3}, Ended.DONE, "what was asked for is done"),
        (Plan(seconds=9, until=MORNING), {"passed_seconds": 10.0, "now": EVENING}, Ended.TIME, "the first of the two"),
    ],
)
def test_each_rule(plan: Plan, known: dict[str, float | datetime], ended: Ended | None, why: str) -> None:
    given = {"passed_seconds": 0.0, "candidates": 0, "since_keep": 0, "now": EVENING} | known
    found = over(plan, **given)  # type: ignore[arg-type]  # a table of cases
    assert (found and found[0]) == ended, why
    assert found is None or "\n" not in found[1]


@pytest.mark.parametrize(
    ("plan", "passed", "ends"),
    [
        (Plan(count=3), 0.0, None),
        (Plan(seconds=3600), 0.0, EVENING + timedelta(hours=1)),
        (Plan(seconds=3600), 600.0, EVENING + timedelta(minutes=50)),
        (Plan(seconds=3600), 9999.0, EVENING),  # never before now
        (Plan(seconds=3600, until=MORNING), 0.0, EVENING + timedelta(hours=1)),
        (Plan(seconds=1e6, until=MORNING), 0.0, MORNING),
        (Plan(seconds=float("inf")), 0.0, None),
        (Plan(seconds=1e15, until=MORNING), 0.0, MORNING),
    ],
)
def test_the_moment_by_which_a_night_ends(plan: Plan, passed: float, ends: datetime | None) -> None:
    assert ends_by(plan, passed_seconds=passed, now=EVENING) == ends


@pytest.mark.parametrize(
    ("place", "now", "text", "moment"),
    [
        ("UTC", "2026-11-23T22:00Z", "07:30", "2026-11-24T07:30Z"),
        ("UTC", "2026-11-23T22:00Z", " 7:30 ", "2026-11-24T07:30Z"),
        ("UTC", "2026-11-23T07:29Z", "07:30", "2026-11-23T07:30Z"),
        ("UTC", "2026-11-23T07:30Z", "07:30", "2026-11-24T07:30Z"),  # the next such moment, not this one
        (TOKYO, "2026-11-23T22:00Z", "07:30", "2026-11-23T22:30Z"),  # it is 07:00 there
        (PACIFIC, "2026-11-23T22:00Z", "07:30", "2026-11-24T15:30Z"),
        (TOKYO, "2026-11-23T22:00Z", "2026-11-24T07:30", "2026-11-23T22:30Z"),
        (TOKYO, "2026-11-23T22:00Z", "2026-11-24 07:30+00:00", "2026-11-24T07:30Z"),
        (TOKYO, "2026-11-23T22:00Z", "2026-11-24T07:30Z", "2026-11-24T07:30Z"),
        # summer time begins on 29 March 2026: 02:30 does not come that night, and half past three does instead
        (BERLIN, "2026-03-28T22:00Z", "02:30", "2026-03-29T01:30Z"),
        (BERLIN, "2026-03-28T22:00Z", "07:30", "2026-03-29T05:30Z"),
        # it ends on 25 October 2026: 02:30 comes twice
        (BERLIN, "2026-10-24T20:00Z", "02:30", "2026-10-25T00:30Z"),
        (BERLIN, "2026-10-25T00:45Z", "02:30", "2026-10-25T01:30Z"),
        (BERLIN, "2026-10-25T00:45Z", "2026-10-25T02:30", "2026-10-25T01:30Z"),
        (BERLIN, "2026-10-24T20:00Z", "07:30", "2026-10-25T06:30Z"),
    ],
)
def test_a_moment_is_meant_where_the_person_is(
    zone: Callable[[str], None], place: str, now: str, text: str, moment: str
) -> None:
    zone(place)
    assert moment_of(text, now=datetime.fromisoformat(now)) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no time"),
        ("tomorrow", "is no time"),
        ("25:00", "is no time"),
        ("07:60", "is no time"),
        ("730", "is no time"),
        ("2026-11-24", "is no time"),  # morning or evening of that day?
        ("2026-13-24T07:30", "is no time"),
        ("0001-01-01T00:00", "is"),  # over, or more than the system's clock can say
        ("2026-11-23T07:30Z", "is over"),
        ("٠٧:٣٠", "is no time"),
        ("07:30; rm -rf /", "is no time"),
    ],
)
def test_what_is_no_time_is_refused_with_the_way_out(zone: Callable[[str], None], text: str, words: str) -> None:
    zone("UTC")
    with pytest.raises(DeskError, match=words) as raised:
        moment_of(text, now=EVENING)
    assert "--until 07:30" in str(raised.value.fix)
