"""What is wrong in a desk or vault, by rule, each finding with its place; and what code mends for certain."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.base.pages import short_hash
from nightdesk.base.settings import read_settings
from nightdesk.base.stages import Stage
from nightdesk.views.web.acting.acting import begin
from nightdesk.views.web.acting.diffs import diff_of
from nightdesk.views.web.acting.history import page_number
from nightdesk.views.web.acting.looking import Looker
from nightdesk.views.web.files import vault_file
from nightdesk.views.web.prose import anchor
from nightdesk.views.web.viewer import Viewer, given_text
from nightdesk.views.web.wiki.place import read_text
from nightdesk.wiki.lint.findings import RULES, Finding, Rule
from nightdesk.wiki.lint.lint import Linted

FEW, MANY = 10, 200  # findings of a rule: among all rules, and of one that is chosen
MAX_FILES = 60  # of a plan whose differences are shown
_WAIT_SECONDS = 0.5  # for a look, before a page says that it is under way
_MAX_TEXT = 1_000_000  # bytes of a file that a line is taken from
_MAX_EXCERPT = 220  # characters
_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t#]*$")
_MARKED = re.compile(r"!?\[\[[^\[\]\n]*\]\]|!?\[[^\[\]\n]*\]\([^()\n]*\)|\S+")
SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Place:
    """A finding with the line that it is about, in three parts: before, what is meant, and after."""

    finding: Finding
    title: str  # of the page, "" where it is none
    fragment: str  # of the heading above it
    line: tuple[str, str, str]
    is_file: bool  # no page, but a file that is shown


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule."""

    rule: Rule
    count: int
    places: tuple[Place, ...]
    by_code: bool  # whether code may mend some


def routes(viewer: Viewer) -> list[Route]:
    """Return the routes of lint."""
    looker = Looker(viewer)

    def listed(request: Request) -> Response:
        is_busy = looker.look(_WAIT_SECONDS)
        busy = {"is_busy": is_busy, "stage": looker.stage, "done": looker.done, "total": looker.total}
        values = findings_values(viewer, looker.linted, request.query_params)
        return viewer.show(request, "lint.html", error=looker.error, busy=busy, **values)

    def mended(given: Mapping[str, Any]) -> Response:
        if viewer.desk is None:
            raise DeskError("only a desk is mended", fix="nothing is ever written into any other folder")
        return _mended(viewer, viewer.desk, given)

    return [Route("/lint", listed), Route("/api/mend", viewer.action(mended), methods=["POST"])]


