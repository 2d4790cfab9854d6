"""Pages written anew under other names or with other links: what a person wrote stays theirs, nothing is lost."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand, commit_contents
from nightdesk.base.names import name_key
from nightdesk.base.pages import Page, parse_page, with_mark
from nightdesk.wiki.page_moves.following import Goal, Relinked, Whereabouts, relink
from nightdesk.wiki.page_moves.written_links import missing_links, written_links
from nightdesk.wiki.publish import in_form_of
from nightdesk.wiki.shelf import Shelf, read_shelf
from nightdesk.wiki.vault.files import read_folder
from nightdesk.wiki.vault.records import Link
from nightdesk.wiki.versions import own_version

GoalOf = Callable[[Link, str, str], Goal | None]  # link, file that it leads to, page that it stands on -> new goal
_MADE = ("wiki/concepts/", "wiki/sources/")


@dataclass(frozen=True, slots=True)
class Move:
    """Where files go, and where links to them go."""

    before: Whereabouts
    after: Whereabouts
    moved: Mapping[str, str] = field(default_factory=dict)  # old path -> new path
    goal: GoalOf = lambda link, target, source: None
    aliases: Mapping[str, str] = field(default_factory=dict)  # name key of an alias -> the page that links mean by it

    def page(self, text: str, source: str) -> Relinked:
        """Return the text of the page at `source` (before the move) as it must be after it."""
        there = self.moved.get(source, source)
        written = written_links(text)
        goals = {}
        for one in written:
            goal = self._goal(one.link, source)
            if goal and (goal.fragment is not None or self.after.find(one.link, there) != goal.path):
                goals[one] = goal
        done = relink(text, there, goals, self.after)
        lost = [
            link.line
            for link in missing_links(text, written)
            if (goal := self._goal(link, source)) and self.after.find(link, there) != goal.path
        ]
        return Relinked(done.text, done.changed, tuple(sorted({*done.failed, *lost})))

    def _goal(self, link: Link, source: str) -> Goal | None:
        target = self.before.find(link, source)
        if target is None:
            target = self.aliases.get(name_key(link.path)) if link.is_wiki and not link.embed else None
            if target is None:
                return None
        return self.goal(link, target, source) or Goal(self.moved.get(target, target))


@dataclass(slots=True)
class Changed:
    """What a command changed beside what the compile after it makes."""

    touched: list[str] = field(default_factory=list)
    relinked: dict[str, int] = field(default_factory=dict)  # page -> links that say their target otherwise now
    failed: dict[str, tuple[int, ...]] = field(default_factory=dict)  # page -> lines of links that could not be mended


@dataclass(frozen=True, slots=True)
class _New:
    old: str  # path
    path: str
    text: str


def survey(desk: Desk, cache: Cache) -> tuple[Shelf, Whereabouts]:
    """Return the pages and all files of the desk as they are now."""
    folder = read_folder(desk.root)
    return read_shelf(desk, cache), Whereabouts(folder.files, folder.folders)


def rewrite(
    desk: Desk,
    shelf: Shelf,
    move: Move,
    changed: Changed,
    *,
    edits: Mapping[str, Callable[[str], str]] | None = None,
    gone: Collection[str] = (),
    added: Mapping[str, str] | None = None,
) -> None:
    """Write each page anew whose links must say something else, and those that move; `edits` by old path come on top.

    Pages that nightdesk made and nobody edited are left to the compile. What a person had not committed goes into git
    first; so do the versions that later merges rest on. The pages `gone` are deleted, those `added` are new.
    """
    new: list[_New] = []
    grounds: dict[str, bytes] = {}
    for path in _rewritable(desk, shelf):
        if path in gone:
            continue
        there, edit = move.moved.get(path, path), (edits or {}).get(path)
        text = _read(desk, path)
        if text is None:
            if edit or there != path:
                raise DeskError(f"{path} cannot be read as UTF-8 text", fix="save it as UTF-8")
            continue
        done = move.page(text, path)
        if done.failed:
            changed.failed[path] = done.failed
        whole = edit(done.text) if edit else done.text
        if whole == text and there == path:
            continue
        if done.changed:
            changed.relinked[there] = done.changed

        def change(base: str, path: str = path, edit: Callable[[str], str] | None = edit) -> str:
            base = move.page(base, path).text
            return edit(base) if edit else base

        whole, ground = _marked(desk, path, text, whole, change)
        grounds |= {there: ground} if ground else {}
        new.append(_New(path, there, whole))
    new += [_New(path, path, text) for path, text in (added or {}).items()]
    _write(desk, new, grounds, gone, changed)


def _write(
    desk: Desk, new: Sequence[_New], grounds: Mapping[str, bytes], gone: Collection[str], changed: Changed
) -> None:
    commit_by_hand(desk.root, [*(one.old for one in new), *gone])
    if grounds:
        commit_contents(desk.root, grounds, "nightdesk's own versions of pages that name others\n\nFor later merges.")
    for one in new:
        write_atomically(desk.root / one.path, one.text)
        changed.touched.append(one.path)
    for one in new:
        if one.old != one.path and not _same_file(desk, one):
            (desk.root / one.old).unlink()
            changed.touched.append(one.old)
    for path in gone:  # what it said stands elsewhere now
        (desk.root / path).unlink()
        changed.touched.append(path)


def _same_file(desk: Desk, one: _New) -> bool:
    """Say whether old and new name are one file, on a system where case does not count; it gets the new spelling."""
    old, new = desk.root / one.old, desk.root / one.path
    if old.exists() and os.path.samefile(old, new):
        os.rename(old, new)
        return True
    return False


def _rewritable(desk: Desk, shelf: Shelf) -> Iterator[str]:
    for path, page in sorted(shelf.pages.items()):
        made = page.made_from is not None and not page.edited
        if path == "wiki/names.md" or (made and (path.startswith(_MADE) or path == "wiki/index.md")):
            continue
        yield path
    yield from sorted(f"ideas/{file.name}" for file in (desk.root / "ideas").glob("*.md") if file.is_file())


def _read(desk: Desk, path: str) -> str | None:
    try:
        return (desk.root / path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _marked(desk: Desk, path: str, before: str, text: str, change: Callable[[str], str]) -> tuple[str, bytes | None]:
    """Return a changed page with its mark right, and the ground for later merges where somebody had edited it.

    A page of nightdesk's own stays its own; an edited one stays recognisable as edited, by the same edits.
    """
    try:
        old, page = parse_page(before), parse_page(text)
    except DeskError:
        return text, None
    if old.made_from is None:
        return text, None
    if not old.edited:
        return in_form_of(desk.root / path, old, remarked(page, page).text), None
    base = own_version(desk, path, old)
    if base is None:
        return text, None
    try:
        changed = parse_page(change(base.text))
    except DeskError:
        return text, None
    ground = remarked(changed, changed)
    return in_form_of(desk.root / path, old, remarked(page, ground).text), ground.text.encode("utf-8")


def remarked(page: Page, like: Page) -> Page:
    """Return a page whose mark says that nightdesk wrote `like` last, from the inputs that `like` names."""
    return with_mark(page, like=like, written=like.content_hash)
