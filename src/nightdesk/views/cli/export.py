"""`nightdesk export`: the desk in formats that other programs read."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.exporting.export import (
    FORMATS,
    SINGLE,
    Export,
    default_folder,
    make_export,
    write_file,
    write_folder,
)


@click.command(
    "export",
    epilog="Examples: nightdesk export okf; nightdesk export jsonl --out ../data; nightdesk export bibtex > a.bib. "
    "The formats: docs/export.md",
)
@click.argument("format_", metavar="FORMAT", type=click.Choice(FORMATS))
@click.option(
    "--out",
    metavar="DIR|FILE",
    help="Where to put it; default: exports/FORMAT on the desk, standard output for bibtex.",
)
@json_option
@desk_option
def command(format_: str, out: str | None, as_json: bool, desk_folder: str | None) -> int:
    """Write the desk in a format that other programs read.

    FORMAT is okf (an Open Knowledge Format bundle), jsonl (questions, answers and chats to train a model on, split by
    source), bibtex (the sources) or llms.txt (the pages for language models). The same wiki gives the same bytes.
    """
    desk = chosen_desk(desk_folder)
    home = os.environ.get("HOME", "")
    export = make_export(desk, format_, private=[home] if home else [])
    for problem in export.problems:
        say(shown(problem))
    code = IN_PART if export.problems else DONE
    if format_ in SINGLE and out in (None, "-"):
        if as_json:
            print_json(_document(export, None) | {"content": next(iter(export.files.values())).decode()})
        else:
            sys.stdout.buffer.write(next(iter(export.files.values())))
            sys.stdout.buffer.flush()
        return code
    place = Path(out) if out else default_folder(desk, format_)
    if format_ in SINGLE:
        write_file(desk, export, place)
    else:
        write_folder(desk, export, place)
    if as_json:
        print_json(_document(export, place))
    else:
        click.echo(shown(str(place)))
        say(f"{export.pages} pages, {export.sources} sources: {len(export.files)} files")
        if export.left_out:
            say(f"{export.left_out} paths of this machine or keys were left out")
    return code


def _document(export: Export, place: Path | None) -> dict[str, Any]:
    return {
        "format": export.format,
        "out": str(place) if place else None,
        "pages": export.pages,
        "sources": export.sources,
        "files": list(export.files),
        "left_out": export.left_out,
        "problems": list(export.problems),
    }
