"""A score: a finite number that knows which way is better, or None where there is none."""

import math
from collections.abc import Iterable

MOST = 1e15  # beyond it a difference of two scores says nothing


def finite(value: object) -> float | None:
    """Return a measured value as a number, None for what is none: NaN, infinity, a text, a truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # an int of hundreds of digits
        return None
    return number if math.isfinite(number) and abs(number) <= MOST else None


def gain(before: float, after: float, *, lower_is_better: bool) -> float:
    """Return by how much `after` is better than `before`, in the metric's own unit; negative where it is worse."""
    return before - after if lower_is_better else after - before


def best(scores: Iterable[float | None], *, lower_is_better: bool) -> float | None:
    """Return the best of the scores, None where there is none."""
    known = [score for score in scores if score is not None]
    return (min(known) if lower_is_better else max(known)) if known else None
