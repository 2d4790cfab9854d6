"""`nightdesk contradictions`: what the sources say against each other, and what was decided about it."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

import click

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.git import run_git
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import silent
from nightdesk.views.cli.comparing import compare, worker_options
from nightdesk.views.cli.options import (
    CAPPED,
    DONE,
    IN_PART,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)
from nightdesk.views.cli.progress import show_stage
from nightdesk.wiki.contradictions.deciding import decide, dismissed, held_open, resolved
from nightdesk.wiki.contradictions.items import HOW, Item, Other, Side, State
from nightdesk.wiki.contradictions.page import PATH, read_kept

Make = Callable[[Item], State]


@click.group(
    "contradictions",
    invoke_without_command=True,
    epilog='Example: nightdesk contradictions resolve k48f9cc66e9 --keep cdc3a65b408 --because "measured anew in 2026"',
)
@click.option("--all", "show_all", is_flag=True, help="List also those that are decided, or whose claims are gone.")
@json_option
@desk_option
@click.pass_context
def command(ctx: click.Context, show_all: bool, as_json: bool, desk_folder: str | None) -> int:
    """List what sources say against each other, or decide it.

    Without a command it lists what is open; exit code 1 says that something is. A decision is written into
    wiki/contradictions.md, where it can be edited too, and the pages that it touches are made anew.
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = desk_folder
        return DONE
    kept = read_kept(chosen_desk(desk_folder))
    items = sorted(kept.items.values(), key=lambda item: (item.state.name != "open", item.id))
    waiting = sum(item.is_open for item in items)
    listed = [item for item in items if show_all or item.is_open]
    if as_json:
        document = {"open": waiting, "total": len(items), "contradictions": [_document(item) for item in listed]}
        print_json(document | {"problems": kept.problems})
    else:
        for item in listed:
            _tell(item)
        for problem in kept.problems:
            say(shown(problem))
        if not kept.is_ours:
            say(f"{PATH} is not nightdesk's, or cannot be read")
        say(f"{waiting:,} open, {len(items):,} in all. Decide with: nightdesk contradictions resolve|dismiss ID")
    return IN_PART if waiting else DONE


def _deciding(command: Callable[..., int]) -> Callable[..., int]:
    """Add to a command what all that decide have."""
    by = click.option("--by", metavar="NAME", help="Who decides; default: the name that git knows you by.")
    return click.argument("identity", metavar="ID")(by(json_option(desk_option(command))))


@command.command("resolve", epilog="Example: nightdesk contradictions resolve k48f9cc66e9 --keep one --because tested")
@click.option("--keep", metavar="CLAIM", required=True, help='The claim that holds: its id, "one" or "other".')
@click.option(
    "--other",
    type=click.Choice(["wrong", "superseded"]),
    help="What the other one is: wrong leaves the pages; superseded stays there, marked. Default: wrong.",
)
@click.option("--because", metavar="TEXT", required=True, help="Why, in a line.")
@_deciding
def resolve(
    identity: str, keep: str, other: Other | None, because: str, by: str | None, as_json: bool, desk_folder: str | None
) -> int:
    """Say which of two claims holds, and whether the other is wrong or superseded."""
    desk, who, today = _about(desk_folder, by)

    def make(item: Item) -> State:
        return resolved(item, keep, other or "", because, by=who, on=today)

    return _decide(desk, identity, make, "resolve", as_json=as_json)


@command.command("dismiss", epilog='Example: nightdesk contradictions dismiss k48f9cc66e9 --because "other data sets"')
@click.option("--because", metavar="TEXT", required=True, help="Why, in a line.")
@_deciding
def dismiss(identity: str, because: str, by: str | None, as_json: bool, desk_folder: str | None) -> int:
    """Say that two claims do not contradict each other."""
    desk, who, today = _about(desk_folder, by)
    return _decide(desk, identity, lambda item: dismissed(because, by=who, on=today), "dismiss", as_json=as_json)


