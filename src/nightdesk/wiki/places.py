"""Where a quote stands in a source's text, in words: heading, page and line."""

import bisect
import functools
import re
from dataclasses import dataclass

from nightdesk.agents.boundary import visible
from nightdesk.base.markdown import blocks, frontmatter_end, plain_text
from nightdesk.wiki.proof.quotes import Place, QuoteIndex

MAX_HEADING = 80  # characters of a heading that a place repeats
_MARKUP = re.compile(r"[\\*_`\[\]<>$~#&|^=-]")  # words without any of these are their own plain text
_PAGE_MARK = re.compile(r"^<!-- page (\d+) -->[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Marks:
    starts: tuple[int, ...]
    names: tuple[str, ...]

    def before(self, offset: int) -> str:
        index = bisect.bisect_right(self.starts, offset) - 1
        return self.names[index] if index >= 0 else ""


class TextPlaces:
    """Finds quotes in one text; its frontmatter is not part of what can be quoted."""

    def __init__(self, text: str) -> None:
        text = text.replace("\r\n", "\n").removeprefix("\ufeff")
        end = frontmatter_end(text)  # the same rule as where sentences are found
        self._text = re.sub(r"[^\n]", " ", text[:end]) + text[end:]
        self._index = QuoteIndex(self._text)

    @property
    def text(self) -> str:
        """The text that places are counted in: its line ends are line feeds, its frontmatter is blank."""
        return self._text

    def locate(self, quote: str) -> Place | None:
        """Return the place of `quote` in `text`, None where it does not stand there."""
        return self._index.locate(quote)

    def find(self, quote: str) -> str | None:
        """Return the place of `quote` in words ("Method, p. 4, line 120"), None where it does not stand in the text."""
        found = self._index.locate(quote)
        if found is None:
            return None
        return place_in_words(self._headings.before(found.start), self._pages.before(found.start), found.line)

    @staticmethod
    def plain(quote: str) -> str:
        """Return the words of a quote as a person reads them, without Markdown."""
        return plain_text(quote) if _MARKUP.search(quote) else quote

    @functools.cached_property
    def _headings(self) -> _Marks:
        found = [(block.start, block.plain) for block in blocks(self._text) if block.kind == "heading"]
        return _Marks(tuple(start for start, _ in found), tuple(name for _, name in found))

    @functools.cached_property
    def _pages(self) -> _Marks:
        found = list(_PAGE_MARK.finditer(self._text))
        return _Marks(tuple(mark.start() for mark in found), tuple(mark.group(1) for mark in found))


def place_in_words(heading: str, page: str, line: int) -> str:
    """Return a place as it stands behind a quote."""
    heading = " ".join(visible(heading).split())
    if len(heading) > MAX_HEADING:
        heading = heading[: MAX_HEADING - 1].rstrip() + "…"
    return ", ".join([*([heading] if heading else []), *([f"p. {page}"] if page else []), f"line {line}"])
