"""Images that a source shows, saved beside it in raw/<file name>.assets/ with a table of where each came from."""

import hashlib
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.names import name_key, safe_name
from nightdesk.sources.folders import ASSETS_ENDING

TABLE_NAME = "images.tsv"
MAX_IMAGES = 50  # of one source
MAX_IMAGE_BYTES = 10_000_000

_MAX_REFERENCE = 2000  # characters
_MAX_NAME = 80  # characters of a file name, ending not counted
_THREADS = 4
_MAGIC = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff"}

# Each part is bounded and starts with another character than it may follow, so that no text makes it slow.
_INLINE = re.compile(
    r"!\[[^\]\n]{0,500}\]\(\s{0,9}(?:<([^<>\n]{1,2000})>|([^\s<>()]{1,2000}(?:\([^\s()]{0,200}\)[^\s()]{0,200})?)(?=[\s)]))"
)
_REFERENCE = re.compile(r"!\[([^\]\n]{0,500})\](?:\[([^\]\n]{0,500})\])?(?![(\[])")
_DEFINITION = re.compile(r"^ {0,3}\[([^\]\n]{1,500})\]:[ \t]{0,9}<?([^\s<>]{1,2000})", re.MULTILINE)
_EMBED = re.compile(r"!\[\[([^\[\]|#\n]{1,500})")
_TAG = re.compile(r"<img\b([^<>]{0,4000})>", re.IGNORECASE)
_SRC = re.compile(
    r"""(?:^|\s)src\s{0,9}=\s{0,9}(?:"([^"]{1,2000})"|'([^']{1,2000})'|([^\s"'<>]{1,2000}))""", re.IGNORECASE
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")

Loader = Callable[[str], bytes | None]  # reference -> content; None = not mine to load; DeskError = why not


@dataclass(frozen=True, slots=True)
class SavedImages:
    """What was written beside a source, and what could not be had."""

    written: tuple[Path, ...]
    notes: tuple[str, ...]


def assets_folder(source: Path) -> Path:
    """Return the folder for the images of the source at `source` in raw/."""
    return source.with_name(source.name + ASSETS_ENDING)


def read_images(source: Path) -> dict[str, str]:
    """Return reference -> file name in `assets_folder(source)` for the images saved beside a source.

    A reference is as the source writes it; for a page from the web its absolute URL leads to the same file.
    """
    try:
        table = (assets_folder(source) / TABLE_NAME).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    return {row[0]: row[1] for row in rows if len(row) == 2 and row[1] == safe_name(row[1])}


def markdown_images(text: str) -> tuple[str, ...]:
    """Return the references of the images that a Markdown text shows, in order, each once; data: URIs are left out.

    Inline, reference-style, `<img src>` and Obsidian's `![[name.png]]`; nothing in fenced code.
    """
    prose = _without_fences(text)
    targets = {" ".join(match[1].casefold().split()): match[2] for match in reversed([*_DEFINITION.finditer(prose)])}
    found = [(match.start(), match[1] or match[2]) for match in _INLINE.finditer(prose)]
    for match in _REFERENCE.finditer(prose):
        label = " ".join((match[2] or match[1]).casefold().split())
        if label in targets:
            found.append((match.start(), targets[label]))
    found += [(match.start(), match[1].strip()) for match in _EMBED.finditer(prose)]
    for match in _TAG.finditer(prose):
        if source := _SRC.search(match[1]):
            found.append((match.start(), (source[1] or source[2] or source[3]).replace("&amp;", "&")))
    return usable_references(reference for _, reference in sorted(found, key=lambda pair: pair[0]))


def save_images(source: Path, references: Mapping[str, str], *, load: Loader) -> SavedImages:
    """Save the images that the source at `source` in raw/ refers to, once: nothing happens if its table is there.

    `references` leads from a reference as written to the address that `load` is asked for. What cannot be had is noted.
    """
    table = assets_folder(source) / TABLE_NAME
    references = {reference: references[reference] for reference in usable_references(references)}
    if table.exists() or not references:
        return SavedImages((), ())
    wanted = list(references.items())[:MAX_IMAGES]
    with ThreadPoolExecutor(_THREADS) as threads:
        loaded = list(threads.map(lambda pair: _load(load, pair[1]), wanted))
    rows: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    notes: list[str] = []
    for (reference, address), content in zip(wanted, loaded, strict=True):
        if isinstance(content, str):
            notes.append(f"image {address}: {content}")
        elif content is not None:
            name = _file_name(address, content, files)
            files[name] = content
            rows += [(row, name) for row in dict.fromkeys((reference, address))]
    if len(references) > len(wanted):
        notes.append(f"{len(references) - len(wanted)} more images are left as links: {MAX_IMAGES} are saved")
    if not files:
        return SavedImages((), tuple(notes))
    written = [table.with_name(name) for name in files]
    for path in written:
        write_atomically(path, files[path.name])
    lines = ["url\tfile", *("\t".join(row) for row in rows)]
    write_atomically(table, "\n".join(lines) + "\n")  # the last: a table without its files would be a lie
    return SavedImages((*written, table), tuple(notes))


def relative_path(reference: str) -> str | None:
    """Return the relative path that an image reference means (percent-encoding undone), or None if it is no such."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return None
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path or path.startswith(("/", "\\", "~")) or "\0" in path:
        return None
    return posixpath.normpath(path.replace("\\", "/"))


def image_ending(content: bytes) -> str | None:
    """Return the file name ending that an image's first bytes call for, or None if it is no image that is shown."""
    for ending, magic in _MAGIC.items():
        if content.startswith(magic):
            return ending
    if content.startswith((b"GIF87a", b"GIF89a")):
        return ".gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return ".webp"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        return ".avif"
    head = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"<svg"):
        return ".svg"
    if head.startswith((b"<?xml", b"<!--", b"<!doctype svg")) and b"<svg" in content[:4096]:
        return ".svg"
    return None


