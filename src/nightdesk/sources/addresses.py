"""Which internet addresses may be fetched from: every address of a host is checked, and only checked ones are used."""

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable

from nightdesk.base.errors import DeskError

Resolver = Callable[[str, int], tuple[str, ...]]  # host, port -> numeric addresses, in the order to try
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses with an IPv4 address in their last 32 bits: mapped, NAT64, the old compatible and translated forms.
_IPV4_AT_THE_END = tuple(
    ipaddress.IPv6Network(network) for network in ("::ffff:0:0/96", "64:ff9b::/96", "::/96", "::ffff:0:0:0/96")
)
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215: for use inside one's own network only


class HostError(DeskError):
    """The host itself is the trouble: whatever else is asked of it will fail alike."""


def resolve_host(host: str, port: int) -> tuple[str, ...]:
    """Return the numeric addresses of `host`, without duplicates, as the system's resolver orders them.

    Raises OSError. Odd spellings of an address (0x7f.1, 2130706433, 0177.0.0.1) come out as what the system takes
    them for, so that the check sees the address that a connection would go to.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def look_up(host: str, port: int, *, timeout_seconds: float, resolve: Resolver = resolve_host) -> tuple[str, ...]:
    """Return the addresses of `host`, asked for once: connect to these, not to the name (it may change its mind).

    Raises DeskError. The system's resolver has no time limit, so it runs in a thread that can be left behind.
    """
    answers: queue.SimpleQueue[tuple[str, ...] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_seconds)
    except queue.Empty as error:
        raise HostError(f"timed out while looking up {host}") from error
    if isinstance(answer, OSError) or not answer:
        raise HostError(f"the host {host} is unknown, or there is no network")
    return answer


def refuse_private(host: str, addresses: tuple[str, ...]) -> None:
    """Raise DeskError unless every address is public: one private among public ones is how rebinding looks."""
    if not all(is_public(address) for address in addresses):
        raise HostError(f"the address of {host} is private", fix="if you trust it: --allow-private")


def is_public(address: str) -> bool:
    """Say whether a numeric address is one on the open internet.

    False for private, loopback, link-local (cloud metadata among them), shared (100.64/10), multicast, reserved and
    unspecified addresses, for IPv6 addresses that lead to such an IPv4 one, and for what is no address.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = _address_inside(parsed)
    if inner is not None and not _is_global(inner):
        return False
    wraps = isinstance(parsed, ipaddress.IPv6Address) and any(parsed in network for network in _IPV4_AT_THE_END)
    return wraps or _is_global(parsed)


def _is_global(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and (
        address in _LOCAL_NAT64 or address.is_site_local or address.teredo
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _address_inside(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, if there is one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _IPV4_AT_THE_END):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour
