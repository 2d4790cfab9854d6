"""`nightdesk trust`: let this desk's settings start the programs and use the addresses that they name."""

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click

from nightdesk.base.errors import DeskError
from nightdesk.base.settings import read_settings
from nightdesk.base.trust import STORE_NAME, is_trusted, needs_trust, revoke, setting_line, trust, trusted_with
from nightdesk.views.cli.options import DONE, IN_PART, chosen_desk, desk_option, json_option, print_json, say, shown


def trust_store(environment: Mapping[str, str]) -> Path:
    """Return where what the person trusted is kept: in their configuration folder."""
    given = environment.get("XDG_CONFIG_HOME", "")
    # a relative one is to be ignored (XDG Base Directory Specification), and must not be looked for in a desk
    folder = Path(given) if given.startswith("/") else Path.home() / ".config"
    return folder / "nightdesk" / STORE_NAME


@click.command("trust", epilog="Example: nightdesk trust --show")
@click.option("--show", is_flag=True, help="Only show what needs trust and whether it has it (exit code 1: not).")
@click.option("--revoke", "take_back", is_flag=True, help="Trust this desk no longer.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@desk_option
def command(show: bool, take_back: bool, yes: bool, as_json: bool, desk_folder: str | None) -> int:
    """Let this desk's nightdesk.toml start programs or send text to an address that it names.

    A desk that you cloned brings its settings with it. Those that name a program (command:, acp:), an address (@URL),
    or confine_agents = false count only once you trusted this desk, in this folder, with exactly these settings.
    What you give with --worker needs no trust.
    """
    desk, store = chosen_desk(desk_folder), trust_store(os.environ)
    if take_back:
        was = revoke(store, desk.root)
        if as_json:
            print_json({"desk": str(desk.root), "revoked": was})
        else:
            say("This desk is trusted no longer" if was else "This desk was not trusted")
        return DONE
    values = asdict(read_settings(desk.settings))
    needed = needs_trust(values)
    if not (show or (as_json and not yes)):
        _ask_and_trust(store, desk.root, values, needed, yes=yes)
    trusted = is_trusted(store, desk.root, values)
    if as_json:
        already = trusted_with(store, desk.root)
        print_json({"desk": str(desk.root), "needed": needed, "trusted": trusted, "trusted_with": already})
    elif show:
        _print(desk.root, needed, "trusted" if trusted else "not trusted")
    return DONE if trusted else IN_PART


def _ask_and_trust(
    store: Path, root: Path, values: Mapping[str, object], needed: Mapping[str, object], *, yes: bool
) -> None:
    if not needed:
        say("No setting of this desk needs trust")
        return
    if is_trusted(store, root, values):
        say("This desk is trusted with its settings already")
        return
    if not yes:
        if not sys.stdin.isatty():
            raise DeskError("standard input is no terminal, so nothing can be asked", fix="add --yes")
        _print(root, needed, "not trusted yet")
        if not click.confirm("Trust it?", default=False, err=True):
            return
    trust(store, root, values)
    say(f"Trusted: {', '.join(setting_line(name, value) for name, value in needed.items())}")


def _print(root: Path, needed: Mapping[str, object], state: str) -> None:
    click.echo(shown(f"{root}: {state if needed else 'nothing here needs trust'}"))
    for name, value in needed.items():
        click.echo(f"  {setting_line(name, value):<50} {_consequence(str(value), name)}")


def _consequence(value: str, name: str) -> str:
    if name == "confine_agents":
        return "agents may then read and write whatever you may"
    if name == "notify":
        return "starts this program when a night of experiments is over"
    if name == "search_command":
        return "starts this program, and it is told what your desk looks for"
    if value.lstrip().lower().startswith(("command", "acp")):
        return "starts this program, and it is sent your sources"
    return "sends your sources to this address"
