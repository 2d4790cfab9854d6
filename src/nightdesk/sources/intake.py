"""Whether a file or some bytes from outside are fit for raw/, what they are called, and which images they show."""

import re
import tempfile
from pathlib import Path, PurePath

from nightdesk.base.errors import DeskError
from nightdesk.base.markdown import title_of
from nightdesk.sources.images import markdown_images
from nightdesk.sources.kinds import KINDS, why_not
from nightdesk.sources.pages import read_page
from nightdesk.sources.raw import split_name

MAX_FILE_BYTES = 200_000_000
ENDINGS = frozenset(ending for endings in KINDS.values() for ending in endings)

_MAX_TEXT_BYTES = 5_000_000  # of a text that is searched for images
_NAME_WORDS = 8  # of a text without a title, for its name
_MARKDOWN_SIGN = re.compile(r"^(?:#{1,6} \S|[-*+] \S|```|> |---$|\d{1,3}\. )|\]\(|\[\[", re.MULTILINE)


def reason_against(path: Path) -> str | None:
    """Return why a file cannot be a source, or None. Raises OSError."""
    if not path.is_file():
        return "is no regular file"
    if path.stat().st_size > MAX_FILE_BYTES:
        return f"is larger than {MAX_FILE_BYTES / 1e6:g} MB"
    return why_not(path)


def check_content(content: bytes, ending: str) -> None:
    """Raise DeskError if content is not what its ending says."""
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as temporary:
        path = Path(temporary) / f"source{ending}"
        path.write_bytes(content)
        if reason := why_not(path):
            raise DeskError(reason)


def name_parts(path: PurePath) -> tuple[str, str]:
    """Return stem and ending for a file's place in raw/: an ending that says its kind, whatever is added to the stem.

    `README` becomes `README.txt`, since `README (2)` would be of no kind, and a mailbox called `mbox` `mbox.mbox`.
    """
    if path.suffix.lower() in ENDINGS:
        return path.name[: -len(path.suffix)], path.suffix
    return path.name, ".mbox" if path.name.lower() == "mbox" else ".txt"


def stem_of(name: str) -> str:
    """Return a name that a person gave, without its ending if it is one of a known kind."""
    stem, ending = split_name(name)
    return stem if ending.lower() in ENDINGS else name


def looks_like_markdown(content: bytes) -> bool:
    """Say whether a text without a name has a heading, list, fence or link, so that reading it as Markdown gains."""
    return _MARKDOWN_SIGN.search(_text(content)) is not None


def title_for(content: bytes, ending: str) -> str:
    """Return what content without a name is called: its title, else its first words."""
    title = None
    if ending == ".html":
        title = read_page(content).title
    elif ending in (".md", ".txt"):
        text = _text(content)
        title = title_of(text) or next((line for line in text.splitlines() if line.strip(" \t#>-*=_`")), None)
    return " ".join((title or "standard input").split()[:_NAME_WORDS])


def _text(content: bytes) -> str:
    return content[:_MAX_TEXT_BYTES].decode("utf-8", "replace")


def image_references(path: Path) -> dict[str, str]:
    """Return the image references of a Markdown or HTML file, each leading to itself; none of other kinds."""
    kind = next((kind for kind in ("markdown", "html") if path.suffix.lower() in KINDS[kind]), None)
    if kind is None:
        return {}
    with path.open("rb") as file:
        content = file.read(_MAX_TEXT_BYTES)
    if kind == "html":
        return read_page(content).images
    return {reference: reference for reference in markdown_images(_text(content))}
