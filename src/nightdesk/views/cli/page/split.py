"""`nightdesk page split`: a part of a page goes to another page."""

from collections.abc import Sequence

import click

from nightdesk.views.cli.options import desk_option, json_option
from nightdesk.views.cli.page.acting import act, dry_option
from nightdesk.wiki.page_moves.splitting import plan_split


@click.command("split", epilog='Example: nightdesk page split Adam --into "Adam (person)" --claims ^c0b21f4d9aa')
@click.argument("page")
@click.option("--into", required=True, metavar="TITLE", help="The page that takes them: a new one, or a concept's.")
@click.option("--claims", multiple=True, metavar="ID…", help="Ids of claims, between blanks or commas; repeatable.")
@click.option(
    "--section", metavar="HEADING", help="The section below this heading: the claims that it cites, or its text."
)
@dry_option
@json_option
@desk_option
def command(
    page: str, into: str, claims: Sequence[str], section: str | None, dry: bool, as_json: bool, desk_folder: str | None
) -> int:
    """Move claims, or a section, from PAGE to another page.

    On a concept's page claims go, by their ids or by the section that cites them; PAGE keeps the others. On a page of
    your own a section goes, with its words, and a link stays in its place.
    """
    ids = [identity for given in claims for identity in given.replace(",", " ").split()]
    return act(
        lambda desk, today: plan_split(desk, page, into, claims=ids, section=section, today=today),
        desk_folder=desk_folder,
        dry=dry,
        as_json=as_json,
    )
