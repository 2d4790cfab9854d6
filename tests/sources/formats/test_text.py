"""Text of other encodings."""

from typing import TYPE_CHECKING

import pytest

from nightdesk.sources.formats.text import convert, decode

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


@pytest.mark.parametrize(
    ("content", "declared", "text"),
    [
        ("Größe €".encode(), None, "Größe €"),
        (b"\xef\xbb\xbfx", None, "x"),
        ("Größe".encode("utf-16"), None, "Größe"),
        (b"\xfe\xff" + "Größe".encode("utf-16-be"), None, "Größe"),
        ("Größe".encode("utf-32"), None, "Größe"),
        ("Größe €".encode("cp1252"), None, "Größe €"),
        ("Žluťoučký".encode("iso-8859-2"), "iso-8859-2", "Žluťoučký"),
        (b"\xff\xfex", None, "\ufffd"),  # half a character
        (b"\x81\x8d", "no-such-encoding", "\ufffd\ufffd"),  # in no encoding that we try
    ],
)
def test_decode(content: bytes, declared: str | None, text: str) -> None:
    assert decode(content, declared) == text


def test_convert(samples: "Samples") -> None:
    path = samples.file("a.txt", "naïve\r\n".encode("latin-1"))
    assert convert(path, samples.folder / "assets", assets_link="").markdown == "naïve\r\n"
