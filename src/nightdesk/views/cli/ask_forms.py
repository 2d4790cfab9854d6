"""What `nightdesk ask --as` shows and files: slides, tables, charts and canvases."""

from collections.abc import Sequence
from typing import Any

import click

from nightdesk.base.names import safe_name
from nightdesk.base.pages import Page
from nightdesk.views.cli.options import say, shown
from nightdesk.wiki.answer_forms.forms import Formed
from nightdesk.wiki.answering.filing import answer_page, title_of_question

MAX_WIDTH = 60  # characters of a cell in the terminal


def tell_form(formed: Formed, *, saved: bool) -> None:
    """Print an answer in its form, on standard output: what a file of it would hold, or a table to read."""
    if formed.missing:
        say(shown(formed.missing))
    if formed.form == "page":
        click.echo(shown(_page(formed).text), nl=False)
    elif formed.form in ("slides", "canvas"):
        click.echo(shown(formed.text), nl=False)
    elif formed.rows:
        for line in _lines(formed.rows):
            click.echo(line)
        click.echo("")
        if formed.form == "chart":
            click.echo(shown(formed.text))
            if not saved:
                say("--save draws it, and files it with its page")


def is_document(formed: Formed) -> bool:
    """Say whether standard output holds a document and nothing else: then what was read and cost is told apart."""
    return formed.form in ("page", "slides", "canvas") and bool(formed.text or formed.form == "page")


def form_entries(formed: Formed) -> dict[str, Any]:
    """Return what --json says of a form."""
    text = _page(formed).text if formed.form == "page" and formed.reply.knows else formed.text
    return {
        "form": formed.form,
        "form_missing": formed.missing or None,
        "document": text or None,
        "table": [list(row) for row in formed.rows] or None,
        "chart": dict(formed.spec) or None,
    }


def _page(formed: Formed) -> Page:
    return answer_page(formed.reply, name=safe_name(title_of_question(formed.reply.question)))


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows of a table with columns of one width, each cell on as many lines as it needs."""
    wrapped = [[_wrapped(shown(cell)) for cell in row] for row in rows]
    widths = [max(len(line) for row in wrapped for line in row[n]) for n in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(wrapped):
        for at in range(max(map(len, row))):
            cells = [(cell[at] if at < len(cell) else "").ljust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return lines


def _wrapped(cell: str) -> list[str]:
    lines = [""]
    for word in cell.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > MAX_WIDTH:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
