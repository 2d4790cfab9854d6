"""One page of a desk taken apart into its claims and sentences."""

from typing import Any

from nightdesk.base.errors import DeskError
from nightdesk.base.pages import Page, parse_page
from nightdesk.wiki.cited_sentences import PageText
from nightdesk.wiki.claims import claim_id, parse_claims
from nightdesk.wiki.concept_page import written_part
from nightdesk.wiki.library import source_entry
from nightdesk.wiki.lint.statements import keys_of

_SOURCES = "wiki/sources/"
_NO_SENTENCES = (
    "index",
    "log",
    "source",
    "contradictions",
    "names",
    "slides",
)  # types whose sentences are not written from claims


def take_apart(path: str, content: bytes) -> list[Any] | None:
    """Return what claims_kept.DeskPage holds, as JSON can hold it; None for a page that cannot be read."""
    try:
        text = content.decode("utf-8")
        page = parse_page(text)
    except (UnicodeDecodeError, DeskError):
        return None  # told by the frontmatter's rule
    own = page.made_from is not None
    edited = not own or page.edited
    language = str(page.value("language") or "en")
    lines = text.count("\n", 0, len(text.replace("\r\n", "\n").removeprefix("\ufeff")) - len(page.body))
    kind = str(page.value("type") or "")
    claims = _claims(page, language, lines) if path.startswith(_SOURCES) else []
    sentences = _sentences(page, language, lines) if edited and kind not in _NO_SENTENCES else []
    by_code = own and not edited and page.hand_in is None
    return [by_code, edited, language, _source(page), claims, sentences]


def _source(page: Page) -> dict[str, str]:
    entry = source_entry(page) if page.value("type") == "source" else {}
    return {str(key): str(value) for key, value in entry.items()}


def _claims(page: Page, language: str, lines: int) -> list[Any]:
    at: dict[str, int] = {}
    for number, line in enumerate(page.body.split("\n"), lines + 1):
        mark = line.rpartition(" ^")[2]
        if line.startswith("- ") and mark:
            at.setdefault(mark, number)
    return [
        [
            c.id,
            c.statement,
            c.quote,
            at.get(c.id, 1),
            c.id == claim_id(c.statement, c.quote),
            keys_of(c.statement, language),
        ]
        for c in parse_claims(page.body)
    ]


def _sentences(page: Page, language: str, lines: int) -> list[Any]:
    body = written_part(page.body)
    found = []
    for sentence in PageText(body, language=language).sentences:
        if sentence.kind not in ("heading", "head"):
            line = lines + body.count("\n", 0, sentence.start) + 1
            column = sentence.start - body.rfind("\n", 0, sentence.start)
            found.append([sentence.text, [list(key) for key in sentence.cited], sentence.kind, line, column])
    return found
