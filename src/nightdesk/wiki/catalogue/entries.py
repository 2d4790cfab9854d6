"""One page as the catalogue knows it, and what is kept of it so that it is read only once."""

import re
import sys
from dataclasses import dataclass
from posixpath import basename
from typing import Any, NamedTuple

from nightdesk.wiki.lint.names_of import base_name, is_list
from nightdesk.wiki.vault.extract import read_record
from nightdesk.wiki.vault.records import Link, Record
from nightdesk.wiki.vault.wording import without

FORM = 1  # changes when the same record gives another row
MAX_MISSING = 100  # of a page, that are told
_MAX_NAME = 300  # characters of a title or an alias
_MAX_NAMES = 100  # aliases, and tags
_MAX_SUMMARY = 400
_MAX_WORD = 80  # of a type, a status, a tag
_TAG = re.compile(rb"(?<![^\s(])#([A-Za-z0-9_/\-\x80-\xff]{1,320})")
_LISTED = ("index", "log", "contradictions")  # as in wiki.vitals, which reads all of a desk


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: what it is called, what it says of itself, and which pages it links to."""

    path: str  # relative to the root, "/" between
    title: str  # frontmatter title, else first h1, else base name
    aliases: tuple[str, ...]
    type: str  # frontmatter `type`, "" for none
    tags: tuple[str, ...]  # of the frontmatter, then those in the text, without "#"
    category: str  # base name of the category page, "" for none
    summary: str  # frontmatter `summary` or `description`, bounded
    status: str
    words: int  # 0 where the page is too large to be taken apart
    changed: float  # seconds since the epoch
    links: tuple[str, ...]  # paths of pages it links to, in order, each once, not itself
    missing: tuple[str, ...]  # link targets that lead nowhere (as written), each once, at most MAX_MISSING

    @property
    def name(self) -> str:
        """The base name, by which links call it."""
        return base_name(self.path)

    @property
    def is_list(self) -> bool:
        """Whether it is an index, a log or the like, which links to everything and speaks of nothing.

        An index.md within a folder is one only if it says so: many vaults write there what the folder is about.
        """
        return self.type in _LISTED or ("/" not in self.path.removeprefix("wiki/") and is_list(self.path))


class Row(NamedTuple):
    """What is kept of a page: its entry, but for what depends on other files."""

    signature: str  # of the file that it was read from; see vault.files
    title: str
    aliases: tuple[str, ...]
    type: str
    tags: tuple[str, ...]
    category: str
    summary: str
    status: str
    words: int
    targets: tuple[str, ...]  # what it links to as written, each once, after "w" (Obsidian's rules) or "m" (Markdown's)


def read_row(content: bytes, path: str, signature: str) -> Row:
    """Return the row of a page's bytes. Nothing is raised."""
    record = read_record(content)
    targets = dict.fromkeys(("w" if link.is_wiki else "m") + link.path for link in record.links if link.path)
    return _facts(record, path, signature)._replace(
        tags=_tags(record, content), words=record.words, targets=tuple(map(_clean, targets))
    )


def head_row(content: bytes, path: str, signature: str) -> Row:
    """Return the row of a page of which only the beginning was read: its names, and what its frontmatter says."""
    return _facts(read_record(content), path, signature)


def bare_row(path: str, signature: str) -> Row:
    """Return the row of a page that cannot be read."""
    return Row(signature, base_name(path), (), "", (), "", "", "", 0, ())


def _facts(record: Record, path: str, signature: str) -> Row:
    values = record.values
    aliases = dict.fromkeys(_line(alias, _MAX_NAME) for alias in record.aliases[:_MAX_NAMES])
    return Row(
        signature,
        title=_line(record.title, _MAX_NAME) or base_name(path),
        aliases=tuple(alias for alias in aliases if alias),
        type=_line(values.get("type"), _MAX_WORD),
        tags=(),
        category=_line(_linked_name(values.get("category")), _MAX_NAME),
        summary=_line(values.get("summary"), _MAX_SUMMARY) or _line(values.get("description"), _MAX_SUMMARY),
        status=_line(values.get("status"), _MAX_WORD),
        words=0,
        targets=(),
    )


def _linked_name(value: Any) -> str:
    """Return the base name of the page that a property links to: "[[wiki/concepts/A b|b]]" is "A b"."""
    if not isinstance(value, str) or not value.strip().startswith("[["):
        return ""
    target = value.strip().removeprefix("[[").partition("]]")[0].partition("|")[0].partition("#")[0]
    return basename(target.strip()).removesuffix(".md")


def _tags(record: Record, content: bytes) -> tuple[str, ...]:
    found: list[str] = []
    for key in ("tags", "tag"):
        value = record.values.get(key)
        found += value if isinstance(value, list) else re.split(r"[,\s]+", value) if isinstance(value, str) else []
    if b"#" in content:
        text = without(content, record.hidden) if record.is_utf8 else b""
        found += [match[1].decode("utf-8", "ignore").rstrip("/") for match in _TAG.finditer(text)]
    tags: dict[str, str] = {}  # the first spelling of each
    for tag in found:
        shown = _line(tag, _MAX_WORD).removeprefix("#")
        if shown and not shown.isdecimal() and len(tags) < _MAX_NAMES:
            tags.setdefault(shown.casefold(), shown)
    return tuple(tags.values())


def _line(value: object, limit: int) -> str:
    """Return a text in one line and of bounded length, "" for what is none."""
    if not isinstance(value, str):
        return ""
    line = " ".join(value[: 4 * limit].split())
    return _clean(line if len(line) <= limit else line[: limit - 1].rstrip() + "…")


def _clean(text: str) -> str:
    """Return a text that can be encoded: YAML can write half a character."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def row_from(value: Any) -> Row | None:
    """Return the row that JSON held, None for what is none: the cache may come from anybody."""
    try:
        signature, title, aliases, kind, tags, category, summary, status, words, targets = value
        "".join((signature, title, kind, category, summary, status, *aliases, *tags, *targets))  # raises for no texts
        return Row(
            signature, title, tuple(aliases), kind, tuple(tags), category, summary, status, int(words), tuple(targets)
        )
    except (TypeError, ValueError, OverflowError):
        return None


def make_entry(path: str, row: Row, links: tuple[str, ...], missing: tuple[str, ...]) -> Entry:
    """Return the entry of a page whose links are resolved."""
    return Entry(
        path,
        row.title,
        row.aliases,
        sys.intern(row.type),
        tuple(map(sys.intern, row.tags)),
        sys.intern(row.category),
        row.summary,
        sys.intern(row.status),
        row.words,
        seconds(row.signature),
        links,
        missing,
    )


def seconds(signature: str) -> float:
    """Return when a file was changed, from its signature; 0.0 where that says nothing."""
    parts = signature.split(":")
    return int(parts[1]) / 1e9 if len(parts) > 1 and parts[1].removeprefix("-").isdecimal() else 0.0


def as_link(target: str) -> Link:
    """Return the link that a row's target stands for."""
    return Link("wiki" if target.startswith("w") else "markdown", False, target[1:], "", 0, 0)
