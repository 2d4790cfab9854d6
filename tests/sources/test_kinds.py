"""Which kind a file is: by its name, unless its first bytes say otherwise."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nightdesk.sources.kinds import is_text, kind_of, why_not

if TYPE_CHECKING:
    from tests.sources.conftest import Samples


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.md", b"# Title", "markdown"),
        ("a.MARKDOWN", b"text", "markdown"),  # endings in capitals are common
        ("a.txt", b"text", "text"),
        ("a.txt", "text\n".encode("utf-16"), "text"),  # NUL bytes, but with a byte order mark
        ("a.txt", "caf\u00e9 na\u00efve".encode("latin-1"), "text"),
        ("a.rst", b"Title\n=====", "text"),
        ("README", b"read me", "text"),
        ("a.htm", b"<p>text", "html"),
        ("a.pdf", b"%PDF-1.7 ...", "pdf"),
        ("a.pdf", b"\n\n junk %PDF-1.4 ...", "pdf"),  # readers allow some bytes before the header
        ("a.csv", b"a,b", "csv"),
        ("a.tsv", b"a\tb", "csv"),
        ("a.ipynb", b"{}", "notebook"),
        ("a.tex", b"\\section{a}", "latex"),
        ("a.py", b"print()", "code"),
        ("Makefile", b"all:", "code"),
        ("a.png", b"\x89PNG\r\n\x1a\n....", "image"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image"),
        ("a.webp", b"RIFF\0\0\0\0WEBP", "image"),
    ],
)
def test_kind_of(samples: "Samples", name: str, content: bytes, kind: str) -> None:
    path = samples.file(name, content)
    assert (kind_of(path), why_not(path)) == (kind, None)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.md", b"", "is empty"),
        ("a.pdf", b"  \n", "is empty"),
        ("a.md", b"\0" * 50, "is empty"),  # what a crash leaves of a file
        ("a.txt", b"\x7fELF\0\0\0\x01\x02", "is binary, not text"),
        ("a.md", bytes(range(1, 32)) * 10, "is binary, not text"),  # no NUL, yet no text
        ("a.pdf", b"<html>Not found</html>", "is not a PDF"),  # an error page saved under the wrong name
        ("a.png", b"<html>Not found</html>", "is not a PNG image"),
        ("a.webp", b"RIFF\0\0\0\0WAVE", "is not a WEBP image"),
        ("a.docx", b"PK\x03\x04 cut", "is not a DOCX file, or is damaged"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0 ole", "is encrypted, or an older format than XLSX"),
        ("a.exe", b"MZ", "is of no kind that is read (.exe)"),
        ("noending", b"text", "is of no kind that is read"),
    ],
)
def test_why_not(samples: "Samples", name: str, content: bytes, reason: str) -> None:
    path = samples.file(name, content)
    assert (kind_of(path), why_not(path)) == (None, reason)


@pytest.mark.parametrize(
    ("name", "entry", "kind"),
    [
        ("a.docx", "word/document.xml", "docx"),
        ("a.pptx", "ppt/presentation.xml", "pptx"),
        ("a.xlsx", "xl/workbook.xml", "xlsx"),
        ("a.epub", "META-INF/container.xml", "epub"),
        ("a.docx", "xl/workbook.xml", None),  # a workbook under a document's name
    ],
)
def test_archives_by_what_they_hold(samples: "Samples", name: str, entry: str, kind: str | None) -> None:
    assert kind_of(samples.zip(name, {entry: "<x/>"})) == kind


def test_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kind_of(tmp_path / "a.md")


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("markdown", "# Größe\n".encode(), True),
        ("text", b"plain", True),
        ("text", "na\u00efve".encode("latin-1"), False),  # converted: quotes are checked against UTF-8
        ("markdown", "text".encode("utf-16"), False),
        ("text", b"a" * (1 << 20) + "é".encode()[:1], False),  # a character cut at the end of the file
        ("html", b"<p>text", False),
    ],
)
def test_is_text(samples: "Samples", kind: str, content: bytes, expected: bool) -> None:
    assert is_text(kind, samples.file("a", content)) is expected
