"""Guards: printed metrics, other than the one that is searched for, with the limits that a run must keep."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LIMIT = re.compile(r"at (most|least) ([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)( ?% of the baseline)?", re.IGNORECASE)
FORM = '"at most 4000", "at least 0.9" or "at most 110% of the baseline"'


@dataclass(frozen=True, slots=True)
class Guard:
    """A limit on one printed metric. `of_baseline`: the limit is a percentage of what the baseline printed."""

    metric: str
    most: bool  # "at most"; else "at least"
    limit: float
    of_baseline: bool = False

    def __str__(self) -> str:
        return f"{self.metric} at {'most' if self.most else 'least'} {self.limit:g}" + (
            "% of the baseline" if self.of_baseline else ""
        )


def parse_guard(metric: str, text: str) -> Guard | None:
    """Return the guard that a program.md gives for `metric`, None where `text` is none."""
    found = _LIMIT.fullmatch(" ".join(text.split()))
    return Guard(metric, found[1].lower() == "most", float(found[2]), bool(found[3])) if found else None


def broken_guards(
    guards: Sequence[Guard], measured: Mapping[str, float], baseline: Mapping[str, float]
) -> tuple[str, ...]:
    """Return for each guard that a run breaks what is wrong; a metric that it did not print breaks its guard."""
    return tuple(reason for guard in guards if (reason := _broken(guard, measured, baseline)))


def _broken(guard: Guard, measured: Mapping[str, float], baseline: Mapping[str, float]) -> str | None:
    value = measured.get(guard.metric)
    if value is None:
        return f"the run did not print {guard.metric}, which must be {str(guard).removeprefix(guard.metric + ' ')}"
    limit = guard.limit
    if guard.of_baseline:
        if guard.metric not in baseline:
            return f"the baseline did not print {guard.metric}, so that {guard} means nothing"
        limit = guard.limit / 100 * baseline[guard.metric]
    within = value <= limit if guard.most else value >= limit
    if within:
        return None
    return f"{guard.metric} is {value:g}, and must be at {'most' if guard.most else 'least'} {limit:g}"
