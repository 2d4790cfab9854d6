"""What stands in wiki/ now: which pages are nightdesk's own, from which inputs, and which a person has edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.cache import Cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import parse_page
from nightdesk.wiki.library import page_paths, source_entry

TABLE = "shelf"
UNREADABLE = "unreadable"  # stands for made_from where the frontmatter is broken


@dataclass(frozen=True, slots=True)
class Standing:
    """One page on disk."""

    path: str
    made_from: str | None  # None: not made by nightdesk
    edited: bool
    raw: str | None  # of a source page: the raw file that it was made from
    hand_in: str | None  # of a page by an AI: the hash of the task that its work was accepted for

    @property
    def name(self) -> str:
        """The page's base name."""
        return Path(self.path).stem

    @property
    def is_unreadable_elsewhere(self) -> bool:
        """Whether nobody can tell who made it, but it does not stand where nightdesk writes."""
        return self.made_from == UNREADABLE and not self.path.startswith(("wiki/sources/", "wiki/concepts/"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every page on disk, by path."""

    pages: Mapping[str, Standing]

    @property
    def own(self) -> dict[str, Standing]:
        """The pages that nightdesk made, edited or not."""
        return {path: page for path, page in self.pages.items() if page.made_from is not None}

    @property
    def foreign_names(self) -> tuple[str, ...]:
        """Base names of the pages that a person made."""
        return tuple(
            page.name for page in self.pages.values() if page.made_from is None or page.is_unreadable_elsewhere
        )

    @property
    def source_names(self) -> dict[str, str]:
        """Raw path -> base name of its page, for the source pages."""
        return {page.raw: page.name for page in self.pages.values() if page.raw is not None}

    @property
    def by_ai(self) -> dict[str, Standing]:
        """The pages that are an AI's work, by path."""
        return {path: page for path, page in self.pages.items() if page.hand_in}

    def is_fresh(self, path: str, made_from: str) -> bool:
        """Say whether the page at `path` was last offered the version made from these inputs."""
        page = self.pages.get(path)
        return page is not None and page.made_from == made_from


def read_shelf(desk: Desk, cache: Cache) -> Shelf:
    """Look at every page; only those that changed since the last look are read."""
    memos: dict[str, Any] = cache.all(TABLE)
    fresh: dict[str, Any] = {}
    for path in page_paths(desk):
        signature = stat_signature(desk.root / path)
        memo = memos.get(path)
        fresh[path] = memo if memo and memo[0] == signature else [signature, *_look(desk, path)]
    cache.put(TABLE, {path: memo for path, memo in fresh.items() if memos.get(path) != memo})
    cache.keep_only(TABLE, fresh)
    return Shelf({path: Standing(path, *memo[1:]) for path, memo in fresh.items()})


def _look(desk: Desk, path: str) -> tuple[str | None, bool, str | None, str | None]:
    try:
        page = parse_page((desk.root / path).read_text(encoding="utf-8"))
    except (DeskError, UnicodeDecodeError, OSError):
        return UNREADABLE, True, None, None  # a person must mend it: it is left alone and its name is taken
    if page.made_from is None:
        return None, True, None, None
    raw = source_entry(page).get("path") if page.value("type") == "source" else None
    return page.made_from, page.edited, raw if isinstance(raw, str) else None, page.hand_in
