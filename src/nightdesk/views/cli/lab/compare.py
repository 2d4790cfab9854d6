"""`nightdesk lab compare`: what workers, versions of program.md and branches found."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click

from nightdesk.lab.comparing import Compared, compare_labs
from nightdesk.lab.summary import Group
from nightdesk.views.cli.columns import fit
from nightdesk.views.cli.lab.opening import chosen_lab, experiments_of
from nightdesk.views.cli.options import DONE, NOTHING, desk_option, json_option, print_json, say, shown

_LEAST_LABEL = 16


def signed(value: float) -> str:
    """Return a gain with its sign; nothing gained has none."""
    return f"{value:+.3g}" if value else "0"


_COLUMNS: tuple[tuple[str, Callable[[Group], str]], ...] = (
    ("tried", lambda group: f"{group.tried}"),
    ("better", lambda group: f"{group.better}"),
    ("simpler", lambda group: f"{group.simpler}"),
    ("crashed", lambda group: f"{group.crashed}"),
    ("kept", lambda group: "" if group.kept_share is None else f"{group.kept_share:.0%}"),
    ("best gain", lambda group: "" if group.best_gain is None else f"{group.best_gain:+.3g}"),
    ("gain", lambda group: signed(group.gain)),
    ("gain/h", lambda group: "" if group.gain_per_hour is None else signed(group.gain_per_hour)),
)


@click.command("compare", epilog="Example: nightdesk lab compare tiny other --json | jq '.labs[].workers'")
@click.argument("names", metavar="NAME|PATH...", nargs=-1, required=True)
@json_option
@desk_option
def command(names: tuple[str, ...], as_json: bool, desk_folder: str | None) -> int:
    """Compare what workers, versions of program.md and branches found.

    Gains are as the search saw them, each over the best program of its time; see what holds with lab confirm.
    """
    compared = []
    for name in dict.fromkeys(names):
        lab = chosen_lab(name, desk_folder)
        compared.append(compare_labs(lab, experiments_of(lab)))
    if as_json:
        print_json({"labs": [_document(entry) for entry in compared]})
    else:
        for n, entry in enumerate(compared):
            if n:
                click.echo("")
            _tell(entry)
    return DONE if any(entry.branches for entry in compared) else NOTHING


def _document(entry: Compared) -> dict[str, Any]:
    def plain(groups: Sequence[Group]) -> list[dict[str, Any]]:
        return [asdict(g) | {"kept_share": g.kept_share, "gain_per_hour": g.gain_per_hour} for g in groups]

    return {
        "lab": entry.lab,
        "metric": entry.metric,
        "self_reported": entry.self_reported,
        "workers": plain(entry.workers),
        "programs": plain(entry.programs),
        "branches": plain(entry.branches),
    }


def _tell(entry: Compared) -> None:
    reported = " (self-reported)" if entry.self_reported else ""
    click.echo(click.style(f"{shown(entry.lab)}, gains in {shown(entry.metric)}{reported}", bold=True))
    if not entry.branches:
        say("  nothing has been judged yet")
        return
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for label, groups in (
        ("worker", entry.workers),
        ("program.md", entry.programs),
        ("branch", entry.branches),
    ):
        for line in _table(label, groups, width=width):
            click.echo(line)


def _table(label: str, groups: Sequence[Group], *, width: int | None) -> list[str]:
    cells = [[name for name, _ in _COLUMNS], *([cell(group) for _, cell in _COLUMNS] for group in groups)]
    sizes = [max(map(len, column)) for column in zip(*cells, strict=True)]
    keys = [shown(" ".join(group.key.split())) for group in groups]
    keys = [key[:12] for key in keys] if label == "program.md" else keys  # the hash of a version
    wanted = max(map(len, (label, *keys)))
    left = wanted if width is None else min(wanted, max(_LEAST_LABEL, width - sum(sizes) - 2 * len(sizes) - 2))
    return [
        "  " + "  ".join([fit(key, left), *(cell.rjust(size) for cell, size in zip(row, sizes, strict=True))]).rstrip()
        for key, row in zip([label, *keys], cells, strict=True)
    ]
