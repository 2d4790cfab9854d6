"""What is a URL that may be asked for, and its one spelling."""

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.urls import last_segment, parse_url, resolve_reference


@pytest.mark.parametrize(
    ("url", "message", "why"),
    [
        ("ftp://example.org/a", "only http and https", "another protocol"),
        ("file:///etc/passwd", "only http and https", "files are no URLs"),
        ("example.org", "only http and https", "no protocol at all"),
        ("http://user:pw@example.org/", "user name or password", "it would be written to plain files"),
        ("http://user@example.org/", "user name or password", "also without a password"),
        ("http://", "this is no URL", "no host"),
        ("http:///etc", "this is no URL", "no host, but a path"),
        ("http://a b/", "this is no URL", "white space in the host"),
        ("http://exa\nmple.org/", "control characters", "a line feed would start a new header"),
        ("http://example.org/\r\nX: y", "control characters", "the same in the path"),
        ("http://example.org:99999/", "this is no URL", "no such port"),
        ("http://[::1/", "this is no URL", "half an address"),
        ("http://" + "a" * 300 + "/", "this is no URL", "a host longer than names can be"),
        ("http://example.org/" + "a" * 9000, "too long", "longer than servers take"),
        ("http://\ud800/", "this is no URL", "half a character"),
        ("http://example.org/\udc80", "this is no URL", "half a character in the path"),
    ],
)
def test_what_is_no_url(url: str, message: str, why: str) -> None:
    with pytest.raises(DeskError) as refused:
        parse_url(url)
    assert message in refused.value.message, why


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("HTTP://Example.ORG", "http://example.org/"),
        ("http://example.org:80/a#b", "http://example.org/a"),
        ("https://example.org:80/", "https://example.org:80/"),
        ("http://bücher.example/ä?q=ö", "http://xn--bcher-kva.example/%C3%A4?q=%C3%B6"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://example.org/100%25?a=%20b", "http://example.org/100%25?a=%20b"),
    ],
)
def test_one_spelling_of_a_url(url: str, written: str) -> None:
    assert parse_url(url).url == written


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("b.png", "https://x.test/a/b.png"),
        ("/b.png#part", "https://x.test/b.png"),
        ("//y.test/b", "https://y.test/b"),
        (" ?q=1 ", "https://x.test/a/page?q=1"),
        ("mailto:a@b", None),
        ("http://[", None),
        ("https://user:pw@y.test/", None),
    ],
)
def test_references(reference: str, url: str | None) -> None:
    assert resolve_reference("https://x.test/a/page", reference) == url


@pytest.mark.parametrize(
    ("url", "segment"),
    [("https://x.test/a/b.pdf?q=/c", "b.pdf"), ("https://x.test/a/", "a"), ("https://x.test", "x.test")],
)
def test_last_segment(url: str, segment: str) -> None:
    assert last_segment(url) == segment
