"""The changes that nightdesk made, told from the history: the commits of one command, and what became of each file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import AUTHOR, BY_HAND, CHANGE
from nightdesk.base.trees import FileChange, PastCommit, files_changed, past_commits

UNDO = "Nightdesk-Undo"  # the line of a commit that names the change it takes back
FORGET = "forget: "  # how the message of a commit begins that takes raw files away
_PARTS = ("compile: ", "back from: ")
MOST = 5_000  # commits that are looked at
_LEAST_OF_ID = 4  # characters by which a change may be named


@dataclass(frozen=True, slots=True)
class Change:
    """What one command changed."""

    id: str  # as its commits say; of a commit that says nothing the first ten digits of its own id
    title: str
    when: datetime
    commits: tuple[str, ...]  # the oldest first
    withdrawals: frozenset[str] = frozenset()  # those of the commits that took raw files away
    undoes: str = ""  # the id of the change that it takes back
    undone: bool = False  # taken back, and not brought back since


def read_changes(desk: Desk) -> list[Change]:
    """Return nightdesk's changes of a desk, the newest first."""
    return with_states(gather(past_commits(desk.root, most=MOST)))


def gather(commits: Sequence[PastCommit]) -> list[Change]:
    """Return the changes that commits (the newest first) belong to; a commit of ours that says nothing is one."""
    grouped: dict[str, list[PastCommit]] = {}
    for commit in commits:
        if identity := change_of(commit):
            grouped.setdefault(identity, []).insert(0, commit)
    return [_change(identity, ours) for identity, ours in grouped.items()]


def change_of(commit: PastCommit) -> str:
    """Return the id of the change of nightdesk's that a commit belongs to, "" for a commit of a person's."""
    # on a machine where git knows no person, what is theirs bears our name
    if commit.author != AUTHOR or commit.message.startswith(f"{BY_HAND}:"):
        return ""
    return _line(commit.message, CHANGE) or commit.id[:10]


def _change(identity: str, commits: Sequence[PastCommit]) -> Change:
    titles = [commit.message.strip().partition("\n")[0] for commit in commits]
    own = [title for title in titles if not title.startswith(_PARTS)]  # a command that compiles at its end
    return Change(
        identity,
        (own or titles[-1:])[0],
        commits[-1].when,
        tuple(commit.id for commit in commits),
        withdrawals=frozenset(c.id for c, title in zip(commits, titles, strict=True) if title.startswith(FORGET)),
        undoes=_line(commits[-1].message, UNDO),
    )


def _line(message: str, key: str) -> str:
    """Return what the line `key: …` says, "" without one; only among the last two lines, which are our own."""
    lines = [line for line in message.split("\n") if line.strip()]
    return next((line.removeprefix(f"{key}: ").strip() for line in lines[-2:] if line.startswith(f"{key}: ")), "")


def with_states(changes: Sequence[Change]) -> list[Change]:
    """Return the changes (the newest first) with those marked that are taken back.

    An undo that was itself taken back takes nothing back any more.
    """
    undone: set[str] = set()
    found = []
    for change in changes:
        is_undone = change.id in undone
        if change.undoes and not is_undone:
            undone.add(change.undoes)
        found.append(replace(change, undone=is_undone))
    return found


def undoable(changes: Sequence[Change]) -> list[Change]:
    """Return the changes that stand, the newest first, without what only takes back or brings back."""
    return [change for change in changes if not change.undoes and not change.undone]


def redoable(changes: Sequence[Change]) -> list[Change]:
    """Return the undos that stand, the newest first."""
    by_id = {change.id: change for change in changes}
    return [c for c in changes if c.undoes and not c.undone and not _takes_back_undo(c, by_id)]


def _takes_back_undo(change: Change, by_id: dict[str, Change]) -> bool:
    taken = by_id.get(change.undoes)
    return taken is not None and bool(taken.undoes)


def find_change(changes: Sequence[Change], wanted: str) -> Change:
    """Return the change that an id, or the id of one of its commits, names by its beginning.

    Raises DeskError for none, for several, and for one that is taken back or only brought something back.
    """
    given = wanted.strip().lower()
    matches = [c for c in changes if c.id.startswith(given) or any(one.startswith(given) for one in c.commits)]
    matches = [c for c in matches if c.id == given] or matches
    if len(given) < _LEAST_OF_ID or not matches:
        raise DeskError(f'no change of nightdesk is called "{wanted}"', fix="nightdesk undo --list shows them")
    if len(matches) > 1:
        raise DeskError(f'several changes begin with "{wanted}"', fix="give more of the id: nightdesk undo --list")
    change = matches[0]
    if change.undone:
        by = next(c for c in changes if c.undoes == change.id and not c.undone)
        raise DeskError(f"{change.id} is taken back already", fix=f"bring it back with: nightdesk undo {by.id}")
    if _takes_back_undo(change, {c.id: c for c in changes}):
        brought = next(c for c in changes if c.id == change.undoes).undoes
        raise DeskError(f"{change.id} brought {brought} back", fix=f"take that back with: nightdesk undo {brought}")
    return change


def files_of(desk: Desk, change: Change) -> dict[str, FileChange]:
    """Return what a change made of each file, from before its first commit to after its last.

    A raw file counts only where `forget` took it away: all else of raw/ is a person's doing, committed with the rest.
    """
    found: dict[str, FileChange] = {}
    for commit in change.commits:
        for path, one in files_changed(desk.root, commit).items():
            if path.startswith("raw/") and one.after is None and commit not in change.withdrawals:
                continue
            known = found.get(path)
            # whoever committed in between is a person: only what comes after them is the change's
            before = known.before if known is not None and known.after == one.before else one.before
            found[path] = FileChange(before, one.after)
    return {path: one for path, one in sorted(found.items()) if one.before != one.after}
