"""What `nightdesk compile --plan` says of the tasks for AI workers: how many, how many tokens, at what price."""

import os
from collections.abc import Sequence
from typing import Any

from nightdesk.agents.ledger import NAME as LEDGER
from nightdesk.agents.ledger import stream_ledger
from nightdesk.agents.prices import estimate_tokens, price
from nightdesk.agents.providers import PROVIDERS, parse_model
from nightdesk.agents.tasks import Task
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings
from nightdesk.wiki.costs import Planned, forecast
from nightdesk.wiki.staff import Staff


def expected(desk: Desk, settings: Settings, staff: Staff, tasks: Sequence[Task[Any]]) -> dict[str, Any]:
    """Return what the tasks are expected to use, with `lines` for a person."""
    planned = [Planned(t.kind, staff.workers[t.kind].name, estimate_tokens(t.brief().text)) for t in tasks]
    told = forecast(
        planned,
        stream_ledger(desk.root / LEDGER),
        max_output_tokens=settings.max_output_tokens,
        price=_price,
    )
    lines = list(told.lines)
    if any(task.kind == "read" for task in tasks) and "write" in staff.workers:
        lines.append(
            "Which pages there will be is known only when the sources are read: the number to write may change."
        )
    return {
        "tasks": told.tasks,
        "input_tokens": told.input_tokens,
        "output_tokens": told.output_tokens,
        "usd": told.usd,
        "lines": lines,
    }


def _price(worker: str, sent: int, received: int) -> float | None:
    """Return the listed price of a call, None where there is none."""
    if worker.partition(":")[0] not in PROVIDERS:
        return None
    try:
        model = parse_model(worker, environment=os.environ)
    except DeskError:
        return None
    return price(
        model.model, provider=model.provider, base_url=model.base_url, input_tokens=sent, output_tokens=received
    )
