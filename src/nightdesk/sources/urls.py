"""A URL taken apart and checked before anything connects to it."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from nightdesk.base.errors import DeskError

MAX_URL = 8000  # characters; what servers themselves take

_HOST = re.compile(r"[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KEPT = "/%:@!$&'()*+,;=~-._"  # what stands in a path as it is; all else is percent-encoded


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for, and of whom."""

    scheme: str  # "http" or "https"
    host: str  # ASCII, lower case, an IPv6 address without brackets
    port: int
    path: str  # percent-encoded, with the query

    @property
    def host_header(self) -> str:
        """The host as it stands in a URL: with brackets, and with a port that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole URL in one spelling, without a fragment."""
        return f"{self.scheme}://{self.host_header}{self.path}"


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def parse_url(url: str) -> Target:
    """Return the parts of an http(s) URL, or raise DeskError that says what is wrong with it."""
    if _CONTROL.search(url) or len(url) > MAX_URL:
        raise DeskError("the URL holds control characters or is too long")
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise DeskError(f"this is no URL: {error}") from error
    if parts.scheme not in ("http", "https"):
        raise DeskError(f"only http and https URLs are fetched, not {parts.scheme or 'this'}")
    if parts.username is not None or parts.password is not None:
        raise DeskError("the URL holds a user name or password", fix="leave it out: URLs are kept in plain files")
    try:
        host = _ascii_host(parts.hostname or "")
        path = quote(parts.path or "/", safe=_KEPT)
        query = quote(parts.query, safe=_KEPT + "?")
    except UnicodeError as error:
        raise DeskError("this is no URL: its host or path cannot be written in ASCII") from error
    if port is None:
        port = _default_port(parts.scheme)
    return Target(parts.scheme, host, port, f"{path}?{query}" if query else path)


def _ascii_host(host: str) -> str:
    """Return a host name in ASCII and lower case. Raises UnicodeError for what cannot be one."""
    if ":" in host:  # an IPv6 address; urlsplit has taken its brackets
        name = f"[{host.lower()}]"
    else:
        name = host.lower() if host.isascii() else host.encode("idna").decode("ascii").lower()
    if not _HOST.fullmatch(name):
        raise UnicodeError("no host")
    return name.strip("[]")


def follow_redirect(target: Target, location: str) -> Target:
    """Return where the `Location` of an answer leads; a step from https down to http is refused."""
    # headers are decoded as Latin-1, while servers that break the rules send UTF-8
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        following = parse_url(urljoin(target.url, location))
    except ValueError as error:
        raise DeskError("redirected to something that is no URL") from error
    if target.scheme == "https" and following.scheme == "http":
        raise DeskError("redirected from https to http, where nothing proves who answers")
    return following


def resolve_reference(base: str, reference: str) -> str | None:
    """Return the absolute http(s) URL that `reference` means on the page at `base`, without fragment; None if none."""
    try:
        return parse_url(urljoin(base, reference.strip())).url
    except (ValueError, DeskError):
        return None


def last_segment(url: str) -> str:
    """Return the last part of a URL's path as written there (percent-encoded), or its host when the path is bare."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    return segments[-1] if segments else (parts.hostname or "")
