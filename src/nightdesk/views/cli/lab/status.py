"""`nightdesk lab status`: where the labs stand."""

from typing import Any

import click

from nightdesk.base.errors import DeskError
from nightdesk.lab.labs import Lab, labs_of, open_lab
from nightdesk.lab.ledger import render_score
from nightdesk.lab.outlook import outlook
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


def _outlook(lab: Lab) -> dict[str, Any]:
    return outlook(lab, experiments_of(lab))


def _tell(known: dict[str, Any]) -> None:
    metric = known["metric"] + (" (self-reported)" if known["self_reported"] else "")
    click.echo(f"lab        {shown(known['lab'])}, {shown(metric)}, {known['budget']} a run")
    running = known["running"]
    if running:
        what = f"experiment {running['experiment']}: {running['title']}" if running["experiment"] is not None else ""
        click.echo(
            f"now        {shown(running['doing'])} {shown(what)}".rstrip() + f", since {shown(running['since'])}"
        )
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
    if known["best"] and known["experiments"]:
        gained = known["search_gain"]
        told = f", gain in the search {gained:+.3g}; see what holds: nightdesk lab confirm" if known["kept"] else ""
        click.echo(f"best       {render_score(known['best']['score'])}, experiment {known['best']['number']}{told}")
    for point in known["last"]:
        score = render_score(point["score"]) if point["score"] is not None else "-"
        click.echo(f"  {point['number']:04d} {point['status']:<8} {score:>10}  {shown(point['title'])[:90]}")
