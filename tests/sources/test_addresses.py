"""Which addresses are on the open internet, whatever clothes they wear."""

import pytest

from nightdesk.sources.addresses import HostError, is_public, look_up, refuse_private, resolve_host


@pytest.mark.parametrize(
    ("address", "public", "why"),
    [
        ("8.8.8.8", True, "an address on the internet"),
        ("2606:4700::1111", True, "one of the newer kind"),
        ("10.1.2.3", False, "private"),
        ("172.16.0.1", False, "private"),
        ("172.32.0.1", True, "just outside the private block"),
        ("192.168.1.1", False, "private"),
        ("127.0.0.1", False, "this machine"),
        ("127.9.9.9", False, "all of 127/8 is this machine"),
        ("0.0.0.0", False, "taken for this machine by most systems"),  # noqa: S104  # nothing is bound to it
        ("0.1.2.3", False, "this network"),
        ("169.254.169.254", False, "link-local: the metadata service of clouds"),
        ("100.64.0.1", False, "shared by a provider's customers"),
        ("100.128.0.1", True, "just outside of the shared block"),
        ("198.18.0.1", False, "for benchmarks"),
        ("192.0.2.1", False, "for documentation"),
        ("224.0.0.1", False, "multicast"),
        ("240.0.0.1", False, "reserved"),
        ("255.255.255.255", False, "broadcast"),
        ("::", False, "unspecified"),
        ("::1", False, "this machine"),
        ("fe80::1", False, "link-local"),
        ("fe80::1%eth0", False, "link-local with its interface"),
        ("fc00::1", False, "private"),
        ("fd00:ec2::254", False, "private: a cloud's metadata service"),
        ("fec0::1", False, "site-local, withdrawn but still routed in places"),
        ("ff02::1", False, "multicast"),
        ("2001:db8::1", False, "for documentation"),
        ("100::1", False, "discarded"),
        ("::ffff:127.0.0.1", False, "an IPv4 address in IPv6 clothes"),
        ("::ffff:169.254.169.254", False, "the same with the metadata service"),
        ("::ffff:8.8.8.8", True, "a public one in the same clothes"),
        ("::127.0.0.1", False, "the older form of the same"),
        ("::ffff:0:10.0.0.1", False, "the translated form of the same"),
        ("64:ff9b::7f00:1", False, "NAT64 to this machine"),
        ("64:ff9b::808:808", True, "NAT64 to a public address, usual on networks without IPv4"),
        ("64:ff9b:1::1", False, "NAT64 within one's own network"),
        ("2002:7f00:1::", False, "6to4 to this machine"),
        ("2002:a9fe:a9fe::", False, "6to4 to the metadata service"),
        ("2002:808:808::", True, "6to4 to a public address"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False, "Teredo: leads to an address behind someone's router"),
        ("example.org", False, "a name is no address"),
        ("", False, "nothing"),
    ],
)
def test_public_addresses(address: str, public: bool, why: str) -> None:
    assert is_public(address) is public, why


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "localhost"])
def test_odd_spellings_of_this_machine_are_seen_through(spelling: str) -> None:
    assert not any(is_public(address) for address in resolve_host(spelling, 80))


def test_a_name_server_without_an_answer() -> None:
    with pytest.raises(HostError, match="unknown"):
        look_up("empty.test", 80, timeout_seconds=5, resolve=lambda _host, _port: ())


def test_every_address_must_be_public() -> None:
    refuse_private("x.test", ("8.8.8.8", "2606:4700::1111"))
    with pytest.raises(HostError, match="private"):
        refuse_private("x.test", ("8.8.8.8", "::1"))
