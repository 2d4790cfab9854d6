"""Frontmatter mended where its values are known: keys are added or a doubled one dropped, no other line moves."""

import re

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import MARK, Page, dump_yaml, parse_page
from nightdesk.wiki.lint.names_of import base_name
from nightdesk.wiki.versions import own_version

TYPES = {"wiki/concepts": "concept", "wiki/answers": "answer"}  # by folder; a source page is made by a compile alone
NEEDED = ("type", "title")
_FENCE = re.compile(r"\A(\ufeff?---[ \t]*\r?\n)(.*?)(^---[ \t]*\r?(?:\n|\Z))", re.DOTALL | re.MULTILINE)
_KEY_LINE = re.compile(r"^([A-Za-z_][\w -]*):[^\n]*\n", re.MULTILINE)
_HEADING = re.compile(r"^# +([^\n]+?)[ \t]*#*[ \t]*\r?$", re.MULTILINE)


def mended_front(desk: Desk, path: str, text: str) -> str | None:
    """Return a page's text with its frontmatter mended, None where its values are not known."""
    fence = _FENCE.match(text)
    if fence is None:
        return _with_new(path, text)
    try:
        page = parse_page(text)
    except DeskError:
        return _without_doubles(text, fence)
    return _with_missing(desk, path, text, page, fence)


def _with_new(path: str, text: str) -> str | None:
    values = _known(path, text)
    if set(values) != set(NEEDED) or text.lstrip("\ufeff").startswith("---"):
        return None  # what begins like frontmatter and is none is for a person to look at
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = f"---\n{dump_yaml(values)}---\n".replace("\n", end)
    return f"{mark}{lines}{text.removeprefix(mark)}"


def _with_missing(desk: Desk, path: str, text: str, page: Page, fence: re.Match[str]) -> str | None:
    missing = [key for key in NEEDED if page.value(key) in (None, "")]
    if not missing or any(key in page.front for key in missing):
        return None  # there, and empty: a person's line
    end = "\r\n" if fence[1].endswith("\r\n") else "\n"
    if MARK in page.front:
        own = own_version(desk, path, page)
        lines = {key: own.front[key] for key in missing if own is not None and key in own.front}
    else:
        known = _known(path, text[fence.end() :])
        lines = {key: dump_yaml({key: known[key]}) for key in missing if key in known}
    if set(lines) != set(missing):
        return None
    added = "".join(lines.values()).replace("\n", end)
    return text[: fence.start(3)] + added + text[fence.start(3) :]


def _known(path: str, body: str) -> dict[str, str]:
    """Return what the folder and the heading or the file's name say."""
    heading = _HEADING.findall(body)
    name = base_name(path)
    alike = len(heading) == 1 and "[" not in heading[0] and not re.search(r"[*_`<\\]", heading[0])
    title = heading[0] if alike or (heading and name_key(heading[0]) == name_key(name)) else name
    kind = TYPES.get(path.rpartition("/")[0])
    return ({"type": kind} if kind else {}) | {"title": title}


def _without_doubles(text: str, fence: re.Match[str]) -> str | None:
    """Drop a line that says the same as one before it: a key twice, with one value."""
    seen: set[str] = set()
    pieces, at = [], 0
    front = fence[2]
    for match in _KEY_LINE.finditer(front):
        stands_alone = not front.startswith((" ", "\t", "-"), match.end())
        if stands_alone and match[0].rstrip() in seen and match[0].partition(":")[2].strip():
            pieces.append(front[at : match.start()])
            at = match.end()
        seen.add(match[0].rstrip())
    if at == 0:
        return None
    return text[: fence.start(2)] + "".join([*pieces, front[at:]]) + text[fence.end(2) :]
