"""Text in any of the usual encodings as UTF-8 text."""

import codecs
from pathlib import Path

from nightdesk.sources.formats.converted import Converted

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the file's text, whatever its encoding."""
    return Converted(decode(path.read_bytes()))


def decode(content: bytes, declared: str | None = None) -> str:
    """Return `content` as text: by its byte order mark, as UTF-8, as it declares, else as Windows-1252.

    UTF-8 comes before the declared encoding, since text that is valid UTF-8 by chance is rare and wrong declarations
    are not. The byte order mark is dropped.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    for encoding in ("utf-8", declared or "utf-8"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")
