"""What a node answers, as text: a finished run with its score. Nothing of it is believed without being looked at."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.lab.jobs import Finished, Scored, Split, Use
from nightdesk.lab.measurements import Measurements, printable
from nightdesk.lab.running import finished_record, read_finished
from nightdesk.lab.scores import finite

MOST_BYTES = 4_000_000  # of one answer: a log's end and some figures
_MOST_FIGURES = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One run that is over. `scored` None: it failed, so that there was nothing to score."""

    finished: Finished
    scored: Scored | None
    split: Split


def answer_text(answer: Answer) -> str:
    """Return the answer as text; where the run lies is left out."""
    scored = None if answer.scored is None else asdict(answer.scored)
    told = {"finished": finished_record(answer.finished), "scored": scored, "split": answer.split}
    return json.dumps(told, ensure_ascii=False)


def fault_text(error: DeskError) -> str:
    """Return what keeps a node from running anything, as text."""
    return json.dumps({"fault": error.message, "fix": error.fix or ""})


def read_answer(text: str, *, folder: Path) -> Answer | DeskError | None:
    """Return what a node said: an answer, its fault, or None where it says nothing sound."""
    try:
        if len(text) > MOST_BYTES:
            return None
        told = json.loads(text, parse_constant=_no_number)
        if "fault" in told:
            return DeskError(_line(told["fault"]), fix=_line(told["fix"]))
        split: Split = {"val": "val", "test": "test"}[told["split"]]  # type: ignore[assignment]
        scored = None if told["scored"] is None else _scored(told["scored"])
        return Answer(_finished(told["finished"], folder), scored, split)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _finished(told: dict[str, Any], folder: Path) -> Finished:
    finished = read_finished(told, folder)
    printed = finished.printed
    texts = {str(name)[:100]: _line(text) for name, text in list(printed.texts.items())[:_MOST_FIGURES]}
    return replace(
        finished,
        failure=_line(finished.failure),
        use=_use(told["use"]),
        printed=Measurements(_figures(printed.numbers), texts, _line(printed.fault)),
        log=printable(finished.log),
        hardware=_line(finished.hardware),
    )


def _scored(told: dict[str, Any]) -> Scored:
    score = None if told["score"] is None else _number(told["score"])
    return Scored(score, _line(told["failure"]), _figures(told["measured"]), _use(told["use"]))


def _use(told: dict[str, Any]) -> Use:
    for value in told.values():
        _number(value)
    return Use(**told)


def _figures(told: Mapping[str, Any]) -> dict[str, float]:
    return {str(name)[:100]: _number(value) for name, value in list(told.items())[:_MOST_FIGURES]}


def _number(value: object) -> float:
    number = finite(value)
    if number is None:
        raise ValueError("no finite number")
    return number


def _line(value: object) -> str:
    return " ".join(printable(str(value)).split())[:1_000]


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no finite number")
