"""`nightdesk status`: the vital figures of a desk, and what its workers cost."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date

import click

from nightdesk.agents.ledger import NAME, stream_ledger
from nightdesk.base.desk import Desk
from nightdesk.views.cli.columns import fit, width_of
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, shown
from nightdesk.wiki.costs import BY, LABELS, OTHERS, By, Costs, Group, Sum, sum_costs
from nightdesk.wiki.status import Status, read_status
from nightdesk.wiki.vitals import Vitals, in_lines, read_vitals

MAX_LISTED = 10
LEAST_LABEL = 12  # columns of the screen that a label keeps, however narrow it is
BRIEF_DIGITS = 8  # of the hash of a brief: enough to tell two apart


@click.command("status", epilog="Example: nightdesk status --costs --by page")
@click.option("--costs", is_flag=True, help="Show what the workers' calls cost instead, from costs.tsv.")
@click.option("--by", type=click.Choice(BY), help="Sum the costs up by this; default: worker, model and brief.")
@json_option
@desk_option
def command(costs: bool, by: By | None, as_json: bool, desk_folder: str | None) -> int:
    """Show what is on the desk, and what waits to be compiled."""
    desk = chosen_desk(desk_folder)
    if by is not None and not costs:
        raise click.UsageError("--by says how to sum up the costs: add --costs")
    if costs:
        _tell_costs(desk, by or "worker", as_json=as_json)
        return DONE
    status = read_status(desk)
    vitals = read_vitals(desk, status, today=date.today())
    if as_json:
        print_json({"desk": str(desk.root)} | asdict(status) | {"vitals": vitals.to_json()})
    else:
        _tell(str(desk.root), status, vitals)
    return IN_PART if status.problems or status.set_aside or status.unverified else DONE


def _tell(root: str, status: Status, vitals: Vitals) -> None:
    click.echo(f"desk       {shown(root)}")
    kinds = ", ".join(f"{count} {kind}" for kind, count in status.kinds.items())
    click.echo(f"sources    {status.sources:,}" + (f" ({shown(kinds)})" if kinds else ""))
    pages = {folder: count for folder, count in status.pages.items() if folder != "."}
    click.echo(f"pages      {', '.join(f'{count:,} {folder}' for folder, count in pages.items()) or 'none yet'}")
    _list("waiting", status.waiting, "nothing; the wiki is in step with raw/")
    _list("gone", status.gone, "")
    _list("edited", status.edited, "")
    _list("unverified", [f"{path}: {why}" for path, why in status.unverified.items()], "")
    _list("set aside", status.set_aside, "")
    _list("unread", [f"{path}: {why}" for path, why in status.problems.items()], "")
    if status.uncommitted:
        click.echo(f"in git     {status.uncommitted:,} files are not committed yet")
    click.echo("")
    for label, figure in in_lines(vitals):
        click.echo(f"{label:<14} {shown(figure)}")
    if status.waiting or status.gone:
        click.echo("\nnext       nightdesk compile")
    elif not status.sources:
        click.echo("\nnext       nightdesk add FILE-OR-URL")


def _list(label: str, items: Sequence[str], nothing: str) -> None:
    if not items:
        if nothing:
            click.echo(f"{label:<10} {nothing}")
        return
    click.echo(f"{label:<10} {len(items):,}")
    for item in items[:MAX_LISTED]:
        click.echo(f"           {shown(item)}")
    if len(items) > MAX_LISTED:
        click.echo(f"           … and {len(items) - MAX_LISTED:,} more")


def _tell_costs(desk: Desk, by: By, *, as_json: bool) -> None:
    costs = sum_costs(stream_ledger(desk.root / NAME), by=by)
    if as_json:
        print_json({"desk": str(desk.root)} | costs.to_json())
        return
    total = costs.total
    if total.calls:
        for line in _table(costs, width=shutil.get_terminal_size().columns if sys.stdout.isatty() else None):
            click.echo(line)
        click.echo("")
        click.echo(_money(total))
    else:
        click.echo("no calls yet: costs.tsv gets a line for each call of a model or an agent")
    if total.uncounted:
        click.echo(f"the tokens of {_calls(total.uncounted)} are not known and not in the sums")
    if costs.unread:
        lines = "1 line" if costs.unread == 1 else f"{costs.unread:,} lines"
        click.echo(f"{lines} of {NAME} cannot be read and not in the sums")


def _money(total: Sum) -> str:
    if total.known_usd is None:
        return f"{_calls(total.calls)} of unknown price"
    told = f"{_usd(total)} USD for {_calls(total.calls - total.unpriced)}"
    return told + (f", and {_calls(total.unpriced)} of unknown price" if total.unpriced else "")


def _calls(count: int) -> str:
    return f"{count:,} call" + ("s" if count != 1 else "")


_COLUMNS: tuple[tuple[str, Callable[[Sum], str]], ...] = (
    ("calls", lambda total: f"{total.calls:,}"),
    ("accepted", lambda total: f"{total.accepted:,}"),
    ("rejected", lambda total: f"{total.rejected:,}"),
    ("failed", lambda total: f"{total.failed:,}"),
    ("declined", lambda total: f"{total.declined:,}"),
    ("share", lambda total: "" if total.acceptance is None else f"{total.acceptance:.0%}"),
    ("sent", lambda total: _tokens(total, total.input_tokens)),
    ("cached", lambda total: f"{total.cached_tokens:,}"),
    ("received", lambda total: _tokens(total, total.output_tokens)),
    ("time", lambda total: _time(total.seconds)),
    ("USD", lambda total: _usd(total)),  # noqa: PLW0108 (it is defined below)
    ("unpriced", lambda total: f"{total.unpriced:,}"),
)
_SELDOM = ("failed", "declined", "cached", "unpriced")  # columns that are shown only where there is something in them


def _table(costs: Costs, *, width: int | None) -> list[str]:
    """Return the lines of a table; labels are cut so that it fits into `width`, where that is given."""
    columns = [(name, cell) for name, cell in _COLUMNS if name not in _SELDOM or cell(costs.total) != "0"]
    groups = [*costs.groups, Group(("total",) + ("",) * (len(LABELS[costs.by]) - 1), costs.total)]
    labels = [LABELS[costs.by], *(_labels(group, costs.by) for group in groups)]
    cells = [[name for name, _ in columns], *([cell(group.sum) for _, cell in columns] for group in groups)]
    cell_sizes = [max(map(len, column)) for column in zip(*cells, strict=True)]
    sizes = [max(map(width_of, column)) for column in zip(*labels, strict=True)]
    if width is not None:
        left = width - sum(cell_sizes) - 2 * (len(cell_sizes) + len(sizes) - 1)
        while sum(sizes) > left and max(sizes) > LEAST_LABEL:
            sizes[sizes.index(max(sizes))] -= 1
    lines = [
        "  ".join(
            [
                *(fit(label, size) for label, size in zip(row_labels, sizes, strict=True)),
                *(cell.rjust(size) for cell, size in zip(row_cells, cell_sizes, strict=True)),
            ]
        ).rstrip()
        for row_labels, row_cells in zip(labels, cells, strict=True)
    ]
    return [click.style(lines[0], bold=True), *lines[1:]]  # click takes the style off where there is no terminal


def _labels(group: Group, by: By) -> tuple[str, ...]:
    if group.key == (OTHERS,):
        return ("(other tasks)",)
    labels = [shown(" ".join(label.split())) for label in group.key]
    if by == "worker":
        labels[2] = labels[2][:BRIEF_DIGITS]
    return tuple(labels)


def _tokens(total: Sum, known: int) -> str:
    return "unknown" if total.uncounted == total.calls and not known else f"{known:,}"


def _usd(total: Sum) -> str:
    if total.known_usd is None:
        return "unknown"
    return "<0.0001" if 0 < total.usd < 0.0001 else f"{total.usd:.4f}"  # little is not nothing


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {rest:02}s" if minutes else f"{rest}s"
