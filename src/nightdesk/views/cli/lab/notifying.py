"""A command of the person's that is told when a night is over, also where an error ended it."""

import json
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.processes import PIPE, TOGETHER, Limits, attend, start
from nightdesk.lab.labs import Lab
from nightdesk.lab.ledger import render_score
from nightdesk.views.cli.options import say, shown

SECONDS = 30.0  # that it may take
MOST_BYTES = 10**6  # that it may say
ERROR = "error"  # how a night ended that raised one
_MOST_CHARS = 1000  # of one variable: a line for people


@dataclass(frozen=True, slots=True)
class Notifier:
    """A command that can be started, which no shell ever sees unless it names one."""

    words: tuple[str, ...]
    folder: Path  # that it works in
    environment: Mapping[str, str]  # the person's own: it is their program, and needs their screen and their keys

    def tell(self, document: Mapping[str, Any]) -> str:
        """Start it with the night's JSON on its standard input; return what went wrong, one line, "" for nothing."""
        variables = {**self.environment, **notice(document)}
        try:
            with tempfile.TemporaryFile() as told:  # a pipe would be waited for where nobody reads it
                told.write(json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace"))
                told.seek(0)
                child = start(
                    self.words,
                    folder=self.folder,
                    limits=Limits(),
                    variables=variables,
                    stdin=told,
                    stdout=PIPE,
                    stderr=TOGETHER,
                )
                ended = attend(child, seconds=SECONDS, most_bytes=MOST_BYTES)
        except (OSError, ValueError) as error:
            return f"the notification failed: {error}"
        if ended.cause != "itself":
            why = f"took longer than {SECONDS:.0f} s" if ended.cause == "time" else "said too much"
            return f"the notification was ended: {self.words[0]} {why}"
        last = ended.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        return f"the notification failed: {self.words[0]} ended with code {ended.code}: {last}" if ended.code else ""


def notifier_of(command: str, *, folder: Path, environment: Mapping[str, str]) -> Notifier | None:
    """Return what `--notify` or the setting names, "" for nothing; relative programs are looked for in `folder`.

    Raises DeskError where it cannot be started: better before the night than after it.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise DeskError(f"the notification command cannot be read: {error}", fix="write it as in a shell") from error
    if not words:
        return None
    program = str(folder / words[0]) if "/" in words[0] else words[0]
    found = shutil.which(program, path=environment.get("PATH"))
    if found is None:
        raise DeskError(
            f"the notification command cannot be started: {words[0]} is not {'there' if '/' in program else 'on PATH'}",
            fix="name a program; one with pipes or variables needs a shell: sh -c '…'",
        )
    return Notifier((found, *words[1:]), folder, dict(environment))


def notice(document: Mapping[str, Any]) -> dict[str, str]:
    """Return what is told of a night by variables, from the document that `lab run --json` prints."""
    session = document.get("session") or {}
    told = {
        "NIGHTDESK_LAB_NAME": document.get("lab"),
        "NIGHTDESK_FOLDER": document.get("folder"),
        "NIGHTDESK_BRANCH": document.get("branch"),
        "NIGHTDESK_ENDED": session.get("ended"),
        "NIGHTDESK_WHY": session.get("why"),
        "NIGHTDESK_JUDGED": _candidates(session),
        "NIGHTDESK_KEPT": len(session.get("kept") or ()),
        "NIGHTDESK_METRIC": document.get("metric"),
        "NIGHTDESK_BASELINE": _score(document.get("baseline")),
        "NIGHTDESK_BEST": _score(document.get("best")),
        "NIGHTDESK_REPORT": document.get("report"),
        "NIGHTDESK_SUMMARY": summary_line(document),
    }
    return {name: _variable("" if value is None else str(value)) for name, value in told.items()}


def summary_line(document: Mapping[str, Any]) -> str:
    """Return a night as one line for people."""
    session = document.get("session") or {}
    if session.get("ended") == ERROR:
        return f"{document.get('lab')}: ended by an error: {session.get('why')}"
    kept, judged = len(session.get("kept") or ()), _candidates(session)
    told = f"{document.get('lab')}: {session.get('why')}; {kept} kept of {judged}"
    before, after = _score(document.get("baseline")), _score(document.get("best"))
    return f"{told}; {document.get('metric')} {before} -> {after}" if before and after else told


def notify(notifier: Notifier | None, document: Mapping[str, Any]) -> None:
    """Tell the person's command of a night, if there is one; its failure is a line, never the night's."""
    failure = notifier.tell(document) if notifier is not None else ""
    if failure:
        say(shown(failure))


@contextmanager
def errors_told(notifier: Notifier | None, lab: Lab) -> Iterator[None]:
    """Tell the person's command of an error that ends the block, and let it go on."""
    try:
        yield
    except Exception as error:
        why = str(error) if isinstance(error, DeskError) else f"{type(error).__name__}: {error}"
        session = {"ended": ERROR, "why": " ".join(why.split())}
        notify(notifier, {"lab": lab.name, "folder": str(lab.folder), "session": session})
        raise


def _variable(text: str) -> str:
    """Return text as a variable can hold it: no NUL, no half of a character; a worker's words may have both."""
    return text.replace("\0", "")[:_MOST_CHARS].encode("utf-8", "replace").decode("utf-8")


def _candidates(session: Mapping[str, Any]) -> int:
    return sum(number != session.get("baseline") for number in session.get("judged") or ())


def _score(point: Mapping[str, Any] | None) -> str:
    score = point.get("score") if point else None
    return "" if score is None else render_score(score)
