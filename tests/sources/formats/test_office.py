"""Word, PowerPoint and Excel files, whole and hostile."""

import datetime
from typing import TYPE_CHECKING

import pytest

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats import docx, pptx, xlsx
from nightdesk.sources.formats.converted import tidy

if TYPE_CHECKING:
    from tests.sources.conftest import Samples

ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'


def test_docx(samples: "Samples") -> None:
    rows = [[f"<w:tc>{samples.paragraph(text)}</w:tc>" for text in row] for row in (("run", "loss"), ("base", "1.25"))]
    body = (
        samples.paragraph("Report on tokens", "Title")
        + samples.paragraph("Method", "heading1")
        + samples.paragraph("We use List&lt;T&gt; types.")
        + "<w:tbl>"
        + "".join("<w:tr>" + "".join(row) + "</w:tr>" for row in rows)
        + "</w:tbl>"
    )
    path = samples.docx("a.docx", body, title="Old name", author="Ada Example")
    converted = tidy(docx.convert(path, samples.folder / "assets", assets_link="assets"))
    assert (converted.title, converted.author) == ("Report on tokens", "Ada Example")
    assert converted.markdown == (
        "# Report on tokens\n\n## Method\n\nWe use List\\<T> types.\n\n| run | loss |\n| --- | --- |\n| base | 1.25 |\n"
    )


def test_docx_without_a_title_of_its_own_takes_the_stated_one(samples: "Samples") -> None:
    path = samples.docx("a.docx", samples.paragraph("Method", "heading1") + samples.paragraph("Text."), title="Stated")
    converted = tidy(docx.convert(path, samples.folder / "assets", assets_link=""))
    assert converted.markdown == "# Stated\n\n## Method\n\nText.\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("word/document.xml", ENTITIES),
        ("word/footnotes.xml", ENTITIES),
        ("word/document.xml", ENTITIES.encode("utf-16")),
    ],
)
def test_docx_with_entities_is_refused(samples: "Samples", name: str, content: str | bytes) -> None:
    path = samples.with_entry(samples.docx("a.docx", samples.paragraph("x")), name, content)
    with pytest.raises(DeskError, match="declares XML entities"):
        docx.convert(path, samples.folder / "assets", assets_link="")


def test_docx_zip_bomb_is_refused(samples: "Samples") -> None:
    path = samples.with_entry(samples.docx("a.docx", samples.paragraph("x")), "word/media/a.bin", b"\0" * 60_000_000)
    with pytest.raises(DeskError, match="zip bomb"):
        docx.convert(path, samples.folder / "assets", assets_link="")


@pytest.mark.parametrize("content", ["", "<w:document", "<x/>"])
def test_docx_with_broken_parts(samples: "Samples", content: str) -> None:
    path = samples.with_entry(samples.docx("a.docx", samples.paragraph("x")), "word/document.xml", content)
    with pytest.raises(DeskError, match=r"is damaged|holds no text"):
        docx.convert(path, samples.folder / "assets", assets_link="")


def shape(text: str, kind: str = "") -> str:
    """Return a shape with a paragraph per line of `text`, a tab for each level."""
    place = f'<p:nvSpPr><p:cNvPr id="1" name="s"/><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    paragraphs = "".join(
        f'<a:p><a:pPr lvl="{line.count(chr(9))}"/><a:r><a:t>{line.strip()}</a:t></a:r></a:p>'
        for line in text.split("\n")
    )
    return f"<p:sp>{place}<p:txBody>{paragraphs}</p:txBody></p:sp>"


def presentation(samples: "Samples", slides: list[str], *, order: list[int] | None = None) -> dict[str, str | bytes]:
    """Return the entries of a presentation whose slides are shown in `order`."""
    head = f'xmlns:a="{A}" xmlns:p="{P}" xmlns:r="{R}"'
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="r{n}"/>' for n in order or range(len(slides)))
    relations = "".join(
        f'<Relationship Id="r{n}" Type="{R}/slide" Target="slides/slide{n}.xml"/>' for n in range(len(slides))
    )
    entries: dict[str, str | bytes] = {
        "ppt/presentation.xml": f"<p:presentation {head}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": RELATIONS.format(relations),
        "ppt/media/dot.png": samples.png().read_bytes(),
        "ppt/notesSlides/n.xml": f"<p:notes {head}><p:cSld><p:spTree>{shape('Say it slowly.', 'body')}"
        f"{shape('7', 'sldNum')}</p:spTree></p:cSld></p:notes>",
    }
    for n, content in enumerate(slides):
        entries[f"ppt/slides/slide{n}.xml"] = f"<p:sld {head}><p:cSld><p:spTree>{content}</p:spTree></p:cSld></p:sld>"
        entries[f"ppt/slides/_rels/slide{n}.xml.rels"] = RELATIONS.format(
            f'<Relationship Id="i" Type="{R}/image" Target="../media/dot.png"/>'
            f'<Relationship Id="n" Type="{R}/notesSlide" Target="../notesSlides/n.xml"/>'
            f'<Relationship Id="x" Type="{R}/image" Target="../../../../etc/passwd"/>'
        )
    return entries


