"""All changes of a desk or vault: commands of nightdesk and commits of people, each with its files; and undo."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.history import changes_of, commits_of, in_repository
from nightdesk.base.stages import Stage
from nightdesk.base.trees import FileChange, PastCommit
from nightdesk.views.web.acting.acting import begin
from nightdesk.views.web.acting.deeds import Author, author_of
from nightdesk.views.web.acting.history import diff_of_blobs, page_number
from nightdesk.views.web.files import may_be_shown
from nightdesk.views.web.viewer import Viewer, given_text
from nightdesk.wiki.changes import MOST, Change, change_of, gather, undoable, with_states
from nightdesk.wiki.undo import Undone, undo

PER_PAGE = 50
MAX_FILES = 500  # of one change that are listed
_MAX_IN_LIST = 40  # of one change in the list of all
_MOST_COMMITS = 200  # of one change whose files are told
_QUIET = ("wiki/index.md", "wiki/log.md", "costs.tsv")  # in nearly every change: not what it is looked at for


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change made of one file."""

    path: str
    kind: str  # "new", "gone" or "changed"
    before: str  # ids of contents, "" for none
    after: str
    can_show: bool


@dataclass(frozen=True, slots=True)
class Item:
    """One command of nightdesk, or one commit of a person."""

    id: str
    author: Author
    when: datetime
    commits: tuple[str, ...]  # the newest first
    undone: bool = False
    undoes: str = ""
    can_undo: bool = False
    undo_by: str = ""  # the id of the undo that took it back: undoing that brings it back


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of changes and of undo."""

    def listed(request: Request) -> Response:
        if identity := request.query_params.get("id"):
            values = change_values(viewer, identity, request.query_params)
            return viewer.show(request, "change.html", **values)
        return viewer.show(request, "changes.html", **changes_values(viewer, request.query_params))

    def planned(request: Request) -> Response:
        found = undo(_desk(viewer), wanted=request.query_params.get("change", ""), dry=True)
        return viewer.json(undone_document(found))

    def taken_back(given: Mapping[str, Any]) -> Response:
        desk, identity = _desk(viewer), given_text(given, "change", most=64)
        if not identity:
            raise DeskError("the request names no change", fix="load the page again")

        def act(stage: Stage) -> Mapping[str, Any]:
            with stage("taking back", 0):
                return undone_document(undo(desk, wanted=identity))

        return begin(viewer, f"undo {identity}", act)

    return [
        Route("/changes", listed),
        Route("/api/undo", planned, methods=["GET"]),
        Route("/api/undo", viewer.action(taken_back), methods=["POST"]),
    ]


def _desk(viewer: Viewer) -> Desk:
    if viewer.desk is None:
        raise DeskError("only what nightdesk changed on a desk can be taken back", fix="this folder is no desk")
    return viewer.desk


def changes_values(viewer: Viewer, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list of all changes shows: the newest first, PER_PAGE to a page."""
    page = page_number(asked)
    is_git = in_repository(viewer.root)
    items = list(islice(_items(viewer), (page - 1) * PER_PAGE, page * PER_PAGE + 1)) if is_git else []
    shown = items[:PER_PAGE]
    files = _files_of(viewer, shown)
    last = next((item.id for item in shown if item.can_undo), "") if page == 1 else ""
    return {
        "nav": "changes",
        "is_git": is_git,
        "items": shown,
        "files": {identity: touched[:_MAX_IN_LIST] for identity, touched in files.items()},
        "counts": {identity: _counts(touched) for identity, touched in files.items()},
        "last": last,
        "page": page,
        "has_more": len(items) > PER_PAGE,
        "recent": () if is_git else viewer.catalogue.recent(100),
    }


