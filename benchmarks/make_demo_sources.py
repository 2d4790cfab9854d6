"""Make the binary sources that `nightdesk demo` ships, from the text in demo_text/.

Run by hand, only when a text there has changed; the results are kept in the repository:

    python -m venv /tmp/demo-venv
    /tmp/demo-venv/bin/pip install matplotlib python-docx python-pptx reportlab xlsxwriter
    /tmp/demo-venv/bin/python benchmarks/make_demo_sources.py

The same versions of these libraries give the same bytes. Markdown, text, HTML and LaTeX sources are written by hand,
straight in src/nightdesk/wiki/demo_sources/. Licence of all of them, and of demo_text/: MIT, own words.
"""

import contextlib
import datetime
import html
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx  # type: ignore[import-not-found]
import matplotlib as mpl
import pptx  # type: ignore[import-not-found]
import xlsxwriter  # type: ignore[import-not-found]
from matplotlib import pyplot as plt
from pptx.util import Inches, Pt  # type: ignore[import-not-found]
from reportlab import rl_config  # type: ignore[import-untyped]
from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.enums import TA_JUSTIFY  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Table  # type: ignore[import-untyped]

TEXT = Path(__file__).parent / "demo_text"
OUT = Path(__file__).parent.parent / "src/nightdesk/wiki/demo_sources"
AUTHOR = "nightdesk demo notes"
TOTAL_STEPS = 1000
STARTS = {"# ": "title", "## ": "section", "### ": "subsection", "- ": "items", "|": "table", "NOTE: ": "note"}


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a text in demo_text/: its kind, and its lines (for a table, a row a line)."""

    kind: str  # "title", "section", "subsection", "paragraph", "items", "table", "note", "code"
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def rows(self) -> list[list[str]]:
        return [[cell.strip() for cell in line.rstrip("|").split("|")] for line in self.lines]


def blocks_of(name: str) -> Iterator[Block]:
    """Yield the blocks of a text; a blank line ends a block, but not inside code."""
    parts = re.split(r"^```python\n(.*?)\n```$", (TEXT / name).read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for position, part in enumerate(parts):
        if position % 2:  # re.split puts what the group matched, the code, at the odd places
            yield Block("code", tuple(part.splitlines()))
        else:
            yield from (_block(raw) for raw in re.split(r"\n\s*\n", part.strip()) if raw)


def _block(raw: str) -> Block:
    prefix, kind = next((pair for pair in STARTS.items() if raw.startswith(pair[0])), ("", "paragraph"))
    lines = raw.splitlines() if kind in ("items", "table") else [raw]
    return Block(kind, tuple(line.removeprefix(prefix) for line in lines))


def settle_zip(path: Path, modified: str) -> None:
    """Rewrite an office file or book with one date, so that two runs give the same bytes."""
    with zipfile.ZipFile(path) as old:
        members = [(info.filename, old.read(info)) for info in old.infolist()]
    day = datetime.date.fromisoformat(modified)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in members:
            info = zipfile.ZipInfo(name, (day.year, day.month, day.day, 12, 0, 0))
            # EPUB readers look for the mimetype at byte 38, uncompressed
            new.writestr(info, data, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)


def make_pdf(name: str, target: Path) -> None:
    """Set a text as an A4 paper with a running head and page numbers."""
    rl_config.invariant = 1  # no time stamp, no random document id
    body = {"fontName": "Times-Roman", "fontSize": 12, "leading": 17, "spaceAfter": 14, "firstLineIndent": 18}
    bold = {"fontName": "Times-Bold", "keepWithNext": 1, "spaceBefore": 8, "spaceAfter": 5}
    styles = {
        "title": ParagraphStyle("title", **(bold | {"fontSize": 19, "leading": 23, "spaceAfter": 8})),
        "section": ParagraphStyle("section", **bold, fontSize=14, leading=18),
        "subsection": ParagraphStyle("subsection", **bold, fontSize=12, leading=15),
        "paragraph": ParagraphStyle("paragraph", **body, alignment=TA_JUSTIFY),
    }
    story: list[Any] = []
    title = ""
    for block in blocks_of(name):
        if block.kind == "table":
            grid = [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("FONTSIZE", (0, 0), (-1, -1), 10)]
            grid += [("FONTNAME", (0, 0), (-1, -1), "Times-Roman"), ("FONTNAME", (0, 0), (-1, 0), "Times-Bold")]
            story.append(KeepTogether(Table(block.rows, style=grid, spaceBefore=4, spaceAfter=8)))
        else:
            title = title or block.text
            story.append(Paragraph(html.escape(block.text), styles[block.kind]))

    def decorate(canvas: Any, doc: Any) -> None:
        canvas.setFont("Times-Italic", 9)
        if doc.page > 1:
            canvas.drawString(85, 806, "Scaling laws for small language models")
        canvas.drawCentredString(297, 40, str(doc.page))

    margins = {"leftMargin": 85, "rightMargin": 85, "topMargin": 64, "bottomMargin": 72}
    document = SimpleDocTemplate(str(target), pagesize=(595, 842), title=title, author=AUTHOR, **margins)
    document.build(story, onFirstPage=decorate, onLaterPages=decorate)


def make_docx(name: str, target: Path, written: str) -> None:
    """Write a text as a Word report with headings, a list and a table."""
    document = docx.Document()
    levels = {"title": 0, "section": 1, "subsection": 2}
    for block in blocks_of(name):
        if block.kind in levels:
            document.add_heading(block.text, levels[block.kind])
        elif block.kind == "items":
            for item in block.lines:
                document.add_paragraph(item, style="List Bullet")
        elif block.kind == "table":
            table = document.add_table(len(block.rows), len(block.rows[0]), style="Light Grid Accent 1")
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, value in zip(row.cells, cells, strict=True):
                    cell.text = value
        else:
            document.add_paragraph(block.text)
    _describe(document.core_properties, next(blocks_of(name)).text, written)
    document.save(str(target))
    settle_zip(target, written)


def _describe(properties: Any, title: str, written: str) -> None:
    """Set the properties that office files carry, none of them from the clock."""
    day = datetime.datetime.fromisoformat(written)
    properties.title, properties.author, properties.last_modified_by = title, AUTHOR, AUTHOR
    properties.created = properties.modified = day
    properties.comments = ""


def make_pptx(name: str, target: Path, written: str) -> None:
    """Write a text as a deck: a slide a section, its items as bullets, its notes as speaker notes."""
    deck = pptx.Presentation()
    title, date, *rest = blocks_of(name)
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    slide.shapes.title.text = title.text
    slide.placeholders[1].text = date.text
    for position, block in enumerate(rest):
        if block.kind == "section":
            table_follows = rest[position + 1].kind == "table"
            slide = deck.slides.add_slide(deck.slide_layouts[5 if table_follows else 1])
            slide.shapes.title.text = block.text
        elif block.kind == "items":
            frame = slide.placeholders[1].text_frame
            frame.text = block.lines[0]
            for item in block.lines[1:]:
                frame.add_paragraph().text = item
            for paragraph in frame.paragraphs:
                paragraph.font.size = Pt(20)
        elif block.kind == "table":
            size = (len(block.rows), len(block.rows[0]))
            shape = slide.shapes.add_table(*size, Inches(0.7), Inches(1.6), Inches(8.6), Inches(3.5))
            for r, cells in enumerate(block.rows):
                for c, value in enumerate(cells):
                    shape.table.cell(r, c).text = value
        else:
            slide.notes_slide.notes_text_frame.text = block.text
    _describe(deck.core_properties, title.text, written)
    deck.save(str(target))
    settle_zip(target, written)


def make_epub(name: str, target: Path, written: str) -> None:
    """Write a text as an EPUB 3 book of one chapter, with the standard library alone."""
    title, byline, *rest = blocks_of(name)
    tags = {"section": "h2", "subsection": "h3", "paragraph": "p"}
    body = f"<h1>{html.escape(title.text)}</h1>\n<p class='byline'>{html.escape(byline.text)}</p>\n"
    body += "\n".join(f"<{tags[b.kind]}>{html.escape(b.text)}</{tags[b.kind]}>" for b in rest)
    nav = f"<nav epub:type='toc'><h1>Contents</h1><ol><li><a href='chapter.xhtml'>{title.text}</a></li></ol></nav>"
    container = (
        "<?xml version='1.0'?>\n<container version='1.0' xmlns='urn:oasis:names:tc:opendocument:xmlns:container'>"
        "<rootfiles><rootfile full-path='OEBPS/content.opf' media-type='application/oebps-package+xml'/></rootfiles>"
        "</container>"
    )
    opf = (
        "<?xml version='1.0'?>\n<package xmlns='http://www.idpf.org/2007/opf' version='3.0' unique-identifier='id'>"
        "<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:identifier id='id'>urn:nightdesk:training-data"
        f"</dc:identifier><dc:title>{title.text}</dc:title><dc:creator>{AUTHOR}</dc:creator><dc:language>en"
        f"</dc:language><dc:date>{written}</dc:date><meta property='dcterms:modified'>{written}T12:00:00Z</meta>"
        "</metadata><manifest><item id='nav' href='nav.xhtml' media-type='application/xhtml+xml' properties='nav'/>"
        "<item id='chapter' href='chapter.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='chapter'/></spine></package>"
    )
    page = (
        "<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE html>\n<html xmlns='http://www.w3.org/1999/xhtml' "
        "xmlns:epub='http://www.idpf.org/2007/ops' xml:lang='en'><head><title>{}</title></head>\n<body>\n{}\n"
        "</body></html>\n"
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip")  # must come first
        book.writestr("META-INF/container.xml", container)
        book.writestr("OEBPS/content.opf", opf)
        book.writestr("OEBPS/nav.xhtml", page.format("Contents", nav))
        book.writestr("OEBPS/chapter.xhtml", page.format(title.text, body))
    settle_zip(target, written)


def make_notebook(name: str, target: Path) -> None:
    """Write a text as a Jupyter notebook whose code cells have been run, their outputs stored."""
    cells: list[dict[str, Any]] = []
    scope: dict[str, Any] = {}
    marks = {"title": "# ", "section": "## ", "subsection": "### "}
    for block in blocks_of(name):
        number = len(cells)
        if block.kind == "code":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(block.text, scope)  # noqa: S102 - our own text, run to store what it prints
            count = sum(cell["cell_type"] == "code" for cell in cells) + 1
            output = {"name": "stdout", "output_type": "stream", "text": printed.getvalue().splitlines(keepends=True)}
            cell = {"cell_type": "code", "execution_count": count, "outputs": [output]}
            cells.append(cell | {"source": block.text.splitlines(keepends=True)})
        elif block.kind == "paragraph" and cells and cells[-1]["cell_type"] == "markdown":
            cells[-1]["source"] += ["\n", "\n", block.text]  # a heading and its paragraphs share a cell
            continue
        else:
            cells.append({"cell_type": "markdown", "source": [marks.get(block.kind, "") + block.text]})
        cells[-1] |= {"id": f"cell-{number}", "metadata": {}}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    book = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    target.write_text(json.dumps(book, indent=1, ensure_ascii=False) + "\n", "utf-8")


def make_xlsx(names: dict[str, str], target: Path, written: str) -> None:
    """Write tab-separated tables as the sheets of one workbook, numbers as numbers."""
    book = xlsxwriter.Workbook(str(target))
    day = datetime.datetime.fromisoformat(written)
    book.set_properties({"title": "Small language models: sizes and settings", "author": AUTHOR, "created": day})
    bold = book.add_format({"bold": True})
    for title, name in names.items():
        sheet = book.add_worksheet(title)
        for r, line in enumerate((TEXT / name).read_text("utf-8").splitlines()):
            for c, value in enumerate(line.split("\t")):
                number = r > 0 and re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", value)
                sheet.write(r, c, float(value) if number else value, bold if r == 0 else None)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 12, 16)
        sheet.freeze_panes(1, 0)
    book.close()
    settle_zip(target, written)


def schedule(kind: str, step: int) -> float:
    """Return the learning rate at a step, as a share of its peak."""
    warm_up, end = 100, TOTAL_STEPS
    if step < warm_up:
        return step / warm_up
    progress = (step - warm_up) / (end - warm_up)
    if kind == "inverse square root":
        return math.sqrt(warm_up / step)
    if kind == "cosine":
        return 0.5 * (1 + math.cos(math.pi * progress))
    if kind == "linear":
        return 1 - progress
    return min(1.0, (end - step) / (0.4 * end))  # trapezoidal: warm-down over the last 40 percent


def newton_schulz(value: float, steps: int = 5) -> float:
    """Return where the Newton-Schulz iteration with Muon's coefficients sends one singular value."""
    for _ in range(steps):
        value = 3.4445 * value - 4.7750 * value**3 + 2.0315 * value**5
    return value


