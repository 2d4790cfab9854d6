"""Proposals from the agent in the room: the loop says what it waits for, `next` and `submit` answer from outside.

In the lab's state folder, room/ holds

    alive         locked as long as the loop waits: without it nothing is to be proposed
    open.json     what may be handed in now: the material of the brief, and the numbers of the proposals
    0007.json     a hand-in that was accepted and that the loop has not taken yet

Two proposals may wait ahead, so that the machine need not wait for the agent. A hand-in is verified when it is handed
in, and again when it is taken: another may have been the same program.
"""

import contextlib
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nightdesk.agents.briefs import Briefs
from nightdesk.agents.room import PART_CHARS
from nightdesk.agents.tasks import LeftError, Task
from nightdesk.base.errors import DeskError
from nightdesk.base.files import write_atomically
from nightdesk.base.lock import hold_lock
from nightdesk.lab.agent_proposer import Knows
from nightdesk.lab.changes import Change
from nightdesk.lab.experiments import Experiment, one_line, plain_text
from nightdesk.lab.jobs import Proposal, Search, Stopped
from nightdesk.lab.propose_task import Material, make_material, propose_task, verify_proposal
from nightdesk.lab.proposers import with_ranges

FOLDER = "room"
AHEAD = 2  # proposals that may wait for the loop
_LOOK_EVERY_SECONDS = 0.2
_OPEN, _ALIVE = "open.json", "alive"
_WAIT_SECONDS = 5.0  # for a `next` that just looks whether the loop is alive
_MAX_BYTES = 50_000_000
_MOST_BRIEF = 40  # characters of a brief's version


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a loop waits for: the lab's name, the material, and the numbers of the proposals that may be handed in."""

    lab: str
    material: Material
    numbers: tuple[int, ...]


class RoomProposer:
    """Waits for proposals that are handed in. Use it as a context: outside of it nothing is asked for."""

    at_once = 1
    name = "room"

    def __init__(
        self,
        state: Path,
        lab: str,
        *,
        stopped: Stopped,
        wiki: Knows = lambda search: "",
        ranges: bool = False,
        earlier: Sequence[Experiment] = (),
    ) -> None:
        self._folder = state / FOLDER
        self._lab = lab
        self._stopped = stopped
        self._wiki = wiki
        self._ranges = ranges
        self._earlier = tuple(earlier)  # of other branches too: what was taken and run is not taken again
        self._closed = False
        self._given: Path | None = None  # the hand-in that the loop has got, until it asks for the next one
        self._said: Waiting | None = None
        self._alive = contextlib.ExitStack()

    def __enter__(self) -> "RoomProposer":
        return self

    def __exit__(self, *why: object) -> None:
        self.close()
        self._alive.close()

    def close(self) -> None:
        """End the waiting: `propose` then raises LeftError. What was handed in stays for the next start."""
        self._closed = True

    def propose(self, search: Search) -> Proposal:
        """Return the next proposal that was handed in, after however long. Raises LeftError where it is stopped."""
        material = make_material(search, wiki=self._wiki(search), ranges=self._ranges)
        if self._given is not None:  # it is in the ledger now, or was refused
            self._given.unlink(missing_ok=True)
            self._given = None
        while True:
            used = set()
            for number, handed in sorted(_handed(self._folder).items()):
                used.add(number)
                proposal = self._taken(handed, material, search)
                if proposal is not None:
                    self._given = _path(self._folder, number)
                    self._offer(material, used)
                    return proposal
                _path(self._folder, number).unlink(missing_ok=True)
            self._offer(material, used)
            if self._stopped() or self._closed:
                raise LeftError("the lab was stopped while it waited for a proposal from the room")
            time.sleep(_LOOK_EVERY_SECONDS)

    def fix(self, search: Search, crashed: Experiment) -> Proposal | None:
        """Return None: the next brief tells why it crashed, and the agent proposes a mended form if it wants to."""
        return None

    def _offer(self, material: Material, used: Collection[int]) -> None:
        """Say what may be handed in. A number that was given out stays until it is used, and is never used again."""
        said = self._said or read_waiting(self._folder)
        last = max([0, *(said.numbers if said else ()), *used])
        numbers = [number for number in (said.numbers if said else ()) if number not in used]
        numbers += range(last + 1, last + 1 + AHEAD - len(numbers))
        waiting = Waiting(self._lab, material, tuple(numbers[:AHEAD]))
        if self._said != waiting:
            write_atomically(self._folder / _OPEN, json.dumps(_to_json(waiting)))
            if self._said is None:
                doing = f"lab {self._lab} waits for proposals"
                self._alive.enter_context(hold_lock(self._folder / _ALIVE, doing=doing, wait_seconds=_WAIT_SECONDS))
            self._said = waiting

    def _taken(self, handed: Mapping[str, Any], material: Material, search: Search) -> Proposal | None:
        """Return a hand-in as a proposal, None where it is not to be run (any more)."""
        text = str(handed.get("text", ""))
        # it may cite what the wiki was said to know when it was handed in
        material = replace(material, wiki=f"{material.wiki}\n{handed.get('wiki', '')}")
        change = verify_proposal(material, text).result
        if change is None:  # the best program is another one meanwhile, and these edits do not fit into it
            change = verify_proposal(replace(material, files=dict(handed.get("files") or {})), text).result
        if (
            change is None
            or set(change.files) != set(search.files)
            or _is_known(change, (*self._earlier, *search.experiments))
        ):
            return None
        holder = one_line(str(handed.get("holder", "")))
        hypothesis = with_ranges(change.hypothesis, change.ranges)
        worker, brief = f"room:{holder}" if holder else "room", one_line(str(handed.get("brief", "")))[:_MOST_BRIEF]
        return Proposal(change.title, hypothesis, change.files, worker, brief=brief)


