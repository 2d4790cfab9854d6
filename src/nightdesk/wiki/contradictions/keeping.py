"""Puts wiki/contradictions.md on disk: what a person wrote there since it was read is never written over."""

from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand
from nightdesk.wiki.building import Build
from nightdesk.wiki.contradictions.page import PATH, read_kept, render_page, standing_page
from nightdesk.wiki.contradictions.weighing import Weighed

__all__ = ["put_items", "remarks"]


def put_items(build: Build, weighed: Weighed) -> bool:
    """Write the page if it is not as it would be, and say whether it was; it is not made for nothing.

    A person's edit goes into git first, as theirs. One that came while the compile was at work is left for the next.
    """
    desk = build.site.desk
    if not weighed.kept.is_ours or read_kept(desk) != weighed.kept:
        return False
    try:
        before = standing_page(desk)
    except DeskError:
        return False
    if before is None and not weighed.items:
        return False
    page = render_page(weighed.items, loose=weighed.kept.loose, before=before)
    if before is not None and before.text == page.text:
        return False
    if before is not None and before.edited:
        commit_by_hand(desk.root, [PATH])
    write_atomically(desk.root / PATH, page.text)
    return True


def remarks(build: Build, weighed: Weighed) -> list[str]:
    """Return what a person should know of the page."""
    if not weighed.kept.is_ours:
        return [f"{PATH} is not nightdesk's, or cannot be read: contradictions are not kept until it is moved"]
    try:
        standing_page(build.site.desk)
    except DeskError as error:
        return [f"{PATH}: {error.message}; what it says counts, and it is left as it is"]
    return list(weighed.kept.problems)
