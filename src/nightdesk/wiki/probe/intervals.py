"""A share with its interval."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964  # of the normal distribution: 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share from 0 to 1, None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval after Wilson, which holds for small numbers and near 0 and 1 too; None of nothing."""
        if not self.of:
            return None
        share, square = self.hits / self.of, _Z * _Z
        middle = (share + square / (2 * self.of)) / (1 + square / self.of)
        half = _Z * sqrt(share * (1 - share) / self.of + square / (4 * self.of * self.of)) / (1 + square / self.of)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __add__(self, other: "Share") -> "Share":
        return Share(self.hits + other.hits, self.of + other.of)

    def __str__(self) -> str:
        if self.value is None or self.interval is None:
            return "nothing measured"
        low, high = self.interval
        return f"{self.value:.0%} ({self.hits:,} of {self.of:,}; 95 % interval {low:.0%} to {high:.0%})"

    def to_json(self) -> dict[str, object]:
        """Return the share as a JSON object; what is not known is null."""
        value, interval = self.value, self.interval
        return {
            "hits": self.hits,
            "of": self.of,
            "share": None if value is None else round(value, 4),
            "interval": None if interval is None else [round(end, 4) for end in interval],
        }
