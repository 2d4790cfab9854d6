"""What one page of a vault says of itself: links, headings, blocks, names, frontmatter, and marks to compare it by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Link(NamedTuple):
    """One reference, as it is written and where."""

    style: str  # "wiki" [[a]], "markdown" [a](b), "property" (in frontmatter), "html" (<img src>)
    embed: bool
    path: str  # decoded; "" is the page itself
    fragment: str  # after "#": a heading, headings joined by "#", or "^" and a block id
    line: int  # 1-based, in the file
    column: int  # 1-based, in characters

    @property
    def is_wiki(self) -> bool:
        """Whether it is followed by Obsidian's rules alone, without what sites allow."""
        return self.style in ("wiki", "property")


class Resolved(NamedTuple):
    """A link with the file that it leads to."""

    link: Link
    target: str | None  # path in the vault


class Heading(NamedTuple):
    """One heading: its words as shown, and as written where that differs."""

    level: int
    shown: str
    written: str
    line: int


@dataclass(frozen=True, slots=True)
class Record:
    """One page taken apart. It depends on the page's bytes alone, so it may be kept as long as they are the same."""

    front: str  # "": none, "ok", or what is wrong with it
    front_line: int  # where that is
    values: Mapping[str, Any]  # the frontmatter's keys; dates as texts
    aliases: tuple[str, ...]
    headings: tuple[Heading, ...]
    blocks: tuple[str, ...]  # block ids, lower case
    anchors: tuple[str, ...]  # ids that HTML, attributes of headings or labels give, lower case
    links: tuple[Link, ...]
    hidden: tuple[int, ...]  # byte ranges (start, end, start, end …) that hold no running text
    words: int
    chars: int
    digest: str  # of the body's words, "" of a page without any
    sketch: tuple[int, ...]  # the least hashes of its runs of words: pages alike share most of them
    markers: tuple[int, ...]  # lines of merge conflicts that git left
    is_utf8: bool

    @property
    def title(self) -> str | None:
        """The title that the page gives itself: in the frontmatter, else its first heading of level 1."""
        title = self.values.get("title")
        if isinstance(title, str) and title.strip():
            return " ".join(title.split())
        return next((heading.shown for heading in self.headings if heading.level == 1), None)


def to_row(record: Record) -> list[Any]:
    """Return a record as JSON can hold it."""
    return [getattr(record, name) for name in Record.__slots__]


def from_row(row: Sequence[Any]) -> Record:
    """Return the record that `to_row` took apart."""
    values = dict(zip(Record.__slots__, row, strict=True))
    values["headings"] = tuple(Heading(*heading) for heading in values["headings"])
    values["links"] = tuple(Link(*link) for link in values["links"])
    for name in ("aliases", "blocks", "anchors", "hidden", "sketch", "markers"):
        values[name] = tuple(values[name])
    return Record(**values)
