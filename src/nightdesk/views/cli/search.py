"""`nightdesk search`: pages, claims and source texts by words."""

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.search.collection import Collection, desk_collection, vault_collection, vault_database
from nightdesk.wiki.search.hits import Hit
from nightdesk.wiki.search.query import parse_query, plain_query
from nightdesk.wiki.search.search import MAX_LIMIT, Ranker, Results, search


class _QueryCommand(click.Command):
    """A command whose arguments may begin with a hyphen: -word excludes a word."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep single hyphens from being read as options; a NUL, which no argument can hold, stands before them."""
        kept = args.index("--") if "--" in args else len(args)
        words = [
            f"\0{arg}" if arg[:1] == "-" and arg[1:2] not in ("", "-") and arg != "-h" else arg for arg in args[:kept]
        ]
        return super().parse_args(ctx, words + args[kept:])


@click.command(
    "search",
    cls=_QueryCommand,
    epilog="Examples: nightdesk search learning rate; nightdesk search '\"weight decay\" -adam in:claims'; "
    "nightdesk search 'optimi* OR schedule type:concept after:2025'. The whole grammar: docs/search.md",
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="QUERY")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, MAX_LIMIT), help="Results at most.")
@click.option("--any", "any_word", is_flag=True, help="Find what has some of the words: a question as it is asked.")
@click.option("--vault", metavar="PATH", help="Search a folder of Markdown files instead of a desk; it stays as it is.")
@click.option("--hybrid", "by", flag_value="both", help="Find what is near in meaning too (the extra `semantic`).")
@click.option("--semantic", "by", flag_value="meaning", help="Find by meaning alone.")
@click.option("--fresh", is_flag=True, help="Look at every file for changes, in a large collection too.")
@json_option
@desk_option
def command(
    words: tuple[str, ...],
    limit: int,
    any_word: bool,
    vault: str | None,
    by: str | None,
    fresh: bool,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Find pages, claims and passages of sources, the best first.

    All words must be there: "a phrase" in quotes, prefix*, a OR b, -without, (groups), and the filters type: path: tag:
    after: before: in:(wiki|claims|text). The exit code is 1 where nothing is found.
    """
    text = " ".join(word.removeprefix("\0") for word in words)
    query = plain_query(text) if any_word else parse_query(text)
    collection = _vault(vault) if vault is not None else desk_collection(chosen_desk(desk_folder))
    ranker = _by_meaning(collection, words=by == "both") if by else None
    found = search(collection, text, limit=limit, query=query, thorough=fresh, jobs=0, tell=say, ranker=ranker)
    if as_json:
        print_json(_document(text, found))
    else:
        _show(found, limit)
    return DONE if found.hits else IN_PART


def _vault(path: str) -> Collection:
    folder = Path(path)
    if not folder.is_dir():
        raise DeskError(f"{path} is no folder", fix="name a folder of Markdown files")
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return vault_collection(folder, vault_database(folder, Path(home)))


def _by_meaning(collection: Collection, *, words: bool) -> Ranker:
    # imported here: a search by words needs none of it
    from nightdesk.wiki.semantic.embedder import open_embedder  # noqa: PLC0415
    from nightdesk.wiki.semantic.hybrid import ByMeaning  # noqa: PLC0415

    return ByMeaning(open_embedder(), collection.database, words=words)


def _document(text: str, found: Results) -> dict[str, Any]:
    """Return what --json prints."""
    return {
        "query": text,
        "results": [_entry(hit) for hit in found.hits],
        "more": found.more,
        "corrected": found.corrected,
        "missing": list(found.missing),
        "complete": found.complete,
    }


def _entry(hit: Hit) -> Mapping[str, Any]:
    entry = asdict(hit)
    return {"in": entry.pop("kind"), **entry}


def _show(found: Results, limit: int) -> None:
    for wrong, right in found.corrected.items():
        say(f'nothing has "{shown(wrong)}"; looked for "{shown(right)}"')
    for number, hit in enumerate(found.hits, start=1):
        place = f"{shown(hit.path)}:{hit.line}"
        beside = [hit.type, f"p. {hit.page}" if hit.page else "", hit.heading if hit.heading != hit.title else ""]
        about = ", ".join(shown(one) for one in beside if one)
        click.echo(f"{number}. {shown(hit.title)}  {place}" + (f"  ({about})" if about else ""))
        if hit.snippet:
            click.echo(f"   {_marked(hit.snippet, hit.marks)}")
        if hit.claim:
            click.echo(f"   ^{hit.claim.id}, {shown(hit.claim.place) or 'no place'}")
    if not found.hits:
        words = ", ".join(f'"{shown(word)}"' for word in found.missing)
        say(
            f"nothing found; {words} stands nowhere"
            if words
            else "nothing found; --any finds what has some of the words"
        )
    if found.more:
        say(f"more fits; shown are the best {limit} (--limit)")
    if not found.complete:
        say("another process is still reading the files: there may be more")


def _marked(text: str, marks: tuple[tuple[int, int], ...]) -> str:
    """Return a snippet with what fits in bold: on a terminal as such, elsewhere as in Markdown."""
    parts, at = [], 0
    for start, end in marks:
        word = shown(text[start:end])
        parts += [shown(text[at:start]), click.style(word, bold=True) if sys.stdout.isatty() else f"**{word}**"]
        at = end
    return "".join([*parts, shown(text[at:])])
