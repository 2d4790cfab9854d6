"""Sums over the ledger, and forecasts: what is not known is said, never counted as nothing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from nightdesk.agents.ledger import Row
from nightdesk.wiki.costs import BY, LABELS, By, Planned, Sum, forecast, sum_costs


def row(**given: Any) -> Row:
    """A reading accepted from "ai", with 100 tokens sent, 10 received, for 0.5 USD in 2 seconds."""
    usual: dict[str, Any] = {
        "time": datetime(2026, 11, 22, 12, tzinfo=UTC),
        "task": "t1",
        "kind": "read",
        "subject": "raw/a.md",
        "worker": "ai",
        "model": "m",
        "brief": "b",
        "attempt": 1,
        "input_tokens": 100,
        "cached_tokens": None,
        "output_tokens": 10,
        "usd": 0.5,
        "seconds": 2.0,
        "outcome": "accepted",
        "reason": "",
    }
    return Row(**usual | given)


ONE = Sum(calls=1, accepted=1, input_tokens=100, output_tokens=10, usd=0.5, seconds=2.0)
UNKNOWN: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "usd": None, "seconds": None}


@pytest.mark.parametrize(
    ("rows", "total"),
    [
        ([], Sum()),
        ([row()], ONE),
        ([row(), row()], Sum(2, 2, input_tokens=200, output_tokens=20, usd=1.0, seconds=4.0)),
        ([row(cached_tokens=60)], Sum(1, 1, 0, 0, 0, 100, 60, 10, usd=0.5, seconds=2.0)),
        ([row(**UNKNOWN)], Sum(1, 1, uncounted=1, unpriced=1)),
        ([row(output_tokens=None)], Sum(1, 1, input_tokens=100, uncounted=1, usd=0.5, seconds=2.0)),  # half is known
        ([row(usd=0.0)], Sum(1, 1, input_tokens=100, output_tokens=10, seconds=2.0)),  # free is not unknown
        ([row(**UNKNOWN, outcome=o) for o in ("rejected", "failed", "declined")], Sum(3, 0, 1, 1, 1, 0, 0, 0, 3, 0, 3)),
        ([row(outcome="postponed")], Sum(1, input_tokens=100, output_tokens=10, usd=0.5, seconds=2.0)),  # a later one
    ],
)
def test_a_sum_counts_what_is_known_and_what_is_not(rows: list[Row], total: Sum) -> None:
    assert sum_costs(rows, by="day").total == total


@pytest.mark.parametrize(
    ("outcomes", "share"),
    [
        ("accepted", 1.0),
        ("accepted rejected rejected rejected", 0.25),
        ("accepted failed failed failed", 1.0),  # nothing was handed in
        ("accepted declined", 0.5),  # a person did not want it
        ("failed", None),
        ("", None),
    ],
)
def test_the_share_of_hand_ins_that_were_accepted(outcomes: str, share: float | None) -> None:
    assert sum_costs([row(outcome=outcome) for outcome in outcomes.split()], by="day").total.acceptance == share


@pytest.mark.parametrize(
    ("prices", "known"),
    [([0.5, 0.25], 0.75), ([0.5, None], 0.5), ([None, None], None), ([0.0, None], 0.0), ([], 0.0)],
)
def test_money_is_unknown_only_where_no_price_is_known(prices: list[float | None], known: float | None) -> None:
    assert sum_costs([row(usd=price) for price in prices], by="day").total.known_usd == known


@pytest.mark.parametrize(
    ("by", "rows", "keys"),
    [
        (
            "day",
            [row(time=datetime(2026, 11, d, h, 59, 59, tzinfo=UTC), usd=d) for d, h in ((22, 23), (3, 0), (22, 0))],
            [("2026-11-03",), ("2026-11-22",)],  # in their order
        ),
        (
            "worker",
            [row(), row(brief="c", usd=9.0), row(model="n"), row(worker="room", usd=None), row(brief="c")],
            [("ai", "m", "c"), ("ai", "m", "b"), ("ai", "n", "b"), ("room", "m", "b")],  # the dearest first
        ),
        (
            "source",
            [
                *(row(subject=s) for s in ("raw/a.md (part 2 of 12)", "raw/a.md (part 1 of 12)", "raw/b (part).md")),
                row(kind="write", usd=99.0),
            ],
            [("raw/a.md",), ("raw/b (part).md",), ("",)],  # what is no reading comes last, whatever it cost
        ),
        (
            "page",
            [
                row(kind="write", subject="Muon", **UNKNOWN),
                row(kind="write", subject="Adam", usd=None),
                row(kind="write", subject="Adam, section 2 of 3", usd=None),
            ],
            [("Adam",), ("Muon",)],  # without prices the tokens decide
        ),
    ],
)
def test_groups(by: By, rows: list[Row], keys: list[tuple[str, ...]]) -> None:
    costs = sum_costs(rows, by=by)
    assert [group.key for group in costs.groups] == keys
    assert sum((group.sum for group in costs.groups), Sum()) == costs.total
    assert costs.total.calls == len(rows)


@pytest.mark.parametrize("by", BY)
def test_lines_that_are_no_rows_are_counted_apart(by: By) -> None:
    costs = sum_costs(iter([None, row(), None]), by=by)
    assert (costs.unread, costs.total) == (2, ONE)
    assert len(costs.groups[0].key) == len(LABELS[by])


def test_json_says_null_for_what_is_unknown() -> None:
    costs = sum_costs([row(), row(worker="agent", model="", brief="", **UNKNOWN)], by="worker")
    document = json.loads(json.dumps(costs.to_json(), allow_nan=False))
    first, second = document["groups"]
    assert (first["worker"], first["model"], first["brief"], first["usd"], first["acceptance"]) == (
        "ai",
        "m",
        "b",
        0.5,
        1,
    )
    assert (second["usd"], second["unpriced"], second["input_tokens"], second["uncounted"]) == (None, 1, None, 1)
    assert (document["total"]["usd"], document["total"]["unpriced"], document["unread_lines"]) == (0.5, 1, 0)


def listed(worker: str, sent: int, received: int) -> float | None:
    """A price list that knows "ai" alone: a cent for each ten tokens sent, and for each one received."""
    return sent / 1000 + received / 100 if worker == "ai" else None


Expectation = tuple[int, float | None, int, str]


@pytest.mark.parametrize(
    ("planned", "history", "expected"),
    [
        # no history: a share of what is sent
        ([Planned("read", "ai", 1000)], [], (300, 4.0, 0, "listed")),
        ([Planned("write", "ai", 1000)], [], (400, 5.0, 0, "listed")),
        ([Planned("ask", "ai", 1000)], [], (400, 5.0, 0, "listed")),  # a kind that comes later
        ([Planned("read", "ai", 100_000)], [], (8000, 180.0, 0, "listed")),  # no answer is longer than allowed
        ([Planned("read", "ai", 10)], [], (200, 2.01, 0, "listed")),  # none is shorter than its form
        # measured: the average of accepted answers
        ([Planned("read", "ai", 1000)] * 2, [row(output_tokens=n) for n in (40, 50, 60)], (100, 3.0, 3, "listed")),
        ([Planned("read", "ai", 1000)], [row()] * 2, (300, 4.0, 0, "listed")),  # two calls say little
        ([Planned("read", "ai", 1000)], [row(outcome="rejected")] * 9, (300, 4.0, 0, "listed")),
        ([Planned("read", "ai", 1000)], [row(kind="write")] * 9, (300, 4.0, 0, "listed")),
        ([Planned("read", "ai", 1000)], [row(worker="room")] * 9, (300, 4.0, 0, "listed")),
        ([Planned("read", "ai", 1000)], [row(output_tokens=None), None] * 9, (300, 4.0, 0, "listed")),
        # a worker without listed prices: what its calls cost so far, if it told
        ([Planned("read", "agent", 1000)] * 2, [row(worker="agent")] * 4, (20, 1.0, 4, "measured")),
        ([Planned("read", "agent", 1000)], [row(worker="agent", usd=None)] * 4, (10, None, 4, "unknown")),
        ([Planned("read", "agent", 1000)], [], (300, None, 0, "unknown")),
    ],
)
def test_a_forecast_of_one_kind(planned: list[Planned], history: list[Row | None], expected: Expectation) -> None:
    told = forecast(planned, history, max_output_tokens=8000, price=listed)
    (part,) = told.parts
    assert (part.output_tokens, part.usd, part.measured, part.priced) == pytest.approx(expected)
    assert (told.tasks, told.input_tokens) == (len(planned), sum(call.input_tokens for call in planned))
    assert told.usd == pytest.approx(expected[1])
    (line,) = told.lines
    assert ("guessed" in line) == (part.measured == 0)
    assert ("unknown" in line) == (part.usd is None)


def test_a_forecast_adds_up_and_one_unknown_price_makes_the_sum_unknown() -> None:
    planned = [Planned("read", "ai", 1000), Planned("write", "ai", 2000), Planned("read", "ai", 500)]
    told = forecast(planned, [], max_output_tokens=8000, price=listed)
    assert (told.tasks, told.input_tokens, told.output_tokens) == (3, 3500, 300 + 200 + 800)
    assert told.usd == pytest.approx(3.5 + 13.0)
    assert [(part.kind, part.tasks) for part in told.parts] == [("read", 2), ("write", 1)]
    more = forecast([*planned, Planned("write", "agent", 1)], [], max_output_tokens=8000, price=listed)
    assert more.usd is None
    assert [part.usd is None for part in more.parts] == [False, False, True]


def test_nothing_planned_costs_nothing() -> None:
    price: Callable[[str, int, int], float | None] = listed
    told = forecast([], [row()], max_output_tokens=8000, price=price)
    assert (told.tasks, told.usd, told.lines) == (0, 0, ())
