"""`nightdesk page merge`: two pages made one, or a list of those that may be one."""

from dataclasses import asdict

import click

from nightdesk.views.cli.options import DONE, NOTHING, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.views.cli.page.acting import act, dry_option
from nightdesk.wiki.page_moves.merging import plan_merge
from nightdesk.wiki.page_moves.suggesting import suggest_merges


@click.command("merge", epilog='Example: nightdesk page merge MUON "Muon optimizer"')
@click.argument("page", required=False)
@click.argument("into", required=False)
@click.option("--suggest", is_flag=True, help="List the pages that may be one, each pair with its evidence, and stop.")
@dry_option
@json_option
@desk_option
def command(
    page: str | None, into: str | None, suggest: bool, dry: bool, as_json: bool, desk_folder: str | None
) -> int:
    """Make PAGE a part of the page INTO; every link to it follows.

    Two concepts become one, under the name of INTO; what you wrote on either stays. Of two pages of your own the one
    is put below the other. Two sources stay two.
    """
    if suggest:
        if page is not None or dry:
            raise click.UsageError("--suggest takes neither pages nor --dry-run")
        return _suggest(desk_folder, as_json=as_json)
    if page is None or into is None:
        raise click.UsageError("name two pages: PAGE goes, INTO stays")
    return act(
        lambda desk, today: plan_merge(desk, page, into, today=today),
        desk_folder=desk_folder,
        dry=dry,
        as_json=as_json,
    )


def _suggest(desk_folder: str | None, *, as_json: bool) -> int:
    found = suggest_merges(chosen_desk(desk_folder))
    if as_json:
        print_json([asdict(one) for one in found])
        return DONE
    for one in found:
        ids = f" ({' '.join(f'^{identity}' for identity in one.claims)})" if one.claims else ""
        click.echo(shown(f"{one.page} -> {one.into}: {one.why}{ids}"))
    if not found:
        say("No two pages give evidence that they are one.")
    return DONE if found else NOTHING
