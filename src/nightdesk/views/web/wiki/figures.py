"""The vital figures of a desk and its labs in a line each: they take a look at everything, so pages do not wait."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from nightdesk.base.desk import Desk
from nightdesk.base.errors import DeskError
from nightdesk.lab.ledger import render_score
from nightdesk.lab.outlook import outlook
from nightdesk.views.web.lab.shelf import Shelf
from nightdesk.views.web.viewer import Viewer
from nightdesk.wiki.status import read_status
from nightdesk.wiki.vitals import in_lines, read_vitals

_LABS = 8
_BAD = ("contradictions", "stale", "unverified")  # what is told as a thing to do, where there is any
_LEADS = {"orphans": "lint", "contradictions": "contradictions", "stale": "lint", "unverified": "lint"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in words."""

    label: str
    words: str
    view: str  # that tells more; "" for none
    calls: bool  # for something to be done


@dataclass(frozen=True, slots=True)
class LabLine:
    """A lab in one line."""

    name: str
    words: str
    running: bool


class Figures:
    """The figures as they were at the last look, and another look when pages have changed since."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._known: tuple[int, dict[str, Any]] | None = None
        self._looking = threading.Lock()

    def known(self) -> dict[str, Any] | None:
        """Return the figures of the last look, None before the first."""
        return self._known[1] if self._known else None

    @property
    def stale(self) -> bool:
        """Whether there is a desk whose figures may be others by now."""
        if self._viewer.desk is None:
            return False
        return self._known is None or self._known[0] != self._viewer.catalogue.generation

    def now(self) -> dict[str, Any]:
        """Return the figures, after a look if need be; one look at a time."""
        with self._looking:
            generation = self._viewer.catalogue.generation
            if self._known is None or self._known[0] != generation:
                self._known = generation, figures_values(self._viewer)
            return self._known[1]


def figures_values(viewer: Viewer) -> dict[str, Any]:
    """Return what the template of the figures shows; nothing for a vault that is no desk."""
    desk = viewer.desk
    if desk is None:
        return _told()
    try:
        status = read_status(desk)
        vitals = read_vitals(desk, status, today=datetime.now(UTC).astimezone().date())
    except (DeskError, OSError) as error:  # a desk that is being written: looked at again after the next change
        return _told(labs=_labs(desk), fault=str(error))
    return _told(
        figures=tuple(
            Figure(label, words, _LEADS.get(label, ""), label in _BAD and not words.startswith("none"))
            for label, words in in_lines(vitals)
        ),
        labs=_labs(desk),
        waiting=len(status.waiting),
        set_aside=len(status.set_aside),
        problems=len(status.problems),
    )


def _told(**known: Any) -> dict[str, Any]:
    return {"figures": (), "labs": (), "waiting": 0, "set_aside": 0, "problems": 0, "fault": "", **known}


def _labs(desk: Desk) -> tuple[LabLine, ...]:
    shelf = Shelf(desk.root, desk)
    found = []
    for name in shelf.names[:_LABS]:
        try:
            lab = shelf.lab(name)
            known = outlook(lab, shelf.read(lab).experiments) if lab else None
        except (DeskError, OSError) as error:  # one lab's mistake hides no other
            found.append(LabLine(name, str(error), running=False))
            continue
        if known is not None:
            found.append(LabLine(name, _lab_words(known), known["running"] is not None))
    return tuple(found)


def _lab_words(known: dict[str, Any]) -> str:
    """Return where a lab stands in a line: "12 experiments, 3 kept; best val_bpb 1.234567"."""
    if not known["experiments"] and known["best"] is None:
        return "not run yet"
    count = known["experiments"]
    told = f"{count:,} experiment{'' if count == 1 else 's'}, {known['kept']:,} kept"
    best = known["best"]
    if best is not None and best["score"] is not None:
        told += f"; best {known['metric']} {render_score(best['score'])}"
    return told
