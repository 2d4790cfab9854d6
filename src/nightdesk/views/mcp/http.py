"""The MCP server over HTTP: on this machine only, for callers with the token, and for no web page."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from nightdesk.base.errors import DeskError
from nightdesk.views.loopback import HOST, headers_of, listen

PATH = "/mcp"
TOKEN_BYTES = 32
MIN_TOKEN = 20  # characters of one that a person made


class Gate:
    """Lets a request through only where it calls this machine by name, comes from no foreign page, and has the token.

    The first two keep web pages out that reach 127.0.0.1 through a browser (DNS rebinding). It sends no CORS header.
    """

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._hosts = allowed_hosts(port)
        self._origins = allowed_origins(port)
        self._token = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a refusal, or pass the request on."""
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if scope["type"] not in ("http", "lifespan"):
            return  # a WebSocket: closed unanswered
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = headers_of(scope)
        if headers.get("host", []) not in ([host] for host in self._hosts):
            return PlainTextResponse("This server answers to 127.0.0.1 only.\n", 421)
        if any(origin not in self._origins for origin in headers.get("origin", [])):
            return PlainTextResponse("Requests from web pages are refused.\n", 403)
        given = headers.get("authorization", [])
        if len(given) != 1 or not _same(given[0], self._token):
            challenge = {"WWW-Authenticate": 'Bearer realm="nightdesk"'}
            return PlainTextResponse("The token is missing or wrong.\n", 401, challenge)
        return None


def _same(given: str, wanted: bytes) -> bool:
    scheme, _, token = given.partition(" ")
    # compared in a time that tells nothing of how much of it was right
    return secrets.compare_digest(f"{scheme.capitalize()} {token.strip()}".encode("latin-1", "replace"), wanted)


def allowed_hosts(port: int) -> list[str]:
    """Return the values of `Host` that call this server."""
    return [f"{name}:{port}" for name in (HOST, "localhost")]


def allowed_origins(port: int) -> list[str]:
    """Return the values of `Origin` that are this server itself."""
    return [f"http://{host}" for host in allowed_hosts(port)]


def serve_http(server: MCPServer[Any], *, port: int, token: str, tell: Callable[[str], None]) -> None:
    """Serve until interrupted; `tell` gets the address. Port 0 takes a free one. Raises DeskError for one in use."""
    with listen(port) as listener:
        port = listener.getsockname()[1]
        app = server.streamable_http_app(
            streamable_http_path=PATH,
            transport_security=TransportSecuritySettings(  # once more within: the library's own check
                allowed_hosts=allowed_hosts(port), allowed_origins=allowed_origins(port)
            ),
        )
        config = uvicorn.Config(
            Gate(app, port=port, token=token),
            log_config=None,  # its access log would go to standard output
            access_log=False,
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=3,  # seconds; a client's open stream must not keep the server from ending
        )
        tell(f"http://{HOST}:{port}{PATH}")
        uvicorn.Server(config).run(sockets=[listener])


def read_token(path: Path) -> str:
    """Return the token in a file, made there (for its owner only) where there is none.

    Raises DeskError for a file that others can read, or a token that is too short.
    """
    try:
        _make_token(path)
        if path.stat().st_mode & 0o077:
            raise DeskError(f"{path} can be read by others", fix=f"chmod 600 {path}")
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DeskError(f"{path} cannot be read as a token", fix="give a file of one line of ASCII") from error
    if len(token) < MIN_TOKEN or not token.isprintable() or " " in token:
        raise DeskError(f"{path} holds no token", fix=f"one line of at least {MIN_TOKEN} characters, no spaces")
    return token


def _make_token(path: Path) -> None:
    """Put a new token at `path`, unless something is there."""
    # the mode is given at once: between making a file and changing its mode others could read it
    with contextlib.suppress(FileExistsError), open(path, "x", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(new_token() + "\n")


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)
