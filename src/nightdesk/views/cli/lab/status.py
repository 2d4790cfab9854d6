"""`nightdesk lab status`: where the labs stand."""

from typing import Any

import click

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab, labs_of, open_lab
from nightdesk.lab.ledger import render_score
from nightdesk.lab.outlook import outlook
from nightdesk.views.cli.columns import fit
from nightdesk.views.cli.lab.board import duration
from nightdesk.views.cli.lab.opening import chosen_lab, experiments_of
from nightdesk.views.cli.options import (
    DONE,
    IN_PART,
    NOTHING,
    chosen_desk,
    desk_option,
    json_option,
    print_json,
    say,
    shown,
)

_MOST_SHOWN = 20  # runs at work
_WIDTH = 120


@click.command("status", epilog="Example: nightdesk lab status tiny --json | jq .best")
@click.argument("name", metavar="[NAME|PATH]", required=False)
@json_option
@desk_option
def command(name: str | None, as_json: bool, desk_folder: str | None) -> int:
    """Show where the labs stand and what runs now.

    Without NAME all labs of the desk are shown.
    """
    if name is not None:
        document = _outlook(chosen_lab(name, desk_folder))
        if as_json:
            print_json(document)
        else:
            _tell(document)
        return DONE
    desk = chosen_desk(desk_folder)
    found: list[dict[str, Any]] = []
    broken: dict[str, str] = {}
    for lab_name in labs_of(desk):
        try:
            found.append(_outlook(open_lab(lab_name, desk=desk, here=desk.root)))
        except DeskError as error:  # one lab's mistake hides no other
            broken[lab_name] = str(error)
    if as_json:
        print_json({"desk": str(desk.root), "labs": found, "problems": broken})
    else:
        for n, document in enumerate(found):
            if n:
                click.echo("")
            _tell(document)
        for lab_name, problem in broken.items():
            say(f"{shown(lab_name)}: {shown(problem)}")
        if not found and not broken:
            say("this desk has no labs yet; make one with: nightdesk lab new NAME")
    return IN_PART if broken else DONE if found else NOTHING


def _now(running: dict[str, Any]) -> list[str]:
    """Return what a session does, a line for each run at work."""
    works, beside = running["works"], f"; {running['words']}" if running["words"] else ""
    if not works:
        return [f"now        {shown(running['doing'])}, since {shown(running['since'])}{beside}"]
    head = "1 run" if len(works) == 1 else f"{len(works)} runs"
    lines = [f"now        {head} at work{beside}"]
    for work in works[:_MOST_SHOWN]:
        number = f"{work['experiment']:04d} " if work["experiment"] is not None else ""
        used = f", {duration(work['wall_seconds'])}" if work["wall_seconds"] is not None else ""
        title = fit(shown(work["title"]), 40).rstrip()
        lines.append(f"  {shown(work['place'])[:30]}: {number}{title}, run {work['run']}, {shown(work['doing'])}{used}")
    return lines + ([f"  and {len(works) - _MOST_SHOWN} more"] if len(works) > _MOST_SHOWN else [])


def _outlook(lab: Lab) -> dict[str, Any]:
    return outlook(lab, experiments_of(lab))


def _tell(known: dict[str, Any]) -> None:
    metric = known["metric"] + (" (self-reported)" if known["self_reported"] else "")
    click.echo(f"lab        {shown(known['lab'])}, {shown(metric)}, {known['budget']} a run")
    running = known["running"]
    if running:
        for line in _now(running):
            click.echo(fit(line, _WIDTH).rstrip())
    if not known["tag"]:
        click.echo(f"next       nightdesk lab run {shown(known['lab'])} --count 12")
        return
    waiting = f", {known['waiting']} open" if known["waiting"] else ""
    click.echo(f"branch     {shown(known['branch'])}")
    click.echo(
        f"tried      {known['experiments']}: {known['kept']} kept, {known['discarded']} discarded, "
        f"{known['crashed']} crashed{waiting}; {known['runs']} runs in {duration(3600 * known['hours'])}"
    )
    if known["baseline"] and known["baseline"]["score"] is not None:
        sd = f" (noise: sd {known['noise_sd']:.3g})" if known["noise_sd"] is not None else ""
        click.echo(f"baseline   {render_score(known['baseline']['score'])}{sd}")
    if known["drift"]:
        click.echo(f"drift      {known['drift']}; a new --tag measures a new baseline")
    if known["best"] and known["experiments"]:
        gained = known["search_gain"]
        told = f", gain in the search {gained:+.3g}; see what holds: nightdesk lab confirm" if known["kept"] else ""
        click.echo(f"best       {render_score(known['best']['score'])}, experiment {known['best']['number']}{told}")
    for point in known["last"]:
        score = render_score(point["score"]) if point["score"] is not None else "-"
        click.echo(f"  {point['number']:04d} {point['status']:<8} {score:>10}  {shown(point['title'])[:90]}")
