"""`nightdesk lab compare`: what workers, versions of program.md, briefs and branches found."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click
from click.core import ParameterSource

from nightdesk.base.errors import DeskError
from nightdesk.lab.comparison.comparing import Compared, Difference, Found, compare_labs
from nightdesk.lab.comparison.estimates import Estimate
from nightdesk.lab.confirmations import read_confirmations
from nightdesk.lab.confirming import SEEDS
from nightdesk.lab.holding import LEAST_SEEDS
from nightdesk.lab.noise import BASELINE_RUNS, LEAST_RUNS
from nightdesk.views.cli.columns import fit
from nightdesk.views.cli.lab.executors import machine_options
from nightdesk.views.cli.lab.opening import chosen_lab, experiments_of
from nightdesk.views.cli.lab.replay import estimate_document, replay
from nightdesk.views.cli.options import DONE, NOTHING, desk_option, json_option, print_json, say, shown

_LEAST_LABEL = 12
_HASH = 12  # digits of a version
_LABELS = {
    "workers": "worker",
    "programs": "program.md",
    "briefs": "brief",
    "branches": "branch",
    "hardware": "hardware",
}
_HASHES = ("programs", "briefs")

Cell = Callable[[Found], str]


def signed(value: float) -> str:
    """Return a gain with its sign; nothing gained has none."""
    return f"{value:+.3g}" if value else "0"


def _told(estimate: Estimate | None) -> str:
    return "" if estimate is None else estimate.told


_SEARCH: tuple[tuple[str, Cell], ...] = (
    ("tried", lambda found: f"{found.group.tried}"),
    ("better", lambda found: f"{found.group.better}"),
    ("simpler", lambda found: f"{found.group.simpler}"),
    ("crashed", lambda found: f"{found.group.crashed}"),
    ("gain", lambda found: signed(found.group.gain)),
    ("a run", lambda found: _told(found.search)),
)
_CONFIRMED: tuple[tuple[str, Cell], ...] = (
    ("known", lambda found: f"{found.confirmed.known} of {found.confirmed.of}"),
    ("confirmed", lambda found: _told(found.confirmed.gain)),
    ("a run", lambda found: _told(found.confirmed.per_run)),
    ("an hour", lambda found: _told(found.confirmed.per_hour)),
)


@click.command(
    "compare",
    epilog="Examples: nightdesk lab compare tiny other --json | jq '.labs[].workers'; "
    "nightdesk lab compare tiny --replay HEAD~3 program.md --count 12 --repeats 3",
)
@click.argument("names", metavar="NAME|PATH...", nargs=-1, required=True)
@click.option(
    "--replay",
    "versions",
    metavar="VERSION VERSION",
    nargs=2,
    help="Run fresh nights with one version of program.md and with another, on equal terms. A version: its hash as the "
    "tables show it, a git revision, or a file.",
)
@click.option("--count", type=click.IntRange(1), default=12, show_default=True, help="Experiments of each such night.")
@click.option("--repeats", type=click.IntRange(1, 100), default=3, show_default=True, help="Nights of each version.")
@click.option(
    "--seeds",
    type=click.IntRange(LEAST_SEEDS, 1_000),
    default=SEEDS,
    show_default=True,
    help="Runs on fresh seeds by which each such night's winner, and the baseline, are measured.",
)
@click.option(
    "--baseline-runs",
    type=click.IntRange(LEAST_RUNS, 100),
    default=BASELINE_RUNS,
    show_default=True,
    help="Runs of the unchanged program at the start of each such night.",
)
@click.option("--worker", metavar="NAME", help="Who proposes in them, instead of what nightdesk.toml says.")
@machine_options
@click.option("--unsafe", is_flag=True, help="Run candidates although they cannot be isolated here.")
@click.option("--trust", "trusted", is_flag=True, help="Let this program.md use the network or data beside the lab.")
@json_option
@desk_option
def command(names: tuple[str, ...], as_json: bool, desk_folder: str | None, **given: Any) -> int:
    """Compare what workers, versions of program.md, briefs and branches found.

    The first tables tell what the search saw, each gain over the program that was best at its time; the second ones
    what lab confirm showed of it. Figures after ± reach to the ends of a 95 % interval. With --replay, fresh nights
    are run for two versions of program.md and their confirmed gains compared; interrupted, the same command goes on.
    """
    if given["versions"]:
        if len(names) != 1:
            raise DeskError("a replay is of one lab", fix="name one lab")
        return replay(chosen_lab(names[0], desk_folder), as_json=as_json, **given)
    _refuse_options_of_a_replay()
    compared = []
    for name in dict.fromkeys(names):
        lab = chosen_lab(name, desk_folder)
        compared.append(compare_labs(lab, experiments_of(lab), read_confirmations(lab.folder)))
    if as_json:
        print_json({"labs": [_document(entry) for entry in compared]})
    else:
        for n, entry in enumerate(compared):
            if n:
                click.echo("")
            _tell(entry)
    return DONE if any(entry.by["branches"] for entry in compared) else NOTHING


def _refuse_options_of_a_replay() -> None:
    context = click.get_current_context()
    for option in context.command.params:
        given = option.name and context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE
        if given and option.name not in ("names", "versions", "as_json", "desk_folder"):
            raise DeskError(f"{option.opts[0]} is of a replay", fix="add --replay VERSION VERSION")


def _document(entry: Compared) -> dict[str, Any]:
    def plain(found: Found) -> dict[str, Any]:
        group, confirmed = found.group, found.confirmed
        figures = {
            "gain": confirmed.gain,
            "per_run": confirmed.per_run,
            "per_hour": confirmed.per_hour,
        }
        return {
            **asdict(group),
            "kept_share": group.kept_share,
            "gain_per_hour": group.gain_per_hour,
            "gain_per_run": estimate_document(found.search),
            "confirmed": {
                **{name: estimate_document(figure) for name, figure in figures.items()},
                "branches": confirmed.known,
                "of": confirmed.of,
                "why_not": confirmed.why,
            },
        }

    def told(difference: Difference) -> dict[str, Any]:
        return {
            "one": difference.one,
            "other": difference.other,
            "of": "confirmed gain per run" if difference.confirmed else "search gain per run",
            "more": estimate_document(difference.more),
            "verdict": difference.verdict,
        }

    return {
        "lab": entry.lab,
        "metric": entry.metric,
        "self_reported": entry.self_reported,
        **{name: [plain(found) for found in groups] for name, groups in entry.by.items()},
        "differences": {name: [told(one) for one in found] for name, found in entry.differences.items()},
    }


def _tell(entry: Compared) -> None:
    reported = " (self-reported)" if entry.self_reported else ""
    click.echo(click.style(f"{shown(entry.lab)}, gains in {shown(entry.metric)}{reported}", bold=True))
    if not entry.by["branches"]:
        say("  nothing has been judged yet")
        return
    for name, groups in entry.by.items():
        for line in _table(name, groups, _SEARCH):
            click.echo(line)
        for difference in entry.differences.get(name, ()):
            click.echo(f"  {_difference(name, difference)}")
    lines: list[str] = []
    for name, groups in entry.by.items():
        known = [found for found in groups if found.confirmed.known]
        lines += _table(name, known, _CONFIRMED) if known else []
    if lines:
        click.echo("\n".join(["", *lines]))
    for line in _why_not(entry):
        say(f"  {line}")


def _why_not(entry: Compared) -> list[str]:
    """Return why the confirmed gains of some groups are not known, a line for each reason."""
    lacking: dict[str, list[str]] = {}
    for name, groups in entry.by.items():
        for found in groups:
            if found.confirmed.why:
                lacking.setdefault(found.confirmed.why, []).append(_key(name, found.group.key))
    return [f"{', '.join(keys[:6])}{', …' if keys[6:] else ''}: {why}" for why, keys in lacking.items()]


def _difference(name: str, difference: Difference) -> str:
    kind = "confirmed" if difference.confirmed else "in the search"
    one, other = _key(name, difference.one), _key(name, difference.other)
    return f"{one} over {other}, a run, {kind}: {difference.more.told}: {difference.verdict}"


def _key(name: str, key: str) -> str:
    text = shown(" ".join(key.split())) or "none"
    return text[:_HASH] if name in _HASHES else text


def _width() -> int | None:
    """Return how wide the screen is, None where nobody looks at one: then no name is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _table(name: str, groups: Sequence[Found], columns: Sequence[tuple[str, Cell]]) -> list[str]:
    cells = [[head for head, _ in columns], *([cell(found) for _, cell in columns] for found in groups)]
    sizes = [max(map(len, column)) for column in zip(*cells, strict=True)]
    keys = [_key(name, found.group.key) for found in groups]
    wanted = max(map(len, (_LABELS[name], *keys)))
    width = _width()
    left = wanted if width is None else min(wanted, max(_LEAST_LABEL, width - sum(sizes) - 2 * len(sizes) - 2))
    return [
        "  " + "  ".join([fit(key, left), *(cell.rjust(size) for cell, size in zip(row, sizes, strict=True))]).rstrip()
        for key, row in zip([_LABELS[name], *keys], cells, strict=True)
    ]
