"""`nightdesk page rename`: another name for a page."""

import click

from nightdesk.views.cli.options import desk_option, json_option
from nightdesk.views.cli.page.acting import act, dry_option
from nightdesk.wiki.page_moves.renaming import plan_rename


@click.command("rename", epilog='Example: nightdesk page rename Muon "Muon optimizer"')
@click.argument("page")
@click.argument("name", metavar="NEW_NAME")
@dry_option
@json_option
@desk_option
def command(page: str, name: str, dry: bool, as_json: bool, desk_folder: str | None) -> int:
    """Give PAGE another name; every link to it follows.

    PAGE is a page's name, its path, or one of its aliases. The old name stays an alias. What you wrote on a compiled
    page goes along. The name of a compiled page is kept in wiki/names.md.
    """
    return act(
        lambda desk, today: plan_rename(desk, page, name, today=today),
        desk_folder=desk_folder,
        dry=dry,
        as_json=as_json,
    )