def _is_known(change: Change, experiments: Iterable[Experiment]) -> bool:
    """Whether the ledger has it already: the loop ended after it had taken it."""
    mark = (one_line(change.title), plain_text(with_ranges(change.hypothesis, change.ranges)))
    return any((experiment.title, experiment.hypothesis) == mark for experiment in experiments)


def open_tasks(state: Path, briefs: Briefs) -> list[Task[Material]]:
    """Return what may be proposed to a lab now, nothing where its loop does not run or enough waits for it."""
    folder = state / FOLDER
    waiting = read_waiting(folder)
    if waiting is None or not _is_alive(folder):
        return []
    handed = _handed(folder)
    return [
        propose_task(waiting.material, briefs, subject=f"lab {waiting.lab}: proposal {number}", part_chars=PART_CHARS)
        for number in waiting.numbers
        if number not in handed
    ]


def hand_in(state: Path, task: Task[Material], text: str, *, holder: str) -> tuple[str, ...]:
    """Verify a hand-in and lay it down for the loop. Return every reason against it, () where it is accepted."""
    verified = verify_proposal(task.material, text)
    if verified.result is None:
        return verified.reasons
    number = int(task.subject.rpartition(" ")[2])
    kept = {"text": text, "holder": holder, "files": dict(task.material.files), "wiki": task.material.wiki}
    kept["brief"] = task.brief().template
    write_atomically(_path(state / FOLDER, number), json.dumps(kept))
    return ()


def read_waiting(folder: Path) -> Waiting | None:
    """Return what a loop said that it waits for, None where it said nothing that can be read."""
    told = _read(folder / _OPEN)
    with contextlib.suppress(KeyError, TypeError, ValueError):
        if told is not None:
            return Waiting(
                str(told["lab"]), Material.from_json(told["material"]), tuple(int(n) for n in told["numbers"])
            )
    return None


def _to_json(waiting: Waiting) -> dict[str, Any]:
    return {"lab": waiting.lab, "material": waiting.material.to_json(), "numbers": list(waiting.numbers)}


def _is_alive(folder: Path) -> bool:
    try:
        with hold_lock(folder / _ALIVE, doing="looking"):
            return False
    except DeskError:
        return True


def _handed(folder: Path) -> dict[int, dict[str, Any]]:
    paths = {int(path.stem): path for path in folder.glob("[0-9]*.json") if path.stem.isdecimal()}
    return {number: found for number, path in paths.items() if (found := _read(path)) is not None}


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:04d}.json"


def _read(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError, RecursionError):
        if path.stat().st_size <= _MAX_BYTES:
            found = json.loads(path.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else None
    return None
