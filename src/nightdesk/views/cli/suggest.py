"""`nightdesk suggest`: what is worth asking, finding, writing and linking, each with its evidence."""

import os
from datetime import date
from typing import Any

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.settings import Settings, read_settings
from nightdesk.base.trust import require_trust
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown
from nightdesk.wiki.suggesting.filling import AddedReport, Filling, add_found, find_fillings
from nightdesk.wiki.suggesting.searching import SLOT, parse_command
from nightdesk.wiki.suggesting.suggest import Suggested, suggest
from nightdesk.wiki.suggesting.suggestions import KINDS, Suggestion

_TITLES = {
    "question": "Questions worth asking",
    "source": "Sources worth finding",
    "page": "Pages worth writing",
    "connection": "Connections worth making",
}


@click.command(
    "suggest",
    epilog="Examples: nightdesk suggest --kind source --limit 20; "
    "nightdesk suggest --fill --add --kind source; nightdesk suggest --fill --search-command 'my-search {query}'",
)
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only this kind; may be repeated.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 1_000), help="Of each kind at most.")
@click.option("--only", metavar="ID", multiple=True, help="Only the suggestion with this id; may be repeated.")
@click.option("--fill", is_flag=True, help="Look for sources that fill the gaps, and show what is found.")
@click.option("--add", "adding", is_flag=True, help="With --fill: fetch what is found into raw/.")
@click.option("--search-command", metavar="COMMAND", help=f"With --fill: the program that looks, with {SLOT} in it.")
@click.option(
    "--results", default=2, show_default=True, type=click.IntRange(1, 20), help="With --fill: for each at most."
)
@json_option
@desk_option
def command(  # noqa: PLR0913, PLR0917  # an argument for each option
    kinds: tuple[str, ...],
    limit: int,
    only: tuple[str, ...],
    fill: bool,
    adding: bool,
    search_command: str | None,
    results: int,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Say what is worth asking, finding, writing and linking.

    Open questions, sources that your sources refer to, pages that are missing, concepts that share claims but no link:
    each with the claims or places that say so and the command that acts on it. With --fill and a search command, gaps
    are looked up on the web; with --add, what is found enters raw/ as any source does.
    """
    if (adding or search_command is not None) and not fill:
        raise click.UsageError("--add and --search-command need --fill")
    desk = chosen_desk(desk_folder)
    settings = read_settings(desk.settings)
    found = suggest(desk, kinds=kinds or KINDS, limit=limit, only=only)
    if not fill:
        if as_json:
            print_json(_document(found))
        else:
            _tell(found)
        return DONE
    fillings = find_fillings(
        found.suggestions,
        command=_search_command(desk, settings, found, search_command),
        environment=os.environ,
        results=results,
        tell=lambda message: say(shown(message)),
    )
    report = _add(desk, settings, fillings) if adding else None
    if as_json:
        print_json(_document(found) | _filled(fillings, report))
    else:
        _tell_fillings(fillings, report)
    failed = any(filling.problem for filling in fillings) or (report is not None and report.refused)
    return IN_PART if failed else DONE


def _search_command(desk: Desk, settings: Settings, found: Suggested, given: str | None) -> str:
    """Return the program to look with, "" where none is needed; one from the desk's settings needs trust."""
    # imported here: nothing else needs to know what is trusted
    from nightdesk.views.cli.trust import trust_store  # noqa: PLC0415

    if given is not None:
        parse_command(given)
        return given
    if not any(one.query and not one.url for one in found.suggestions):
        return ""
    if settings.search_command:
        require_trust(trust_store(os.environ), desk.root, {"search_command": settings.search_command})
        parse_command(settings.search_command)
    elif not any(one.url for one in found.suggestions):
        fix = f"set search_command = 'my-search {SLOT}' in nightdesk.toml, or give --search-command"
        raise DeskError("no program is set that looks on the web", fix=fix)
    return settings.search_command


def _add(desk: Desk, settings: Settings, fillings: list[Filling]) -> AddedReport:
    # imported here: without --add nothing is fetched
    from nightdesk.sources.fetch import FetchPolicy  # noqa: PLC0415
    from nightdesk.views.cli.add import proxy_of  # noqa: PLC0415

    # whatever the settings say, no address of this machine: a stranger named it
    policy = FetchPolicy(allow_private=False, proxy=proxy_of(os.environ))
    return add_found(desk, fillings, policy=policy, today=date.today(), tell=lambda message: say(shown(message)))


def _document(found: Suggested) -> dict[str, Any]:
    return {
        "suggestions": [one.to_json() for one in found.suggestions],
        "more": found.more,
        "not_asked": found.not_asked,
    }


def _filled(fillings: list[Filling], report: AddedReport | None) -> dict[str, Any]:
    filled: dict[str, Any] = {
        "found": [
            {
                "for": filling.suggestion.id,
                "results": [{"url": f.url, "title": f.title or None, "about": f.about or None} for f in filling.found],
                "problem": filling.problem or None,
            }
            for filling in fillings
        ]
    }
    if report is not None:
        filled["added"] = [{"for": one.suggestion.id, "url": one.url, "path": one.path} for one in report.added]
        filled["present"] = list(report.present)
        filled["refused"] = [{"source": one.source, "reason": one.reason} for one in report.refused]
    return filled


def _tell(found: Suggested) -> None:
    kind = ""
    for one in found.suggestions:
        if one.kind != kind:
            click.echo(("\n" if kind else "") + click.style(_TITLES[one.kind], bold=True))
            kind = one.kind
        _tell_one(one)
    for name, count in found.more.items():
        say(f"{count:,} more of kind {name}: --kind {name} --limit {min(1_000, count + 5)}")
    if found.not_asked:
        say(f"{found.not_asked:,} open questions of sources were not looked at: a larger --limit looks at more")
    if not found.suggestions:
        say("nothing to suggest")


def _tell_one(one: Suggestion) -> None:
    click.echo(f"  {shown(one.what)}")
    click.echo(f"    {one.id}: {shown(one.why)}")
    for evidence in one.evidence[:3]:
        claim = f"^{evidence.claim} " if evidence.claim else ""
        click.echo(f"      {shown(f'{claim}{evidence.place}')}")
    click.echo(f"    {shown(one.to_do)}")


def _tell_fillings(fillings: list[Filling], report: AddedReport | None) -> None:
    for filling in fillings:
        click.echo(f"{shown(filling.suggestion.what)} ({filling.suggestion.id})")
        for found in filling.found:
            click.echo(f"  {shown(found.url)}")
            if found.title and found.title != filling.suggestion.what:
                click.echo(f"    {shown(found.title)}")
        if filling.problem or not filling.found:
            say(f"  {shown(filling.problem or 'nothing was found')}")
    if report is None:
        if any(filling.found for filling in fillings):
            say("To fetch them into raw/: the same with --add")
        return
    for one in report.added:
        click.echo(shown(f"{one.path}: {one.url}"))
    for refusal in report.refused:
        say(f"{shown(refusal.source)}: {shown(refusal.reason)}")
    say(
        f"{len(report.added)} added, {len(report.present)} already there, {len(report.refused)} not taken"
        + (". Next: nightdesk compile" if report.added else "")
    )
