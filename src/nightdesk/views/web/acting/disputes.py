"""What sources say against each other, both sides with their quotes; and a person's decision about it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.base.cache import Cache
from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.git import run_git
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import Stage
from nightdesk.views.web.acting.acting import begin
from nightdesk.views.web.acting.diffs import Piece, differing
from nightdesk.views.web.acting.history import page_number
from nightdesk.views.web.viewer import Viewer, given_text
from nightdesk.wiki.claims import Claim, parse_claims
from nightdesk.wiki.contradictions.deciding import decide, dismissed, find_item, held_open, resolved
from nightdesk.wiki.contradictions.items import BY_CODE, HOW, Item, Other, Side, State
from nightdesk.wiki.contradictions.page import PATH, read_kept
from nightdesk.wiki.library import read_page

PER_PAGE = 30
WAIT_SECONDS = 10.0  # for another command that works on the desk
_OTHERS: Mapping[str, Other] = {"": "", "wrong": "wrong", "superseded": "superseded"}
_STATES = {"open": "Open", "resolved": "Resolved", "none": "No contradictions", "gone": "Withdrawn"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One side as it is shown."""

    side: Side
    words: tuple[Piece, ...]  # its statement; what the other side says differently is marked
    page: str  # path of its source page, "" where that is gone
    title: str  # of the source
    author: str
    quote: str
    place: str
    mark: str  # "holds", "superseded", "wrong" or ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """One contradiction as it is shown."""

    item: Item
    sides: tuple[Shown, Shown]
    how: str
    found_by: str  # "" for code
    suggested: int  # 1 or 2: the side that seems to hold; 0 for none


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of contradictions."""

    def listed(request: Request) -> Response:
        desk = _desk(viewer)
        return viewer.show(request, "contradictions.html", **disputes_values(viewer, desk, request.query_params))

    def decided(given: Mapping[str, Any]) -> Response:
        return _decided(viewer, _desk(viewer), given)

    return [
        Route("/contradictions", listed),
        Route("/api/contradictions", viewer.action(decided), methods=["POST"]),
    ]


def _desk(viewer: Viewer) -> Desk:
    if viewer.desk is None:
        raise DeskError("contradictions are between claims, and this folder is no desk", fix="nightdesk new makes one")
    return viewer.desk


def disputes_values(viewer: Viewer, desk: Desk, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list of contradictions shows: those in one state, PER_PAGE to a page."""
    kept = read_kept(desk)
    groups: dict[str, list[Item]] = {state: [] for state in _STATES}
    for item in sorted(kept.items.values(), key=lambda item: (item.state.on, item.id), reverse=True):
        groups[state_of(item)].append(item)
    state = asked.get("state", "open") if asked.get("state", "open") in _STATES else "open"
    page = page_number(asked)
    chosen = groups[state][(page - 1) * PER_PAGE : page * PER_PAGE]
    claims = _Claims(viewer, desk)
    return {
        "nav": "contradictions",
        "disputes": [_dispute(claims, item) for item in chosen],
        "tabs": [(key, label, len(groups[key])) for key, label in _STATES.items()],
        "state": state,
        "page": page,
        "has_more": len(groups[state]) > page * PER_PAGE,
        "problems": [*kept.problems[:20], *([] if kept.is_ours else [f"{PATH} is not nightdesk's, or cannot be read"])],
        "path": PATH,
    }


def state_of(item: Item) -> str:
    """Return the key of the list that an item belongs to."""
    if item.state.name == "resolved":
        return "resolved"
    if item.state.name == "not a contradiction":
        return "none"
    return "open" if item.is_open else "gone"


