"""`nightdesk show`: the chain from a sentence to its source."""

from dataclasses import asdict

import click

from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.show import Chain, Link, show


@click.command(
    "show",
    epilog="Examples: nightdesk show 'Learning rate'; nightdesk show ^c7f3a51b20; "
    "nightdesk show '[[Muon, explained#^c7f3a51b20]]'",
)
@click.argument("target", metavar="PAGE|CLAIM|CITATION")
@json_option
@desk_option
def command(target: str, as_json: bool, desk_folder: str | None) -> int:
    """Follow a page, a claim or a citation down to the words it rests on.

    Each quote is looked up anew in its text, and the raw file compared with the one that was read.
    """
    found = show(chosen_desk(desk_folder), target)
    if as_json:
        print_json([asdict(item) for item in found])
    else:
        for item in found:
            click.echo(f"{shown(item.title)}  ({shown(item.path)})")
            for chain in item.chains:
                _tell(chain)
    broken = sum(len(c.missing) + sum(not link.verified for link in c.links) for item in found for c in item.chains)
    if broken:
        say(f"{broken} of these do not hold any more; run: nightdesk compile")
    return IN_PART if broken else DONE


def _tell(chain: Chain) -> None:
    click.echo(f"\n{shown(chain.sentence)}")
    if not chain.links and not chain.missing:
        click.echo("  (a person's own sentence: it cites nothing)")
    for link in chain.links:
        _tell_link(link, chain.sentence)
    for missing in chain.missing:
        click.echo(f"  {shown(missing)} leads nowhere")


def _tell_link(link: Link, sentence: str) -> None:
    claim = "" if link.statement == sentence else f": {shown(link.statement)}"
    click.echo(f"  claim   ^{link.id} in {shown(link.page)}{claim}")
    click.echo(f'  quote   "{shown(link.quote)}"')
    click.echo(f"  place   {shown(link.place)}, in {shown(link.text)}")
    click.echo(f"  source  {shown(link.raw)}, {'as it was read' if link.verified else shown(link.problem or '')}")
