"""`nightdesk compile --review`: a person sees each hand-in before it counts, accepts it, or says what to change."""

import difflib
import sys
import termios
from collections.abc import Iterator
from typing import Any

import click

from nightdesk.agents.tasks import CapReachedError, DeclinedError, Task
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import shown
from nightdesk.wiki.concept_page import FOLDER, written_part
from nightdesk.wiki.library import read_page
from nightdesk.wiki.reading import Reading
from nightdesk.wiki.writing import Written

_SHOW_CURSOR = "\x1b[?25h"  # left out by click where standard error is no terminal
_HELP = "y accepts it, n declines it, c says what to change, a accepts all that follows, q stops here"


class Review:
    """Asks on the terminal about each hand-in that the verifier has accepted."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._accept_all = False

    def __call__(self, task: Task[Any], result: Any) -> tuple[str, ...]:
        """Return what is to change, () for nothing. Raises DeclinedError for a no, CapReachedError to stop."""
        if self._accept_all:
            return ()
        click.echo(f"\n{task.kind}: {_in_line(task.subject)}", err=True)
        for line in self._lines(task, result):
            click.echo(f"  {_in_line(line)}", err=True)  # indented, so that no hand-in looks like a question of ours
        while True:
            answer = _ask("Accept? [y/n/c/a/q]", default="y").lower()
            if answer in ("y", "yes"):
                return ()
            if answer in ("n", "no"):
                raise DeclinedError("declined in review")
            if answer == "c":
                return (f"the person who reads along says: {_ask('What is to change')}",)
            if answer == "a":
                self._accept_all = True
                return ()
            if answer == "q":
                raise CapReachedError("you stopped the review")
            click.echo(_HELP, err=True)

    def _lines(self, task: Task[Any], result: Any) -> Iterator[str]:
        if isinstance(result, Reading):
            yield from _told(result)
        elif isinstance(result, Written) and task.subject == task.material.name:
            yield from self._difference(task, result)
        elif isinstance(result, Written):  # the lead or a section of a long page: it stands nowhere by itself
            yield from result.body.strip().splitlines()

    def _difference(self, task: Task[Any], result: Written) -> Iterator[str]:
        before = ""
        try:
            body = read_page(self._desk, f"{FOLDER}/{task.material.name}.md").page.body
            before = written_part(body.partition("\n")[2]).strip()
        except DeskError:
            pass  # a new page
        old, new = before.splitlines(), result.body.strip().splitlines()
        lines = difflib.unified_diff(old, new, "as it is", "handed in", lineterm="") if before else iter(new)
        yield from lines


def _told(reading: Reading) -> Iterator[str]:
    """Yield all that a reading says, a line each."""
    for number, claim in enumerate(reading.claims):
        mark = "*" if number in reading.summary else "-"  # a star: it says what the source is about
        yield f"{mark} {claim.statement}  [{', '.join(claim.concepts)}]"
        yield f'    "{claim.quote}" ({claim.place})'
    yield from (f"? {question.statement}" for question in reading.questions)
    for note in reading.notes:
        also = f", also {', '.join(note.aliases)}" if note.aliases else ""
        yield f"= {note.name}: {note.type}{also}" + (f", in {note.category}" if note.category else "")
    for idea in reading.pages:
        yield f"+ a {idea.type} page: {idea.name}, of {', '.join(idea.of)}" + (f" ({idea.why})" if idea.why else "")


def _ask(question: str, default: str | None = None) -> str:
    """Ask on the terminal. What was typed before the question could be seen is no answer to it."""
    if sys.stdin.isatty():
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    click.echo(_SHOW_CURSOR, err=True, nl=False)  # the progress bar has hidden it
    return str(click.prompt(question, default=default, show_default=False, err=True)).strip()


def _in_line(text: str) -> str:
    """Return text from outside as one line that cannot drive the terminal."""
    return shown(text).replace("\n", "\\x0a").replace("\t", " ")