def findings_values(viewer: Viewer, linted: Linted | None, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list of findings shows, of those that are asked for by rule, severity or file."""
    rule, severity, file = asked.get("rule", ""), asked.get("severity", ""), asked.get("file", "")
    page = page_number(asked)
    found = linted.findings if linted else ()
    in_file = [one for one in found if file in ("", one.file)]
    chosen = [one for one in in_file if rule in ("", one.rule) and severity in ("", one.severity)]
    counts = Counter(one.rule for one in in_file)
    limit, begin_at = (MANY, (page - 1) * MANY) if rule else (FEW, 0)
    texts = _Texts(viewer)
    groups = []
    for identity in RULES:
        mine = [one for one in chosen if one.rule == identity]
        if mine:
            places = tuple(texts.place(one) for one in mine[begin_at : begin_at + limit])
            groups.append(Group(RULES[identity], len(mine), places, identity in _code_rules(viewer)))
    return {
        "nav": "lint",
        "linted": linted,
        "groups": groups,
        "counts": [(RULES[identity], counts[identity]) for identity in RULES if counts[identity]],
        "severities": [(one, sum(f.severity == one for f in in_file)) for one in SEVERITIES],
        "total": len(in_file),
        "files": len({one.file for one in found}),
        "rule": rule,
        "severity": severity,
        "file": file,
        "page": page,
        "limit": limit,
        "has_more": bool(rule) and len(chosen) > begin_at + limit,
        "can_mend": any(group.by_code for group in groups),
    }


def _code_rules(viewer: Viewer) -> tuple[str, ...]:
    """Return the rules of which code mends some findings; none where nothing is written."""
    if viewer.desk is None or not viewer.served:
        return ()
    # imported here: only a desk is mended
    from nightdesk.wiki.mend import mechanical  # noqa: PLC0415

    return (*mechanical.RULES, *mechanical.BY_COMPILE)


class _Texts:
    """The lines of files, each file read once."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._lines: dict[str, Sequence[str]] = {}

    def place(self, finding: Finding) -> Place:
        """Return a finding with its line."""
        entry = self._viewer.catalogue.entries.get(finding.file)
        lines = self._of(finding.file)
        is_whole = finding.line == 1 and finding.column == 1  # about the file, and no line of it
        fragment = "" if is_whole else _heading_above(lines, finding.line)
        line = ("", "", "") if is_whole else _excerpt(lines, finding)
        is_file = entry is None and vault_file(self._viewer, finding.file) is not None
        return Place(finding, entry.title if entry else "", fragment, line, is_file)

    def _of(self, path: str) -> Sequence[str]:
        if path not in self._lines:
            file = vault_file(self._viewer, path)
            # split at line feeds alone, as lines are counted
            self._lines[path] = ((read_text(file, _MAX_TEXT) if file else None) or "").split("\n")
        return self._lines[path]


def _heading_above(lines: Sequence[str], line: int) -> str:
    """Return the anchor of the nearest heading above a line (1-based), "" for none below the title."""
    for number in range(min(line, len(lines)) - 1, -1, -1):
        if found := _HEADING.match(lines[number].rstrip()):
            return anchor(found[1]) if not lines[number].startswith("# ") else ""
    return ""


def _excerpt(lines: Sequence[str], finding: Finding) -> tuple[str, str, str]:
    """Return the line of a finding, cut around its place."""
    if not 0 < finding.line <= len(lines):
        return "", "", ""
    text, at = lines[finding.line - 1].rstrip("\r"), finding.column - 1
    marked = _MARKED.match(text, at) if at < len(text) else None
    start, end = (marked.start(), min(marked.end(), at + _MAX_EXCERPT)) if marked and at else (0, 0)
    room = max(20, (_MAX_EXCERPT - (end - start)) // 2)
    before = ("… " if start > room else "") + text[max(0, start - room) : start]
    rest = text[end : end + (room if end else _MAX_EXCERPT)]
    return before, text[start:end], rest + (" …" if len(text) > end + len(rest) else "")


def _mended(viewer: Viewer, desk: Desk, given: Mapping[str, Any]) -> Response:
    """Begin to plan what code mends, or to do what was planned and shown."""
    # imported here: to look at findings needs none of it
    from nightdesk.wiki.mend.mend import checked_scope, mend_desk  # noqa: PLC0415

    rule, file, digest = (given_text(given, key) for key in ("rule", "file", "digest"))
    scope = checked_scope(desk, [file] if file else [], [rule] if rule else [])

    def act(stage: Stage) -> Mapping[str, Any]:
        settings, today = read_settings(desk.settings), date.today()
        plan = mend_desk(desk, settings, scope, dry=True, today=today, stage=stage)
        known = short_hash(repr((sorted(plan.after.items()), sorted(plan.removed), sorted(plan.compiled))))
        if not digest:
            shown = {path: diff_of(plan.before[path], text) for path, text in [*sorted(plan.after.items())][:MAX_FILES]}
            more = max(0, len(plan.after) - MAX_FILES)
            html = viewer.render("mend_plan.html", plan=plan, diffs=shown, more=more)
            return {"html": html, "digest": known, "can": bool(plan.after or plan.removed or plan.compiled)}
        if digest != known:
            raise DeskError("the pages have changed since this was shown", fix="look at it again")
        done = mend_desk(desk, settings, scope, today=today, stage=stage)
        files = len({*done.after, *done.removed, *done.compiled})
        return {"mended": done.mended, "files": files, "left": len(done.left), "undo": viewer.urls.view("changes")}

    return begin(viewer, f"mend {rule} {file} {digest}", act)
