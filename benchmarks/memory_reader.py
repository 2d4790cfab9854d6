"""A deterministic stand-in for somebody who thinks, for memory_helps.py: it reads the brief that an AI gets."""

import math
import random
import re
from collections.abc import Iterator, Mapping
from json import dumps
from typing import TypeVar

from nightdesk.agents.tasks import HandIn, Task
from nightdesk.lab.constants import find_constants
from nightdesk.lab.tunables import values_of

M = TypeVar("M")
_PIECE = re.compile(r"<<<DATA [0-9a-f]+: (?P<name>[^\n]*)>>>\n(?P<text>.*?)\n<<<END [0-9a-f]+>>>", re.DOTALL)
_NOTE = re.compile(r"^- (?P<link>\[\[[^\]]+\]\]) \(measured by a lab of this desk[^)]*\) (?P<told>.*)$", re.MULTILINE)
_STEP = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*)(?: \(| )(?P<after>[^\s()]+) instead of (?P<before>[^\s()]+)")
_GAIN = re.compile(r"an improvement by (\S+),")


class Reader:
    """A deterministic stand-in for somebody who reads its brief: tries what helped, keeps away from what did harm."""

    name = "reader"
    part_chars = 200_000
    at_once = 1

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._turns: dict[str, int] = {}

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return the first change of its list that the ledger does not have; after a rejection the one after it."""
        pieces = {piece["name"]: piece["text"] for piece in _PIECE.finditer(task.brief().text)}
        path, text = next((name[18:], body) for name, body in pieces.items() if name.startswith("the editable file "))
        notes = list(_NOTE.finditer(pieces.get("what the wiki of this desk knows", "")))
        so_far = pieces["experiments so far"]
        turn = self._turns[task.subject] = self._turns.get(task.subject, -1) + 1
        fresh = [one for one in self._ideas(text, notes) if one[0] not in so_far]
        title, values, link = fresh[min(turn, len(fresh) - 1)]
        edits = [{"file": path, "search": old, "replace": new} for old, new in _lines(text, values)]
        why = f"It helped before: {link}" if link else "A constant may be far from its best value."
        return HandIn(dumps({"title": title, "hypothesis": why, "edits": edits, "files": []}))

    def _ideas(self, text: str, notes: list[re.Match[str]]) -> list[tuple[str, dict[str, str], str]]:
        """Return titles, values and links: first what helped, the best program whole, then moves by chance."""
        now = {name: str(value) for name, value in values_of({"a.py": text}).items()}
        found: list[tuple[float, str, dict[str, str]]] = []
        harmful: set[tuple[str, bool]] = set()
        for note in notes:
            steps = {step["name"]: step for step in _STEP.finditer(note["told"])}
            if " differs from the unchanged one by " in note["told"]:
                found.append((math.inf, note["link"], {name: step["after"] for name, step in steps.items()}))
            elif gain := _GAIN.search(note["told"]):
                found.append((float(gain[1]), note["link"], {name: step["after"] for name, step in steps.items()}))
            elif " did harm" in note["told"] and len(steps) == 1:
                harmful |= {(name, step["after"] > step["before"]) for name, step in steps.items()}
        ideas = []
        for _, link, values in sorted(found, key=lambda one: (-one[0], one[1])):
            other = {name: value for name, value in values.items() if name in now and now[name] != value}
            if other:
                ideas.append((_title(now, other), other, link))
        return ideas + [(_title(now, one), one, "") for one in self._moves(text, harmful)]

    def _moves(self, text: str, harmful: set[tuple[str, bool]]) -> Iterator[dict[str, str]]:
        rng = random.Random(f"{self._seed} {len(text)}")
        constants = list(find_constants(text))
        moves: list[tuple[str, str, bool]] = []
        for constant in constants:
            value = constant.value
            if isinstance(value, bool):
                moves.append((constant.name, str(not value), not value))
            elif not isinstance(value, str):
                for factor in (2, 0.5, 1.5):
                    changed = _times(value, factor)
                    low = constant.low if constant.low is not None else -math.inf
                    high = constant.high if constant.high is not None else math.inf
                    if changed != value and low <= changed <= high:
                        moves.append((constant.name, repr(changed), changed > value))
        rng.shuffle(moves)
        for name, value, _ in sorted(moves, key=lambda move: (move[0], move[2]) in harmful):
            yield {name: value}


def _title(now: Mapping[str, str], values: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {now[name]} -> {value}" for name, value in sorted(values.items()))[:120]


def _lines(text: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each line that sets one of the constants, as it is and as it is to be."""
    for constant in find_constants(text):
        if constant.name in values:
            start, end = text.rfind("\n", 0, constant.start) + 1, text.find("\n", constant.end)
            end = len(text) if end < 0 else end
            yield text[start:end], text[start : constant.start] + values[constant.name] + text[constant.end : end]


def _times(value: float, factor: float) -> float:
    """Return a multiple of the same kind; of 0 it is 1."""
    return int(value * factor) or 1 if isinstance(value, int) else value * factor or 1.0
