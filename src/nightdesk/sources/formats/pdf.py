"""A PDF as Markdown: headings, paragraphs, lists, tables and pages, from the layout that liteparse finds."""

import re
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, iso_date, one_line
from nightdesk.sources.formats.pdf_blocks import Page, page_of
from nightdesk.sources.formats.pdf_text import markdown_of, title_of

MAX_PAGES = 3000
MIN_CHARACTERS_PER_PAGE = 5  # of a document; a scan has none, or a stamp
_MONTH_NAMES = "january february march april may june july august september october november december"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), 1)}
_DATE_LINE = re.compile(
    rf"\b(?:(?P<d>[0-3]?\d)(?:st|nd|rd|th)?\s+)?(?P<m>{'|'.join(_MONTHS)})\s*(?:(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?)?,?\s+"
    r"(?P<y>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_XMP_FIELD = r"<(?:dc|prism):{name}\b[^>]{{0,300}}>(.{{1,600}}?)</(?:dc|prism):{name}>"
_TAGS = re.compile(r"<[^<>]*>")


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the text of the PDF at `path`, each page after a line `<!-- page N -->`.

    Raises DeskError if it is encrypted, damaged or has no text layer.
    """
    result = _parse(path)
    pages = [page_of(page) for page in result.pages]
    characters = sum(len(block.text) + sum(map(len, sum(block.rows, ()))) for page in pages for block in page.blocks)
    if characters < MIN_CHARACTERS_PER_PAGE * max(len(pages), 1):
        raise DeskError("has no text layer", fix="it may be a scan; run it through an OCR program first")
    notes = [f"page {error.page_num} could not be read" for error in result.page_errors[:20]]
    if result.total_pages > len(result.pages) + len(result.page_errors):
        notes.append(f"only the first {len(result.pages)} of {result.total_pages} pages were read")
    xmp = (result.doc_meta.xmp or "") if result.doc_meta else ""
    created = iso_date(result.doc_meta.creation_date) if result.doc_meta else None
    return Converted(
        markdown_of(pages),
        title=title_of(pages) or _xmp(xmp, "title"),
        author=_xmp(xmp, "creator"),
        published=_date_on_first_page(pages) or iso_date(_xmp(xmp, "date")) or created,
        pages=result.total_pages,
        notes=tuple(notes),
    )


def _parse(path: Path) -> Any:
    # Imported here: loading its native library takes longer than converting a web page.
    from liteparse import LiteParse, ParseError  # noqa: PLC0415

    parser = LiteParse(
        ocr_enabled=False,
        quiet=True,
        output_format="markdown",
        extract_blocks=True,
        extract_document_metadata=True,
        continue_on_page_error=True,
        max_pages=MAX_PAGES,
        num_workers=1,
        extract_links=False,
        keep_headers_footers=True,  # ours is by the place on the page too; theirs drops a slide that repeats itself
    )
    try:
        return parser.parse(path.read_bytes())
    except ParseError as error:
        raise DeskError(_reason(path, str(error))) from error


def _reason(path: Path, message: str) -> str:
    if "password" in message.lower() or "encrypt" in message.lower() or "security" in message.lower():
        return "is encrypted"
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(1024):
            return "is not a PDF"
    return f"is damaged: {one_line(message, 120)}"


def _xmp(xmp: str, name: str) -> str | None:
    found = re.search(_XMP_FIELD.format(name=name), xmp, re.DOTALL)
    return one_line(_TAGS.sub(" ", found[1])) if found else None


def _date_on_first_page(pages: list[Page]) -> str | None:
    """Return the date that stands in a short line of the first page, as papers and reports have it."""
    for block in pages[0].blocks[:12] if pages else []:
        if len(block.text) < 60 and (found := _DATE_LINE.search(block.text)):
            day = found["d"] or found["d2"]
            month = f"{found['y']}-{_MONTHS[found['m'].lower()]:02}"
            return f"{month}-{int(day):02}" if day and 1 <= int(day) <= 31 else month
    return None
