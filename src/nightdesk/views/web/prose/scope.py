"""What is known while one page is rendered: shared by all of it, and by one text of it."""

from dataclasses import dataclass, field
from html import escape
from secrets import token_hex

from nightdesk.views.web.prose.anchors import anchor
from nightdesk.views.web.prose.seams import Heading, Place, Target
from nightdesk.views.web.prose.tree import Node, Tree
from nightdesk.wiki.vault.records import Link

MAX_EMBEDS = 50  # of one page
MAX_EMBEDDED = 300_000  # characters of all texts that one page embeds
MAX_EMBED_DEPTH = 4


@dataclass(slots=True)
class Sheet:
    """What all texts of one rendered page share."""

    place: Place
    # Stands before the name of each attribute that only our own code may write, and the cleaner keeps no others: a page
    # cannot know it, so it cannot have our classes, take our ids, or load an image
    secret: str = field(default_factory=lambda: f"n{token_hex(6)}-")
    headings: list[Heading] = field(default_factory=list)
    uses: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    repeats: dict[str, int] = field(default_factory=dict)  # of headings that say the same
    embeds: int = 0
    embedded: int = 0  # characters
    coloured: int = 0  # characters of code

    def own(self, name: str) -> str:
        """Return the class attribute of one of our classes, or of several with blanks between."""
        return f' {self.secret}class="{name}"'

    def attr(self, name: str, value: str) -> str:
        """Return an attribute that only our own code may write."""
        return f' {self.secret}{name}="{escape(value)}"'


@dataclass(slots=True)
class Scope:
    """One text of a page: the page's own, or one that it embeds."""

    sheet: Sheet
    path: str  # of the file that the text is from: links in it start there
    tree: Tree
    chain: tuple[str, ...] = ()  # what is embedded in what, outermost first
    prefix: str = ""  # of the ids of its footnotes
    in_link: int = 0
    numbers: dict[str, int] = field(default_factory=dict)  # of footnotes, by label
    notes: list[str | Node] = field(default_factory=list)  # in the order of their numbers
    back: dict[int, int] = field(default_factory=dict)  # how often a footnote was referred to
    targets: dict[Link, Target] = field(default_factory=dict)

    def link(self, link: Link) -> Target:
        """Return where a link leads."""
        target = self.targets.get(link)
        if target is None:
            target = self.targets[link] = self.sheet.place.link(link, self.path)
        return target

    def id_of_heading(self, level: int, text: str) -> str:
        """Return the id attribute of a heading, and note the heading; "" in what is embedded."""
        if self.chain:
            return ""
        first = anchor(text) or "h-section"
        taken, number = first, self.sheet.repeats.get(first, 0)
        while taken in self.sheet.ids:
            number += 1
            taken = f"{first}-{number}"
        self.sheet.repeats[first] = number
        self.sheet.ids.add(taken)
        self.sheet.headings.append(Heading(level, text, taken))
        return self.sheet.attr("id", taken)

    def id_of_block(self, identity: str) -> str:
        """Return the id attribute of a block; "" for none, in what is embedded, and where the id is taken."""
        identity = f"^{identity.lower()}"
        if self.chain or identity == "^" or identity in self.sheet.ids:
            return ""
        self.sheet.ids.add(identity)
        return self.sheet.attr("id", identity)

    def note(self, content: str | Node, label: str = "") -> str:
        """Return the mark of a footnote, which is numbered when it is first met."""
        number = self.numbers.get(label) if label else None
        if number is None:
            self.notes.append(content)
            number = len(self.notes)
            if label:
                self.numbers[label] = number
        self.back[number] = times = self.back.get(number, 0) + 1
        own = self.sheet
        name = f"{self.prefix}{number}"
        return (
            f"<sup{own.own('nd-footnote')}><a{own.attr('id', f'fnref-{name}' + (f'-{times}' if times > 1 else ''))}"
            f' href="#fn-{name}"{own.attr("role", "doc-noteref")}{own.attr("aria-label", f"Footnote {number}")}>'
            f"{number}</a></sup>"
        )
