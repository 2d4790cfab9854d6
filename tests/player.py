"""Plays a language model that does its work well: makes the hand-in of a brief from the brief's text alone."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from nightdesk.agents.tasks import HandIn, Task, Usage
from nightdesk.base.desk import Desk
from nightdesk.base.settings import Settings
from nightdesk.base.stages import silent
from nightdesk.wiki.claims import find_citations, find_links, parse_claims
from nightdesk.wiki.compile import Report, compile_desk
from nightdesk.wiki.staff import Staff
from nightdesk.wiki.work import briefs_of, ledger_of

M = TypeVar("M")

_PIECE = re.compile(r"<<<DATA [0-9a-f]+: (?P<name>[^\n]*)>>>\n(?P<text>.*?)\n<<<END [0-9a-f]+>>>", re.DOTALL)
_CLAIM = re.compile(r"^- (?P<citation>\[\[[^\]]+#\^c[0-9a-f]+\|\d+\]\]) (?P<statement>.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"[A-Z][^.!?#|>]*[a-z][^.!?#|>]*\.(?=\s|$)")
_NAME = re.compile(r"(?<=[a-z] )[A-Z]\w+")  # a capital within a sentence
_LEANING = re.compile(r"^(?:It|This|That|These|They|He|She|We|In this|Here)\b")


def pieces(brief: str) -> dict[str, str]:
    """Return the data of a brief by the names of its pieces."""
    return {piece["name"]: piece["text"] for piece in _PIECE.finditer(brief)}


def play(brief: str) -> str:
    """Return a hand-in for the brief of a reading or of a page."""
    data = pieces(brief)
    return read(data) if "the text" in data else write(data)


def read(data: dict[str, str]) -> str:
    """Hand in a reading: each sentence of the text that names a concept is a claim."""
    text = " ".join(line for line in data["the text"].splitlines() if not line.startswith("#"))
    offered = data["names in use"]
    names = sorted(set(_NAME.findall(text))) if offered == "(none yet)" else offered.split(" | ")
    claims = []
    for sentence in dict.fromkeys(match.group().strip() for match in _SENTENCE.finditer(text)):
        named = [name for name in names if name.casefold() in sentence.casefold()][:4]
        if named and not _LEANING.match(sentence):
            claims.append({"statement": sentence, "quote": sentence, "concepts": named})
    used = sorted({name for claim in claims for name in claim["concepts"]})
    ideas = [{"name": f"{used[0]} and {used[1]}", "type": "comparison", "of": used[:2], "why": ""}] if used[1:] else []
    summary = [0] if claims else []
    hand_in = {"claims": claims, "summary": summary, "questions": [], "concepts": [], "pages": ideas}
    return json.dumps(hand_in)


def write(data: dict[str, str]) -> str:
    """Hand in a page: each claim that is supplied as a sentence with its citation."""
    text = "\n".join(text for name, text in data.items() if "claims" in name and "withdrawn" not in name)
    return "\n".join(f"{claim['statement']} {claim['citation']}" for claim in _CLAIM.finditer(text))


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of a player."""

    kind: str
    subject: str
    text: str  # of the brief
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Player:
    """The player as a worker in this process; it keeps all that it is asked."""

    reply: Callable[[Asked], str] = lambda asked: play(asked.text)
    name: str = "openai:stub@http://127.0.0.1:9/v1"
    part_chars: int = 1_000_000_000
    at_once: int = 1
    asked: list[Asked] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self, task: Task[M], reasons: tuple[str, ...]) -> HandIn:
        """Return what `reply` says to the task's brief; what it raises is raised."""
        asked = Asked(task.kind, task.subject, task.brief().text, reasons)
        with self._lock:
            self.asked.append(asked)
        return HandIn(self.reply(asked), Usage("stub", input_tokens=len(asked.text) // 4, output_tokens=100))

    def subjects(self, kind: str) -> list[str]:
        """Return the subjects of the tasks of a kind that it was asked for, sorted, as often as it was asked."""
        return sorted(asked.subject for asked in self.asked if asked.kind == kind)

    def forget(self) -> Counter[str]:
        """Begin to count anew; return how many calls of each kind there were."""
        counted = Counter(asked.kind for asked in self.asked)
        self.asked.clear()
        return counted


def compile_here(
    root: Path, player: Player | None, *, write: Player | None = None, settings: Settings | None = None, **how: Any
) -> Report:
    """Compile a desk in this process with a player for all tasks, None for the built-in worker; `how` is the staff's.

    `write` is another player for the pages.
    """
    desk = Desk(root)
    workers = {"read": player, "write": write or player}
    staff = None
    if player is not None or write is not None:
        hired = {kind: worker for kind, worker in workers.items() if worker is not None}
        staff = Staff(hired, briefs_of(desk), record=ledger_of(desk), **how)
    return compile_desk(desk, settings or Settings(jobs=1), staff, stage=silent, today=date(2026, 11, 22))


def broken(root: Path) -> list[str]:
    """Return every citation of a claim that is not there and every link to a page that is not there."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (root / "wiki").rglob("*.md")}
    claims = {(name, claim.id) for name, text in pages.items() for claim in parse_claims(text)}
    cited = [(name, c.page, c.id) for name, text in pages.items() for c in find_citations(text)]
    links = [(name, link) for name, text in pages.items() if name != "log" for link in find_links(text)]
    wrong = [f"{name} cites {page}#^{claim}" for name, page, claim in cited if (page, claim) not in claims]
    return wrong + [f"{name} links to {link}" for name, link in links if link not in pages]
