"""The chain from a sentence to the words it rests on: sentence, claim, quote, place in the text, raw file."""

import contextlib
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.files import hash_file
from nightdesk.base.names import name_key
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.concept_page import written_part
from nightdesk.wiki.library import Shelved, find_page, page_paths, read_page, source_entry
from nightdesk.wiki.places import TextPlaces
from nightdesk.wiki.writing import page_sentences

_CLAIM = re.compile(r"\^?(c[0-9a-f]{10,64})")
_CITATION = re.compile(r"(?:\[\[)?(?P<page>[^\[\]|#]*)#\^(?P<id>[A-Za-z0-9-]+)(?:\|[^\]]*)?(?:\]\])?")


@dataclass(frozen=True, slots=True)
class Link:
    """One claim followed down to its raw file."""

    page: str  # path of the source page
    id: str
    statement: str
    quote: str
    place: str
    text: str  # path of the text that the quote stands in
    raw: str
    verified: bool  # looked up just now: the quote stands in the text, and the raw file is the one that was read
    problem: str | None  # why not


@dataclass(frozen=True, slots=True)
class Chain:
    """A sentence of a page with the claims that it cites; a person's own sentence cites none."""

    sentence: str
    links: tuple[Link, ...]
    missing: tuple[str, ...]  # citations that lead nowhere


@dataclass(frozen=True, slots=True)
class Shown:
    """What `show` found: the page, and its sentences (or claims) followed to their sources."""

    path: str
    title: str
    chains: tuple[Chain, ...]


def show(desk: Desk, target: str) -> tuple[Shown, ...]:
    """Follow a page (name, alias or path), a claim (`^c…`) or a citation (`[[Page#^c…]]`) to the sources.

    A claim id without a page may stand on several pages, where sources share a sentence: all are returned. Raises
    DeskError for what is not there.
    """
    target = target.strip()
    if claim := _CLAIM.fullmatch(target):
        found = tuple(_show_claim(page, claim[1], desk) for page in _pages_with(desk, claim[1]))
        if not found:
            raise DeskError(
                f"no claim has the id ^{claim[1]}", fix="see the claims on a source page: nightdesk show PAGE"
            )
        return found
    if citation := _CITATION.fullmatch(target):
        if not citation["page"].strip():  # [[#^c…]], as a page cites its own claims
            return show(desk, citation["id"])
        return (_show_claim(find_page(desk, citation["page"]), citation["id"], desk),)
    return (_show_page(find_page(desk, target), desk),)


def follow_source(desk: Desk, path: str) -> tuple[Shelved, tuple[Link, ...], TextPlaces | None]:
    """Return a source page, its claims followed to the text, and the text with its places (None: it cannot be read).

    Raises DeskError for a page that cannot be read.
    """
    page, follower = read_page(desk, path), _Follower(desk)
    followed = (follower.follow(page, claim.id) for claim in parse_claims(page.page.body))
    return page, tuple(link for link in followed if link), follower.places_of(page)


def _pages_with(desk: Desk, identity: str) -> Iterator[Shelved]:
    for path in page_paths(desk):
        if not path.startswith("wiki/sources/"):
            continue
        with contextlib.suppress(DeskError):  # one page that a person must mend does not hide the others
            page = read_page(desk, path)
            if f" ^{identity}\n" in page.page.body:
                yield page


def _show_claim(page: Shelved, identity: str, desk: Desk) -> Shown:
    chain = _Follower(desk).follow(page, identity)
    if chain is None:
        raise DeskError(f"{page.path} has no claim ^{identity}", fix=f'see its claims: nightdesk show "{page.name}"')
    return Shown(page.path, _title(page), (Chain(chain.statement, (chain,), ()),))


def _title(page: Shelved) -> str:
    return str(page.page.value("title") or page.name)


