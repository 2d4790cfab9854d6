"""A Word document as Markdown: mammoth makes HTML of its styles, which goes the way of web pages."""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.archives import Archive
from nightdesk.sources.formats.converted import Converted, one_line
from nightdesk.sources.formats.html import from_html
from nightdesk.sources.formats.images import Images

_STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Quote'] => blockquote:fresh
p[style-name='Intense Quote'] => blockquote:fresh
p[style-name='Code'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
"""
_HEADING = re.compile(r"<h1 class=\"title\">.{0,2000}?</h1>|(</?)h([1-6])>", re.DOTALL)
_CORE = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "author": "{http://purl.org/dc/elements/1.1/}creator",
}


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the document with headings, lists, tables, footnotes and images. Raises DeskError if it is damaged."""
    # Imported here: it takes 0.1 s, which a web page need not wait for.
    import mammoth  # noqa: PLC0415

    with Archive(path) as archive:
        archive.refuse_declarations()  # mammoth reads the XML with minidom, which expands entities
        stated = core_properties(archive)
    try:
        result = mammoth.convert_to_html(io.BytesIO(path.read_bytes()), style_map=_STYLES, external_file_access=False)
    except (KeyError, ValueError, AttributeError, IndexError, TypeError, ExpatError) as error:
        raise DeskError("is damaged: its parts do not fit together") from error
    images = Images(assets, assets_link)
    titled = '<h1 class="title">' in result.value
    # Word counts its headings without the title, which has a style of its own; a page has one heading of level 1.
    html = _HEADING.sub(_one_level_down, result.value) if titled or stated["title"] else result.value
    page = from_html(html, images=images, find_image=lambda _: None, whole=True)
    title = page.title if titled else stated["title"] or page.title
    markdown = page.markdown if titled or not stated["title"] else f"# {stated['title']}\n\n{page.markdown}"
    notes = tuple(sorted(set(_unread(result.messages))))
    return Converted(markdown, title=title, author=stated["author"], notes=(*page.notes, *notes))


def _one_level_down(tag: re.Match[str]) -> str:
    return f"{tag[1]}h{min(int(tag[2]) + 1, 6)}>" if tag[1] else tag[0]


def core_properties(archive: Archive) -> dict[str, str | None]:
    """Return title and author as an Office file states them in docProps/core.xml, None where it does not."""
    found: dict[str, str | None] = dict.fromkeys(_CORE)
    with suppress(DeskError):  # a file without properties is a file
        root = archive.xml("docProps/core.xml")
        for name, tag in _CORE.items():
            found[name] = one_line(root.findtext(tag))
    if found["author"] in {"python-docx", "openpyxl", "Microsoft Office User", "Unknown"}:
        found["author"] = None  # programs, not people
    return found


def _unread(messages: list[Any]) -> Iterator[str]:
    for message in messages:
        if message.type == "warning" and "Unrecognised" not in message.message:
            yield str(message.message)[:200]
