"""Fetch one URL within limits of size, time and address: the one module that talks to the network."""

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, HTTPError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as UrllibTimeoutError

from nightdesk import __version__
from nightdesk.base.errors import DeskError
from nightdesk.sources.addresses import HostError, Resolver, look_up, refuse_private, resolve_host
from nightdesk.sources.urls import Target, follow_redirect, parse_url

USER_AGENT = f"nightdesk/{__version__}"
CHUNK_BYTES = 64 * 1024

_ENCODINGS = {"gzip", "x-gzip", "deflate", "identity", ""}  # what is asked for and can be undone here


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What one fetch may cost and where it may go."""

    max_bytes: int = 50_000_000  # of the content after decompression
    timeout_seconds: float = 30.0  # for everything: name, connection, all redirects, the last byte
    max_redirects: int = 5
    allow_private: bool = False  # hosts in one's own network, this machine among them
    proxy: str | None = None  # http://host:port; it looks up the names that are not known here
    certificates: Path | None = None  # PEM file of authorities to trust besides the system's


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server answered."""

    url: str  # after redirects
    status: int
    media_type: str  # lower case, "" when the server names none
    charset: str | None  # as the server names it; not checked
    content: bytes  # decompressed
    filename: str | None  # what the server calls the file: a hint, a base name at most
    fetched_at: datetime  # UTC, whole seconds


def fetch(url: str, *, policy: FetchPolicy, resolve: Resolver = resolve_host) -> Fetched:
    """Return the content at `url`, redirects followed; each hop is checked anew.

    Raises DeskError (one line) for everything that can go wrong: a wrong URL, an address that is not public, TLS,
    a status that is not 2xx, a limit.
    """
    deadline = time.monotonic() + policy.timeout_seconds
    target = parse_url(url)
    for _ in range(policy.max_redirects + 1):
        with _open_response(target, policy=policy, deadline=deadline, resolve=resolve) as (response, timed_out):
            location = response.headers.get("Location")
            if response.status in (301, 302, 303, 307, 308) and location:
                target = follow_redirect(target, location)
                continue
            if not 200 <= response.status < 300:
                raise _status_error(response.status)
            content = _read_content(response, max_bytes=policy.max_bytes, deadline=deadline)
            if timed_out():  # a closed socket may look like the end of the content
                raise _timeout_error(policy)
            return _describe(target, response, content)
    raise DeskError(f"more than {policy.max_redirects} redirects")


def pin_addresses(url: str, *, policy: FetchPolicy, resolve: Resolver = resolve_host) -> tuple[str, ...]:
    """Return the checked addresses of a URL's host, for a program (git) that connects by itself."""
    return _addresses(parse_url(url), policy=policy, timeout_seconds=policy.timeout_seconds, resolve=resolve)


def _addresses(target: Target, *, policy: FetchPolicy, timeout_seconds: float, resolve: Resolver) -> tuple[str, ...]:
    addresses = look_up(target.host, target.port, timeout_seconds=timeout_seconds, resolve=resolve)
    if not policy.allow_private:
        refuse_private(target.host, addresses)
    return addresses


