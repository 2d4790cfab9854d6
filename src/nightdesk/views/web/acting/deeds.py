"""Who changed what, when and why: commits as a person reads them, those of one command as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal

from nightdesk.base.errors import DeskError
from nightdesk.base.git import BY_HAND
from nightdesk.base.history import Version
from nightdesk.base.pages import parse_page
from nightdesk.base.trees import PastCommit, TreeFile
from nightdesk.wiki.changes import change_of

OURS = "nightdesk"
YOU = "by hand"  # a person's, on a machine where git knows no name
_BACK = "back from: "  # the second of two commits that put a version into the history, and take it out again


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit, and with what."""

    name: str
    is_ours: bool
    command: str  # of nightdesk's: "compile"; "" for a person's
    why: str  # the rest of the first line of the message


@dataclass(frozen=True, slots=True)
class Deed:
    """What one command, or one commit of a person's, made of a page."""

    id: str  # of its newest commit
    change: str  # of nightdesk's: the id by which it can be taken back; "" for a person's
    author: Author
    when: datetime
    path: str
    before_path: str  # another one where it was renamed
    before: TreeFile | None
    after: TreeFile | None
    commits: tuple[str, ...]

    @property
    def kind(self) -> Literal["new", "gone", "renamed", "changed"]:
        """What became of the page."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        return "renamed" if self.before_path != self.path else "changed"


def author_of(commit: PastCommit) -> Author:
    """Return who made a commit: nightdesk with its command, or a person by the name that git has."""
    title = commit.message.strip().partition("\n")[0][:300]
    if change_of(commit):
        command, _, why = title.partition(": ")
        return Author(OURS, True, command if why else "", why or title)
    name = commit.author.rpartition(" <")[0].strip() or "somebody"
    if title.startswith(f"{BY_HAND}:"):
        return Author(YOU if name == OURS else name, False, "", title.removeprefix(f"{BY_HAND}:").strip())
    return Author(name, False, "", title)


def deeds_of(versions: Sequence[Version]) -> list[Deed]:
    """Return what was done to a page (versions with the newest first); what had no effect in the end is left out."""
    found = []
    for _, group in groupby(versions, key=lambda version: change_of(version.commit) or version.commit.id):
        members = list(group)
        newest, oldest = members[0], members[-1]
        before, after = oldest.change.before, newest.change.after
        if before == after and len(members) > 1:
            continue
        told = next((one for one in members if not one.commit.message.startswith(_BACK)), newest)
        found.append(
            Deed(
                newest.commit.id,
                change_of(newest.commit),
                author_of(told.commit),
                newest.commit.when,
                newest.path,
                oldest.before_path,
                before,
                after,
                tuple(one.commit.id for one in members),
            )
        )
    return found


def worker_of(content: bytes | None) -> str:
    """Return who wrote this version of a page, as its frontmatter says: the name of a worker, "" for none."""
    head = (content or b"")[:20_000].decode("utf-8", "replace")
    try:
        generated = parse_page(head).value("generated")
    except DeskError:
        return ""
    by = generated.get("by") if isinstance(generated, dict) else None
    return by[:100] if isinstance(by, str) else ""
