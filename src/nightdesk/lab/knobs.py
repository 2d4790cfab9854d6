"""Knobs: a tunable constant with the range that is searched, mapped to and from the unit interval."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nightdesk.lab.constants import Constant, Value
from nightdesk.lab.scores import finite

DIGITS = 3  # significant digits of a proposed number: more would only look exact
_SHARE = re.compile(r"RATIO|FRAC|DROPOUT|PROB|SHARE|MOMENTUM|BETA|DECAY_TO")
_NEAR_ONE = re.compile(r"BETA|MOMENTUM")
_SPAN = 8.0  # without a range in the comment a number is searched from an eighth to eight times itself
_INT_SPAN = 4.0


@dataclass(frozen=True, slots=True)
class Knob:
    """One dimension of the search. `options` for what is chosen, else `low` and `high`; `scale` says how it is spread.

    "log": by ratio; "linear"; "one": by the distance from 1, as for momenta (0.9, 0.99, 0.999); "powers": powers of 2.
    """

    name: str
    start: Value
    options: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 1.0
    scale: str = "linear"
    whole: bool = False

    def value(self, unit: float) -> Value:
        """Return the value at a place from 0 to 1, rounded as it would be written."""
        unit = min(1.0, max(0.0, unit))
        if self.options:
            return self.options[min(len(self.options) - 1, int(unit * len(self.options)))]
        low, high = self._spread(self.low), self._spread(self.high)
        return self._rounded(self._gathered(low + unit * (high - low)))

    def unit(self, value: Value) -> float:
        """Return the place of a value from 0 to 1; one beyond the range is at its end."""
        if self.options:
            return (self.options.index(value) + 0.5) / len(self.options) if value in self.options else 0.5
        low, high = self._spread(self.low), self._spread(self.high)
        place = (self._spread(float(value)) - low) / (high - low)
        return min(1.0, max(0.0, place))

    def fits(self, value: object) -> bool:
        """Whether a value, from a ledger that anybody may have edited, is of this knob's kind."""
        if self.options:
            return value in self.options
        return isinstance(value, int | float) and not isinstance(value, bool) and finite(value) is not None

    def moves(self, value: Value) -> tuple[Value, ...]:
        """Return the structure moves from a value: half and double within the range, or every other option."""
        if self.options:
            return tuple(option for option in self.options if option != value)
        number = float(value)
        steps = (1 - (1 - number) / 2, 1 - (1 - number) * 2) if self.scale == "one" else (number / 2, number * 2)
        near = (self._rounded(step) for step in steps if self.low <= step <= self.high)
        return tuple(step for step in dict.fromkeys(near) if step != value)

    def _spread(self, number: float) -> float:
        number = min(self.high, max(self.low, number))
        if self.scale in ("log", "powers"):
            return math.log2(number)
        return -math.log2(1 - number) if self.scale == "one" else number

    def _gathered(self, place: float) -> float:
        if self.scale == "powers":
            return float(2 ** round(place))
        if self.scale == "log":
            return float(2**place)
        return 1 - float(2**-place) if self.scale == "one" else place

    def _rounded(self, number: float) -> Value:
        """Return a number with few digits, within the range."""
        if self.scale == "powers":
            return round(number)
        if self.scale == "one":
            number = round(1 - float(f"{1 - number:.{DIGITS - 1}e}"), 12)
        else:
            number = float(f"{number:.{DIGITS - 1}e}")
        if self.whole:
            return min(math.floor(self.high), max(math.ceil(self.low), round(number)))
        return min(self.high, max(self.low, number))


def make_knobs(constants: Iterable[Constant]) -> tuple[Knob, ...]:
    """Return the knobs for those constants for which a range can be told."""
    return tuple(knob for constant in constants if (knob := _knob(constant)) and _can_be_spread(knob))


def _can_be_spread(knob: Knob) -> bool:
    """Whether both ends of the range have a finite place: a number at the edge of what a float holds may have none."""
    if knob.options:
        return True
    if not (math.isfinite(knob.low) and math.isfinite(knob.high) and knob.low < knob.high):
        return False
    return knob.high < 1 if knob.scale == "one" else knob.low > 0 or knob.scale == "linear"


def _knob(constant: Constant) -> Knob | None:
    name, value = constant.name, constant.value
    if constant.kind == "bool":
        return Knob(name, value, options=(False, True))
    if constant.kind == "choice":
        return Knob(name, value, options=tuple(constant.choices))
    number, whole = float(value), constant.kind == "int"
    if constant.low is not None and constant.high is not None:
        return _ranged(name, value, constant.low, constant.high, whole=whole)
    if whole:
        if number < 1:
            return None  # 0 or -1 is a switch rather than a size
        if number >= 16 and int(number) & (int(number) - 1) == 0:
            return Knob(
                name, value, low=max(1, number / _INT_SPAN), high=number * _INT_SPAN, scale="powers", whole=True
            )
        return Knob(
            name, value, low=max(1, number / _INT_SPAN), high=max(2, number * _INT_SPAN), scale="log", whole=True
        )
    if 0.5 <= number < 1 and _NEAR_ONE.search(name):
        return Knob(name, value, low=1 - min(0.9, (1 - number) * _SPAN), high=1 - (1 - number) / _SPAN, scale="one")
    if _SHARE.search(name) and 0 <= number <= 1:
        return Knob(name, value)
    if number == 0:
        return None  # nothing tells its size
    if number < 0:
        return Knob(name, value, low=number * 2, high=0.0)
    return Knob(name, value, low=number / _SPAN, high=number * _SPAN, scale="log")


def _ranged(name: str, value: Value, low: float, high: float, *, whole: bool) -> Knob:
    scale = "log" if low > 0 and high / low >= 10 else "linear"
    if not whole and _NEAR_ONE.search(name) and low >= 0 and high < 1:
        scale = "one"
    powers = whole and scale == "log" and all(int(n) & (int(n) - 1) == 0 for n in (float(value), low, high))
    return Knob(name, value, low=low, high=high, scale="powers" if powers else scale, whole=whole)


def key_of(values: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    """Return what two equal proposals share: 1 and 1.0 and True are three values."""
    return tuple(sorted((name, repr(value)) for name, value in values.items()))
