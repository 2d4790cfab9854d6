"""Budgets of a run: wall time, CPU time or steps, and how durations and sizes are written."""

import re
from dataclasses import dataclass
from typing import Literal

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(h|m|s)", re.IGNORECASE)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}
_STEPS = re.compile(r"(\d[\d_]*) ?steps?", re.IGNORECASE)
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(MB|GB|TB)", re.IGNORECASE)
_BYTES = {"mb": 10**6, "gb": 10**9, "tb": 10**12}
MAX_SECONDS = 30 * 86_400.0
MAX_STEPS = 10**12


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run may use: seconds of wall or CPU time (summed over its whole process tree), or steps."""

    amount: float
    kind: Literal["wall", "cpu", "steps"]

    def __str__(self) -> str:
        if self.kind == "steps":
            return f"{self.amount:g} steps"
        return f"{self.amount:g} s" + (" of CPU time" if self.kind == "cpu" else "")


def parse_budget(text: str) -> Budget | None:
    """Return the budget that "5m", "60s cpu" or "2000 steps" names, None for anything else."""
    text = " ".join(text.split())
    if steps := _STEPS.fullmatch(text):
        number = int(steps[1].replace("_", ""))
        return Budget(float(number), "steps") if 0 < number <= MAX_STEPS else None
    kind: Literal["wall", "cpu"] = "cpu" if text.lower().endswith(" cpu") else "wall"
    seconds = parse_duration(text[:-4] if kind == "cpu" else text)
    return Budget(seconds, kind) if seconds is not None else None


def parse_duration(text: str) -> float | None:
    """Return the seconds that "90s", "5m" or "1h30m" are, None for anything else and for nothing."""
    text = "".join(text.split())
    parts = _PART.findall(text)
    units = [unit.lower() for _, unit in parts]
    if "".join(number + unit for number, unit in parts) != text or units != sorted(set(units), key="hms".index):
        return None
    seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts)
    return seconds if 0 < seconds <= MAX_SECONDS else None


def parse_memory(text: str) -> int | None:
    """Return the bytes that "8 GB" or "512 MB" are (thousands, not 1,024s), None for anything else."""
    found = _SIZE.fullmatch(" ".join(text.split()))
    size = int(float(found[1]) * _BYTES[found[2].lower()]) if found else 0
    return size or None
