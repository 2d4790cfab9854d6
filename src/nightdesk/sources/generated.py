"""Sources that nightdesk writes itself: what labs found, in raw/lab/. A page that a person has edited is theirs."""

import contextlib
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.names import safe_name
from nightdesk.base.pages import Page, parse_page

TYPE = "lab findings"  # of such a page
FINDINGS = "findings"  # what kind of source it is: one word, since it becomes a tag
FOLDER = "lab"
_MAX_BYTES = 4_000_000


def findings_path(desk: Desk, name: str) -> Path:
    """Return where the findings of this name stand."""
    return desk.raw / FOLDER / f"{safe_name(name)}.md"


def put_findings(desk: Desk, name: str, page: Page) -> bool:
    """Write the findings of this name and return whether the file is new or another than before.

    Raises DeskError where a file stands there that is not as nightdesk wrote it, or where it cannot be written.
    """
    path = findings_path(desk, name)
    shown = desk.relative(path)
    if path.parent.is_symlink():
        raise DeskError(f"{desk.relative(path.parent)} is a link", fix="make it a folder of the desk")
    try:
        if path.is_symlink() or path.exists():
            if not is_findings(path):
                raise DeskError(
                    f"{shown} was edited, so that it stays as it is",
                    fix="move it away, or give it another name, to have it written anew",
                )
            if path.read_bytes() == page.text.encode("utf-8"):
                return False
        write_atomically(path, page.text)
    except OSError as error:
        raise DeskError(f"{shown}: {error.strerror}", fix="make room on the disk, or mend that folder") from error
    return True


def is_findings(path: Path) -> bool:
    """Return whether a file is a page of findings as nightdesk wrote it; one that somebody edited is none."""
    with contextlib.suppress(OSError, UnicodeDecodeError, DeskError):
        if not path.is_symlink() and path.stat().st_size <= _MAX_BYTES:
            page = parse_page(path.read_text(encoding="utf-8"))
            return page.value("type") == TYPE and not page.edited
    return False
