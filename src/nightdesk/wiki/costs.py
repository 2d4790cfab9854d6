"""What the calls of workers cost: sums over the ledger, and what is to be expected of calls not made yet."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from operator import add, attrgetter
from typing import Any, Literal, get_args

from nightdesk.agents.ledger import Row

By = Literal["worker", "day", "source", "page"]
BY: tuple[By, ...] = get_args(By)
LABELS: dict[By, tuple[str, ...]] = {
    "worker": ("worker", "model", "brief"),
    "day": ("day",),
    "source": ("source",),
    "page": ("page",),
}
OTHERS = ""  # the source or page of a task that has none

GUESSED_SHARE = {"read": 0.3, "write": 0.4}  # tokens received for each one sent, where no call was measured yet
_LEAST_OUTPUT = 200  # tokens
_MEASURED_FROM = 3  # accepted calls: fewer say little
# a long source is read in parts, a long page is written in sections; both are counted as one
_PIECE = re.compile(r"(?:, | \()(?:(?:part|section) \d+(?: of \d+)?|lead)\)?$")


@dataclass(frozen=True, slots=True)
class Sum:
    """Calls added up. What is not known is counted as such, never as 0."""

    calls: int = 0
    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    declined: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0  # calls whose tokens are not known, at least in part
    usd: float = 0.0  # of the calls whose price is known
    unpriced: int = 0  # calls whose price is not known
    seconds: float = 0.0

    @property
    def acceptance(self) -> float | None:
        """The share of hand-ins that were accepted, None without any; a call that failed handed nothing in."""
        hand_ins = self.accepted + self.rejected + self.declined
        return self.accepted / hand_ins if hand_ins else None

    @property
    def known_usd(self) -> float | None:
        """What the calls cost as far as it is known, None where it is known of none."""
        return None if self.unpriced and self.unpriced == self.calls else self.usd

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(*map(add, _amounts(self), _amounts(other)))


_amounts = attrgetter(*(field.name for field in fields(Sum)))


@dataclass(frozen=True, slots=True)
class Group:
    """The calls of one day, source, page, or worker with its model and brief."""

    key: tuple[str, ...]  # its labels, in the order of LABELS
    sum: Sum


@dataclass(frozen=True, slots=True)
class Costs:
    """A ledger summed up. The groups add up to the total."""

    by: By
    groups: tuple[Group, ...]
    total: Sum
    unread: int  # lines of the ledger that are no rows

    def to_json(self) -> dict[str, Any]:
        """Return the sums as a JSON object."""
        return {
            "by": self.by,
            "groups": [dict(zip(LABELS[self.by], g.key, strict=True)) | _as_json(g.sum) for g in self.groups],
            "total": _as_json(self.total),
            "unread_lines": self.unread,
        }


def _as_json(total: Sum) -> dict[str, Any]:
    told = asdict(total) | {"seconds": round(total.seconds, 2), "acceptance": total.acceptance}
    told["usd"] = None if total.known_usd is None else round(total.usd, 10)
    if total.uncounted == total.calls:
        told |= {name: told[name] or None for name in ("input_tokens", "cached_tokens", "output_tokens")}
    return told


def sum_costs(rows: Iterable[Row | None], *, by: By) -> Costs:
    """Return the sums of a ledger's rows; None stands for a line that is none.

    Days (UTC) are in their order; the rest by what it cost, then by its tokens, the dearest first.
    """
    sums: dict[tuple[str, ...], Sum] = defaultdict(Sum)
    unread = 0
    for row in rows:
        if row is None:
            unread += 1
        else:
            sums[_key(row, by)] += _sum_of(row)
    groups = [Group(key, total) for key, total in sums.items()]
    groups.sort(key=_by_day if by == "day" else _dearest_first)
    return Costs(by, tuple(groups), sum(sums.values(), Sum()), unread)


def _key(row: Row, by: By) -> tuple[str, ...]:
    if by == "worker":
        return row.worker, row.model, row.brief
    if by == "day":
        return (row.time.date().isoformat(),)
    kind = "read" if by == "source" else "write"
    return (_PIECE.sub("", row.subject) if row.kind == kind else OTHERS,)


def _by_day(group: Group) -> Any:
    return group.key


def _dearest_first(group: Group) -> Any:
    total = group.sum
    return (group.key == (OTHERS,), -total.usd, -(total.input_tokens + total.output_tokens), group.key)


def _sum_of(row: Row) -> Sum:
    return Sum(
        calls=1,
        accepted=row.outcome == "accepted",
        rejected=row.outcome == "rejected",
        failed=row.outcome == "failed",
        declined=row.outcome == "declined",
        input_tokens=row.input_tokens or 0,
        cached_tokens=row.cached_tokens or 0,
        output_tokens=row.output_tokens or 0,
        uncounted=row.input_tokens is None or row.output_tokens is None,
        usd=row.usd or 0.0,
        unpriced=row.usd is None,
        seconds=row.seconds or 0.0,
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """A call that is to be made."""

    kind: str
    worker: str  # its name, as in the ledger
    input_tokens: int  # of its brief, estimated


@dataclass(frozen=True, slots=True)
class Expected:
    """What the planned calls of one kind to one worker are expected to use."""

    kind: str
    worker: str
    tasks: int
    input_tokens: int
    output_tokens: int
    measured: int  # accepted calls that the output is the average of; 0: it is guessed from what is sent
    usd: float | None
    priced: Literal["listed", "measured", "unknown"]  # measured: the average of the same calls


@dataclass(frozen=True, slots=True)
class Forecast:
    """What planned calls are expected to use, if each is accepted at its first attempt."""

    tasks: int
    input_tokens: int
    output_tokens: int
    usd: float | None  # None where the price of any of them is not known
    parts: tuple[Expected, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """Say it for a person, a line for each kind and worker."""
        return tuple(_tell(part) for part in self.parts)


def forecast(
    planned: Iterable[Planned],
    history: Iterable[Row | None],
    *,
    max_output_tokens: int,
    price: Callable[[str, int, int], float | None],
) -> Forecast:
    """Return what the planned calls will use, as far as that can be told before they are made.

    `price` says what a worker's call with so many tokens sent and received costs. Where the ledger knows enough
    accepted calls of a kind by a worker, its answers are expected to be as long as those.
    """
    calls: dict[tuple[str, str], list[int]] = defaultdict(list)
    for call in planned:
        calls[call.kind, call.worker].append(call.input_tokens)
    past: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in history:
        if row is not None and row.outcome == "accepted" and (row.kind, row.worker) in calls:
            past[row.kind, row.worker].append(row)
    parts = tuple(
        _expected(key, sent, past[key], max_output_tokens=max_output_tokens, price=price) for key, sent in calls.items()
    )
    known = [part.usd for part in parts if part.usd is not None]
    return Forecast(
        tasks=sum(part.tasks for part in parts),
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        usd=sum(known) if len(known) == len(parts) else None,
        parts=parts,
    )


def _expected(
    key: tuple[str, str],
    sent: list[int],
    past: list[Row],
    *,
    max_output_tokens: int,
    price: Callable[[str, int, int], float | None],
) -> Expected:
    kind, worker = key
    outputs = [row.output_tokens for row in past if row.output_tokens is not None]
    measured = len(outputs) if len(outputs) >= _MEASURED_FROM else 0
    if measured:
        received = [round(sum(outputs) / len(outputs))] * len(sent)
    else:
        share = GUESSED_SHARE.get(kind, max(GUESSED_SHARE.values()))
        received = [min(max_output_tokens, max(_LEAST_OUTPUT, round(tokens * share))) for tokens in sent]
    paid = [row.usd for row in past if row.usd is not None]
    prices = [price(worker, *tokens) for tokens in zip(sent, received, strict=True)]
    usd: float | None = None
    priced: Literal["listed", "measured", "unknown"] = "unknown"
    if None not in prices:
        usd, priced = sum(p for p in prices if p is not None), "listed"
    elif len(paid) >= _MEASURED_FROM:
        usd, priced = sum(paid) / len(paid) * len(sent), "measured"
    return Expected(kind, worker, len(sent), sum(sent), sum(received), measured, usd, priced)


def _tell(part: Expected) -> str:
    length = f"the average of {part.measured:,} accepted calls" if part.measured else "guessed, no calls to measure yet"
    money = {
        "listed": f"about {part.usd or 0:.4f} USD",
        "measured": f"about {part.usd or 0:.4f} USD as its calls cost so far",
        "unknown": "price unknown",
    }[part.priced]
    return (
        f"{part.worker}: {part.tasks:,} × {part.kind}, about {part.input_tokens:,} tokens to send and"
        f" {part.output_tokens:,} to receive ({length}), {money}"
    )
