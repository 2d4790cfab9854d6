"""An e-book as Markdown: its chapters in reading order, each through the way of web pages."""

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.archives import Archive
from nightdesk.sources.formats.converted import Converted, iso_date, one_line
from nightdesk.sources.formats.html import from_html
from nightdesk.sources.formats.html_rewriting import FindImage
from nightdesk.sources.formats.images import Images
from nightdesk.sources.formats.text import decode

_DC = "{http://purl.org/dc/elements/1.1/}"
_OPF = "{http://www.idpf.org/2007/opf}"
_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_PAGES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
MAX_CHAPTERS = 5000


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the book at `path`: title, then its chapters in the order of the spine, without its table of contents."""
    images = Images(assets, assets_link)
    notes: list[str] = []
    with Archive(path) as archive:
        if "META-INF/rights.xml" in archive.names:
            raise DeskError("is protected against copying")
        package_name = _package_name(archive)
        package = archive.xml(package_name)
        parts = []
        for name in _chapters(package, package_name, archive)[:MAX_CHAPTERS]:
            page = _chapter(archive, name, images)
            if page:
                parts.append(page)
    if not parts:
        raise DeskError("holds no text")
    title = one_line(package.findtext(f".//{_DC}title"))
    authors = [one_line(creator.text) for creator in package.iter(f"{_DC}creator")]
    head = [f"# {title}"] if title and not parts[0].startswith(f"# {title}\n") else []
    return Converted(
        "\n\n".join([*head, *parts]),
        title=title,
        author=", ".join(name for name in authors if name) or None,
        published=iso_date(package.findtext(f".//{_DC}date")),
        notes=(*notes, *images.notes()),
    )


def _package_name(archive: Archive) -> str:
    root = archive.xml("META-INF/container.xml")
    for file in root.iter(f"{_CONTAINER}rootfile"):
        if name := file.get("full-path"):
            return name
    raise DeskError("is damaged: it names no package")


def _chapters(package: etree._Element, package_name: str, archive: Archive) -> list[str]:
    """Return the entry names of the pages in the spine, each once, the navigation page left out."""
    folder = posixpath.dirname(package_name)
    pages = {}
    for item in package.iter(f"{_OPF}item"):
        if item.get("media-type") in _PAGES and "nav" not in (item.get("properties") or "").split():
            pages[item.get("id")] = entry_name(folder, item.get("href") or "")
    spine = [pages[ref.get("idref")] for ref in package.iter(f"{_OPF}itemref") if ref.get("idref") in pages]
    return [name for name in dict.fromkeys(spine) if name in archive.names]


def entry_name(folder: str, link: str) -> str:
    """Return the name of the entry that `link` means in a page of `folder`; no entry has a name that leads out."""
    target = unquote(re.split("[#?]", link, maxsplit=1)[0])
    return posixpath.normpath(posixpath.join(folder, target))


def _chapter(archive: Archive, name: str, images: Images) -> str:
    find_image: FindImage = lambda source: _image(archive, posixpath.dirname(name), source)  # noqa: E731  # one line
    try:
        page = from_html(decode(archive.read(name)), images=images, find_image=find_image, whole=True)
    except DeskError:  # a cover or an empty leaf
        return ""
    return page.markdown.strip()


def _image(archive: Archive, folder: str, source: str) -> bytes | None:
    name = entry_name(folder, source)
    return archive.read(name) if name in archive.names else None
