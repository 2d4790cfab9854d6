"""Image files: their kind and size in pixels by their first bytes, and where those in a document are put."""

import hashlib
import re
import struct
from pathlib import Path

from nightdesk.base.errors import DeskError
from nightdesk.sources.formats.archives import refuse_declarations
from nightdesk.sources.formats.converted import Converted, clean_text

MAX_IMAGE_BYTES = 20_000_000
MAX_IMAGES = 500
MIN_PIXELS = 3  # a tracking pixel or a spacer shows nothing
_NEEDS_ANGLES = re.compile(r"[\s()]")
_UNSAFE_IN_LINK = re.compile(r"[\[\]\\\n]")


class Images:
    """The images of one document, written into `folder` as image-1.png, image-2.jpg …, the same bytes once."""

    def __init__(self, folder: Path, link_prefix: str) -> None:
        self._folder = folder
        self._prefix = link_prefix.rstrip("/") + "/" if link_prefix else ""
        self._links: dict[str, str] = {}
        self.left_out = 0

    def save(self, content: bytes) -> str | None:
        """Return the link to `content`, written if it is new; None if it is no image to show (too small, too large)."""
        digest = hashlib.sha256(content).hexdigest()
        if digest in self._links:
            return self._links[digest]
        ending = image_ending(content)
        size = image_size(content)
        if ending is None or (size is not None and min(size) < MIN_PIXELS):
            return None
        if len(content) > MAX_IMAGE_BYTES or len(self._links) >= MAX_IMAGES:
            self.left_out += 1
            return None
        name = f"image-{len(self._links) + 1}{ending}"
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / name).write_bytes(content)
        self._links[digest] = self._prefix + name
        return self._links[digest]

    def notes(self) -> tuple[str, ...]:
        """Return a note on the images that were left out, if there are any."""
        return (f"{self.left_out} images left out (too large or too many)",) if self.left_out else ()


def image_link(alt: str, link: str) -> str:
    """Return the Markdown of an image."""
    alt = _UNSAFE_IN_LINK.sub(" ", clean_text(alt))[:200].strip()
    target = f"<{link}>" if _NEEDS_ANGLES.search(link) else link
    return f"![{alt}]({target})"


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return a page that shows the image at `path` (copied to `assets`) with its name, kind and size."""
    content = path.read_bytes()
    ending = image_ending(content)
    if ending is None:
        raise DeskError("is not an image of a kind that is known")
    if ending == ".svg":
        refuse_entities(content)
    if len(content) > MAX_IMAGE_BYTES:
        raise DeskError(f"is larger than {MAX_IMAGE_BYTES // 1_000_000} MB")
    assets.mkdir(parents=True, exist_ok=True)
    name = f"image-1{ending}"
    (assets / name).write_bytes(content)
    size = image_size(content)
    pixels = f", {size[0]} × {size[1]} pixels" if size else ""
    link = f"{assets_link.rstrip('/')}/{name}" if assets_link else name
    title = path.stem.replace("_", " ").replace("-", " ").strip() or path.name
    shown = image_link(title, link)
    return Converted(f"# {title}\n\n{shown}\n\nImage `{path.name}` ({ending[1:].upper()}{pixels}).\n", title=title)


def refuse_entities(content: bytes) -> None:
    """Raise DeskError if an SVG declares entities. The document type that drawing programs write is allowed."""
    if b"<!ENTITY" in content.upper() or b"<\0!\0E" in content:
        refuse_declarations(content)


def image_ending(content: bytes) -> str | None:
    """Return the file ending that fits the bytes, or None if they are no image that browsers show."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return ".png"
    if content.startswith(b"\xff\xd8\xff"):
        return ".jpg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ".webp"
    return ".svg" if b"<svg" in content[:4096] else None


def image_size(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels as the header states them, or None if it does not."""
    try:
        if content.startswith(b"\x89PNG"):
            width, height = struct.unpack(">II", content[16:24])
        elif content.startswith(b"GIF8"):
            width, height = struct.unpack("<HH", content[6:10])
        elif content.startswith(b"RIFF"):
            width, height = _webp_size(content)
        elif content.startswith(b"\xff\xd8"):
            width, height = _jpeg_size(content)
        else:
            return _svg_size(content)
    except (struct.error, IndexError, ValueError):
        return None
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        marker, length = struct.unpack(">HH", content[at : at + 4])
        if 0xFFC0 <= marker <= 0xFFCF and marker not in {0xFFC4, 0xFFC8, 0xFFCC}:  # a start of frame
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        if not 0xFFC0 <= marker <= 0xFFFE or length < 2:
            raise ValueError("no JPEG segment")
        at += 2 + length


def _webp_size(content: bytes) -> tuple[int, int]:
    form = content[12:16]
    if form == b"VP8X":
        return int.from_bytes(content[24:27], "little") + 1, int.from_bytes(content[27:30], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    width, height = struct.unpack("<HH", content[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _svg_size(content: bytes) -> tuple[int, int] | None:
    head = content[:4096].decode("utf-8", "replace")
    start = head.find("<svg")
    head = head[start : head.find(">", start) + 1]
    sizes = {m[1].lower(): int(m[2]) for m in re.finditer(r"\b(width|height)\s*=\s*[\"']\s*(\d{1,6})", head)}
    return (sizes["width"], sizes["height"]) if len(sizes) == 2 else None
