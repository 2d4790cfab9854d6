"""Sources worth finding: what the sources of a desk refer to and the desk does not have, counted with its places."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from nightdesk.base.cache import Cache, stat_signature
from nightdesk.base.desk import Desk
from nightdesk.sources.provenance import read_provenance
from nightdesk.wiki.suggesting.facts import PageFacts
from nightdesk.wiki.suggesting.references import Reference, address_of, find_references, host_of, key_of, title_key
from nightdesk.wiki.suggesting.suggestions import MAX_EVIDENCE, Evidence, Suggestion, command_line

TABLE = "references1"
_MAX_CHARS = 10_000_000  # of a text that is read
_ARXIV_NAME = re.compile(r"(?<!\d)(\d{4}\.\d{4,5})(?:v\d+)?(?!\d)")
_IN_LISTS = ("doi:", "arxiv:", "title:")  # kinds that one mention is enough for: nobody writes them by the way
_LEAST = 2  # sources that must refer to an address, or places of one


@dataclass(slots=True)
class _Wanted:
    """What is referred to, by whom."""

    key: str
    title: str = ""
    count: int = 0
    places: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)


def missing_sources(desk: Desk, pages: Sequence[PageFacts], cache: Cache) -> list[Suggestion]:
    """Return what is referred to and not there, what most sources refer to first."""
    here = _on_desk(desk, pages)
    wanted: dict[str, _Wanted] = {}
    for page, references in _read(desk, pages, cache):
        own_host = host_of(key_of(page.url))
        for one in references:
            if one.key in here or (one.title and title_key(one.title) in here):
                continue
            if own_host and host_of(one.key) == own_host:
                continue  # the way through its own site
            it = wanted.setdefault(one.key, _Wanted(one.key))
            it.title = it.title or one.title
            it.count += one.count
            it.sources.add(page.path)
            it.places += [f"{page.text}:{line}" for line in one.lines][: MAX_EVIDENCE - len(it.places)]
    return [_suggestion(it) for it in wanted.values() if it.key.startswith(_IN_LISTS) or it.count >= _LEAST]


def _suggestion(it: _Wanted) -> Suggestion:
    url = address_of(it.key)
    name = it.title or it.key.partition(":")[2]
    label = f"{name} ({url})" if url and it.title else url or name
    many = f"{len(it.sources)} sources refer" if len(it.sources) != 1 else "1 source refers"
    return Suggestion(
        "source",
        label,
        f"{many} to it, {it.count} {'time' if it.count == 1 else 'times'}, and the desk does not have it",
        tuple(Evidence("", place) for place in it.places),
        command_line("add", url) if url else "",
        len(it.sources) + min(it.count, 999) / 1_000,
        query="" if url else name,
        url=url,
    )


def _on_desk(desk: Desk, pages: Sequence[PageFacts]) -> set[str]:
    """Return the keys of all sources that are there: their addresses, their titles, ids in file names."""
    urls = [page.url for page in pages if page.url]
    urls += [url for row in read_provenance(desk.raw) for url in (row.url, row.final_url)]
    here = {key for url in urls if (key := key_of(url))}
    for page in pages:
        if page.type == "source":
            here.add(title_key(page.title or page.name))
            here.update(f"arxiv:{number}" for number in _ARXIV_NAME.findall(PurePosixPath(page.raw).name))
    return here


def _read(desk: Desk, pages: Sequence[PageFacts], cache: Cache) -> Iterator[tuple[PageFacts, list[Reference]]]:
    """Yield the source pages with what their texts refer to; texts that did not change are not read."""
    memos: dict[str, Any] = cache.all(TABLE)
    fresh: dict[str, Any] = {}
    for page in pages:
        if page.type != "source" or not _is_text(desk, page.text):
            continue
        signature = stat_signature(desk.root / page.text)
        memo = memos.get(page.text)
        if memo is None or memo[0] != signature:
            memo = [signature, [list(asdict(one).values()) for one in _references(desk, page.text)]]
        fresh[page.text] = memo
        yield page, [Reference(*row) for row in memo[1]]
    cache.put(TABLE, {path: memo for path, memo in fresh.items() if memos.get(path) != memo})
    cache.keep_only(TABLE, fresh)


def _references(desk: Desk, path: str) -> list[Reference]:
    try:
        with (desk.root / path).open(encoding="utf-8", errors="replace") as file:
            return find_references(file.read(_MAX_CHARS))
    except OSError:
        return []


def _is_text(desk: Desk, path: str) -> bool:
    """Say whether a page names a text of the desk: pages are edited by hand, and may name any file."""
    if not path.startswith(("raw/", "text/")) or not path.endswith(
        (".md", ".txt", ".markdown", ".rst", ".text", ".tex")
    ):
        return False
    file = (desk.root / path).resolve()
    return any(file.is_relative_to((desk.root / folder).resolve()) for folder in ("raw", "text"))
