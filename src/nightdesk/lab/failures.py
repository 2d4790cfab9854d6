"""Failures as proposers are told of them: an exception's type, its message, its place; never a piece of a log.

What a log says was written by the candidate: it may hold instructions to whoever reads it. So only the parts that a
traceback has are taken out of it, each bounded and on one line; they are still data, and marked as such.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from nightdesk.lab.experiments import Experiment, one_line
from nightdesk.lab.judging import Decision

MAX_MESSAGE = 160  # characters
_EXCEPTION = re.compile(
    r"^(?:[a-z_]\w*\.){0,6}([A-Z]\w{0,60}(?:Error|Exception|Interrupt|Exit|Iteration|Warning))(?::[ \t]*(.*))?$"
)
# of a run that the change is not to blame for; an end by such a signal is nobody's that nightdesk knows of
_OUTSIDE = re.compile(r"its machine went away|killed: the disk has less than|ended by signal (?:9|15)$")
_FRAME = re.compile(r'^[ \t]*File "([^"\n]{1,400})", line (\d{1,7})\b')


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run has no score. What is not known is ""."""

    why: str  # as the lab itself found: "exit code 1", "killed: over 10m"
    exception: str = ""  # the class of the last traceback's exception
    message: str = ""  # its message, one line, bounded
    place: str = ""  # "train.py:120": the innermost line of the lab's own files

    @property
    def line(self) -> str:
        """The whole on one line."""
        raised = f"{self.exception}: {self.message}" if self.message else self.exception
        parts = (self.why, f"{raised} at {self.place}" if raised and self.place else raised)
        return "; ".join(part for part in parts if part)


def failure_of(experiment: Experiment, files: Collection[str]) -> Failure | None:
    """Return why an experiment crashed, None where it did not; `files` are the names of the lab's files."""
    verdict = experiment.verdict
    if verdict is not None and verdict.decision is not Decision.CRASH:
        return None
    why = next((record.run.failure for record in experiment.runs if record.run.failure), "")
    if not why and verdict is None:
        return None
    why = why or (verdict.reason if verdict is not None else "")
    return summarise(one_line(why)[:MAX_MESSAGE], experiment.log_tail, files)


def is_outside(failure: str) -> bool:
    """Say whether a run failed for what has nothing to do with what was tried: a lost machine, a full disk."""
    return _OUTSIDE.match(failure) is not None


def summarise(why: str, log: str, files: Collection[str]) -> Failure:
    """Return a failure with what the last traceback in a log says."""
    exception = message = place = ""
    for line in reversed(log.split("\n")):
        if not exception:
            if found := _EXCEPTION.match(line):
                exception, message = found[1], _bounded(found[2] or "")
        elif frame := _FRAME.match(line):
            name = next((file for file in files if frame[1] == file or frame[1].endswith(f"/{file}")), "")
            if name:
                place = f"{name}:{frame[2]}"
                break
        elif line.startswith("Traceback "):
            break
    return Failure(why, exception, message, place)


def _bounded(message: str) -> str:
    message = one_line(message)
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"