def test_pptx(samples: "Samples") -> None:
    picture = (
        '<p:pic><p:nvPicPr><p:cNvPr id="4" name="p" descr="a dot"/></p:nvPicPr>'
        '<p:blipFill><a:blip r:embed="{}"/></p:blipFill></p:pic>'
    )
    cell = "<a:tc><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    row = "<a:tr>" + cell + cell + "</a:tr>"
    table = f"<p:graphicFrame><a:tbl>{row.format('N', 'loss')}{row.format('70M', '3.1')}</a:tbl></p:graphicFrame>"
    slides = [
        shape("Loss falls with compute", "title") + shape("More data\n\tup to 4 epochs\nMore weights", "body") + table,
        shape("Scaling laws", "ctrTitle") + f"<p:grpSp>{picture.format('i')}</p:grpSp>" + picture.format("x"),
    ]
    path = samples.zip("a.pptx", presentation(samples, slides, order=[1, 0]))
    converted = tidy(pptx.convert(path, samples.folder / "assets", assets_link="assets"))
    assert (converted.title, converted.pages) == ("Scaling laws", 2)
    assert converted.markdown == (
        "# Scaling laws\n\n## Slide 1: Scaling laws\n\n![a dot](assets/image-1.png)\n\n[image: a dot]\n\n"
        "Notes: Say it slowly.\n\n"
        "## Slide 2: Loss falls with compute\n\n- More data\n  - up to 4 epochs\n- More weights\n\n"
        "| N | loss |\n| --- | --- |\n| 70M | 3.1 |\n\nNotes: Say it slowly.\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("ppt/slides/slide0.xml", ENTITIES, "declares XML entities"),
        ("ppt/slides/slide0.xml", "<p:sld", "its XML cannot be read"),
        ("ppt/presentation.xml", f'<p:presentation xmlns:p="{P}"/>', "holds no slides"),
    ],
)
def test_pptx_hostile(samples: "Samples", name: str, content: str, reason: str) -> None:
    path = samples.zip("a.pptx", presentation(samples, [shape("x")]) | {name: content})
    with pytest.raises(DeskError, match=reason):
        pptx.convert(path, samples.folder / "assets", assets_link="")


def test_pptx_groups_within_groups(samples: "Samples") -> None:
    deep = "<p:grpSp>" * 100 + shape("deep") + "</p:grpSp>" * 100
    path = samples.zip("a.pptx", presentation(samples, [shape("seen") + deep]))
    assert "seen" in pptx.convert(path, samples.folder / "assets", assets_link="").markdown


def test_xlsx(samples: "Samples") -> None:
    rows: list[list[object]] = [
        ["run", "val_bpb", "day", "kept", None],
        ["base|line", 1.25, datetime.datetime(2026, 3, 1), True, None],
        ["muon", 3.0, datetime.datetime(2026, 3, 2, 14, 30), False, None],
    ]
    path = samples.xlsx("runs.xlsx", {"Runs": rows, "Empty": [[]]})
    converted = tidy(xlsx.convert(path, samples.folder / "assets", assets_link=""))
    assert converted.markdown == (
        "# runs\n\n## Runs\n\n| run | val_bpb | day | kept |\n| --- | --- | --- | --- |\n"
        "| base\\|line | 1.25 | 2026-03-01 | TRUE |\n| muon | 3 | 2026-03-02 14:30 | FALSE |\n"
    )


def test_xlsx_says_what_was_left_out(samples: "Samples") -> None:
    path = samples.xlsx("a.xlsx", {"Big": [[n] * 40 for n in range(301)]})
    markdown = xlsx.convert(path, samples.folder / "assets", assets_link="").markdown
    assert markdown.endswith("Shown: the first 200 of 300 rows and the first 30 of 40 columns.")
    assert markdown.count("\n| ") == 202  # the head, the line under it, 200 rows


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("xl/worksheets/sheet1.xml", ENTITIES, "declares XML entities"),
        ("xl/sharedStrings.xml", ENTITIES, "declares XML entities"),
        ("xl/worksheets/sheet1.xml", "<worksheet", "is damaged"),
        ("xl/workbook.xml", "<x/>", "is damaged|holds no values"),
    ],
)
def test_xlsx_hostile(samples: "Samples", name: str, content: str, reason: str) -> None:
    path = samples.with_entry(samples.xlsx("a.xlsx", {"S": [[1]]}), name, content)
    with pytest.raises(DeskError, match=reason):
        xlsx.convert(path, samples.folder / "assets", assets_link="")


def test_xlsx_with_one_cell_far_away(samples: "Samples") -> None:
    cell = '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
    path = samples.with_entry(samples.xlsx("a.xlsx", {"S": [[1]]}), "xl/worksheets/sheet1.xml", sheet.format(cell))
    with pytest.raises(DeskError, match="holds no values"):  # not read: a million empty rows stand before it
        xlsx.convert(path, samples.folder / "assets", assets_link="")
