"""What suggestions and the orientation of a desk need to know of each page; pages that did not change are not read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.base.cache import Cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.names import name_key
from nightdesk.base.pages import load_yaml
from nightdesk.wiki.claims import WIKILINK, find_citations, parse_claims
from nightdesk.wiki.library import page_paths, read_page

TABLE = "facts2"  # its number changes with the form of what is kept
MAX_CHARS = 10_000_000  # of a page that is read
_MAX_NAMES = 2_000  # names and suggested pages of one source that are looked at
_ASKED = "\n## Open questions\n"


@dataclass(frozen=True, slots=True)
class Told:
    """A claim or an open question of a source page."""

    id: str
    statement: str
    place: str
    concepts: tuple[str, ...]
    line: int  # of its page, from 1


@dataclass(frozen=True, slots=True)
class Idea:
    """A page that a reader suggests."""

    name: str
    type: str
    of: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class PageFacts:
    """One page of the wiki."""

    path: str
    type: str
    title: str
    summary: str
    language: str
    category: str  # base name of its overview page, "" for none
    aliases: tuple[str, ...]
    author: str
    published: str
    url: str
    raw: str  # of a source page
    text: str
    claim_count: int
    lead: str  # id of the first claim that the page cites, "" for none
    links: Mapping[str, str]  # name key of each page that it links to -> how it is written; no embeds, no citations
    claims: tuple[Told, ...]
    questions: tuple[Told, ...]
    names: tuple[tuple[str, tuple[str, ...]], ...]  # of a source read by an AI: names and the ids of their claims
    ideas: tuple[Idea, ...]

    @property
    def name(self) -> str:
        """The base name, by which links call it."""
        return self.path.rpartition("/")[2].removesuffix(".md")


def read_facts(desk: Desk, cache: Cache) -> tuple[PageFacts, ...]:
    """Return the facts of every page in the order of paths; a page that cannot be read is passed over."""
    memos: dict[str, Any] = cache.all(TABLE)
    fresh: dict[str, Any] = {}
    for path in page_paths(desk):
        signature = stat_signature(desk.root / path)
        memo = memos.get(path)
        fresh[path] = memo if memo and memo[0] == signature else [signature, _look(desk, path)]
    cache.put(TABLE, {path: memo for path, memo in fresh.items() if memos.get(path) != memo})
    cache.keep_only(TABLE, fresh)
    return tuple(_from_row(path, memo[1]) for path, memo in fresh.items() if memo[1] is not None)


def _look(desk: Desk, path: str) -> list[Any] | None:
    """Return the fields behind the path as JSON can hold them, None for what no parser reads."""
    try:
        page = read_page(desk, path).page
    except DeskError:
        return None
    values = load_yaml("".join(page.front.values()))
    body = page.body[:MAX_CHARS]
    listed = values.get("sources")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    is_source = values.get("type") == "source"
    above = page.text.count("\n", 0, len(page.text) - len(page.body))
    below, _, asked = body.partition(_ASKED) if is_source else ("", "", "")
    links: dict[str, str] = {}
    for match in WIKILINK.finditer(body):
        if body[match.start() - 1 : match.start()] != "!":  # of an embed, which shows what it names
            name = " ".join(match["page"].split())
            links.setdefault(name_key(name), name)
    return [
        *(_line(values.get(key)) for key in ("type", "title", "summary", "language")),
        next((match["page"].strip() for match in WIKILINK.finditer(_line(values.get("category")))), ""),
        [_line(alias) for alias in _list(values.get("aliases"))[:_MAX_NAMES]],
        *(_line(values.get(key)) for key in ("author", "published", "url")),
        *(_line(first.get(key)) if is_source else "" for key in ("path", "text")),
        _number(values.get("claims" if is_source else "claim_count")),
        next((citation.id for citation in find_citations(body)), ""),
        links,
        list(_told(below + "\n", above)),
        list(_told(asked + "\n", above + below.count("\n") + _ASKED.count("\n"))),
        [
            [_line(entry.get("name")), [_line(identity) for identity in _list(entry.get("claims"))]]
            for entry in _dicts(values.get("names"))
        ],
        [
            [_line(e.get("name")), _line(e.get("type")), [_line(of) for of in _list(e.get("of"))], _line(e.get("why"))]
            for e in _dicts(values.get("suggests"))
        ],
    ]


def _from_row(path: str, row: Sequence[Any]) -> PageFacts:
    """Return the facts that `_look` took apart."""
    values = dict(zip(PageFacts.__slots__[1:], row, strict=True))
    values["aliases"] = tuple(values["aliases"])
    for key in ("claims", "questions"):
        values[key] = tuple(
            Told(i, said, place, tuple(concepts), line) for i, said, place, concepts, line in values[key]
        )
    values["names"] = tuple((name, tuple(identities)) for name, identities in values["names"])
    values["ideas"] = tuple(Idea(name, kind, tuple(of), why) for name, kind, of, why in values["ideas"])
    return PageFacts(path, **values)


def _told(body: str, above: int) -> Iterator[list[Any]]:
    at: dict[str, int] = {}
    for number, line in enumerate(body.split("\n"), above + 1):
        if line.startswith("- ") and " ^" in line[-80:]:
            at.setdefault(line.rpartition(" ^")[2], number)
    for claim in parse_claims(body):
        yield [claim.id, claim.statement, claim.place, list(claim.concepts), at.get(claim.id, above + 1)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [entry for entry in _list(value) if isinstance(entry, dict)][:_MAX_NAMES]


def _line(value: object) -> str:
    return " ".join(str(value).split()) if value is not None and not isinstance(value, (dict, list)) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
