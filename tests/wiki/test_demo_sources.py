"""The sources that `nightdesk demo` ships: all there, readable by the project's own libraries, and worth reading."""

import io
import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import mammoth
import openpyxl
import pytest
from liteparse import LiteParse
from lxml import etree, html

import nightdesk.wiki

FOLDER = Path(nightdesk.wiki.__file__).parent / "demo_sources"
MAX_BYTES = 700_000  # what the package may spend on them
SLIDE_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"


def _plain(path: Path) -> str:
    return path.read_text("utf-8")


def _html(path: Path) -> str:
    article = html.fromstring(path.read_bytes()).find(".//article")
    assert article is not None
    return " ".join(str(part) for part in article.itertext())


def _pdf(path: Path) -> str:
    return str(LiteParse(output_format="markdown", quiet=True).parse(str(path)).text)


def _docx(path: Path) -> str:
    return str(mammoth.extract_raw_text(io.BytesIO(path.read_bytes())).value)


def _pptx(path: Path) -> str:
    with zipfile.ZipFile(path) as deck:
        names = [name for name in deck.namelist() if re.fullmatch(r"ppt/(slides|notesSlides)/\w+\.xml", name)]
        trees = [etree.fromstring(deck.read(name)) for name in names]
    return " ".join(node.text or "" for tree in trees for node in tree.iter(SLIDE_TEXT))


def _epub(path: Path) -> str:
    with zipfile.ZipFile(path) as book:
        assert book.infolist()[0].filename == "mimetype"
        assert book.infolist()[0].compress_type == zipfile.ZIP_STORED
        return "".join(str(part) for part in etree.fromstring(book.read("OEBPS/chapter.xhtml")).itertext())


def _notebook(path: Path) -> str:
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def _xlsx(path: Path) -> str:
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    book.close()
    return "\n".join(" ".join(str(cell) for cell in row if cell is not None) for row in rows)


READERS: dict[str, tuple[Callable[[Path], str], int, str]] = {
    # file: how it is read, the words at least, a phrase that must be found in it
    "adam-and-the-long-warm-up.md": (_plain, 700, "Adam needs a long warm-up"),
    "attention-in-small-decoders.docx": (_docx, 1000, "524,288 bytes"),
    "bits-per-byte.ipynb": (_notebook, 500, "Bits per byte (BPB) is"),
    "experiments-and-noise.md": (_plain, 700, "A greedy loop is biased"),
    "glossary.md": (_plain, 600, "Weight decay** is"),
    "initialisation-and-normalisation.tex": (_plain, 700, "muP"),
    "lab-diary.md": (_plain, 600, "124,439,808 parameters"),
    "learning-rate-schedules.md": (_plain, 700, "trapezoidal schedule is"),
    "lecture-3-tokenisation.txt": (_plain, 700, "Byte-pair encoding (BPE) is"),
    "model-sizes-and-settings.xlsx": (_xlsx, 200, "SmolLM2-135M"),
    "muon-and-short-warm-ups.html": (_html, 700, "A long warm-up is not necessary"),
    "numerical-precision.pptx": (_pptx, 600, "Loss scaling multiplies"),
    "scaling-laws-for-small-models.pdf": (_pdf, 1200, "20 training tokens per parameter"),
    "training-data-for-small-models.epub": (_epub, 700, "Deduplication is the removal"),
}
FIGURES = ("learning-rate-schedules.png", "muon-singular-values.png")


def test_the_folder_holds_exactly_the_demo_sources_and_stays_small() -> None:
    paths = sorted(FOLDER.iterdir())
    assert [path.name for path in paths] == sorted([*READERS, *FIGURES])
    assert sum(path.stat().st_size for path in paths) < MAX_BYTES


@pytest.mark.parametrize("name", READERS)
def test_each_source_opens_by_its_library_and_has_enough_text(name: str) -> None:
    read, words_at_least, phrase = READERS[name]
    text = " ".join(read(FOLDER / name).split())
    assert phrase in text
    assert len(text.split()) >= words_at_least
    assert "\ufffd" not in text, "a character was lost on the way"


def test_the_pdf_is_a_paper_of_several_pages_with_its_table() -> None:
    result = LiteParse(output_format="markdown", quiet=True).parse(str(FOLDER / "scaling-laws-for-small-models.pdf"))
    assert 4 <= result.num_pages <= 6
    assert "## 4 Recommended sizes for small budgets" in result.text
    assert "| 16 million | 316 million | 3.0e16 | 5 minutes |" in result.text


def test_the_notebook_carries_the_table_that_its_code_prints() -> None:
    cells = json.loads((FOLDER / "bits-per-byte.ipynb").read_text("utf-8"))["cells"]
    outputs = ["".join(cell["outputs"][0]["text"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(outputs) == 3
    assert re.search(r"2\.77 +4\.0 +16\.0 +0\.999", outputs[0])


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_a_png_that_a_source_embeds(name: str) -> None:
    head = (FOLDER / name).read_bytes()[:24]
    assert head.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", head[16:])
    assert width > 400
    assert height > 200
    pages = [path.read_text("utf-8") for path in FOLDER.iterdir() if path.suffix in {".md", ".html"}]
    assert any(f"]({name})" in page or f'src="{name}"' in page for page in pages)


def test_two_dated_notes_disagree_about_warm_up() -> None:
    old = (FOLDER / "adam-and-the-long-warm-up.md").read_text("utf-8")
    new = (FOLDER / "muon-and-short-warm-ups.html").read_text("utf-8")
    assert "published: 2019-11-18" in old
    assert "A short warm-up of 100 steps is not enough for Adam" in old
    assert 'datetime="2025-11-07"' in new
    assert "A warm-up of 100 steps is enough" in new


@pytest.mark.parametrize("term", ["warm-up", "bits per byte", "AdamW", "Muon", "learning rate", "tokeniser"])
def test_common_terms_come_from_several_sources(term: str) -> None:
    holders = [name for name, (read, _, _) in READERS.items() if term in read(FOLDER / name)]
    assert len(holders) >= 5, "a concept page of the demo must gather claims from several sources"


def test_each_demo_question_has_its_answer_in_its_source_or_none_at_all() -> None:
    table = Path(__file__).parents[2] / "benchmarks" / "demo_questions.tsv"
    rows = [line.split("\t") for line in table.read_text("utf-8").splitlines()[1:]]
    answered = [(expected, source) for _, expected, source in rows if source]
    assert (len(rows), len(answered)) == (40, 30)
    for expected, source in answered:
        text = " ".join(READERS[source][0](FOLDER / source).split())
        assert expected.lower() in text.lower(), f"{source} does not say {expected!r}"
