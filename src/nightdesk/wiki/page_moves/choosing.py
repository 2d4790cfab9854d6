"""Which page a command means, and whether a new name can be given: what is not clear is refused in one line."""

from dataclasses import dataclass
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key, safe_name
from nightdesk.base.pages import Page
from nightdesk.wiki.hidden_text import hidden_in
from nightdesk.wiki.library import find_page, page_paths, read_page, source_entry
from nightdesk.wiki.naming import RESERVED

MAX_TITLE = 180  # characters


@dataclass(frozen=True, slots=True)
class Chosen:
    """A page that a command works on."""

    path: str
    page: Page
    kind: str  # "concept", "source", "person" (a person's own), "filed" (an answer), "made" (others that compile makes)

    @property
    def name(self) -> str:
        """The base name, by which links call it."""
        return Path(self.path).stem

    @property
    def title(self) -> str:
        """The title in the frontmatter, else the base name."""
        title = self.page.value("title")
        return " ".join(str(title).split()) if title is not None and str(title).strip() else self.name

    @property
    def aliases(self) -> tuple[str, ...]:
        """Its other names."""
        aliases = self.page.value("aliases")
        return tuple(map(str, aliases)) if isinstance(aliases, list) else (str(aliases),) if aliases else ()


def choose(desk: Desk, wanted: str) -> Chosen:
    """Return the page that `wanted` names. Raises DeskError where it is not one page, or one that has a fixed name."""
    found = find_page(desk, wanted)
    if "/" not in wanted:
        same = [path for path in page_paths(desk) if name_key(Path(path).stem) == name_key(found.name)]
        if len(same) > 1:
            raise DeskError(f"several pages are called {found.name}: {', '.join(same[:5])}", fix="name one by its path")
    chosen = Chosen(found.path, found.page, kind_of(found.path, found.page))
    if name_key(chosen.name) in RESERVED and found.path.count("/") == 1:
        raise DeskError(f"{found.path} is a page that nightdesk itself keeps", fix="choose another page")
    return chosen


def kind_of(path: str, page: Page) -> str:
    """Return what a page is to the commands on pages, as in Chosen.kind."""
    if page.made_from is None:
        return "person"
    kind = page.value("type")
    if path.startswith("wiki/sources/"):
        return "source" if kind == "source" and raw_of(page) else "made"
    if path.startswith("wiki/concepts/"):
        return "concept" if kind in ("concept", "entity") else "made"
    return "filed"


def raw_of(page: Page) -> str:
    """Return the raw file of a source's page, "" where it names none."""
    return str(source_entry(page).get("path") or "")


def refuse_made(chosen: Chosen, doing: str) -> None:
    """Raise DeskError for pages that are named after others: overviews, comparisons, themes."""
    if chosen.kind == "made":
        kind = chosen.page.value("type")
        fix = "rename the concept that it is named after" if kind == "overview" else "write a page of your own"
        raise DeskError(f"{chosen.path} is of type {kind}, which compile names; it cannot be {doing}", fix=fix)


def new_title(desk: Desk, given: str, *, instead_of: Chosen | None) -> str:
    """Return a title that a page can be given. Raises DeskError where another page has it, or no link could hold it."""
    title = " ".join(given.split())
    hidden = hidden_in(title)
    if hidden or not any(c.isalnum() for c in title) or len(title) > MAX_TITLE:
        why = (
            f"holds the hidden character {hidden}" if hidden else "is no name" if len(title) <= MAX_TITLE else "is long"
        )
        raise DeskError(f"{title[:60]!a} {why}", fix=f"choose up to {MAX_TITLE} characters that can be seen")
    if any(c in title for c in "[]") or "%%" in title:
        raise DeskError(f'"{title}" holds brackets or %%, which no link can', fix="leave them out")
    name = safe_name(title)
    if name_key(name) in RESERVED:
        raise DeskError(f'"{name}" is the name of a page that nightdesk itself keeps', fix="choose another name")
    other = _page_called(desk, {name_key(title), name_key(name)}, but=instead_of.path if instead_of else "")
    if other:
        raise DeskError(f'"{title}" is a name of {other} already', fix="choose another name, or nightdesk page merge")
    return title


def _page_called(desk: Desk, keys: set[str], *, but: str) -> str | None:
    """Return the path of a page that has one of these names: base name, title or alias."""
    for path in page_paths(desk):
        if path == but:
            continue
        names = {name_key(Path(path).stem)}
        if names.isdisjoint(keys):
            try:
                page = read_page(desk, path).page
            except DeskError:
                continue  # a page that a person must mend has its base name only
            aliases = page.value("aliases")
            names = {
                name_key(str(name)) for name in (page.value("title"), *(aliases if isinstance(aliases, list) else []))
            }
        if not names.isdisjoint(keys):
            return path
    return None
