"""How an answer is shown: statements by page, then what each rests on; or what the desk lacks."""

import sys
from dataclasses import asdict
from typing import Any

import click

from nightdesk.views.cli.ask_forms import is_document, tell_form
from nightdesk.views.cli.options import say, shown
from nightdesk.wiki.answer_forms.forms import Formed
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.answering.replies import UNKNOWN, Reference, Reply, counts, nearest, shown_body, told_cost

_NEAREST = 3  # passages that are shown where the desk does not know


def tell_reply(reply: Reply, saved: list[str], formed: Formed | None) -> None:
    """Print an answer with its citations, or that there is none; what was read, and what it cost, on standard error."""
    for note in reply.notes:
        say(f"note: {shown(note)}")
    if reply.failed:
        say(f"{shown(reply.cost.worker)} gave no answer that holds; this is the built-in one")
    if reply.knows and formed:
        tell_form(formed, saved=bool(saved))
    if reply.knows and formed and is_document(formed):
        pass  # what is on standard output is a file, and has its references in it
    elif reply.knows and formed and formed.rows:
        for reference in reply.references:
            _tell_reference(reference)
    elif reply.knows:
        click.echo(_answer_text(reply))
        for reference in reply.references:
            _tell_reference(reference)
    else:
        _tell_unknown(reply)
    read = counts(reply.answer.read, reply.answer.seen)
    amounts = [_many(read[f"{noun}s"], noun) for noun in ("page", "text", "statement")]
    say(f"read: {', '.join(amounts)}; {shown(told_cost(reply.cost))}")
    for path in saved:
        say(f"filed as {shown(path)}")


def _answer_text(reply: Reply) -> str:
    if not reply.said:
        return shown(shown_body(reply.body, reply.references)).rstrip("\n") + "\n"
    lines: list[str] = []
    page = None
    for one in reply.said:
        if one.page != page:
            page = one.page
            lines += [
                *([""] if lines else []),
                click.style(shown(page), bold=True) if sys.stdout.isatty() else shown(page),
            ]
        lines.append(f"  {shown(one.text)} {' '.join(f'[{number}]' for number in one.references)}")
    return "\n".join(lines) + "\n"


def _tell_reference(reference: Reference) -> None:
    claim = f"^{reference.claim}, " if reference.claim else ""
    source = f"{shown(reference.source)}{', ' + shown(reference.date) if reference.date else ''}"
    click.echo(f'[{reference.number}] "{shown(reference.quote)}"')
    click.echo(f"    {claim}{source}; {shown(reference.place)}" + _where(reference))


def _where(reference: Reference) -> str:
    """Return the file and line of words of a text, in the form that editors open."""
    line = reference.place.rpartition("line ")[2]
    return f"; {shown(reference.path)}:{line}" if line.isdigit() and not reference.claim else ""


def _tell_unknown(reply: Reply) -> None:
    click.echo(UNKNOWN)
    if reply.help:
        click.echo(f"{shown(reply.help)} (so {shown(reply.worker)})")
    missing = [f'"{shown(word)}"' for word in reply.answer.missing]
    if missing:
        stand = "stands" if len(missing) == 1 else "stand"
        click.echo(
            f"{', '.join(missing)} {stand} nowhere on it. A source that tells of it would help: nightdesk add FILE"
        )
    near = nearest(reply.answer, most=_NEAREST)
    if near:
        click.echo("Nearest to it:")
    for passage in near:
        click.echo(f"  {shown(passage.text)} ({shown(passage.path)}:{passage.line})")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def reply_document(reply: Reply, scope: str, saved: list[str]) -> dict[str, Any]:
    """Return what --json prints."""
    return {
        "question": reply.question,
        "known": reply.knows,
        "scope": scope,
        "worker": reply.worker,
        "confidence": reply.answer.confidence if reply.said or not reply.knows else None,
        "answer": reply.body or None,
        "statements": [asdict(one) for one in reply.said],
        "citations": [asdict(reference) for reference in reply.references],
        "missing": list(reply.answer.missing),
        "help": reply.help or None,
        "nearest": [_entry(passage) for passage in nearest(reply.answer, most=_NEAREST)],
        "read": counts(reply.answer.read, reply.answer.seen) | {"files": list(reply.answer.read)},
        "cost": asdict(reply.cost),
        "notes": list(reply.notes),
        "failed": reply.failed,
        "capped": reply.capped or None,
        "saved": saved[0] if saved else None,
        "files": saved,
    }


def _entry(passage: Passage) -> dict[str, Any]:
    return {**asdict(passage), "cites": [list(key) for key in passage.cites]}
