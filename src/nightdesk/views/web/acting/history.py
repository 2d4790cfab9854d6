"""The history of a page: who changed what, when and why, each with what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.base.errors import DeskError
from nightdesk.base.history import contents, current_blob, in_repository, versions_of
from nightdesk.base.trees import blob_id
from nightdesk.views.web.acting.deeds import Deed, deeds_of, worker_of
from nightdesk.views.web.acting.diffs import MAX_BYTES, Diff, diff_of, text_of
from nightdesk.views.web.files import may_be_shown, vault_file
from nightdesk.views.web.urls import PAGE_ENDING
from nightdesk.views.web.viewer import Viewer

PER_PAGE = 50
MAX_PAGE = 100
MOST_COMPARED = 200  # versions that the form offers
NOW = "now"  # the file as it is, committed or not
START = "start"  # before the page was there


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions and what differs; `diff` is None where they cannot be compared."""

    old: str  # ids of deeds, NOW or START
    new: str
    diff: Diff | None


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of histories."""

    def shown(request: Request) -> Response:
        path = _path_of(viewer, request.path_params["path"])
        if path is None:
            return viewer.fail(request, 404, "there is no such page here, and there never was")
        values = history_values(viewer, path, request.query_params)
        return viewer.show(request, "history.html", **values)

    return [Route("/h/{path:path}", shown)]


def _path_of(viewer: Viewer, name: str) -> str | None:
    """Return the page that an address names: one that is there, else one that the history knows."""
    entries = viewer.catalogue.entries
    names = [name + PAGE_ENDING, name]
    found = next((one for one in names if one in entries), None)
    if found or "\0" in name:
        return found
    known = (one for one in names if may_be_shown(viewer, one) and versions_of(viewer.root, one, most=1))
    return next(known, None)


def history_values(viewer: Viewer, path: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the history of a page shows: its changes, newest first, and what differs in the one asked for."""
    page = page_number(asked)
    wanted = MOST_COMPARED if asked.get("from") or asked.get("to") else 0
    is_git = in_repository(viewer.root)
    # a change of ours may have two commits: twice as many are asked for as are shown
    most = max(page * PER_PAGE * 2, wanted) + 1
    deeds = deeds_of(versions_of(viewer.root, path, most=most)) if is_git else []
    listed = deeds[(page - 1) * PER_PAGE : page * PER_PAGE]
    now = _now(viewer, path)
    is_unsaved = is_git and bool(deeds) and _is_unsaved(viewer, path, now)
    compared = _compared(viewer, deeds, listed, now, asked, is_unsaved=is_unsaved)
    entry = viewer.catalogue.entries.get(path)
    return {
        "nav": "wiki",
        "path": path,
        "title": entry.title if entry else path.rpartition("/")[2].removesuffix(PAGE_ENDING),
        "is_there": entry is not None,
        "is_git": is_git,
        "deeds": listed,
        "workers": _workers(viewer, listed),
        "is_unsaved": is_unsaved,
        "compared": compared,
        "choices": deeds[:MOST_COMPARED],
        "layout": "side" if asked.get("layout") == "side" else "inline",
        "page": page,
        "has_more": len(deeds) > page * PER_PAGE,
    }


def page_number(asked: Mapping[str, str]) -> int:
    """Return which page of a list is asked for, from 1 to MAX_PAGE."""
    given = asked.get("page", "")
    return min(MAX_PAGE, max(1, int(given))) if given.isdecimal() and len(given) < 7 else 1


def _now(viewer: Viewer, path: str) -> bytes | None:
    file = vault_file(viewer, path)
    try:
        return file.read_bytes() if file and file.stat().st_size <= 10 * MAX_BYTES else None
    except OSError:
        return None


def _is_unsaved(viewer: Viewer, path: str, now: bytes | None) -> bool:
    """Say whether the file differs from what was committed. It is hashed here: git would run its filters."""
    committed = current_blob(viewer.root, path)
    if now is None or committed is None:
        return (now is None) != (committed is None)
    return blob_id(now, like=committed) != committed


def _workers(viewer: Viewer, deeds: Sequence[Deed]) -> dict[str, str]:
    """Return for each of nightdesk's own changes who wrote that version, as the page says itself."""
    ours = [(deed.id, deed.after.blob) for deed in deeds if deed.author.is_ours and deed.after]
    found = contents(viewer.root, list({blob for _, blob in ours}), most_bytes=MAX_BYTES)
    return {identity: worker_of(found[blob]) for identity, blob in ours}


def _compared(
    viewer: Viewer,
    deeds: Sequence[Deed],
    listed: Sequence[Deed],
    now: bytes | None,
    asked: Mapping[str, str],
    *,
    is_unsaved: bool,
) -> Compared | None:
    """Return the two versions that are asked for: by their ends, by one change, else of the newest change listed."""
    if asked.get("from") or asked.get("to"):
        old, new = asked.get("from") or START, asked.get("to") or NOW
    elif asked.get("v") == NOW or (is_unsaved and not asked.get("v") and asked.get("page", "1") == "1"):
        old, new = (deeds[0].id if deeds else START), NOW
    elif listed:
        chosen = _deed(deeds, asked["v"]) if asked.get("v") else listed[0]
        index = deeds.index(chosen)
        old, new = (deeds[index + 1].id if index + 1 < len(deeds) else START), chosen.id
        ends = (chosen.before, chosen.after)
        return Compared(old, new, diff_of_blobs(viewer, *(end.blob if end else "" for end in ends)))
    else:
        return None
    sides = [_blob(deeds, one) for one in (old, new)]
    blobs = contents(viewer.root, [blob for blob in sides if blob not in ("", NOW)], most_bytes=MAX_BYTES)
    texts = [text_of(now) if blob == NOW else _text(blobs, blob) for blob in sides]
    return Compared(old, new, diff_of(texts[0], texts[1]) if texts[0] is not None and texts[1] is not None else None)


def diff_of_blobs(viewer: Viewer, old: str, new: str) -> Diff | None:
    """Return what differs between two contents by their ids ("" is no file), None where they cannot be compared."""
    blobs = contents(viewer.root, [blob for blob in (old, new) if blob], most_bytes=MAX_BYTES)
    before, after = _text(blobs, old), _text(blobs, new)
    return diff_of(before, after) if before is not None and after is not None else None


def _text(blobs: Mapping[str, bytes | None], blob: str) -> str | None:
    if not blob:
        return ""
    content = blobs.get(blob)
    return None if content is None else text_of(content)


def _blob(deeds: Sequence[Deed], side: str) -> str:
    if side in (NOW, START):
        return NOW if side == NOW else ""
    after = _deed(deeds, side).after
    return after.blob if after else ""


def _deed(deeds: Sequence[Deed], identity: str) -> Deed:
    """Return the change that one of its commits names by its beginning. Raises DeskError where there is none."""
    for deed in deeds:
        if len(identity) >= 7 and any(commit.startswith(identity) for commit in deed.commits):
            return deed
    raise DeskError("this page has no such version", fix="choose one from its history")