def change_values(viewer: Viewer, identity: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what one change shows: its files, and what differs in one. Raises DeskError where there is none."""
    item = next((one for one in _items(viewer) if _is_named(one, identity)), None)
    if item is None:
        raise DeskError("there is no such change here", fix="choose one from the list of changes")
    files = _files_of(viewer, [item])[item.id]
    path = asked.get("file", "")
    chosen = next((one for one in files if one.path == path), None) or _first(files)
    diff = diff_of_blobs(viewer, chosen.before, chosen.after) if chosen and chosen.can_show else None
    return {
        "nav": "changes",
        "item": item,
        "files": files[:MAX_FILES],
        "more": max(0, len(files) - MAX_FILES),
        "counts": _counts(files),
        "chosen": chosen,
        "diff": diff,
        "layout": "side" if asked.get("layout") == "side" else "inline",
        "pages": viewer.catalogue.entries,
    }


def _is_named(item: Item, identity: str) -> bool:
    long_enough = len(identity) >= 7
    return item.id == identity or (long_enough and any(commit.startswith(identity) for commit in item.commits))


def _first(files: Sequence[Touched]) -> Touched | None:
    shown = [one for one in files if one.can_show]
    pages = [one for one in shown if one.path.startswith("wiki/") and one.path not in _QUIET]
    return next(iter(pages or shown), None)


def _items(viewer: Viewer) -> Iterator[Item]:
    """Yield what was done, the newest first."""
    commits = commits_of(viewer.root, most=MOST)
    changes = with_states(gather(commits)) if viewer.desk else []
    by_id = {change.id: change for change in changes}
    can_undo = {change.id for change in undoable(changes)}
    undos = {change.undoes: change.id for change in reversed(changes) if change.undoes and not change.undone}
    told: set[str] = set()
    for commit in commits:
        change = by_id.get(change_of(commit))
        if change is None:
            yield Item(commit.id, author_of(commit), commit.when, (commit.id,))
        elif change.id not in told:
            told.add(change.id)
            yield _item(change, commit, can_undo=change.id in can_undo, undo_by=undos.get(change.id, ""))


def _item(change: Change, commit: PastCommit, *, can_undo: bool, undo_by: str) -> Item:
    command, _, why = change.title.partition(": ")
    author = Author(author_of(commit).name, True, command if why else "", (why or change.title)[:300])
    commits = change.commits[::-1]
    return Item(change.id, author, commit.when, commits, change.undone, change.undoes, can_undo, undo_by)


def _files_of(viewer: Viewer, items: Sequence[Item]) -> dict[str, list[Touched]]:
    """Return the files of each item, from before its first commit to after its last."""
    wanted = [commit for item in items for commit in item.commits[:_MOST_COMMITS]]
    changed = changes_of(viewer.root, wanted) if wanted else {}
    found = {}
    for item in items:
        ends: dict[str, FileChange] = {}
        for commit in reversed(item.commits[:_MOST_COMMITS]):
            for path, one in changed.get(commit, {}).items():
                ends[path] = FileChange(ends[path].before if path in ends else one.before, one.after)
        made = ((path, one) for path, one in sorted(ends.items()) if one.before != one.after)
        found[item.id] = [_touched(viewer, path, one) for path, one in made]
    return found


def _touched(viewer: Viewer, path: str, one: FileChange) -> Touched:
    before, after = one.before.blob if one.before else "", one.after.blob if one.after else ""
    kind = "changed" if before and after else "gone" if before else "new"
    return Touched(path, kind, before, after, may_be_shown(viewer, path))


def _counts(files: Sequence[Touched]) -> str:
    """Return in words how many files there are of each kind."""
    words = {"new": "new", "changed": "changed", "gone": "removed"}
    counted = [(sum(one.kind == kind for one in files), word) for kind, word in words.items()]
    total = f"{len(files):,} file{'' if len(files) == 1 else 's'}"
    told = ", ".join(f"{count:,} {word}" for count, word in counted if count)
    return f"{total}: {told}" if told else "no file"


def undone_document(found: Undone) -> dict[str, Any]:
    """Return what is, or would be, taken back, as the page tells it."""
    steps = [step for step in found.steps if step.deed not in ("stays", "already")]
    return {
        "title": found.change.title,
        "brings_back": bool(found.change.undoes),
        "steps": [{"path": s.path, "deed": s.deed, "why": s.why, "aside": s.aside} for s in steps[:MAX_FILES]],
        "more": max(0, len(steps) - MAX_FILES),
        "stays": sum(step.deed == "stays" for step in found.steps),
        "conflicts": len(found.conflicts),
        "commit": found.commit,
    }
