"""All that exports are made from, read once: the pages of the wiki, their claims and their sources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nightdesk.agents.boundary import visible
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import is_repository, run_git
from nightdesk.base.names import name_key
from nightdesk.base.pages import MARK, load_yaml
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.library import Shelved, page_paths, read_page

_LEFT_OUT = frozenset({"wiki/index.md", "wiki/log.md"})
_MAX_CLAIMS_PAGE = 10_000_000  # characters of a page that is read


@dataclass(frozen=True, slots=True)
class Source:
    """Where a source page's claims come from; paths are relative to the desk."""

    raw: str
    sha256: str
    text: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the wiki."""

    name: str  # base name, by which links call it
    path: str
    title: str
    type: str
    summary: str
    values: Mapping[str, Any]  # the frontmatter, our marks left out
    body: str
    claims: tuple[Claim, ...]  # of a source page, its open questions left out
    source: Source | None
    changed: str | None  # when it was last committed: ISO 8601, UTC

    @property
    def verified(self) -> bool:
        """Whether every quote and citation on it passed."""
        return self.values.get("status") == "verified"

    def line(self, key: str) -> str:
        """Return a property as one line of words, "" where it is absent."""
        return line_of(self.values.get(key))


@dataclass(frozen=True, slots=True)
class Collected:
    """The pages by name key, in the order of their paths, and why some could not be read."""

    entries: tuple[Entry, ...]
    by_name: Mapping[str, Entry]
    problems: tuple[str, ...]

    @property
    def sources(self) -> tuple[Entry, ...]:
        """The source pages."""
        return tuple(entry for entry in self.entries if entry.source)


def collect(desk: Desk) -> Collected:
    """Read every page of a desk. Raises DeskError where there is none; a page that cannot be read is a problem."""
    times = commit_times(desk, "wiki")
    changed = {path: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for path, at in times.items()}
    entries: list[Entry] = []
    problems: list[str] = []
    for path in page_paths(desk):
        if path in _LEFT_OUT:
            continue
        try:
            entries.append(_entry(read_page(desk, path), changed.get(path)))
        except DeskError as error:
            problems.append(error.message)
    if not entries:
        raise DeskError("there is no page to export", fix="nightdesk compile")
    return Collected(tuple(entries), {name_key(entry.name): entry for entry in entries}, tuple(problems))


def line_of(value: object) -> str:
    """Return a property as one line: a list with commas, links as their words, nothing that is unseen."""
    if isinstance(value, list):
        value = ", ".join(line_of(item) for item in value)
    if value is None or isinstance(value, dict):
        return ""
    return " ".join(visible(re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]]*)\]\]", r"\1", str(value))).split())


def _entry(shelved: Shelved, changed: str | None) -> Entry:
    page = shelved.page
    values = load_yaml("".join(lines for key, lines in page.front.items() if key != MARK))
    kind = line_of(values.get("type")) or "note"
    source = _source(values) if kind == "source" else None
    body = page.body[:_MAX_CLAIMS_PAGE]
    claims = parse_claims(body.split("\n## Open questions\n")[0]) if source else ()
    return Entry(
        name=shelved.name,
        path=shelved.path,
        title=line_of(values.get("title")) or shelved.name,
        type=kind,
        summary=line_of(values.get("summary")),
        values=values,
        body=body,
        claims=claims,
        source=source,
        changed=changed,
    )


def _source(values: Mapping[str, Any]) -> Source | None:
    listed = values.get("sources")
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict) or not isinstance(first.get("path"), str):
        return None
    raw = first["path"]
    return Source(
        raw, line_of(first.get("sha256")), line_of(first.get("text")) or raw, line_of(first.get("text_sha256"))
    )


def commit_times(desk: Desk, *folders: str) -> dict[str, int]:
    """Return path -> time of the last commit that changed it, in seconds since the epoch, for all in some folders.

    Nothing outside of git.
    """
    if not is_repository(desk.root) or not run_git(desk.root, "rev-parse", "--verify", "--quiet", "HEAD", check=False):
        return {}
    arguments = ("-c", "log.showSignature=false", "log", "--no-renames", "--format=%x01%ct", "--name-only", "-z")
    listed = run_git(desk.root, *arguments, "--", *folders)
    found: dict[str, int] = {}
    for commit in listed.split("\x01")[1:]:
        seconds, *names = commit.split("\0")
        for name in names:
            found.setdefault(name.lstrip("\n"), int(seconds))
    return found
