"""A result as it is shown: what the index knows of it, and its words and place from the file itself."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from re import Pattern

from nightdesk.wiki.search.collection import file_signature
from nightdesk.wiki.search.schema import KINDS, MAX_CHARS, FoundClaim
from nightdesk.wiki.search.snippets import Snippet, make_snippet, mark_matches
from nightdesk.wiki.search.store import Store


@dataclass(frozen=True, slots=True)
class Hit:
    """One result, with the place that it stands at."""

    kind: str  # "wiki", "claims" or "text"
    path: str  # relative to the desk or vault
    line: int  # from 1
    heading: str  # the nearest above, "" for none
    page: int | None  # of the original, where its text tells pages
    title: str
    type: str
    date: str  # ISO, by which after: and before: judge
    tags: tuple[str, ...]
    score: float
    snippet: str
    marks: tuple[tuple[int, int], ...]  # start and end of what fits, in `snippet`
    claim: FoundClaim | None


@dataclass(frozen=True, slots=True)
class Row:
    """What the index knows of a document."""

    id: int
    path: str
    signature: str
    title: str
    type: str
    tags: tuple[str, ...]
    day: str
    claim: FoundClaim | None

    def is_current(self, root: Path) -> bool:
        """Say whether the file is the one that was read."""
        try:
            found = os.stat(f"{root}/{self.path}")
        except OSError:
            return False
        return not self.signature or self.signature == file_signature(found)

    def hit(self, root: Path, score: float, patterns: Sequence[Pattern[str]]) -> Hit:
        """Return the result with its snippet; an empty one where the file is gone."""
        try:
            with open(f"{root}/{self.path}", "rb") as file:
                # no more than there is: Python makes room for as many bytes as are asked for
                content = file.read(min(4 * MAX_CHARS, os.fstat(file.fileno()).st_size))
        except OSError:
            content = b""
        text = content.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
        snippet = _claim_snippet(self.claim, text, patterns) if self.claim else make_snippet(text, patterns)
        return Hit(
            KINDS[self.id & 3],
            self.path,
            snippet.line,
            snippet.heading,
            snippet.page,
            self.title,
            self.type,
            self.day,
            self.tags,
            score,
            snippet.text,
            snippet.marks,
            self.claim,
        )


def read_row(store: Store, identity: int) -> Row:
    """Return what the index knows of a document that it found."""
    statement = (
        "SELECT d.id, f.folder, f.name, f.signature, d.title, d.type, d.tags, d.day, d.claim "
        "FROM docs d JOIN files f ON f.id = d.file WHERE d.id = ?"
    )
    number, folder, name, signature, title, type_, tags, day, claim = store.database.execute(
        statement, (identity,)
    ).fetchone()
    path = f"{folder}/{name}" if folder else name
    found = FoundClaim(*json.loads(claim)) if claim else None
    return Row(number, path, signature, title, type_, tuple(tags.split("\n")[1:-1]), day, found)


def _claim_snippet(claim: FoundClaim, text: str, patterns: Sequence[Pattern[str]]) -> Snippet:
    """Return the statement, or the quote where more of what fits stands there, and the line of the claim."""
    at = text.find(f" ^{claim.id}\n")
    line = text.count("\n", 0, at) + 1 if at >= 0 else 1
    place = make_snippet(text, patterns, within=(line, line + 1))
    statement, quote = (mark_matches(words[:5_000], patterns) for words in (claim.statement, claim.quote))
    if len(claim.statement) <= len(place.text) and len(statement) >= len(quote):
        return Snippet(claim.statement, statement, line, place.heading, place.page)
    return Snippet(place.text, place.marks, line, place.heading, place.page)
