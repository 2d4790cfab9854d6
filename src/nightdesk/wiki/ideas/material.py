"""What an idea can be made from: statements with their quotes and public sources, and measurements of a lab."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import Page, iso_date
from nightdesk.sources.urls import parse_url
from nightdesk.wiki.answering.statements import Statements
from nightdesk.wiki.claims import Claim, find_citations, parse_claims
from nightdesk.wiki.ideas.private import Known, Private
from nightdesk.wiki.library import Shelved, find_page, page_paths, read_page
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.prose.wording import phrases, words_of

Kind = Literal["definition", "effect", "setting", "fact", "question"]
MAX_STATEMENTS = 24
MAX_FACT = 300  # characters of a title or an author

_DEFINES = re.compile(r"^[^,.;]{1,90}? (?:is|are) (?:an?|the) (?!best\b|same\b)", re.IGNORECASE)
_SETS = re.compile(
    r"\b(?:common|usual(?:ly)?|typical(?:ly)?|default|recommended|should|must|budget|tuned?|depends?|choose|settings?"
    r"|machines?|hardware|at least|at most)\b",
    re.IGNORECASE,
)
_EFFECTS = re.compile(
    r"\b(?:than|because|so that|reduces?|lowers?|raises?|needs?|allows?|improves?|prevents?|protects?|faster|slower"
    r"|better|worse|fewer|instead of|without|costs?|cuts?|saves?|gains?|looks?|weaker|stronger|cannot|never)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a quote comes from, as a stranger can find it."""

    title: str
    author: str
    date: str  # ISO, as far as it is known
    url: str  # "" where it has no public address


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim as evidence."""

    text: str
    quote: str  # the words of the source, without Markdown
    source: Source
    kind: Kind


@dataclass(frozen=True, slots=True)
class Measured:
    """What a lab measured of one change."""

    title: str
    hypothesis: str
    lines: tuple[str, ...]  # sentences with the figures, from the ledger
    diff: str
    metric: str
    lower_is_better: bool
    gained: bool  # whether it was kept as better
    setting: str  # under which conditions, one sentence


@dataclass(frozen=True, slots=True)
class Material:
    """All that one idea may say."""

    made_from: tuple[str, ...]  # titles
    statements: tuple[Statement, ...] = ()
    measured: tuple[Measured, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()  # titles of sources without a public address: how many statements
    language: str = "en"
    names: frozenset[str] = field(default_factory=frozenset)  # that a sentence may use: titles of the pages

    @property
    def evidence(self) -> tuple[str, ...]:
        """Each numbered piece of evidence as texts that a sentence can be held to; the first has number 1."""
        said = [f"{s.text}\n{s.quote}" for s in self.statements]
        return (*said, *("\n".join((m.title, m.hypothesis, *m.lines, m.setting)) for m in self.measured))


def gather(
    desk: Desk,
    names: Iterable[str],
    *,
    measured: tuple[Measured, ...] = (),
    unpublished: bool = False,
    also: tuple[str, ...] = (),
) -> Material:
    """Return what the pages called `names` rest on, in the order of the pages.

    Statements from sources without a public address are left out unless `unpublished`: a quote would give away what
    nobody else can read. `also` are titles of what else it is made from. Raises DeskError where a page is not there.
    """
    known = Statements(desk)
    pages = [find_page(desk, name) for name in dict.fromkeys(names)]
    found: dict[str, Statement] = {}
    left: dict[str, int] = {}
    for page in pages:
        for number, (claim, source) in enumerate(_claims(known, page)):
            if claim.id in found:
                continue
            if not source.url and not unpublished:
                left[source.title] = left.get(source.title, 0) + 1
            elif len(found) < MAX_STATEMENTS:
                found[claim.id] = _statement(claim, source, leads=number == 0 and page.page.value("type") != "source")
    language = next((str(page.page.value("language")) for page in pages if page.page.value("language")), "en")
    titles = tuple(dict.fromkeys(title_of(page) for page in pages))
    return Material(
        made_from=tuple(dict.fromkeys((*titles, *also))),
        statements=tuple(found.values()),
        measured=measured,
        left_out=tuple(left.items()),
        language=language,
        names=frozenset(titles),
    )


def title_of(shelved: Shelved) -> str:
    """Return the title of a page, else its name."""
    return _line(shelved.page.value("title")) or shelved.name


def _claims(known: Statements, shelved: Shelved) -> Iterator[tuple[Claim, Source]]:
    """Yield the claims that a page holds or cites, in its order."""
    if shelved.page.value("type") == "source":
        source = source_of(shelved.page, shelved.name)
        yield from ((claim, source) for claim in parse_claims(shelved.page.body))
        return
    for citation in find_citations(shelved.page.body):
        claim = known.claim(citation.page, citation.id)
        path = known.path_of(citation.page)
        page = known.page(path) if path else None
        if claim is not None and page is not None:
            yield claim, source_of(page.page, page.name)


def source_of(page: Page, name: str) -> Source:
    """Return a source as its page tells of it; an address that only some network has counts as none."""
    date = page.value("published")
    return Source(
        title=_line(page.value("title")) or name,
        author=_line(page.value("author")),
        date=str(iso_date(date) or date or "")[:10],
        url=public_url(str(page.value("url") or "")),
    )


def public_url(url: str) -> str:
    """Return a URL that anybody can follow, in one spelling; "" for all else."""
    try:
        target = parse_url(url)
    except DeskError:
        return ""
    if "." not in target.host or any(Private(Known()).leaks(target.url)):
        return ""
    return target.url


def unpublished_files(desk: Desk) -> tuple[str, ...]:
    """Return the base names of the files in raw/ whose source pages tell no public address, or that have no page."""
    public = set()
    for path in page_paths(desk):
        if path.startswith("wiki/sources/"):
            public |= _published(desk, path)
    names: dict[str, None] = {}
    for folder, inner, files in os.walk(desk.raw):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in files:
            if not name.startswith(".") and desk.relative(Path(folder, name)) not in public:
                names[name] = None
    return tuple(names)


def _published(desk: Desk, path: str) -> set[str]:
    """Return the raw paths that a source page tells a public address of."""
    try:
        page = read_page(desk, path).page
    except DeskError:
        return set()
    sources = page.value("sources")
    if not public_url(str(page.value("url") or "")) or not isinstance(sources, list):
        return set()
    return {str(one.get("path")) for one in sources if isinstance(one, dict)}


def _statement(claim: Claim, source: Source, *, leads: bool) -> Statement:
    return Statement(claim.statement, TextPlaces.plain(claim.quote), source, kind_of(claim.statement, leads=leads))


def kind_of(text: str, *, leads: bool = False) -> Kind:
    """Return what a statement is good for in an idea; `leads` says that it opens a page."""
    if phrases("open", "en").occurs(text, words_of(text)):
        return "question"
    if leads or _DEFINES.match(text):
        return "definition"
    if _SETS.search(text):
        return "setting"
    return "effect" if _EFFECTS.search(text) else "fact"


def _line(value: Any) -> str:
    told = ", ".join(str(one) for one in value) if isinstance(value, list) else str(value or "")
    return " ".join(told.split())[:MAX_FACT]
