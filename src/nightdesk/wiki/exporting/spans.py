"""Where quotes stand in the texts of sources, in characters from the start of the file."""

from nightdesk.base.desk import Desk
from nightdesk.wiki.exporting.collected import Source
from nightdesk.wiki.proof.quotes import QuoteIndex

_MAX_TEXTS = 4  # kept at a time: a page's claims are of few sources


class Spans:
    """Finds quotes in the texts of a desk's sources, each read when it is first asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, str], tuple[int, int] | None] = {}
        self._texts: dict[str, QuoteIndex | None] = {}

    def find(self, source: Source, quote: str) -> tuple[int, int] | None:
        """Return start and end of a quote in its source's text, None where it does not stand there any more."""
        key = (source.text, quote)
        if key not in self._known:
            index = self._index(source.text)
            found = index.locate(quote) if index else None
            self._known[key] = (found.start, found.end) if found else None
        return self._known[key]

    def _index(self, text: str) -> QuoteIndex | None:
        if text not in self._texts:
            while len(self._texts) >= _MAX_TEXTS:
                del self._texts[next(iter(self._texts))]
            self._texts[text] = self._read(text)
        return self._texts[text]

    def _read(self, text: str) -> QuoteIndex | None:
        if not text.startswith(("raw/", "text/")):
            return None
        try:
            file = (self._desk.root / text).resolve(strict=True)
            if not file.is_relative_to(self._desk.root.resolve()):
                return None
            return QuoteIndex(file.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n"))
        except (OSError, RuntimeError, ValueError):
            return None
