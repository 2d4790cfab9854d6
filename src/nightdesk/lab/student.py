"""Student's t distribution, without a library: the tail beyond a value, and the value beyond which a tail lies."""

import functools
import math

_STEPS = 200  # of the continued fraction; it converges in well under a hundred
_TINY = 1e-300


def upper_tail(t: float, degrees: float) -> float:
    """Return the probability that a t variable with `degrees` of freedom (more than 0, may be inf) exceeds `t`."""
    if math.isinf(degrees):
        return 0.5 * math.erfc(t / math.sqrt(2))
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    squared = t * t
    tail = 0.0 if math.isinf(squared) else 0.5 * _incomplete_beta(degrees / (degrees + squared), degrees / 2, 0.5)
    return tail if t >= 0 else 1.0 - tail


@functools.lru_cache(maxsize=1000)  # a night asks for few different ones, again and again
def quantile(tail: float, degrees: float) -> float:
    """Return the value that a t variable exceeds with probability `tail`, from 0 to 1 without the ends."""
    if tail > 0.5:
        return -quantile(1.0 - tail, degrees)
    low, high = 0.0, 1.0
    while upper_tail(high, degrees) > tail and high < 1e12:
        low, high = high, high * 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle, degrees) > tail else (low, middle)
    return (low + high) / 2


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function. Source: DLMF 8.17.22, evaluated by Lentz's method."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # beyond it the fraction converges slowly; the mirror image does not
        return 1.0 - _incomplete_beta(1.0 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    c, d = 1.0, _nonzero(1.0 - (a + b) * x / (a + 1))
    d = 1.0 / d
    value = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _nonzero(1.0 + term * d)
            c = _nonzero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return front * value / a


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
