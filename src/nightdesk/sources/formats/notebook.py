"""A Jupyter notebook as Markdown: its text, its code, what the code gave, its images."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.converted import Converted, fence
from nightdesk.sources.formats.images import Images, image_link
from nightdesk.sources.formats.text import decode

MAX_CELLS = 5000
MAX_OUTPUT_CHARACTERS = 3000  # of one cell: a training log says most in its first and last lines
_ESCAPE_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ATTACHMENT = re.compile(r"!\[([^\]\n]{0,300})\]\(attachment:([^)\s]{1,300})\)")
_HEADING = re.compile(r"^#\s+(.+?)\s*#*\s*$", re.MULTILINE)


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the notebook's cells in order. Raises DeskError if the file is no notebook."""
    try:
        book = json.loads(decode(path.read_bytes()))
    except (ValueError, RecursionError) as error:
        raise DeskError("is not a notebook: it is no JSON") from error
    if not isinstance(book, dict):
        raise DeskError("is not a notebook")
    cells = book.get("cells")
    if cells is None and isinstance(book.get("worksheets"), list):  # version 3, before 2015
        cells = [cell for sheet in book["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells") or []]
    if not isinstance(cells, list):
        raise DeskError("is not a notebook: it has no cells")
    language = _language(book)
    images = Images(assets, assets_link)
    parts = [part for cell in cells[:MAX_CELLS] if isinstance(cell, dict) for part in _cell(cell, language, images)]
    markdown = "\n\n".join(part for part in parts if part.strip())
    heading = _HEADING.search(markdown[:5000])
    return Converted(markdown, title=heading[1] if heading else None, notes=images.notes())


def _language(book: dict[str, Any]) -> str:
    metadata = book.get("metadata")
    for part in ("kernelspec", "language_info"):
        stated = metadata.get(part) if isinstance(metadata, dict) else None
        name = (stated.get("language") or stated.get("name")) if isinstance(stated, dict) else None
        if isinstance(name, str) and re.fullmatch(r"[\w+#-]{1,20}", name):
            return name.lower()
    return "python"


def _cell(cell: dict[str, Any], language: str, images: Images) -> Iterator[str]:
    source = _text(cell.get("source", cell.get("input")))
    kind = cell.get("cell_type")
    if kind == "markdown":
        yield _with_attachments(source, cell.get("attachments"), images)
    elif kind == "heading":  # version 3
        level = cell.get("level")
        yield f"{'#' * min(level if isinstance(level, int) else 1, 6)} {source}"
    elif kind == "raw":
        yield fence(source) if source.strip() else ""
    elif source.strip():
        yield fence(source, language)
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if isinstance(output, dict):
                yield from _output(output, images)


def _output(output: dict[str, Any], images: Images) -> Iterator[str]:
    """Yield an output's image, else its plain text: HTML outputs repeat the same for browsers."""
    if output.get("output_type") in {"error", "pyerr"}:
        yield fence(f"{output.get('ename')}: {_text(output.get('evalue'))[:500]}")
        return
    data = output.get("data")
    data = data if isinstance(data, dict) else output
    for kind in ("image/png", "image/jpeg", "png", "jpeg"):
        if kind in data:
            link = images.save(_decoded(_text(data[kind])))
            yield image_link("output", link) if link else ""
            return
    for kind in ("text/markdown", "text/latex"):
        if kind in data:
            yield _text(data[kind])[:MAX_OUTPUT_CHARACTERS]
            return
    text = _ESCAPE_CODES.sub("", _text(data.get("text/plain", output.get("text"))))
    if text.strip() and not re.fullmatch(r"<[^<>]{0,200}>", text.strip()):  # <Figure size 640x480 with 1 Axes>
        yield fence(_shortened(_last_states(text)), "text")


def _last_states(text: str) -> str:
    """Return `text` with each line as a terminal shows it at the end: progress bars write one line many times."""
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _shortened(text: str) -> str:
    if len(text) <= MAX_OUTPUT_CHARACTERS:
        return text
    half = MAX_OUTPUT_CHARACTERS // 2
    return f"{text[:half]}\n… ({len(text) - 2 * half} characters left out) …\n{text[-half:]}"


def _with_attachments(source: str, attachments: Any, images: Images) -> str:
    def link(match: re.Match[str]) -> str:
        kinds = attachments.get(match[2]) if isinstance(attachments, dict) else None
        for content in kinds.values() if isinstance(kinds, dict) else ():
            if saved := images.save(_decoded(_text(content))):
                return image_link(match[1], saved)
        return f"[image: {match[1]}]" if match[1] else ""

    return _ATTACHMENT.sub(link, source)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _text(value: Any) -> str:
    """Return a notebook's text, which is a string or a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