def _show_page(page: Shelved, desk: Desk) -> Shown:
    follower = _Follower(desk)
    chains: list[Chain] = []
    if page.page.value("type") == "source":
        for claim in parse_claims(page.page.body):
            link = follower.follow(page, claim.id)
            chains.append(Chain(claim.statement, (link,) if link else (), ()))
    else:
        language = str(page.page.value("language") or "en")
        for sentence, cited in page_sentences(written_part(page.page.body), language=language):
            links = [(c, follower.follow_name(c[0], c[1], page)) for c in cited]
            chains.append(
                Chain(
                    sentence,
                    tuple(link for _, link in links if link),
                    tuple(f"[[{name}#^{identity}]]" for (name, identity), link in links if not link),
                )
            )
    return Shown(page.path, _title(page), tuple(chains))


class _Follower:
    """Follows citations, reading each source page and each text once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages: dict[str, tuple[Shelved, Mapping[str, Claim]]] = {}
        self._texts: dict[tuple[str, str, str], tuple[TextPlaces | None, str | None]] = {}

    @functools.cached_property
    def _paths(self) -> Mapping[str, str]:
        return {name_key(path.rpartition("/")[2].removesuffix(".md")): path for path in page_paths(self._desk)}

    def follow_name(self, name: str, identity: str, own: Shelved) -> Link | None:
        path = self._paths.get(name_key(name)) if name else own.path
        if path is None:
            return None
        if path not in self._pages:
            try:
                page = read_page(self._desk, path)
            except DeskError:
                return None
            self._pages[path] = page, {claim.id: claim for claim in parse_claims(page.page.body)}
        return self.follow(self._pages[path][0], identity)

    def follow(self, page: Shelved, identity: str) -> Link | None:
        if page.path not in self._pages:
            self._pages[page.path] = page, {claim.id: claim for claim in parse_claims(page.page.body)}
        claim = self._pages[page.path][1].get(identity)
        if claim is None:
            return None
        source = source_entry(page.page)
        raw, text = str(source.get("path", "")), str(source.get("text", ""))
        places, problem = self._text(raw, text, str(source.get("sha256", "")))
        place = places.find(claim.quote) if places else None
        if places and place is None:
            problem = f"the quote does not stand in {text} any more"
        shown = place or claim.place
        return Link(page.path, identity, claim.statement, claim.quote, shown, text, raw, problem is None, problem)

    def places_of(self, page: Shelved) -> TextPlaces | None:
        """Return the text of a source page with its places, None where it cannot be read."""
        source = source_entry(page.page)
        return self._text(*(str(source.get(key, "")) for key in ("path", "text", "sha256")))[0]

    def _text(self, raw: str, text: str, raw_sha256: str) -> tuple[TextPlaces | None, str | None]:
        key = raw, text, raw_sha256
        if key not in self._texts:
            self._texts[key] = self._read(raw, text, raw_sha256)
        return self._texts[key]

    def _read(self, raw: str, text: str, raw_sha256: str) -> tuple[TextPlaces | None, str | None]:
        for path in (raw, text):
            if not self._is_on_desk(path):
                return None, f"the page names no source on this desk: {path!r}"
            if not (self._desk.root / path).is_file():
                return None, f"{path} is gone"
        try:
            # read as it is for claims: what is not UTF-8 has stand-ins there too
            places = TextPlaces((self._desk.root / text).read_bytes().decode("utf-8", "replace"))
            changed = hash_file(self._desk.root / raw) != raw_sha256
        except OSError as error:
            return None, f"{raw} or its text cannot be read: {error.strerror}"
        return places, f"{raw} has changed since it was read; run nightdesk compile" if changed else None

    def _is_on_desk(self, path: str) -> bool:
        """Say whether a path from a page's frontmatter, which may say anything, stays in raw/ or text/ of the desk."""
        try:
            whole = (self._desk.root / path).resolve()
            (self._desk.root / path).is_file()
        except (OSError, ValueError):  # too long, a NUL in it
            return False
        return any(whole.is_relative_to(folder.resolve()) for folder in (self._desk.raw, self._desk.text))
