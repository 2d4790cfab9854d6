"""Zip containers: bombs and tricks are refused before anything is unpacked."""

import zipfile
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats import archives
from nightdesk.sources.formats.archives import Archive, parse_xml

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

BOMB = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><b>&b;</b>'


def test_reading(samples: "Samples") -> None:
    with Archive(samples.zip("a.zip", {"x/y.xml": "<r><c>text</c></r>"})) as archive:
        assert archive.names == {"x/y.xml"}
        assert archive.xml("x/y.xml").findtext("c") == "text"
        with pytest.raises(DeskError, match=r"z\.xml is missing"):
            archive.read("z.xml")


def test_zip_bomb_by_its_ratio(samples: "Samples") -> None:
    with pytest.raises(DeskError, match="looks like a zip bomb"):
        Archive(samples.zip("a.docx", {"word/document.xml": b"\0" * 60_000_000}))


def test_zip_bomb_by_its_size(samples: "Samples", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1_000_000)
    with pytest.raises(DeskError, match="would unpack to more than 1 MB"):
        Archive(samples.zip("a.docx", {f"{n}": bytes(300_000) for n in range(4)}))


def test_size_that_the_archive_states_is_not_believed(samples: "Samples") -> None:
    path = samples.zip("a.zip", {"a": b"x" * 5000})
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (10).to_bytes(4, "little")  # 10 bytes, says the directory
    path.write_bytes(content)
    with Archive(path) as archive, pytest.raises(DeskError, match="is damaged"):
        archive.read("a")


@pytest.mark.parametrize(
    "content",
    [
        BOMB,
        BOMB.encode("utf-16"),
        BOMB.encode("utf-16-be"),
        '<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>',
        "<!doctype r><r>&x;</r>",
    ],
)
def test_document_types_are_refused(samples: "Samples", content: str | bytes) -> None:
    path = samples.zip("a.zip", {"word/styles.xml": content})
    with Archive(path) as archive, pytest.raises(DeskError, match="declares XML entities"):
        archive.refuse_declarations()
    with pytest.raises(DeskError, match="declares XML entities"):
        parse_xml(content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize("content", [b"", b"<a><b></a>", b"<a>" * 100_000, b"\xff\xfe"])
def test_malformed_xml(content: bytes) -> None:
    with pytest.raises(DeskError, match="its XML cannot be read"):
        parse_xml(content)


def test_encrypted_entries(samples: "Samples") -> None:
    path = samples.zip("a.zip", {"a": b"x"})
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DeskError, match="is encrypted"):
        Archive(path)


def test_damaged_entry(samples: "Samples") -> None:
    path = samples.folder / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(range(256)) * 20)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    with Archive(path) as damaged, pytest.raises(DeskError, match="a cannot be unpacked"):
        damaged.read("a")


def test_no_archive_at_all(samples: "Samples") -> None:
    with pytest.raises(DeskError, match="not a whole zip archive"):
        Archive(samples.file("a.docx", b"PK\x03\x04 cut short"))