class _Claims:
    """Claims with their quotes, each source page read once."""

    def __init__(self, viewer: Viewer, desk: Desk) -> None:
        self._viewer, self._desk = viewer, desk
        self._pages: dict[str, tuple[str, str, str, Mapping[str, Claim]]] = {}

    def of(self, name: str) -> tuple[str, str, str, Mapping[str, Claim]]:
        """Return path, title, author and claims of a source page; "" and nothing where it is gone."""
        if name not in self._pages:
            self._pages[name] = self._read(name)
        return self._pages[name]

    def _read(self, name: str) -> tuple[str, str, str, Mapping[str, Claim]]:
        catalogue = self._viewer.catalogue
        path = catalogue.named(name)
        entry = catalogue.entries.get(path) if path else None
        if path is None or entry is None:
            return "", name, "", {}
        try:
            page = read_page(self._desk, path).page
        except DeskError:
            return path, entry.title, "", {}
        author = page.value("author")
        claims = {claim.id: claim for claim in parse_claims(page.body)}
        return path, entry.title, author if isinstance(author, str) else "", claims


def _dispute(claims: _Claims, item: Item) -> Dispute:
    one, other = differing(item.one.statement, item.other.statement)
    suggested = {item.one.claim: 1, item.other.claim: 2}.get(item.suggested, 0)
    sides = (_shown(claims, item, item.one, one), _shown(claims, item, item.other, other))
    return Dispute(item, sides, HOW[item.how], "" if item.found_by == BY_CODE else item.found_by, suggested)


def _shown(claims: _Claims, item: Item, side: Side, words: tuple[Piece, ...]) -> Shown:
    path, title, author, known = claims.of(side.page)
    claim = known.get(side.claim)
    quote, place = (claim.quote, claim.place) if claim else ("", "")
    mark = ""
    if item.state.name == "resolved":
        mark = "holds" if item.state.keep == side.claim else item.state.other or "wrong"
    return Shown(side, words, path, title, author, quote, place, mark)


def _decided(viewer: Viewer, desk: Desk, given: Mapping[str, Any]) -> Response:
    """Begin to write a decision and to compile, under one lock and as one commit, as the command does."""
    identity, verdict, claim, other, because = (
        given_text(given, key, most=600) for key in ("id", "verdict", "claim", "other", "because")
    )
    who = run_git(desk.root, "config", "user.name", check=False).strip()
    today = date.today()
    make = _state(verdict, claim, other, because, by=who, on=today.isoformat())
    make(find_item(read_kept(desk), identity))  # what cannot be decided is said at once

    def act(stage: Stage) -> Mapping[str, Any]:
        return _decide(desk, identity, make, verdict, stage=stage, today=today)

    return begin(viewer, f"decide {identity} {verdict} {claim} {other}", act)


def _state(verdict: str, claim: str, other: str, because: str, *, by: str, on: str) -> Callable[[Item], State]:
    if verdict == "resolve":
        if other not in _OTHERS:
            raise DeskError(f'the other claim is "{other[:40]}": it can be wrong or superseded')
        return lambda item: resolved(item, claim, _OTHERS[other], because, by=by, on=on)
    if verdict == "dismiss":
        return lambda item: dismissed(because, by=by, on=on)
    if verdict == "reopen":
        return lambda item: held_open(because, by=by, on=on)
    raise DeskError(f'"{verdict[:40]}" is no decision', fix="it is one of: resolve, dismiss, reopen")


def _decide(
    desk: Desk, identity: str, make: Callable[[Item], State], verdict: str, *, stage: Stage, today: date
) -> Mapping[str, Any]:
    # imported here: to look at contradictions needs none of it
    from nightdesk.wiki.building import Errand  # noqa: PLC0415
    from nightdesk.wiki.compile import compile_desk  # noqa: PLC0415

    done: list[Item] = []

    def act(cache: Cache) -> Sequence[str]:
        done.append(decide(desk, identity, make))
        return [PATH]

    errand = Errand(f"contradictions {verdict}", identity.removeprefix("^"), act)
    report = compile_desk(
        desk, read_settings(desk.settings), stage=stage, today=today, wait_seconds=WAIT_SECONDS, errand=errand
    )
    return {"id": done[0].id, "state": state_of(done[0]), "written": len(report.published.written)}
