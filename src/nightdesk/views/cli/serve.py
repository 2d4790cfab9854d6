"""`nightdesk serve`: the wiki and the lab in a browser."""

import hashlib
import os
import socket
from collections.abc import Sequence
from pathlib import Path

import click

from nightdesk.base.errors import DeskError
from nightdesk.views.cli.options import DONE, chosen_folder, desk_option, json_option, print_json
from nightdesk.views.cli.vault_cache import viewer_cache

PASSWORD_VARIABLE = "NIGHTDESK_PASSWORD"  # noqa: S105  # its name, not a password
_LEAST_PASSWORD = 8
_FIRST_PORT, _PORTS = 20_000, 10_000


@click.command("serve", epilog="Example: nightdesk serve --open; or for any folder: nightdesk serve ~/Notes")
@click.argument("path", required=False)
@click.option("--port", type=click.IntRange(0, 65_535), help="Port; default: one of this desk's own. 0: any free one.")
@click.option("--open", "open_browser", is_flag=True, help="Open it in the browser.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; another needs a password.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A host name it is called by, with --host.")
@click.option(
    "--password-file",
    metavar="FILE",
    help=f"The password for --host, on the first line; or set {PASSWORD_VARIABLE}.",
)
@json_option
@desk_option
def command(
    path: str | None,
    port: int | None,
    open_browser: bool,
    host: str,
    names: Sequence[str],
    password_file: str | None,
    as_json: bool,
    desk_folder: str | None,
) -> int:
    """Show the wiki and the lab in the browser, or PATH: any folder of Markdown.

    Pages follow the files as they change. It listens on this machine alone, and serves until Ctrl-C.
    """
    # imported here: `nightdesk --help` shows this command and needs no server
    from nightdesk.views.loopback import HOST  # noqa: PLC0415
    from nightdesk.views.web.serving import open_viewer, serve  # noqa: PLC0415
    from nightdesk.wiki.search.collection import vault_database  # noqa: PLC0415

    root, desk = chosen_folder(path, desk_folder)
    elsewhere = host not in (HOST, "localhost")
    password = _password(password_file, os.environ.get(PASSWORD_VARIABLE)) if elsewhere else None
    if (names or password_file) and not elsewhere:
        raise click.UsageError("--name and --password-file go with --host")
    cache_file = viewer_cache(root, desk, os.environ)
    # the index that `nightdesk search --vault` keeps too, in the same folder of caches
    search_file = vault_database(root, cache_file.parents[2]) if cache_file and not desk else None
    viewer = open_viewer(root, desk, cache_file=cache_file, search_file=search_file)
    with _listener(root, port, host if elsewhere else HOST) as listener:
        address = f"http://{_shown_host(host)}:{listener.getsockname()[1]}/"

        def ready() -> None:
            if as_json:
                print_json({"url": address, "root": str(root.resolve()), "desk": desk is not None})
            else:
                click.echo(address)
            click.echo("serving until Ctrl-C", err=True)
            if open_browser:
                click.launch(address)

        serve(viewer, listener, host=host if elsewhere else HOST, names=names, password=password, ready=ready)
    return DONE


def _listener(root: Path, port: int | None, host: str) -> socket.socket:
    """Return the socket: of the port given, else the desk's own port, else a free one."""
    # imported here: as above
    from nightdesk.views.loopback import listen  # noqa: PLC0415

    if port is not None:
        return listen(port, host=host)
    own = _FIRST_PORT + int.from_bytes(hashlib.sha256(os.fsencode(root.resolve())).digest()[:4]) % _PORTS
    try:  # the same one each time, so that bookmarks and what the browser remembers of the desk stay good
        return listen(own, host=host)
    except DeskError:
        return listen(0, host=host)


def _shown_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104  # all addresses: this machine is reached by its own
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _password(file: str | None, variable: str | None) -> str:
    """Return the password. Raises DeskError where there is none, or one that is soon guessed."""
    try:
        password = Path(file).read_text(encoding="utf-8").split("\n", 1)[0].strip() if file else (variable or "")
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(
            f"{file} cannot be read as a password", fix="put it on the first line of a text file"
        ) from error
    if len(password) < _LEAST_PASSWORD:
        raise DeskError(
            f"whoever reaches another address than this machine's needs a password of {_LEAST_PASSWORD} characters",
            fix=f"--password-file FILE, or set {PASSWORD_VARIABLE}; or leave --host out and use an SSH tunnel",
        )
    return password
