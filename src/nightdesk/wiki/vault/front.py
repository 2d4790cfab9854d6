"""The frontmatter of a page as a vault's lint sees it: its values, its links, and what is wrong with it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.markdown import frontmatter_end
from nightdesk.base.pages import load_yaml, parse_page

MAX_NESTED = 4  # levels of lists and mappings that links are looked for in
_OPENING = re.compile(r"\ufeff?---[ \t]*\r?\n")
_KEY = re.compile(r"^([\w][\w .-]{0,80}?)[ \t]{0,9}:(?:[ \t]|\r?$)", re.MULTILINE)
_LINE_OF = re.compile(r", line (\d+)$")
_ONE_LINK = re.compile(r"\[\[[^\[\]\n]+\]\]|\[[^\[\]\n]*\]\((?:<[^<>\n]+>|[^()\s]+)\)")
_DASHES = "---"


@dataclass(frozen=True, slots=True)
class Front:
    """A page's frontmatter, and where the text after it begins."""

    state: str  # "": there is none, "ok", or what is wrong with it
    line: int  # where that is
    values: Mapping[str, Any]
    aliases: tuple[str, ...]
    links: tuple[tuple[str, int, int], ...]  # values that are one link and nothing else, with line and column
    end: int


_NONE = Front("", 1, {}, (), (), 0)


def read_front(text: str) -> Front:
    """Take the frontmatter of a page's text apart."""
    end = frontmatter_end(text)
    if not text.startswith((_DASHES, "\ufeff" + _DASHES)):
        return Front("", 1, {}, (), (), end)  # +++ (TOML) has no meaning in Obsidian
    opening = _OPENING.match(text)
    if opening is None:
        return _NONE
    if end <= 1:
        return _unread(text, opening.end())
    lines = text[opening.end() : end]
    front = re.sub(r"^(?:---|\.\.\.)[ \t]*\r?\n?\Z", "", lines.replace("\r\n", "\n"), flags=re.MULTILINE)
    if not front.strip():
        return Front("ok", 1, {}, (), (), end)
    values = load_yaml(front)
    keys = _KEY.findall(front)
    if not values or len(set(keys)) < len(keys):
        state, line = _fault(f"---\n{front}---\n")
        if state != "ok":
            return Front(state, line, values, _aliases(values), (), end)
    plain = {str(key): _plain(value) for key, value in values.items()}
    wrong = _wrong_kind(plain)
    line = next((n for n, at in enumerate(front.split("\n"), 2) if wrong and at.startswith(wrong[0])), 1)
    state = wrong[1] if wrong else "ok"
    return Front(state, line, plain, _aliases(plain), tuple(_links(plain, front)), end)


def _unread(text: str, at: int) -> Front:
    """Return what is wrong where a page begins with `---` and has no frontmatter: often nothing, a mere rule."""
    first = text[at:].partition("\n")[0]
    if not _KEY.match(first) or "://" in first:
        return _NONE
    closed = re.search(r"^---[ \t]*\r?$", text[at:], re.MULTILINE)
    return _NONE if closed else Front("is never closed: no line --- ends it", 1, {}, (), (), 0)


def _fault(front: str) -> tuple[str, int]:
    try:
        parse_page(front)
    except DeskError as error:
        line = _LINE_OF.search(error.message)
        return _LINE_OF.sub("", error.message).removeprefix("the frontmatter "), int(line[1]) if line else 1
    return "ok", 1


def _wrong_kind(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the key, and what is wrong, of a property that Obsidian gives a meaning and that has another kind."""
    for key in ("aliases", "alias", "tags", "tag"):
        value = values.get(key)
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict | list) for v in value)):
            return key, f"has {key} that are no list of texts"
    return None


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(part) for part in value]
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()  # "\ud800" may stand in YAML
    return value if isinstance(value, int | float) or value is None else str(value)


def _aliases(values: Mapping[str, Any]) -> tuple[str, ...]:
    found: list[str] = []
    for key in ("aliases", "alias"):
        value = values.get(key)
        texts = value if isinstance(value, list) else str(value).split(",") if isinstance(value, str) else []
        found += [" ".join(str(text).split()) for text in texts if isinstance(text, str | int | float)]
    return tuple(dict.fromkeys(alias for alias in found if alias))


def _links(values: Mapping[str, Any], front: str) -> Iterator[tuple[str, int, int]]:
    """Yield each link once for each time that it is written, in their order within a value."""
    at: dict[str, int] = {}
    for text in _texts(values, MAX_NESTED):
        if _ONE_LINK.fullmatch(text):
            place = front.find(text, at.get(text, 0))
            place = place if place >= 0 else 0  # written with an escape, or folded over lines
            at[text] = place + 1
            yield text, front.count("\n", 0, place) + 2, place - front.rfind("\n", 0, place)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if "[" in value:
            yield value.strip()
    elif depth and isinstance(value, list | dict):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, depth - 1)
