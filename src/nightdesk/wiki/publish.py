"""Puts pages on disk, the one writer of wiki/: a person's edits are merged or set aside, never overwritten."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.git import commit_by_hand, commit_contents, merge_texts
from nightdesk.base.names import some_names
from nightdesk.base.pages import Page, merge_fronts, parse_page, with_mark
from nightdesk.wiki.report import Published
from nightdesk.wiki.versions import own_version

SET_ASIDE = "wiki/set-aside"


def publish(
    desk: Desk,
    planned: Iterable[tuple[str, Page]],
    obsolete: Iterable[str],
    *,
    on_page: Callable[[], None] = lambda: None,
) -> Published:
    """Write the `planned` pages (path and nightdesk's own version) and take the `obsolete` ones away.

    Pages that nobody edited are replaced. An edited one is merged (3-way; the base is the version nightdesk wrote
    last, found in git by its hash), or, where the two changes meet, left as it is with the new version set aside. A
    page that nightdesk did not make stays as it is, to the byte.
    """
    done = Published()
    edited: dict[str, tuple[Page, Page]] = {}
    foreign: list[tuple[str, Page]] = []
    for path, page in planned:
        existing = _existing(desk, path, done)
        if existing is None:
            if path not in done.unreadable:
                write_atomically(desk.root / path, page.text, durable=False)
                done.written.append(path)
        elif existing.made_from is None:
            foreign.append((path, page))
        elif existing.edited:
            if (existing.made_from, existing.written) != (page.made_from, page.written):
                edited[path] = existing, page
        elif existing.text != page.text:
            write_atomically(desk.root / path, page.text, durable=False)
            done.written.append(path)
        on_page()
    if edited:
        _merge_all(desk, edited, done)
    for path, page in foreign:
        _set_aside(desk, path, page, done)
    commit_by_hand(desk.root, [path for path in obsolete if _is_edited(desk, path)])
    for path in obsolete:
        _withdraw(desk, path, done)
    return done


def _is_edited(desk: Desk, path: str) -> bool:
    page = _existing(desk, path, Published())
    return page is not None and page.made_from is not None and page.edited


def _existing(desk: Desk, path: str, done: Published) -> Page | None:
    try:
        return parse_page((desk.root / path).read_bytes().decode("utf-8"))
    except FileNotFoundError:
        return None
    except (DeskError, UnicodeDecodeError, OSError):  # a folder of that name, no permission
        done.unreadable.append(path)
        return None


def _merge_all(desk: Desk, edited: Mapping[str, tuple[Page, Page]], done: Published) -> None:
    """Merge edited pages. First both sides go into git: nothing can be lost, and the next merge finds its base."""
    commit_by_hand(desk.root, edited)
    bases = {path: own_version(desk, path, existing) for path, (existing, _) in edited.items()}
    own = {path: page.text.encode("utf-8") for path, (_, page) in edited.items()}
    commit_contents(
        desk.root, own, f"compile: nightdesk's own version of {some_names(own)}\n\nThe base for later merges."
    )
    for path, (existing, page) in edited.items():
        base = bases[path]
        merged = merge_pages(desk, ours=existing, base=base, theirs=page) if base is not None else None
        if merged is not None:
            write_atomically(desk.root / path, in_form_of(desk.root / path, existing, merged.text))
            done.merged.append(path)
        else:
            _set_aside(desk, path, page, done)
            marked = with_mark(existing, like=page)
            write_atomically(desk.root / path, in_form_of(desk.root / path, existing, marked.text))
            done.set_aside.append(path)


def _set_aside(desk: Desk, path: str, page: Page, done: Published) -> None:
    """Write nightdesk's version of a page beside the one that stands; one that a person is working on stays too."""
    for aside in candidates(f"{SET_ASIDE}/{Path(path).stem} (new version)"):
        standing = _existing(desk, aside, Published())
        if standing is not None and standing.text == page.text:
            return
        free = standing is None and not os.path.lexists(desk.root / aside)
        if free or (standing is not None and not standing.edited):
            write_atomically(desk.root / aside, page.text)
            done.set_aside.append(aside)
            return


def in_form_of(file: Path, read: Page, text: str) -> str:
    """Return `text` with the line ends and the byte order mark that `file` has throughout."""
    before = file.read_bytes().decode("utf-8")
    mark = "\ufeff" if before.startswith("\ufeff") else ""
    windows = before == mark + read.text.replace("\n", "\r\n")
    return mark + (text.replace("\n", "\r\n") if windows else text)


def merge_pages(desk: Desk, *, ours: Page, base: Page, theirs: Page) -> Page | None:
    """Return the 3-way merge of a page, marked as offered `theirs`; None where the two changes meet."""
    if not ours.body.endswith("\n"):
        ours = Page(ours.front, ours.body + "\n")  # else its last line would seem changed
    with tempfile.TemporaryDirectory() as scratch:
        files = {name: Path(scratch) / name for name in ("ours", "base", "theirs")}
        for name, page in (("ours", ours), ("base", base), ("theirs", theirs)):
            files[name].write_bytes(page.body.encode("utf-8"))
        body, conflicts = merge_texts(desk.root, ours=files["ours"], base=files["base"], theirs=files["theirs"])
    if conflicts:
        return None
    front = merge_fronts(ours=ours, base=base, theirs=theirs)
    return with_mark(Page(front, body), like=theirs)


def _withdraw(desk: Desk, path: str, done: Published) -> None:
    """Remove a page that has nothing to stand on any more; an edited one is moved to set-aside/."""
    file = desk.root / path
    existing = _existing(desk, path, done)
    if existing is None or existing.made_from is None:
        return
    if existing.edited:
        aside = _free(desk, f"{SET_ASIDE}/{Path(path).stem} (withdrawn)")
        write_atomically(desk.root / aside, file.read_bytes())
        done.set_aside.append(aside)
    file.unlink()
    done.removed.append(path)


def _free(desk: Desk, stem: str) -> str:
    return next(path for path in candidates(stem) if not os.path.lexists(desk.root / path))


def candidates(stem: str) -> Iterator[str]:
    """Yield paths of pages with this stem, numbered from the second on."""
    yield f"{stem}.md"
    number = 2
    while True:
        yield f"{stem} {number}.md"
        number += 1