@contextlib.contextmanager
def _open_response(
    target: Target, *, policy: FetchPolicy, deadline: float, resolve: Resolver
) -> Iterator[tuple[HTTPResponse, Callable[[], bool]]]:
    """Give the answer (headers read, content not) and whether time has run out; close the connection at the end."""
    timer: threading.Timer | None = None
    connection: HTTPConnection | None = None
    response: HTTPResponse | None = None
    expired = threading.Event()
    try:
        connection = _connect(target, policy=policy, deadline=deadline, resolve=resolve)
        # One byte a second keeps each read of a socket within its own time limit: only a clock beside it ends this.
        timer = threading.Timer(_remaining(deadline), _cut, (connection.sock, expired))
        timer.daemon = True
        timer.start()
        headers = {"Host": target.host_header, "User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate"}
        headers |= {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Connection": "close"}
        by_proxy = policy.proxy is not None and target.scheme == "http"
        connection.request(
            "GET", target.url if by_proxy else target.path, headers=headers, preload_content=False, decode_content=True
        )
        response = connection.getresponse()
        yield response, expired.is_set
    except (HTTPError, HTTPException, OSError) as error:
        raise _timeout_error(policy) if expired.is_set() else _explain(error, policy) from error
    except ValueError as error:  # what a TLS socket raises that was cut while it was read
        if not expired.is_set():
            raise
        raise _timeout_error(policy) from error
    finally:
        if timer:
            timer.cancel()
        if response:
            response.close()
        if connection:
            connection.close()


def _cut(sock: socket.socket, expired: threading.Event) -> None:
    """End what goes over `sock`: a thread that waits for its next byte wakes up."""
    expired.set()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which drops the state being read from


def _connect(target: Target, *, policy: FetchPolicy, deadline: float, resolve: Resolver) -> HTTPConnection:
    """Return a connection to one of the host's checked addresses, or to the proxy."""
    if policy.proxy:
        return _connect_by_proxy(target, policy=policy, deadline=deadline, resolve=resolve)
    addresses = _addresses(target, policy=policy, timeout_seconds=_remaining(deadline), resolve=resolve)
    last: HTTPError | OSError | None = None
    for address in addresses:
        connection = _connection(target, address, target.port, policy=policy, deadline=deadline)
        try:
            connection.connect()
        except (SSLError, ssl.SSLError):
            connection.close()  # the host was reached: another of its addresses would not be more trustworthy
            raise
        except (HTTPError, OSError) as error:
            last = error
            connection.close()
        else:
            return connection
    raise last or OSError("no address")


def _connection(target: Target, address: str, port: int, *, policy: FetchPolicy, deadline: float) -> HTTPConnection:
    """Return an unopened connection to `address` that speaks as if it were to the target's host name."""
    timeout = _remaining(deadline)
    if target.scheme == "http":
        return HTTPConnection(address, port, timeout=timeout)
    context = ssl.create_default_context()
    if policy.certificates:
        context.load_verify_locations(policy.certificates)
    return HTTPSConnection(address, port, timeout=timeout, ssl_context=context, server_hostname=target.host)


def _connect_by_proxy(target: Target, *, policy: FetchPolicy, deadline: float, resolve: Resolver) -> HTTPConnection:
    """Return a connection to the proxy.

    The proxy looks up the name by itself, so the check here is the best there is: what this machine knows to be
    private is refused, a name that only the proxy knows is the proxy's to judge.
    """
    proxy = parse_url(policy.proxy or "")
    if proxy.scheme != "http":
        raise DeskError("only http:// proxies are supported")
    try:
        known = look_up(target.host, target.port, timeout_seconds=_remaining(deadline), resolve=resolve)
    except DeskError:
        known = ()
    if not policy.allow_private:
        refuse_private(target.host, known)
    connection = _connection(target, proxy.host, proxy.port, policy=policy, deadline=deadline)
    if target.scheme == "https":
        connection.set_tunnel(target.host, target.port, scheme="http")
    connection.connect()
    return connection


def _remaining(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read_content(response: HTTPResponse, *, max_bytes: int, deadline: float) -> bytes:
    """Return the decompressed content; DeskError as soon as there is more than `max_bytes` of it."""
    encodings = {part.strip().lower() for part in response.headers.get("Content-Encoding", "").split(",")}
    if encodings - _ENCODINGS:
        raise DeskError("the server compressed the content in a way that was not asked for")
    too_large = DeskError(f"larger than the limit of {max_bytes / 1e6:g} MB")
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes:
        raise too_large
    content = bytearray()
    for chunk in response.stream(CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > max_bytes:
            raise too_large
        _remaining(deadline)
    return bytes(content)


def _describe(target: Target, response: HTTPResponse, content: bytes) -> Fetched:
    headers = Message()  # the standard library's reader of header parameters
    headers["Content-Type"] = _one_line(response.headers.get("Content-Type", ""))
    headers["Content-Disposition"] = _one_line(response.headers.get("Content-Disposition", ""))
    named = bool(response.headers.get("Content-Type"))
    try:
        filename = headers.get_filename()
        charset = headers.get_content_charset()
    except (LookupError, ValueError, UnicodeError):
        filename, charset = None, None
    return Fetched(
        url=target.url,
        status=response.status,
        media_type=headers.get_content_type() if named else "",
        charset=charset,
        content=content,
        filename=_base_name(filename),
        fetched_at=datetime.now(UTC).replace(microsecond=0),
    )


def _one_line(value: str) -> str:
    return " ".join(value.split())[:2000]


def _base_name(filename: str | None) -> str | None:
    if not filename:
        return None
    return re.split(r"[/\\]", unquote(filename))[-1].strip() or None


def _status_error(status: int) -> DeskError:
    try:
        phrase = HTTPStatus(status).phrase  # not the server's own words, which may hold anything
    except ValueError:
        phrase = "unknown status"
    fix = "if you can see the page, save it from your browser and add the file" if status in (401, 403, 429) else None
    return DeskError(f"{status} {phrase}", fix=fix)


def _timeout_error(policy: FetchPolicy) -> DeskError:
    return HostError(f"timed out after {policy.timeout_seconds:g} seconds")


def _explain(error: Exception, policy: FetchPolicy) -> DeskError:
    """Return a network failure in words of one line."""
    if isinstance(error, (UrllibTimeoutError, TimeoutError)) and not isinstance(error, NewConnectionError):
        return _timeout_error(policy)  # NewConnectionError calls itself one, for every reason that it has
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, ssl.SSLCertVerificationError):
            return HostError(f"TLS failure: {inner.verify_message.rstrip('.')}")
        if isinstance(inner, (ssl.SSLError, SSLError)):
            return HostError("TLS failure: no secure connection could be agreed on")
        inner = inner.__cause__ or inner.__context__
    if isinstance(error, DecodeError):
        return DeskError("the compressed content is damaged")
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error):
        return HostError("the server refused the connection")
    return DeskError("the connection failed or broke off")
