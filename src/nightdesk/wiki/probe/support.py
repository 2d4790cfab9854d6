"""Whether what an answer cites holds: the quote stands in the source's text, and the statement says no more than it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import Page, parse_page
from nightdesk.wiki.answering.answers import Passage
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.crew import read_text
from nightdesk.wiki.library import page_paths, source_entry
from nightdesk.wiki.proof.quotes import QuoteIndex
from nightdesk.wiki.proof.support import unsupported


@dataclass(frozen=True, slots=True)
class _Source:
    """A source page: its claims, and the text that they quote."""

    claims: dict[str, Claim]
    text: str  # path relative to the desk
    title: str
    language: str


class Support:
    """Looks at the evidence of passages; each page and text is read once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sources: dict[str, _Source | None] = {}
        self._texts: dict[str, QuoteIndex | None] = {}

    def holds(self, passage: Passage) -> bool:
        """Return whether a passage is cited and its citation holds. A sentence without any is not supported."""
        if passage.kind == "text":
            return self._stands(passage.path, passage.quote)
        cited = ((passage.page, passage.claim),) if passage.claim else passage.cites
        evidence = [self._evidence(page, claim) for page, claim in cited]
        proven = [words for words in evidence if words is not None]
        if not proven or len(proven) < len(evidence):
            return False
        known = [source for page, _ in cited if (source := self._source(page)) is not None]
        return not unsupported(
            passage.text,
            [word for words in proven for word in words],
            known_names=frozenset(source.title for source in known),
            language=known[0].language,
        )

    def _evidence(self, page: str, identity: str) -> tuple[str, ...] | None:
        """Return the words of a claim, its statement where that is proven, None where the claim does not hold."""
        source = self._source(page)
        claim = source.claims.get(identity) if source else None
        if source is None or claim is None or not self._stands(source.text, claim.quote):
            return None
        reasons = unsupported(claim.statement, [claim.quote], known_names={source.title}, language=source.language)
        return None if reasons else (claim.statement, claim.quote)

    def _stands(self, path: str, quote: str) -> bool:
        if path not in self._texts:
            file = self._desk.root / path
            inside = file.resolve().is_relative_to(self._desk.root.resolve())
            self._texts[path] = QuoteIndex(read_text(file)) if inside and file.is_file() else None
        index = self._texts[path]
        return index is not None and bool(quote) and index.locate(quote) is not None

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {Path(path).stem: path for path in page_paths(self._desk)}

    def _source(self, name: str) -> _Source | None:
        if name not in self._sources:
            path = self._paths.get(name)
            self._sources[name] = _read_source(self._desk.root / path) if path else None
        return self._sources[name]


def _read_source(path: Path) -> _Source | None:
    try:
        page = parse_page(path.read_text(encoding="utf-8"))
    except (DeskError, OSError, UnicodeDecodeError):
        return None
    claims = {claim.id: claim for claim in parse_claims(page.body)}
    return _Source(claims, _text_of(page), str(page.value("title") or path.stem), str(page.value("language") or "en"))


def _text_of(page: Page) -> str:
    text = source_entry(page).get("text")
    return text if isinstance(text, str) else ""
