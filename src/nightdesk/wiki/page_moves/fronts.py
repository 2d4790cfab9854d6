"""Frontmatter with another title, more aliases, or that of two pages in one."""

import re
from collections.abc import Iterable, Mapping

from nightdesk.base.pages import MARK, Page, dump_yaml

_COMMENTS = re.compile(r"(?:[ \t]*#.*\n|[ \t]*\n)*")
_LAST_ITEM = re.compile(r"^([ \t]*)- .*\n?\Z", re.MULTILINE)


def raw_body(text: str, page: Page) -> str:
    """Return the body of a page's file with the line ends that it has; `page` is the file taken apart."""
    text = text.removeprefix("\ufeff")
    lines = text.replace("\r\n", "\n").count("\n") - page.body.count("\n")
    at = 0
    for _ in range(lines):
        at = text.index("\n", at) + 1
    return text[at:]


def refronted(text: str, front: Mapping[str, str], body: str) -> str:
    """Return a file with another frontmatter and body; a byte order mark and the frontmatter's line ends stay."""
    newline = "\r\n" if "\r\n" in text else "\n"
    head = Page(front, "").text.replace("\n", newline)
    return ("\ufeff" if text.startswith("\ufeff") else "") + head + body


def with_title(page: Page, title: str) -> Page:
    """Return a page with another title, if it says one; comments above it stay."""
    return _with(page, "title", title) if "title" in page.front else page


def with_aliases(page: Page, names: Iterable[str]) -> Page:
    """Return a page with more aliases, each once; a list is added to, line by line, and else written anew."""
    value = page.value("aliases")
    had = [str(one) for one in value] if isinstance(value, list) else [str(value)] if value not in (None, "") else []
    added = [name for name in dict.fromkeys(names) if name not in had]
    if not added:
        return page
    lines = page.front.get("aliases", "")
    last = _LAST_ITEM.search(lines) if had and isinstance(value, list) else None
    if last:
        items = "".join(f"{last[1]}{line}\n" for line in dump_yaml({"a": added}).splitlines()[1:])
        whole = Page({**page.front, "aliases": lines.rstrip("\n") + "\n" + items}, page.body)
        if whole.value("aliases") == [*value, *added]:
            return whole
    return _with(page, "aliases", [*had, *added])


def without_alias(page: Page, name: str) -> Page:
    """Return a page that does not have this alias any more."""
    value = page.value("aliases")
    if not isinstance(value, list) or name not in value:
        return page
    kept = [one for one in value if one != name]
    if kept:
        return _with(page, "aliases", kept)
    return Page({key: lines for key, lines in page.front.items() if key != "aliases"}, page.body)


def joined_front(page: Page, other: Page) -> tuple[Page, list[str]]:
    """Return `page` with what only `other` says in its frontmatter, and the lines of `other` that it contradicts.

    Lists are joined; of the title, the type and the mark the page keeps its own.
    """
    left: list[str] = []
    for key, lines in other.front.items():
        if key in (MARK, "title", "aliases"):
            continue
        mine, theirs = page.value(key), other.value(key)
        if key not in page.front:
            page = Page({**page.front, key: lines}, page.body)
        elif isinstance(mine, list) and isinstance(theirs, list):
            more = [one for one in theirs if one not in mine]
            page = _with(page, key, [*mine, *more]) if more else page
        elif mine != theirs:
            left += [line for line in lines.splitlines() if line.strip()]
    return page, left


def _with(page: Page, key: str, value: object) -> Page:
    above = _COMMENTS.match(page.front.get(key, ""))
    return Page({**page.front, key: (above.group() if above else "") + dump_yaml({key: value})}, page.body)
