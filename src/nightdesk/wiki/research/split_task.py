"""The task of taking a question apart: what an AI is given, and what its sub-questions are held to."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nightdesk.agents.answers import hand_in_text
from nightdesk.agents.boundary import mark_data, visible
from nightdesk.agents.briefs import Briefs
from nightdesk.agents.tasks import Attempt, Brief, Task, Verified, perform
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import ASK
from nightdesk.wiki.answering.spoken import question_language
from nightdesk.wiki.research.splitting import MAX_PARTS, Part
from nightdesk.wiki.staff import Staff

MAX_CHARS, MIN_CHARS = 300, 8  # of one sub-question
_MARKUP = ("[[", "](", "```", "<", "|", "\\")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {"questions": {"type": "array", "items": {"type": "string"}}},
    "required": ["questions"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class SplitMaterial:
    """What a question is taken apart by."""

    question: str
    pages: tuple[str, ...]  # names of pages that have to do with it
    unanswered: tuple[str, ...] = ()  # sub-questions that were asked and not answered


def split_brief(material: SplitMaterial, briefs: Briefs) -> Brief:
    """Return the brief for taking a question apart."""
    language = question_language(material.question)
    plain = language if language.isascii() and language.replace("-", "").isalpha() else "en"
    pieces = {"the question": material.question, "names of pages": "\n".join(material.pages) or "(none)"}
    if material.unanswered:
        pieces["what was not answered"] = "\n".join(material.unanswered)
    slots = {"most": str(MAX_PARTS - 1), "longest": str(MAX_CHARS), "language": plain}
    return briefs.render("deep", slots, material=mark_data(pieces), form="json", schema=SCHEMA)


def verify_split(material: SplitMaterial, hand_in: str) -> Verified[tuple[Part, ...]]:
    """Return the good sub-questions of a hand-in, with the reasons against the others; None where none is good."""
    try:
        given = json.loads(hand_in_text(hand_in, "json"))
    except (ValueError, RecursionError):
        given = None
    entries = given.get("questions") if isinstance(given, dict) else None
    if not isinstance(entries, list) or not entries:
        return Verified(None, ('the hand-in must be a JSON object with a list "questions" that is not empty',))
    reasons: list[str] = []
    good: dict[str, Part] = {}
    asked = {_folded(text) for text in (material.question, *material.unanswered)}
    for number, entry in enumerate(entries[: 4 * MAX_PARTS], 1):
        text = " ".join(visible(entry).split()) if isinstance(entry, str) else ""
        reason = _against(text)
        if reason:
            reasons.append(f"question {number}: {reason}")
        elif _folded(text) not in asked:
            good.setdefault(_folded(text), Part(text, text))
    if len(good) > MAX_PARTS - 1:
        reasons.append(f"at most {MAX_PARTS - 1} questions, not {len(good)}")
    if not good and not reasons:
        reasons.append("there is no question that was not asked already")
    parts = tuple(good.values())[: MAX_PARTS - 1]
    return Verified(parts or None, tuple(reasons), worth=len(parts))


def _against(text: str) -> str:
    if not MIN_CHARS <= len(text) <= MAX_CHARS:
        return f"must be a text of {MIN_CHARS} to {MAX_CHARS} characters"
    if any(sign in text for sign in _MARKUP):
        return "must be plain text, without links, citations or Markdown"
    return ""


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?？. ")


def split_by_ai(
    staff: Staff,
    question: str,
    pages: Sequence[str],
    unanswered: Sequence[str] = (),
    *,
    record: Callable[[Attempt], None],
) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """Return the sub-questions of the worker for answers, and why some or all of them are missing.

    Raises LeftError where a cap forbids the call, or the task waits for somebody.
    """
    material = SplitMaterial(question, tuple(pages), tuple(unanswered))
    key = short_hash(repr((ASK, "split", material.question, material.pages, material.unanswered)))
    task = Task(ASK, f"parts of: {question}", key, material, partial(split_brief, material, staff.briefs))
    verify = partial(verify_split, material)
    outcome = perform(task, staff.workers[ASK], verify, attempts=staff.attempts, record=record)
    return outcome.result or (), outcome.reasons
