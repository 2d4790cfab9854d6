"""What was asked last on a desk, for a question that goes on from it: `.nightdesk/asked.json`, safe to delete."""

import json
from collections.abc import Sequence

from nightdesk.base.desk import Desk
from nightdesk.base.files import write_atomically

NAME = "asked.json"
MAX_PAIRS = 5
_MAX_CHARS = 2_000  # of a question, and of an answer

Pair = tuple[str, str]


def read_asked(desk: Desk) -> tuple[Pair, ...]:
    """Return the last questions with their answers, the newest last; none where nothing readable is there."""
    try:
        with (desk.cache / NAME).open("rb") as file:
            found = json.loads(file.read(8 * MAX_PAIRS * _MAX_CHARS))
    except (OSError, ValueError, RecursionError):
        return ()
    pairs = found.get("asked") if isinstance(found, dict) else None
    if not isinstance(pairs, list):
        return ()
    return tuple(
        (pair["question"][:_MAX_CHARS], pair["answer"][:_MAX_CHARS])
        for pair in pairs[-MAX_PAIRS:]
        if isinstance(pair, dict) and isinstance(pair.get("question"), str) and isinstance(pair.get("answer"), str)
    )


def remember_asked(desk: Desk, earlier: Sequence[Pair], question: str, answer: str) -> None:
    """Keep a question with its answer behind those that it goes on from."""
    pairs = [*earlier, (question, answer)][-MAX_PAIRS:]
    entries = [{"question": q[:_MAX_CHARS], "answer": a[:_MAX_CHARS]} for q, a in pairs]
    text = json.dumps({"asked": entries}, ensure_ascii=False, indent=1)
    write_atomically(desk.cache / NAME, text.encode("utf-8", "replace"), durable=False)