def _load(load: Loader, address: str) -> bytes | str | None:
    """Return an image, why it cannot be had, or None if no loader knows it."""
    try:
        content = load(address)
    except DeskError as error:
        return str(error)
    if content is not None and image_ending(content) is None:
        return "is no image"
    return content


def _file_name(address: str, content: bytes, taken: Mapping[str, bytes]) -> str:
    """Return a safe name from the address; one that other content has gets a piece of this content's hash."""
    ending = image_ending(content) or ""
    same = next((name for name, other in taken.items() if other == content), None)
    if same:
        return same
    last = unquote(urlsplit(address).path).rstrip("/").rpartition("/")[2]
    stem = safe_name(re.sub(r"\.(?:png|jpe?g|gif|webp|avif|svg)$", "", last, flags=re.IGNORECASE))
    stem = stem[:_MAX_NAME].rstrip(". ").replace(" ", "-")  # Markdown links to it need no brackets
    if name_key(stem + ending) in {name_key(name) for name in taken}:
        stem = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}"
    return stem + ending


def _without_fences(text: str) -> str:
    """Return `text` without its fenced code blocks."""
    kept: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        opening = _FENCE.match(line)
        if fence:
            if opening and opening[1].startswith(fence) and not line.strip(" \t\r\n`~"):
                fence = ""
        elif opening:
            fence = opening[1]
        else:
            kept.append(line)
    return "".join(kept)


def usable_references(references: Iterable[str]) -> tuple[str, ...]:
    """Return each reference once, without data: URIs and what is too long or holds what a table cannot."""
    kept = (
        reference
        for reference in references
        if 0 < len(reference) <= _MAX_REFERENCE
        and not re.match(r"data:|javascript:|about:|blob:", reference, re.IGNORECASE)
        and not re.search(r"[\t\r\n\0\ud800-\udfff]", reference)
    )
    return tuple(dict.fromkeys(kept))