@command.command("reopen", epilog="Example: nightdesk contradictions reopen k48f9cc66e9")
@click.option("--because", metavar="TEXT", default="", help="Why, in a line.")
@_deciding
def reopen(identity: str, because: str, by: str | None, as_json: bool, desk_folder: str | None) -> int:
    """Take a decision back: the contradiction is open again."""
    desk, who, today = _about(desk_folder, by)
    return _decide(desk, identity, lambda item: held_open(because, by=who, on=today), "reopen", as_json=as_json)


@command.command(
    "find", epilog="Example: nightdesk contradictions find --worker anthropic:claude-sonnet-4-5 --max-usd 1"
)
@worker_options
@json_option
@desk_option
def find(as_json: bool, desk_folder: str | None, **given: Any) -> int:
    """Let an AI worker compare claims that speak of one subject.

    Each pair is judged once. What it finds must quote both claims, and comes on the page as open. Without any worker a
    compile finds what differs in values, denials and order.
    """
    parent = click.get_current_context().parent
    desk = chosen_desk(desk_folder or (parent.obj if parent else None))
    compared = compare(desk, quiet=as_json, **given)
    if as_json:
        document = {"pairs": compared.pairs, "left": compared.left, "capped": compared.capped or None}
        found = [_document(item) for item in compared.found]
        print_json(document | {"problems": list(compared.problems), "found": found})
    else:
        for item in compared.found:
            _tell(item)
    return CAPPED if compared.capped else IN_PART if compared.found or compared.problems else DONE


def _about(desk_folder: str | None, by: str | None) -> tuple[Desk, str, str]:
    """Return the desk, who decides, and the day."""
    parent = click.get_current_context().parent
    desk = chosen_desk(desk_folder or (parent.obj if parent else None))
    who = by if by is not None else run_git(desk.root, "config", "user.name", check=False).strip()
    return desk, who, date.today().isoformat()


def _decide(desk: Desk, identity: str, make: Make, verb: str, *, as_json: bool) -> int:
    """Write the decision and compile, under one lock and as one commit."""
    # imported here: to list needs none of it
    from nightdesk.wiki.building import Errand  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415

    done: list[Item] = []

    def act(cache: Cache) -> list[str]:
        done.append(decide(desk, identity, make))
        return [PATH]

    errand = Errand(f"contradictions {verb}", identity.strip().removeprefix("^"), act)
    # a decision costs nothing: an AI's page that stood on a claim ruled out is left to the built-in worker at first
    stage = silent if as_json else show_stage
    report = compile_desk(desk, read_settings(desk.settings), stage=stage, today=date.today(), errand=errand)
    (item,) = done
    if as_json:
        print_json(_document(item) | {"written": report.published.written, "commit": report.commit})
    else:
        _tell(item)
        for note in report.notes:
            say(f"note: {shown(note)}")
        say(f"{len(report.published.written):,} pages written")
    return IN_PART if report.problems else DONE


def _document(item: Item) -> dict[str, Any]:
    state = item.state
    return {
        "id": item.id,
        "state": state.name,
        "open": item.is_open,
        "how": item.how,
        "found_by": item.found_by,
        "reason": item.reason or None,
        "one": asdict(item.one),
        "other": asdict(item.other),
        "keep": state.keep or None,
        "other_is": state.other or None,
        "because": state.because or None,
        "by": state.by or None,
        "on": state.on or None,
        "suggested": item.suggested or None,
    }


def _tell(item: Item) -> None:
    state = item.state
    lost = "" if item.one.there and item.other.there else " (a claim is gone)"
    click.echo(f"{item.id}  {state.name}{lost}: {HOW[item.how].lower()}")
    for side in item.sides:
        click.echo(f"  {_side(side, item)}")
    if state.because or state.by:
        why = "; ".join(part for part in (state.because, f"by {state.by}" if state.by else "", state.on) if part)
        click.echo(shown(f"  {why}"))
    elif item.suggested:
        click.echo(shown(f"  suggested: keep {item.suggested}: {item.suggested_why}"))


def _side(side: Side, item: Item) -> str:
    mark = "keep" if item.state.keep == side.claim else item.state.other
    when = f", {side.published}" if side.published else ""
    return shown(f"{side.claim}{f' [{mark}]' if mark else ''} {side.statement} ({side.page}{when})")
