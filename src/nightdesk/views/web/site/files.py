"""The files of a vault that a static site takes along: images that pages show, and originals where asked for."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lxml import etree

from nightdesk.sources.images import MAX_IMAGE_BYTES, image_ending
from nightdesk.views.web.files import vault_file
from nightdesk.views.web.site.urls import plain_name
from nightdesk.views.web.viewer import Viewer

FOLDER = "f"
# What servers send so that a browser runs nothing of it; all else gets .txt behind its name, and is shown as text.
_INERT = re.compile(
    r"\.(?:pdf|png|jpe?g|gif|webp|avif|docx|pptx|xlsx|epub|csv|tsv|txt|mp3|ogg|wav|mp4|webm|zip)", re.IGNORECASE
)
_SVG = "{http://www.w3.org/2000/svg}"
_XHTML = "{http://www.w3.org/1999/xhtml}"
_ACTIVE = ("script", "foreignObject", "handler", "listener", "iframe", "embed", "object")
_INNER = ("#", "data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp")


class SiteFiles:
    """Collects what is to be copied; `found` has each file of the site with where it comes from."""

    def __init__(self, viewer: Viewer, *, with_sources: bool) -> None:
        self._viewer = viewer
        self._with_sources = with_sources
        self._answers: dict[str, str] = {}
        self.found: dict[str, Path] = {}
        self.left_out: set[str] = set()  # originals that pages link to, and that were not asked for

    def keep(self, path: str) -> str:
        """Return the file of the site that a file of the vault becomes, "" for one that is not taken along."""
        if path not in self._answers:
            self._answers[path] = self._look(path)
        return self._answers[path]

    def _look(self, path: str) -> str:
        file = vault_file(self._viewer, path)
        if file is None:
            return ""
        ending = _shown_ending(file)
        if ending is None:
            if path in self._viewer.catalogue.entries:
                return ""  # a page: the site has it as a page
            if not self._with_sources or (self._viewer.desk is not None and not path.startswith("raw/")):
                self.left_out.add(path)
                return ""
            ending = PurePosixPath(path).suffix
            ending = ending if _INERT.fullmatch(ending) else f"-{plain_name(ending)}.txt"
        digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:12]
        kept = f"{FOLDER}/{plain_name(PurePosixPath(path).stem)}-{digest}{ending}"
        self.found[kept] = file
        return kept


def _shown_ending(file: Path) -> str | None:
    """Return the ending that an image's content calls for, None for what is no image, or none that only shows."""
    try:
        if file.stat().st_size > MAX_IMAGE_BYTES:
            return None
        with file.open("rb") as opened:
            ending = image_ending(opened.read(4_096))
            opened.seek(0)
            return ending if ending != ".svg" or is_still(opened.read()) else None
    except OSError:
        return None


def is_still(svg: bytes) -> bool:
    """Return whether an SVG image only shows: opened by itself, on a server of somebody's, it would run scripts."""
    try:
        root = etree.fromstring(svg, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return False
    if root.tag != f"{_SVG}svg" or b"<!ENTITY" in svg:
        return False
    return all(_is_still(element) for element in _with_siblings(root))


def _with_siblings(root: etree._Element) -> Iterator[etree._Element]:
    """Yield all elements and instructions; those before and after the root too."""
    yield from root.itersiblings(preceding=True)
    yield from root.itersiblings()
    yield from root.iter()


def _is_still(element: etree._Element) -> bool:
    if not isinstance(element.tag, str):  # an instruction may bring a stylesheet that runs; an entity, anything
        return isinstance(element, etree._Comment)
    if element.tag.startswith(_XHTML) or element.tag.rpartition("}")[2] in _ACTIVE:
        return False
    for name, value in element.attrib.items():
        local = str(name).rpartition("}")[2].lower()
        if local.startswith("on") or (local == "attributename" and str(value).strip().lower().endswith("href")):
            return False
        if local in ("href", "src") and not str(value).strip().lower().startswith(_INNER):
            return False
    return True
