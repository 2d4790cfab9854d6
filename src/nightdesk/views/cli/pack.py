"""`nightdesk pack`: what the desk knows of a question, or of itself, as one Markdown text for any AI."""

import os
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.views.cli.clipboard import copy_text
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.answering.question import MAX_QUESTION
from nightdesk.wiki.packing.orientation import Orientation, orient
from nightdesk.wiki.packing.pack import Pack, make_pack

_DEFAULT_TOKENS = 8_000


@click.command(
    "pack",
    epilog="Examples: nightdesk pack How does Muon differ from AdamW; nightdesk pack --tokens 2000 --copy warm-up; "
    "nightdesk pack --all --out orientation.md",
)
@click.argument("words", nargs=-1, metavar="[QUESTION]")
@click.option("--all", "whole", is_flag=True, help="An orientation of the whole desk, for an agent that starts fresh.")
@click.option(
    "--tokens",
    default=_DEFAULT_TOKENS,
    show_default=True,
    type=click.IntRange(1, 2_000_000),
    help="What it may have at most, by any tokenizer.",
)
@click.option("--copy", is_flag=True, help="Put it on the clipboard instead of standard output.")
@click.option("--out", metavar="FILE", help="Write it to a file instead.")
@json_option
@desk_option
def command(
    words: tuple[str, ...],
    whole: bool,
    tokens: int,
    copy: bool,
    out: str | None,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Put what the desk knows of a question into one text for any AI.

    The most useful statements of pages, claims with their quotes, and words of sources, within a number of tokens:
    exact words of the desk, each with its source. With --all, an orientation of the whole desk. The exit code is 1
    where nothing on the desk fits the question.
    """
    question = " ".join(words)
    if question == "-":
        question = sys.stdin.read(4 * MAX_QUESTION)
    if whole == bool(question.strip()):
        raise click.UsageError("give a QUESTION, or --all")
    desk = chosen_desk(desk_folder)
    private = [folder for folder in (os.environ.get("HOME", ""),) if folder]
    if whole:
        made: Pack | Orientation = orient(desk, tokens=tokens, today=date.today(), private=private)
    else:
        made = make_pack(desk, question, tokens=tokens, today=date.today(), private=private)
    is_empty = isinstance(made, Pack) and not made.items
    if not is_empty:
        _deliver(desk, made.markdown, copy=copy, out=out, quiet=as_json)
    if as_json:
        print_json(asdict(made) | {"budget": tokens, "out": out})
    if is_empty:
        _tell_empty(made)
        return IN_PART
    if made.hidden:
        say(f"{made.hidden} folders of this machine or keys were left out")
    if copy or out:
        say(f"{_size(made)}; at most {made.tokens:,} tokens")
    return DONE


def _deliver(desk: Desk, markdown: str, *, copy: bool, out: str | None, quiet: bool) -> None:
    if copy:
        say(f"copied by {copy_text(markdown)}")
    if out and out != "-":
        _write(desk, markdown, Path(out))
    elif not copy and not quiet:
        click.echo(shown(markdown), nl=False)


def _write(desk: Desk, markdown: str, place: Path) -> None:
    """Write the file; what the desk itself keeps is never written over."""
    real = place.resolve()
    for kept in (desk.raw, desk.wiki, desk.root / "text", desk.cache, desk.root / ".git"):
        if real.is_relative_to(kept.resolve()):
            raise DeskError(f"{place} is in a folder that the desk keeps", fix="choose a place outside of it")
    if real.is_dir():
        raise DeskError(f"{place} is a folder", fix="name a file in it")
    if not real.parent.is_dir():
        raise DeskError(f"there is no folder {place.parent}", fix="make it first")
    write_atomically(real, markdown)


def _tell_empty(made: Any) -> None:
    missing = ", ".join(f'"{shown(word)}"' for word in made.missing)
    say("nothing on this desk fits the question" + (f"; it has no {missing}" if missing else ""))


def _size(made: Pack | Orientation) -> str:
    if isinstance(made, Pack):
        return f"{len(made.items):,} statements of {len(made.sources):,} sources"
    return f"{sum(map(len, made.sections.values())):,} lines"
