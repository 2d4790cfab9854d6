"""`nightdesk mcp`: the desk for agents that speak the Model Context Protocol."""

import importlib.util
import sys
from pathlib import Path

import click

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import DONE, chosen_desk, desk_option, say

PORT = 7333


@click.command(
    "mcp",
    epilog="Examples: claude mcp add nightdesk -- nightdesk mcp --desk ~/my-desk; "
    "nightdesk mcp --http --token-file ~/.config/nightdesk-token",
)
@click.option("--http", "over_http", is_flag=True, help="Serve over HTTP on 127.0.0.1 instead of standard input.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes a free one.")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep the token of --http in this file, made if missing; else a new one is printed at each start.",
)
@desk_option
def command(over_http: bool, port: int, token_file: Path | None, desk_folder: str | None) -> int:
    """Serve the desk to agents over the Model Context Protocol.

    They list, find and read pages, follow claims to their sources, take tasks and hand them in. An MCP client starts
    this command by itself and talks to it over standard input and output; with --http, one server is there for many
    clients.
    """
    desk = chosen_desk(desk_folder)
    if token_file and not over_http:
        raise click.UsageError("--token-file goes with --http")
    if importlib.util.find_spec("mcp") is None:
        raise DeskError("the MCP library is not installed", fix="pip install 'nightdesk[mcp]'")
    if over_http:
        _serve_http(desk, port, token_file)
    else:
        _serve_stdio(desk)
    return DONE


def _serve_stdio(desk: Desk) -> None:
    # imported here: the library is large, and an extra
    from nightdesk.views.mcp.server import make_server  # noqa: PLC0415
    from nightdesk.views.mcp.stdio import serve_stdio  # noqa: PLC0415

    if sys.stdin.isatty():
        say("Waiting for an MCP client on standard input; Ctrl-C ends it.")
    serve_stdio(make_server(desk))


def _serve_http(desk: Desk, port: int, token_file: Path | None) -> None:
    # imported here: the library is large, and an extra
    from nightdesk.views.mcp.http import new_token, read_token, serve_http  # noqa: PLC0415
    from nightdesk.views.mcp.server import make_server  # noqa: PLC0415

    token = read_token(token_file) if token_file else new_token()

    def tell(address: str) -> None:
        say(f"MCP server: {address}")
        say(f"Token: in {token_file}" if token_file else f"Authorization: Bearer {token}")
        say("Ctrl-C ends it.")

    serve_http(make_server(desk), port=port, token=token, tell=tell)
