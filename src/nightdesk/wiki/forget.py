"""Withdrawing a source: what it would touch, and the removal of its raw file."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import commit_by_hand, commit_paths
from nightdesk.sources.folders import find_sources
from nightdesk.sources.images import assets_folder
from nightdesk.wiki.changes import FORGET
from nightdesk.wiki.claims import find_citations
from nightdesk.wiki.library import find_page, page_paths, read_page, source_entry


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What forgetting a source would touch. Paths are relative to the desk."""

    raw: str
    page: str | None  # its source page
    claims: int
    cited_by: tuple[tuple[str, int], ...]  # pages that cite it, and how often


def plan_withdrawal(desk: Desk, source: str) -> Withdrawal:
    """Return what would be touched by forgetting `source`: a path in raw/, or the name of a source page.

    Raises DeskError where there is no such source.
    """
    raw = _raw_path(desk, source)
    page, claims = None, 0
    for path in page_paths(desk):
        if not path.startswith("wiki/sources/"):
            continue
        candidate = read_page(desk, path)
        if str(source_entry(candidate.page).get("path")) == raw:
            page, claims = candidate, int(candidate.page.value("claims") or 0)
            break
    cited_by = []
    if page is not None:
        for path in page_paths(desk):
            if path != page.path:
                text = (desk.root / path).read_text(encoding="utf-8", errors="replace")
                count = sum(1 for citation in find_citations(text) if citation.page == page.name)
                cited_by += [(path, count)] if count else []
    return Withdrawal(raw, page.path if page else None, claims, tuple(cited_by))


def withdraw(desk: Desk, withdrawal: Withdrawal) -> None:
    """Remove the raw file and the images saved beside it, and commit that; the next compile withdraws the claims.

    What was never committed is so before it goes: `nightdesk undo` can bring it back.
    """
    path = desk.root / withdrawal.raw
    images = [desk.relative(image) for image in assets_folder(path).rglob("*") if image.is_file()]
    gone = [withdrawal.raw, *images]
    commit_by_hand(desk.root, gone)
    path.unlink()
    shutil.rmtree(assets_folder(path), ignore_errors=True)
    commit_paths(desk.root, gone, f"{FORGET}{withdrawal.raw}")


def _raw_path(desk: Desk, source: str) -> str:
    known = {desk.relative(path) for path in find_sources(desk.raw)}
    given = Path(source)
    for candidate in (given, Path.cwd() / given, desk.root / given, desk.raw / given):
        try:
            relative = desk.relative(candidate.absolute())
        except ValueError:
            continue
        if relative in known:
            return relative
    page = find_page(desk, source)
    raw = str(source_entry(page.page).get("path"))
    if page.page.value("type") != "source" or raw not in known:
        raise DeskError(f"{page.path} is not the page of a source in raw/", fix="name a file in raw/")
    return raw
