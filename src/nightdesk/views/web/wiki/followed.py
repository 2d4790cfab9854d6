"""Source pages followed to their texts: each claim with its quote's place there; kept while the files are unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.views.web.wiki.kept import Kept, looks_of
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.library import Shelved, read_page, source_entry
from nightdesk.wiki.show import Link, follow_source

_MOST_KEPT = 12_000_000  # characters of texts


@dataclass(frozen=True, slots=True)
class Followed:
    """A source page, looked up in its text just now."""

    page: Shelved
    claims: tuple[Claim, ...]
    links: Mapping[str, Link]  # by claim id
    spans: Mapping[str, tuple[int, int]]  # by claim id: where the quote stands in `text`
    text: str  # with line feeds, its frontmatter blank; "" where it cannot be read
    text_path: str  # relative to the desk, "" for none
    raw_path: str
    problem: str | None  # why the text cannot be read, or is not the one that was read


class Sources:
    """The followed sources of a desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept = Kept[Followed](_MOST_KEPT, weigh=lambda followed: len(followed.text) + 10_000)
        self._files = Kept[tuple[str, str]](20_000)

    def follow(self, path: str) -> Followed:
        """Return a source page followed. Raises DeskError for a page that cannot be read."""
        page = self._desk.root / path
        looks = looks_of(page)
        raw, text = self._files.get((path, looks), lambda: self._named(path))
        files = tuple(self._desk.root / name for name in (raw, text) if name and "\0" not in name)
        return self._kept.get((path, looks, *looks_of(*files)), lambda: follow(self._desk, path))

    def _named(self, path: str) -> tuple[str, str]:
        source = source_entry(read_page(self._desk, path).page)
        return str(source.get("path", "")), str(source.get("text", ""))


def follow(desk: Desk, path: str) -> Followed:
    """Return a source page with its claims followed to the text. Raises DeskError for a page that cannot be read."""
    page, links, places = follow_source(desk, path)
    spans: dict[str, tuple[int, int]] = {}
    for link in links if places else ():
        if places and (place := places.locate(link.quote)):
            spans[link.id] = place.start, place.end
    source = source_entry(page.page)
    raw, text = str(source.get("path", "")), str(source.get("text", ""))
    return Followed(
        page=page,
        claims=parse_claims(page.page.body),
        links={link.id: link for link in links},
        spans=spans,
        text=places.text if places else "",
        text_path=text,
        raw_path=raw,
        problem=_problem(page, links, spans, readable=places is not None),
    )


def _problem(
    page: Shelved, links: tuple[Link, ...], spans: Mapping[str, tuple[int, int]], *, readable: bool
) -> str | None:
    """Return what is wrong with the text as a whole; a single quote that is gone is told with its claim."""
    whole = [link.problem for link in links if link.problem and (not readable or link.id in spans)]
    if whole:
        return whole[0]
    return None if readable else f"the text of {page.name} cannot be read"


def followed_or_none(sources: Sources | None, path: str) -> Followed | None:
    """Return a source page followed, None for a page that cannot be read, and where there is no desk."""
    if sources is None:
        return None
    try:
        return sources.follow(path)
    except DeskError:
        return None
