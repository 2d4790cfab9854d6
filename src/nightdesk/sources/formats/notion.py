"""A page of a Notion export as plain Markdown: links to other pages by their names, without the ids in file names."""

import re
from pathlib import Path
from urllib.parse import unquote

from nightdesk.sources.formats.converted import Converted, iso_date
from nightdesk.sources.formats.notes import rewrite_prose
from nightdesk.sources.formats.text import decode

_ID = r"[0-9a-f]{32}"
_SUFFIX = re.compile(rf"[ _-]+{_ID}(?=(?:_all)?(?:\.[A-Za-z0-9]{{1,6}})?$)")
_LINK = re.compile(r"(!?)\[([^\[\]\n]{0,500})\]\(([^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000}){0,5})\)")
_PROPERTY = re.compile(r"^(?:Created(?: time)?|Date|Published)[ \t]*:[ \t]*(.{4,60})$", re.MULTILINE | re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WRITTEN_DATE = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}), (\d{4})")


def clean_name(name: str) -> str:
    """Return the name of a file or folder in an export without its id: "Plan 0123…cdef.md" is "Plan.md"."""
    return _SUFFIX.sub("", name, count=1) or name


def has_id(name: str) -> bool:
    """Say whether a file name carries the id of a Notion page."""
    return _SUFFIX.search(name) is not None


def convert(path: Path, assets: Path, *, assets_link: str) -> Converted:
    """Return the page at `path`; links within the export become wikilinks, which nothing takes for an address."""
    text = decode(path.read_bytes()).replace("\r\n", "\n")
    head = text[:3000].split("\n\n", 3)
    stated = next((found for part in head[:3] if (found := _PROPERTY.search(part))), None)
    return Converted(rewrite_prose(text, _rewritten), published=_date(stated[1]) if stated else None)


def _rewritten(piece: str) -> str:
    return _LINK.sub(_wikilink, piece) if "](" in piece else piece


def _wikilink(found: re.Match[str]) -> str:
    picture, label, target = found.groups()
    last = unquote(target.split("#")[0]).rsplit("/", 1)[-1]
    if picture or re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE) or not has_id(last):
        return found[0]
    name = re.sub(r"[\[\]|#^]+", " ", re.sub(r"(?:_all)?\.(?:md|csv|html)$", "", clean_name(last))).strip()
    label = label.strip().replace("|", " ")
    return f"[[{name}]]" if label in ("", name) else f"[[{name}|{label}]]"


def _date(text: str) -> str | None:
    """Return the date that a property holds, in Notion's own form ("May 1, 2024 10:00 AM") or ISO 8601."""
    written = _WRITTEN_DATE.search(text)
    if not written:
        return iso_date(text)
    month = next((n for n, name in enumerate(_MONTHS, 1) if written[1].lower().startswith(name)), None)
    return f"{written[3]}-{month:02d}-{int(written[2]):02d}" if month and 1 <= int(written[2]) <= 31 else None