def make_plots() -> None:
    """Draw the two figures that the clipped articles embed."""
    mpl.use("Agg")  # no display is needed to write a file
    figure, axes = plt.subplots(figsize=(6.4, 3.6), dpi=110, layout="constrained")
    for kind in ("inverse square root", "cosine", "linear", "trapezoidal"):
        axes.plot([schedule(kind, step) for step in range(TOTAL_STEPS + 1)], label=kind)
    axes.set(xlabel="training step", ylabel="learning rate / peak", title="Learning-rate schedules")
    axes.legend()
    figure.savefig(OUT / "learning-rate-schedules.png", metadata={"Software": None})
    figure, axes = plt.subplots(figsize=(6.4, 3.6), dpi=110, layout="constrained")
    values = [10 ** (exponent / 200) for exponent in range(-600, 1)]
    axes.plot(values, values, "--", color="grey", label="unchanged")
    axes.plot(values, [newton_schulz(value) for value in values], label="after five Newton-Schulz steps")
    axes.set(xscale="log", xlabel="singular value before", ylabel="singular value after")
    axes.set(title="Newton-Schulz iteration of Muon")
    axes.legend()
    figure.savefig(OUT / "muon-singular-values.png", metadata={"Software": None})


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    make_pdf("scaling.md", OUT / "scaling-laws-for-small-models.pdf")
    make_docx("attention.md", OUT / "attention-in-small-decoders.docx", "2025-01-22")
    make_pptx("precision.md", OUT / "numerical-precision.pptx", "2025-02-12")
    make_epub("data.md", OUT / "training-data-for-small-models.epub", "2024-08-09")
    make_notebook("bits_per_byte.md", OUT / "bits-per-byte.ipynb")
    sheets = {"Models": "model_sizes.tsv", "Usual settings": "usual_settings.tsv"}
    make_xlsx(sheets, OUT / "model-sizes-and-settings.xlsx", "2025-03-20")
    make_plots()
    for path in sorted(OUT.iterdir()):
        print(f"{path.stat().st_size:8d}  {path.name}")


if __name__ == "__main__":
    main()
