"""The pages that are on disk now: found by name, path, alias or title, without any cache."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import Page, parse_page


@dataclass(frozen=True, slots=True)
class Shelved:
    """A page with its path relative to the desk."""

    path: str
    page: Page

    @property
    def name(self) -> str:
        """The page's base name, by which links call it."""
        return Path(self.path).stem


def page_paths(desk: Desk) -> Iterator[str]:
    """Yield the path of every page, relative to the desk, sorted: the Markdown files under wiki/.

    Set-aside versions are left out, and so is a link that leads out of wiki/: it would make a page of any file of the
    person's, and agents read pages.
    """
    yield from (path for path in _files(desk) if stays_within(desk, path))


def stray_paths(desk: Desk) -> Iterator[str]:
    """Yield what would be a page if it were no link out of wiki/, sorted."""
    yield from (path for path in _files(desk) if not stays_within(desk, path))


def stays_within(desk: Desk, path: str) -> bool:
    """Say whether the page at `path` is a file of the wiki itself, and no link to a place outside of it."""
    file = desk.root / path
    # only the file itself can be a link: no linked folder is entered
    return not os.path.islink(file) or file.resolve().is_relative_to(desk.wiki.resolve())


def _files(desk: Desk) -> Iterator[str]:
    found = []
    for parent, folders, names in os.walk(desk.wiki):
        folders[:] = [name for name in folders if not name.startswith(".")]
        folder = desk.relative(Path(parent))
        if folder != "wiki/set-aside":
            found += [f"{folder}/{name}" for name in names if name.endswith(".md") and not name.startswith(".")]
    yield from (path for path in sorted(found) if os.path.isfile(desk.root / path))


def read_page(desk: Desk, path: str) -> Shelved:
    """Read a page. Raises DeskError for what is not UTF-8 or has broken frontmatter."""
    try:
        return Shelved(path, parse_page((desk.root / path).read_text(encoding="utf-8")))
    except UnicodeDecodeError as error:
        raise DeskError(f"{path} is not UTF-8 text", fix="save it as UTF-8") from error
    except OSError as error:
        raise DeskError(f"{path} cannot be read: {error.strerror}") from error
    except DeskError as error:
        raise DeskError(f"{path}: {error.message}", fix=error.fix) from error


def find_page(desk: Desk, wanted: str) -> Shelved:
    """Return the page that `wanted` names: a path, a base name, an alias or a title, ignoring case.

    Raises DeskError where there is none or, for aliases, more than one, and for a link that leads out of the wiki.
    """
    paths = list(page_paths(desk))
    strays = list(stray_paths(desk))
    given = wanted.strip().removeprefix("[[").removesuffix("]]").split("|")[0].strip()
    keys = [name_key(given), name_key(given.removesuffix(".md"))]
    if "#" in given:  # a place on a page; but "C#" may be a title
        given = given.split("#")[0].strip()
        keys.append(name_key(given.removesuffix(".md")))
    for key in keys:
        for path in (*paths, *strays):
            if key in (name_key(Path(path).stem), name_key(path.removesuffix(".md"))):
                if path in strays:
                    raise DeskError(f"{path} is a link that leads out of the wiki", fix="put the file itself there")
                return read_page(desk, path)
    matches: list[Shelved] = []
    readable = list(_readable(desk, paths))
    for key in keys:
        matches = matches or [page for page in readable if key in _other_names(page.page)]
    if not matches:
        near = _nearest(keys[-1], paths)
        raise DeskError(f'no page is called "{given}"', fix=f'is it "{near}"?' if near else "see wiki/index.md")
    if len(matches) > 1:
        names = ", ".join(match.path for match in matches[:5])
        raise DeskError(f'several pages are called "{given}": {names}', fix="name one by its path")
    return matches[0]


def source_entry(page: Page) -> Mapping[str, Any]:
    """Return what a source's page says of the file that it was made from (`path`, `text`, hashes); {} for none."""
    sources = page.value("sources")
    first = sources[0] if isinstance(sources, list) and sources else None
    return first if isinstance(first, dict) else {}


def _readable(desk: Desk, paths: list[str]) -> Iterator[Shelved]:
    for path in paths:
        try:
            yield read_page(desk, path)
        except DeskError:
            continue  # one page that a person must mend does not hide the others


def _other_names(page: Page) -> set[str]:
    aliases = page.value("aliases")
    names = [page.value("title"), *(aliases if isinstance(aliases, list) else [aliases])]
    return {name_key(str(name)) for name in names if name is not None}


def _nearest(key: str, paths: list[str]) -> str | None:
    # imported here: only a mistyped name needs it
    import difflib  # noqa: PLC0415

    names = {name_key(Path(path).stem): Path(path).stem for path in paths}
    near = difflib.get_close_matches(key, names, n=1)
    return names[near[0]] if near else None
