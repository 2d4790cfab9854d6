"""What a desk's own rules need of each page, found once for each version of it and kept in the cache."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nightdesk.base.cache import Cache
from nightdesk.wiki.vault.reading import Vault

TABLE = "desk3"


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """A claim on a source page."""

    id: str
    statement: str
    quote: str
    line: int
    is_own: bool  # its id is the one that its words make
    keys: tuple[tuple[str, str, str], ...]  # kind, what it speaks of, what it says of that: see statements.keys_of


@dataclass(frozen=True, slots=True)
class KeptSentence:
    """A sentence of a page that a person or an agent changed."""

    text: str
    cited: tuple[tuple[str, str], ...]  # source page, claim id
    kind: str  # as in cited_sentences.Cited
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class DeskPage:
    """A page of the desk as its rules see it."""

    by_code: bool  # the built-in worker wrote it, and it is as that left it
    edited: bool  # it is not as nightdesk wrote it
    language: str
    source: Mapping[str, str]  # of a source page: path and sha256 of the raw file, text and text_sha256
    claims: tuple[KeptClaim, ...]
    sentences: tuple[KeptSentence, ...]  # of what is nightdesk's own and as it was, none: they were proved


def read_pages(vault: Vault, cache: Cache | None, *, on_page: Callable[[], None]) -> dict[str, DeskPage]:
    """Return the pages of a desk that can be read."""
    kept = cache.all(TABLE) if cache else {}
    pages: dict[str, DeskPage] = {}
    fresh: dict[str, Any] = {}
    for path in vault.records:
        on_page()
        signature = vault.folder.files[path].signature
        memo = kept.get(path)
        if memo is None or memo[0] != signature:
            # imported here: taking claims and sentences apart needs much that a look at what is kept does not
            from nightdesk.wiki.lint.desk_page import take_apart  # noqa: PLC0415

            memo = fresh[path] = [signature, take_apart(path, vault.text(path))]
        if memo[1] is not None:
            pages[path] = _from_row(memo[1])
    if cache:
        cache.put(TABLE, fresh)
        if kept.keys() - vault.records.keys():
            cache.keep_only(TABLE, vault.records)
    return pages


def page_of(path: str, content: bytes) -> DeskPage | None:
    """Return the page that `content` is, None where it cannot be read."""
    # imported here: as above
    from nightdesk.wiki.lint.desk_page import take_apart  # noqa: PLC0415

    row = take_apart(path, content)
    return None if row is None else _from_row(row)


def _from_row(row: Any) -> DeskPage:
    by_code, edited, language, source, claims, sentences = row
    return DeskPage(
        by_code,
        edited,
        language,
        source,
        tuple(_claim(claim) for claim in claims),
        tuple(KeptSentence(s[0], tuple((k[0], k[1]) for k in s[1]), *s[2:]) for s in sentences),
    )


def _claim(row: Any) -> KeptClaim:
    identity, statement, quote, line, is_own, keys = row
    return KeptClaim(identity, statement, quote, line, is_own, tuple((kind, about, what) for kind, about, what in keys))


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256 of a file as source pages record it."""
    return hashlib.sha256(content).hexdigest()
