"""Sample files of each format, built when a test needs them, so that what is in them can be read here."""

import json
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl
import pytest

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>{}</Types>'
)
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>'
    "</cp:coreProperties>"
)

Line = tuple[float, float, float, str]  # x and y in points from the bottom left, size, text


def png_bytes(width: int, height: int) -> bytes:
    """Return a PNG of one colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + b"\x20\x80\xc0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pdf_bytes(pages: Sequence[Sequence[Line]], *, encrypted: bool = False) -> bytes:
    """Return a PDF with the given lines of Helvetica on each page of 612 x 792 points; texts are Windows-1252."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for lines in pages:
        stream = (
            b"BT "
            + b" ".join(
                f"/F1 {size} Tf 1 0 0 1 {x} {y} Tm (".encode()
                + text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").encode("cp1252")
                + b") Tj"
                for x, y, size, text in lines
            )
            + b" ET"
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    extra = b""
    if encrypted:  # a standard handler whose keys fit no password
        objects.append(b"<< /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32))
        extra = b" /Encrypt %d 0 R /ID [<00> <00>]" % len(objects)
    out = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer << /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(objects) + 1,
            table,
            len(objects) + 1,
            extra,
            len(out),
        )
    )


def docx_parts(body: str, *, title: str = "", author: str = "") -> dict[str, str | bytes]:
    """Return the entries of a Word document with the given paragraphs and a style for each heading level."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}"><w:name w:val="{name}"/></w:style>'
        for name in ("Title", "heading 1", "heading 2")
    )
    return {
        "[Content_Types].xml": CONTENT_TYPES.format(""),
        "_rels/.rels": RELATIONS.format(
            f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
        ),
        "docProps/core.xml": CORE.format(title=title, author=author),
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
    }


def paragraph(text: str, style: str = "") -> str:
    """Return a paragraph of a Word document."""
    stated = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{stated}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def epub_parts(chapters: Mapping[str, str], *, spine: Sequence[str]) -> dict[str, str | bytes]:
    """Return the entries of an e-book: `chapters` by name under OEBPS/, read in the order of `spine`."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="i{list(chapters).index(name)}"/>' for name in spine)
    return {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<metadata><dc:title>A Book</dc:title><dc:creator>Ada Example</dc:creator><dc:date>2021-05-04</dc:date>"
        f"</metadata><manifest>{items}</manifest><spine>{order}</spine></package>",
        **{f"OEBPS/{name}": text for name, text in chapters.items()},
    }


class Samples:
    """Makes sample files in one folder and gives their paths."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, name: str, content: str | bytes) -> Path:
        """Return a file with the given text (in UTF-8) or bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def zip(self, name: str, entries: Mapping[str, str | bytes]) -> Path:
        """Return a zip archive of the given entries."""
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for entry, content in entries.items():
                archive.writestr(entry, content)
        return path

    def png(self, name: str = "dot.png", size: tuple[int, int] = (16, 12)) -> Path:
        """Return an image."""
        return self.file(name, png_bytes(*size))

    def pdf(self, name: str, pages: Sequence[Sequence[Line]], *, encrypted: bool = False) -> Path:
        """Return a PDF; see `pdf_bytes`."""
        return self.file(name, pdf_bytes(pages, encrypted=encrypted))

    def docx(self, name: str, body: str, *, title: str = "", author: str = "") -> Path:
        """Return a Word document; `body` is made of `paragraph`s."""
        return self.zip(name, docx_parts(body, title=title, author=author))

    def paragraph(self, text: str, style: str = "") -> str:
        """Return a paragraph of a Word document."""
        return paragraph(text, style)

    def epub(self, name: str, chapters: Mapping[str, str], *, spine: Sequence[str]) -> Path:
        """Return an e-book."""
        return self.zip(name, epub_parts(chapters, spine=spine))

    def notebook(self, name: str, cells: Sequence[Mapping[str, object]]) -> Path:
        """Return a Jupyter notebook in Python."""
        book = {"cells": cells, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4}
        return self.file(name, json.dumps(book))

    def xlsx(self, name: str, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
        """Return a workbook."""
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        path = self.folder / name
        book.save(path)
        return path

    def with_entry(self, path: Path, name: str, content: str | bytes) -> Path:
        """Return `path` with the entry `name` of the archive replaced or added."""
        with zipfile.ZipFile(path) as archive:
            entries: dict[str, str | bytes] = {entry: archive.read(entry) for entry in archive.namelist()}
        return self.zip(path.name, entries | {name: content})


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    """Return the maker of sample files for one test."""
    folder = tmp_path / "samples"
    folder.mkdir()
    return Samples(folder)
