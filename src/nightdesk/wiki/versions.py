"""The version of a page that nightdesk wrote, under a person's edits: found in git's history by its hash."""

import contextlib

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import old_versions
from nightdesk.base.pages import Page, parse_page


def own_version(desk: Desk, path: str, existing: Page) -> Page | None:
    """Return `existing` as nightdesk wrote it last; None where history does not hold that version."""
    if not existing.edited:
        return existing
    for content in old_versions(desk.root, path):
        with contextlib.suppress(DeskError, UnicodeDecodeError):
            version = parse_page(content.decode("utf-8"))
            if version.content_hash == existing.written:
                return version
    return None
