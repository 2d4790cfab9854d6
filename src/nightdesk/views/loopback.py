"""Servers of this machine: the port they take, and the headers by which a request is known."""

import socket
from collections.abc import Mapping

from starlette.types import Scope

from nightdesk.base.errors import DeskError

HOST = "127.0.0.1"


def listen(port: int, *, host: str = HOST) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one. Raises DeskError for one in use, and for no address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # named TCP, or asyncio leaves Nagle's algorithm on: each answer then waits 40 ms for the client's acknowledgement
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise DeskError(f"port {port} of {host} cannot be used: {reason}", fix="choose another with --port") from error
    return listener


def headers_of(scope: Scope) -> Mapping[str, list[str]]:
    """Return all values of each header of a request, names in lower case."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found
