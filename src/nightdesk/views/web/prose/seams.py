"""What the renderer gives and what it asks of the place whose texts it renders."""

from dataclasses import dataclass
from typing import Protocol

from nightdesk.wiki.vault.records import Link


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading of a page, for its table of contents."""

    level: int  # 1 to 6
    text: str  # as shown, plain
    id: str  # of the element


@dataclass(frozen=True, slots=True)
class Rendered:
    """A Markdown text as HTML."""

    html: str  # clean: may be put into a page as it is
    headings: tuple[Heading, ...]  # those of the text itself, without those of embedded pages
    uses: frozenset[str]  # of "math", "mermaid": what scripts the page needs


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link leads."""

    url: str  # "" where it leads nowhere
    kind: str  # "page", "claim", "file", "missing"
    title: str  # of what it leads to; may be ""
    path: str = ""  # of the file in the vault; what `Place.embed` takes
    preview: str = ""  # address of the fragment that is shown on hover; "" shows none


class Place(Protocol):
    """What the renderer asks of the desk."""

    def link(self, link: Link, source: str) -> Target:
        """Return where a link on the page `source` leads; its fragment is `anchor(link.fragment)` of that page."""

    def embed(self, path: str) -> str | None:
        """Return the text of the page `path`, None where there is none."""

    def tag(self, name: str) -> str:
        """Return the address of the pages that carry a tag (given without `#`), "" for none."""

    def image(self, link: Link, source: str) -> str | None:
        """Return the address of a local image, None where it is not there."""
